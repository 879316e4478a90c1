//! Lists of names in the order of how many stories they have. The count is no column, so the order is made here: names
//! are few where stories are many.

use std::cmp::Ordering;
use std::str::FromStr;

use serde::de::value::Error as ValueError;
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::db::keyset::Direction;
use crate::error::{Error, Result};
use crate::http::fields;
use crate::http::page::{Key, List, Page, Start};
use crate::http::query::{Sort, or_alone};

/// How the count is called among the columns that can be sorted by.
const COUNT: &str = "live_count";

/// What a list of names is sorted by: columns, or the count alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranking<Column> {
    /// By columns.
    Columns(Vec<(Column, Direction)>),
    /// By how many stories readers see under the name.
    Count(Direction),
}

impl<Column> Ranking<Column> {
    /// The columns, unless it is by the count.
    pub fn columns(&self) -> Option<&[(Column, Direction)]> {
        match self {
            Ranking::Columns(columns) => Some(columns),
            Ranking::Count(_) => None,
        }
    }

    /// Which way the count runs, when it is by the count.
    pub fn count(&self) -> Option<Direction> {
        match self {
            Ranking::Columns(_) => None,
            Ranking::Count(direction) => Some(*direction),
        }
    }
}

impl<'de, Column> Deserialize<'de> for Ranking<Column>
where
    Column: FromStr<Err = String> + PartialEq,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        match names.as_slice() {
            [one] if *one == COUNT => return Ok(Ranking::Count(Direction::Ascending)),
            [one] if one.strip_prefix('-') == Some(COUNT) => return Ok(Ranking::Count(Direction::Descending)),
            several if several.iter().any(|name| name.trim_start_matches('-') == COUNT) => {
                return Err(fields::refusal("invalid_sort", "names live_count, which is sorted by alone"));
            }
            _ => {}
        }
        let sort = Sort::<Column>::deserialize(text.as_str().into_deserializer())
            .map_err(|refused: ValueError| D::Error::custom(or_alone(&refused, &text, COUNT)))?;
        Ok(Ranking::Columns(sort.0))
    }
}

/// One page of these names by their counts; equal ones by id. A name whose count changes while somebody walks through the
/// list may be met twice or missed: that is what such an order means.
pub fn page_by_count(mut counted: Vec<(i64, String)>, direction: Direction, page: &Page) -> Result<List<String>> {
    let total = page.count.then(|| i64::try_from(counted.len()).unwrap_or(i64::MAX));
    let order = |one: &(i64, String), other: &(i64, String)| match direction {
        Direction::Ascending => one.cmp(other),
        Direction::Descending => other.cmp(one),
    };
    counted.sort_by(order);
    if let Start::After(keys) = &page.start {
        let before = place(keys)?;
        counted.retain(|row| order(row, &before) == Ordering::Greater);
    }
    let passed = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let rows = counted.into_iter().skip(passed).take(page.limit() + 1).collect();
    Ok(page.list(rows, total, |(count, id)| vec![Key::from(*count), Key::from(id.clone())]).map(|(_, id)| id))
}

/// Where a cursor of such a list stands.
fn place(keys: &[Key]) -> Result<(i64, String)> {
    match keys {
        [count, id] => Ok((count.position()?, id.text()?)),
        _ => Err(Error::wrong_cursor()),
    }
}

/// The page of names as a page of their rows, which were loaded in any order.
pub fn in_order<Row>(names: List<String>, mut rows: Vec<Row>, id: impl Fn(&Row) -> &str) -> List<Row> {
    rows.sort_by_key(|row| names.data.iter().position(|name| name == id(row)));
    List { data: rows, next: names.next, total: names.total }
}

/// A list of these examples with counts, for the API docs.
pub fn list_sample(samples: [Value; 2]) -> Value {
    let counted = samples.into_iter().zip([412, 0]).map(|(mut sample, count)| {
        if let Some(members) = sample.as_object_mut() {
            members.insert(COUNT.to_owned(), count.into());
        }
        sample
    });
    json!({ "data": counted.collect::<Vec<_>>(), "next": null })
}
