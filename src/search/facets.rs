//! How hits are spread over sections, tags, authors, sources and years.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::prelude::*;

use super::answer::{FacetCount, Facets, YearCount};
use crate::db::AnyConnection;
use crate::db::fulltext::{self, Entry};
use crate::db::schema::names;
use crate::error::Result;

/// How many of each sort are given.
const MOST: usize = 10;

type Counts<'a> = HashMap<&'a str, usize>;

/// Counts these hits; one query for all names. What no longer has a name is left out.
pub fn count(connection: &mut AnyConnection, hits: &[Entry]) -> Result<Facets> {
    // Section, source, authors, tags: the lines of an entry.
    let mut counts: [Counts; 4] = Default::default();
    let mut years: HashMap<i32, usize> = HashMap::new();
    for hit in hits {
        for (counts, line) in counts.iter_mut().zip(hit.filed.split('\n')) {
            for id in line.split(' ').filter(|id| !id.is_empty()) {
                *counts.entry(id).or_default() += 1;
            }
        }
        if let Some(year) = fulltext::year(hit.position) {
            *years.entry(year).or_default() += 1;
        }
    }
    let tops = counts.map(top);
    let ids: Vec<&str> = tops.iter().flatten().map(|(id, _)| *id).collect();
    let named: Vec<(String, String, String)> = match ids.is_empty() {
        true => Vec::new(),
        false => {
            names::table.filter(names::id.eq_any(ids)).select((names::id, names::slug, names::name)).load(connection)?
        }
    };
    let named: HashMap<&str, (&str, &str)> =
        named.iter().map(|(id, slug, name)| (id.as_str(), (slug.as_str(), name.as_str()))).collect();
    let [section, source, author, tag] = tops.map(|top| {
        let count = |(id, count): (&str, usize)| {
            let (slug, name) = named.get(id)?;
            Some(FacetCount { id: id.to_owned(), slug: (*slug).to_owned(), name: (*name).to_owned(), count })
        };
        top.into_iter().filter_map(count).collect()
    });
    let mut year: Vec<YearCount> = years.into_iter().map(|(year, count)| YearCount { year, count }).collect();
    year.sort_by_key(|one| (Reverse(one.count), Reverse(one.year)));
    year.truncate(MOST);
    Ok(Facets { section, tag, author, source, year })
}

/// The most frequent; of equals, the one that was made first.
fn top(counts: Counts<'_>) -> Vec<(&str, usize)> {
    let mut all: Vec<(&str, usize)> = counts.into_iter().collect();
    all.sort_by_key(|(id, count)| (Reverse(*count), *id));
    all.truncate(MOST);
    all
}
