//! Every word of the search index, to complete what somebody types and to guess what they meant.
//!
//! A word stays when the last text that holds it is over. Whether it may be told, or still leads anywhere, is not asked
//! here: whoever suggests a word, or has many of them, looks whether it is seen.

use std::collections::BTreeMap;

use diesel::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::fulltext::Seen;
use super::schema::search_vocabulary;
use super::{AnyConnection, Backend};
use crate::error::{Error, Result};

define_sql_function! {
    /// How many characters a text has.
    fn length(text: Text) -> Integer;
}

type Words<'a> = search_vocabulary::BoxedQuery<'a, Backend>;

/// Words with how they are spelled backwards, as JSON. In one order, so that two writers wait for each other instead of
/// forever.
pub(super) fn as_spelled(words: &[&str]) -> Result<String> {
    let pairs: BTreeMap<&str, String> = words.iter().map(|word| (*word, reversed(word))).collect();
    serde_json::to_string(&pairs.into_iter().collect::<Vec<_>>()).map_err(Error::internal)
}

/// Forgets those of these words that stand in no text of the index any more, because a story is removed for good.
#[expect(clippy::disallowed_methods, reason = "each database has words of its own for this; every value is bound")]
pub fn forget(connection: &mut AnyConnection, words: &[&str]) -> Result<()> {
    let words = serde_json::to_string(words).map_err(Error::internal)?;
    match connection {
        AnyConnection::Sqlite(connection) => {
            diesel::sql_query(
                "DELETE FROM search_vocabulary WHERE word IN (SELECT value FROM json_each(?)) AND NOT EXISTS \
                 (SELECT 1 FROM search_words AS w WHERE w.search_words MATCH '\"' || word || '\"')",
            )
            .bind::<Text, _>(words)
            .execute(connection)?;
        }
        AnyConnection::Postgres(connection) => {
            diesel::sql_query(
                "DELETE FROM search_vocabulary \
                 WHERE word IN (SELECT jsonb_array_elements_text($1::jsonb)) AND NOT EXISTS \
                 (SELECT 1 FROM search_words AS w WHERE w.words @@ ('''' || word || '''')::tsquery)",
            )
            .bind::<Text, _>(words)
            .execute(connection)?;
        }
    }
    Ok(())
}

/// The words that begin like this, shortest first: so many of them after the first ones.
pub fn completions(
    connection: &mut AnyConnection,
    beginning: &str,
    seen: Seen,
    (skipped, most): (i64, i64),
) -> Result<Vec<String>> {
    let words = known(seen)
        .filter(search_vocabulary::word.ge(beginning.to_owned()))
        .filter(search_vocabulary::word.lt(after(beginning)))
        .order((length(search_vocabulary::word).asc(), search_vocabulary::word.asc()))
        .offset(skipped)
        .limit(most)
        .select(search_vocabulary::word);
    Ok(words.load(connection)?)
}

/// Words that begin or end like this one, to look among them for those that it may be a misspelling of.
pub fn relatives(connection: &mut AnyConnection, word: &str, seen: Seen, most: i64) -> Result<Vec<String>> {
    let letters: Vec<char> = word.chars().collect();
    // Short of the middle, so that two letters that changed places there leave one half as it was.
    let half = (letters.len().saturating_sub(2) / 2).max(1);
    let beginning: String = letters.iter().take(half).collect();
    let ending: String = letters.iter().rev().take(half).collect();
    let length_of = i32::try_from(letters.len()).unwrap_or(i32::MAX);
    let begins = search_vocabulary::word.ge(beginning.clone()).and(search_vocabulary::word.lt(after(&beginning)));
    let ends = search_vocabulary::reversed.ge(ending.clone()).and(search_vocabulary::reversed.lt(after(&ending)));
    let words = known(seen)
        .filter(begins.or(ends))
        .filter(length(search_vocabulary::word).between(length_of.saturating_sub(2), length_of.saturating_add(2)))
        .order(search_vocabulary::word.asc())
        .limit(most)
        .select(search_vocabulary::word);
    Ok(words.load(connection)?)
}

/// The words that these eyes may have seen by now.
fn known<'a>(seen: Seen) -> Words<'a> {
    match seen.ahead {
        true => search_vocabulary::table.filter(search_vocabulary::partner_from.le(seen.at)).into_boxed(),
        false => search_vocabulary::table.filter(search_vocabulary::live_from.le(seen.at)).into_boxed(),
    }
}

/// What sorts behind every word that begins like this.
fn after(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}
