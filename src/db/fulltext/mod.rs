//! Full-text search: the one place that knows FTS5 and tsvector.
//!
//! Both databases index the same words in the same places: [`crate::live`] cuts and folds the text, and here it is only
//! stored and asked for. Neither database's own idea of what a word is, nor its language of questions, ever sees a text
//! of somebody's: every word is quoted and bound. Entries are numbered by how new their story is, so that both databases
//! read the newest hits first and stop when there are enough.

mod care;
mod entry;
mod question;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp as SqlTimestamp};
use diesel::sqlite::Sqlite;

use super::AnyConnection;
use super::schema::{search_entries, search_index};
use super::vocabulary;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

pub use care::{clear, fault, holds, settle};
pub use entry::NewEntry;
pub use question::{Phrase, Question};

/// Stands in every text, so that every text can be asked for. No word of a text can be this: it is no letter.
const EVERYWHERE: &str = "¤";

/// Stands before the words of a headline when they are indexed once more, to be found there and nowhere else.
const OF_TITLE: char = '¶';

/// Farthest that the number of an entry lies behind the moment of its story.
const SPREAD: i64 = 256 << (2 * (ATTEMPTS - 1));

/// How often a free number is looked for.
const ATTEMPTS: u32 = 10;

/// One hit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = search_entries)]
pub struct Entry {
    /// Larger is newer.
    pub position: i64,
    /// Which story.
    pub article_id: String,
    /// What ranking needs.
    pub head: String,
    /// What counting needs.
    pub filed: String,
}

/// Whose eyes look, and when: nothing else is found, counted or completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The moment.
    pub at: Timestamp,
    /// Whether those look who may read under embargo.
    pub ahead: bool,
}

/// Numbers of entries, from one up to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first that counts.
    pub from: i64,
    /// The first that does not count any more.
    pub before: i64,
}

impl Span {
    /// Every entry.
    pub const ALL: Span = Span { from: i64::MIN, before: i64::MAX };

    /// The entries of stories that were published between these moments, and perhaps some more.
    pub fn published(after: Option<Timestamp>, before: Option<Timestamp>) -> Span {
        Span {
            from: after.map_or(i64::MIN, first_position),
            before: before.map_or(i64::MAX, |before| first_position(before) + SPREAD),
        }
    }
}

/// The lowest number that a story of this moment can have.
fn first_position(moment: Timestamp) -> i64 {
    moment.microseconds().div_euclid(1000) << 8
}

/// A word as PostgreSQL reads it in a tsvector or a tsquery.
fn lexeme(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

/// Free-looking numbers for an entry: how new the story is, to the millisecond, and something that tells it from others
/// of the same one; more of it each time, because imports date many stories the same.
fn positions(published_at: Timestamp) -> Vec<i64> {
    let first = first_position(published_at);
    (0..ATTEMPTS).map(|attempt| first + rand::random_range(0..256_i64 << (2 * attempt))).collect()
}

/// The year in which the story of an entry was published, from its number.
pub fn year(position: i64) -> Option<i32> {
    use chrono::Datelike;
    chrono::DateTime::from_timestamp_millis(position >> 8).map(|moment| moment.year())
}

/// Puts a publication into the index with those of its words that can be completed, in the transaction that writes it
/// and in one statement. It leaves the index by itself when the publication is over or removed.
pub fn add(connection: &mut AnyConnection, entry: &NewEntry, vocabulary: &[&str]) -> Result<()> {
    let words = match connection {
        AnyConnection::Sqlite(_) => entry.for_fts5(),
        AnyConnection::Postgres(_) => entry.for_tsvector(),
    };
    let row = (
        search_index::positions.eq(serde_json::to_string(&positions(entry.published_at)).map_err(Error::internal)?),
        search_index::publication_id.eq(&entry.publication_id),
        search_index::article_id.eq(&entry.article_id),
        search_index::partner_from.eq(entry.partner_from),
        search_index::live_from.eq(entry.live_from),
        search_index::live_until.eq(entry.live_until),
        search_index::head.eq(&entry.head),
        search_index::filed.eq(&entry.filed),
        search_index::words.eq(words),
        search_index::vocabulary.eq(vocabulary::as_spelled(vocabulary)?),
    );
    diesel::insert_into(search_index::table).values(row).execute(connection)?;
    Ok(())
}

/// The newest hits that these eyes see, newest first: at most `most`, and only in this span.
pub fn newest(
    connection: &mut AnyConnection,
    question: &Question,
    seen: Seen,
    span: Span,
    most: i64,
) -> Result<Vec<Entry>> {
    hits(connection, "e.position, e.article_id, e.head, e.filed", (question, seen), (span, most))
}

/// The same, only the ids of the stories.
pub fn newest_ids(
    connection: &mut AnyConnection,
    question: &Question,
    seen: Seen,
    span: Span,
    most: i64,
) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        article_id: String,
    }
    let ids: Vec<Id> = hits(connection, "e.article_id", (question, seen), (span, most))?;
    Ok(ids.into_iter().map(|id| id.article_id).collect())
}

#[expect(clippy::disallowed_methods, reason = "each database has words of its own for this; every value is bound")]
fn hits<Row>(
    connection: &mut AnyConnection,
    columns: &str,
    (question, seen): (&Question, Seen),
    (span, most): (Span, i64),
) -> Result<Vec<Row>>
where
    Row: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    let rows = match connection {
        AnyConnection::Sqlite(connection) => {
            let hits = hits_sql(seen, Dialect::Sqlite, ("?1", "?2"));
            let hits = format!("SELECT {columns} {hits} AND w.rowid BETWEEN ?3 AND ?4 ORDER BY w.rowid DESC LIMIT ?5");
            let hits = diesel::sql_query(hits).bind::<Text, _>(question.for_fts5()).bind::<SqlTimestamp, _>(seen.at);
            let hits = hits.bind::<BigInt, _>(span.from).bind::<BigInt, _>(span.before.saturating_sub(1));
            hits.bind::<BigInt, _>(most).load(connection)?
        }
        AnyConnection::Postgres(connection) => {
            let hits = hits_sql(seen, Dialect::Postgres, ("$1", "$2"));
            let hits = format!("SELECT {columns} {hits} AND w.rowid BETWEEN $3 AND $4 ORDER BY w.rowid DESC LIMIT $5");
            let hits = diesel::sql_query(hits).bind::<Text, _>(question.for_tsquery());
            let hits = hits.bind::<SqlTimestamp, _>(seen.at).bind::<BigInt, _>(span.from);
            hits.bind::<BigInt, _>(span.before.saturating_sub(1)).bind::<BigInt, _>(most).load(connection)?
        }
    };
    Ok(rows)
}

/// Which database a text of SQL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// Words and entries that belong together and are seen at the moment `$at`. The index of words is read first: CROSS
/// JOIN is how SQLite is told so, and a subquery that it cannot look into is how PostgreSQL is.
fn hits_sql(seen: Seen, dialect: Dialect, (matching, at): (&str, &str)) -> String {
    let (entries, matches) = match dialect {
        Dialect::Sqlite => ("search_entries AS e ON e.position = w.rowid", format!("w.search_words MATCH {matching}")),
        Dialect::Postgres => (
            "LATERAL (SELECT * FROM search_entries AS one WHERE one.position = w.rowid OFFSET 0) AS e",
            format!("w.words @@ {matching}::tsquery"),
        ),
    };
    let from = if seen.ahead { "partner_from" } else { "live_from" };
    format!("FROM search_words AS w CROSS JOIN {entries} WHERE {matches} AND e.{from} <= {at} AND e.live_until > {at}")
}

/// Which of these words these eyes see somewhere.
#[expect(clippy::disallowed_methods, reason = "each database has words of its own for this; every value is bound")]
pub fn seen_words(connection: &mut AnyConnection, words: &[String], seen: Seen) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Word {
        #[diesel(sql_type = Text)]
        word: String,
    }
    let ask = |word: &String| Question { all: vec![vec![vec![word.clone()]]], none: Vec::new() };
    let list = |render: fn(&Question) -> String| {
        let pairs: Vec<(&String, String)> = words.iter().map(|word| (word, render(&ask(word)))).collect();
        serde_json::to_string(&pairs).map_err(Error::internal)
    };
    let found: Vec<Word> = match connection {
        AnyConnection::Sqlite(connection) => {
            let hits = hits_sql(seen, Dialect::Sqlite, ("(asked.value ->> 1)", "?2"));
            let question =
                format!("SELECT asked.value ->> 0 AS word FROM json_each(?1) AS asked WHERE EXISTS (SELECT 1 {hits})");
            let question = diesel::sql_query(question).bind::<Text, _>(list(Question::for_fts5)?);
            question.bind::<SqlTimestamp, _>(seen.at).load(connection)?
        }
        AnyConnection::Postgres(connection) => {
            let hits = hits_sql(seen, Dialect::Postgres, ("(asked.value ->> 1)", "$2"));
            let question = format!(
                "SELECT asked.value ->> 0 AS word FROM jsonb_array_elements($1::jsonb) AS asked (value) \
                 WHERE EXISTS (SELECT 1 {hits})"
            );
            let question = diesel::sql_query(question).bind::<Text, _>(list(Question::for_tsquery)?);
            question.bind::<SqlTimestamp, _>(seen.at).load(connection)?
        }
    };
    Ok(found.into_iter().map(|word| word.word).collect())
}
