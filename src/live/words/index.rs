//! What of a publication is put into the search index. Nothing else is ever put there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::fold::words;
use super::plain::plain_text;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::fulltext::{self, NewEntry};
use crate::db::schema::{publications, search_entries};
use crate::db::vocabulary;
use crate::error::{Error, Result};
use crate::live::document::{Document, Printed};

/// Most words of each field that ranking looks at.
const MOST_IN_HEAD: usize = 100;

/// How often the text must say a word to be about it, how long that word is at least, and how many such words count.
const REPEATED: (usize, usize, usize) = (3, 4, 12);

/// Publications that are put into the index in one transaction when it is made anew.
const BATCH: i64 = 500;

/// What the index needs of a publication.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub struct Indexed {
    /// Which publication.
    pub id: String,
    /// Which story.
    pub article_id: String,
    /// How new the story is.
    pub published_at: Timestamp,
    /// From when partners see it.
    pub partner_from: Timestamp,
    /// From when readers see it.
    pub live_from: Timestamp,
    /// Until when.
    pub live_until: Timestamp,
    /// The document, as JSON.
    pub document: String,
    /// The text as HTML.
    pub body_html: String,
}

/// Puts a publication into the index, in the transaction that writes it.
pub fn add(connection: &mut AnyConnection, publication: &Indexed) -> Result<()> {
    let entry = entry(publication)?;
    let vocabulary: BTreeSet<&str> = entry.fields.iter().flatten().map(String::as_str).filter(is_learned).collect();
    fulltext::add(connection, &entry, &vocabulary.into_iter().collect::<Vec<_>>())
}

/// Forgets the words of publications that were just removed for good.
pub fn forget(connection: &mut AnyConnection, removed: &[Indexed]) -> Result<()> {
    let mut gone = BTreeSet::new();
    for publication in removed {
        gone.extend(entry(publication)?.fields.into_iter().flatten());
    }
    vocabulary::forget(connection, &gone.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Words that can be completed or misspelled; a character of a script without spaces is neither.
fn is_learned(word: &&str) -> bool {
    word.chars().nth(1).is_some()
}

/// Puts the next publications after this one that belong into the index and are not there, and gives the last of them
/// and how many they were; `None` when there are no more.
pub fn add_missing(connection: &mut AnyConnection, after: &str) -> Result<Option<(String, usize)>> {
    let missing: Vec<Indexed> = publications::table
        .filter(not(publications::superseded))
        .filter(publications::id.gt(after))
        .filter(not(exists(search_entries::table.filter(search_entries::publication_id.eq(publications::id)))))
        .order(publications::id.asc())
        .limit(BATCH)
        .select(Indexed::as_select())
        .load(connection)?;
    for publication in &missing {
        add(connection, publication)?;
    }
    Ok(missing.last().map(|publication| (publication.id.clone(), missing.len())))
}

/// A publication as the index holds it: its words, and a short account for ranking and counting.
pub fn entry(publication: &Indexed) -> Result<NewEntry> {
    let document: Document = serde_json::from_str(&publication.document).map_err(Error::internal)?;
    let printed = document.printed.clone().unwrap_or_default();
    let body = words(&plain_text(&publication.body_html));
    let title = words(&document.title);
    let summary = words(document.summary.as_deref().unwrap_or_default());
    let bylines = bylines(&document, &printed);
    let tags: Vec<Vec<String>> = printed.tags.iter().chain(&printed.section).map(|tag| words(&tag.name)).collect();
    let head = [line([&title]), line([&summary]), line(&bylines), line(&tags), repeated(&body).join(" ")];
    let mut fields = vec![title.clone(), summary];
    fields.extend(bylines);
    fields.extend(tags);
    fields.push(body);
    Ok(NewEntry {
        publication_id: publication.id.clone(),
        article_id: publication.article_id.clone(),
        published_at: publication.published_at,
        partner_from: publication.partner_from,
        live_from: publication.live_from,
        live_until: publication.live_until,
        head: head.join("\n"),
        filed: filed(&document),
        title,
        fields,
    })
}

/// Who wrote it: as printed, and by name.
fn bylines(document: &Document, printed: &Printed) -> Vec<Vec<String>> {
    let names = printed.authors.iter().map(|author| author.name.as_str());
    document.byline.as_deref().into_iter().chain(names).map(words).collect()
}

/// One line of words; a gap between two texts, so that no phrase is found across them.
fn line<'a>(texts: impl IntoIterator<Item = &'a Vec<String>>) -> String {
    let short =
        |text: &'a Vec<String>| text.iter().take(MOST_IN_HEAD).map(String::as_str).collect::<Vec<_>>().join(" ");
    texts.into_iter().map(short).collect::<Vec<_>>().join(" · ")
}

/// The words that a text says again and again, the most frequent first.
fn repeated(body: &[String]) -> Vec<&str> {
    let (often, long, most) = REPEATED;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in body {
        *counts.entry(word).or_default() += 1;
    }
    let mut repeated: Vec<(&str, usize)> =
        counts.into_iter().filter(|(word, count)| *count >= often && word.chars().nth(long - 1).is_some()).collect();
    repeated.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    repeated.into_iter().take(most).map(|(word, _)| word).collect()
}

/// Ids of section, source, authors and tags, a line each.
fn filed(document: &Document) -> String {
    let authors: Vec<&str> = document.authors.iter().map(|credit| credit.id.as_str()).collect();
    let (section, source) = (document.section.as_deref(), document.source.as_deref());
    [section.unwrap_or_default(), source.unwrap_or_default(), &authors.join(" "), &document.tags.join(" ")].join("\n")
}

/// What is wrong with the entry of a publication, or `None`: it is there as long as the publication is or will be read,
/// and says what that says.
pub fn fault(connection: &mut AnyConnection, publication: &Indexed, over: bool) -> Result<Option<&'static str>> {
    let found: Option<(String, String, Timestamp, Timestamp, Timestamp)> = search_entries::table
        .filter(search_entries::publication_id.eq(&publication.id))
        .select((
            search_entries::head,
            search_entries::filed,
            search_entries::partner_from,
            search_entries::live_from,
            search_entries::live_until,
        ))
        .first(connection)
        .optional()?;
    let Some((head, filed, partner_from, live_from, live_until)) = found else {
        return Ok((!over).then_some("the search index does not have it; dateline reindex makes the index anew"));
    };
    let expected = entry(publication)?;
    let as_published = !over
        && (head, filed) == (expected.head.clone(), expected.filed.clone())
        && (partner_from, live_from, live_until) == (expected.partner_from, expected.live_from, expected.live_until)
        && fulltext::holds(connection, &expected)?;
    Ok((!as_published).then_some("the search index says something else; dateline reindex makes the index anew"))
}
