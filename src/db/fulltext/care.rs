//! Looking after the index: whether it is whole, and making it anew.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{NewEntry, Question};
use crate::db::schema::search_entries;
use crate::db::{AnyConnection, execute};
use crate::error::Result;

/// Most words that are looked for to check an entry.
const LARGEST_SAMPLE: usize = 60;

/// Whether the words of an entry are in the index as they should be. FTS5 keeps no text to compare, so a sample of the
/// words is looked for.
#[expect(clippy::disallowed_methods, reason = "each database has words of its own for this; every value is bound")]
pub fn holds(connection: &mut AnyConnection, entry: &NewEntry) -> Result<bool> {
    let position: Option<i64> = search_entries::table
        .filter(search_entries::publication_id.eq(&entry.publication_id))
        .select(search_entries::position)
        .first(connection)
        .optional()?;
    let Some(position) = position else { return Ok(false) };
    let found = match connection {
        AnyConnection::Sqlite(connection) => {
            let words: BTreeSet<&str> = entry.places().into_iter().filter(|word| !word.is_empty()).collect();
            let step = words.len() / LARGEST_SAMPLE + 1;
            let sample = words.into_iter().step_by(step).map(|word| vec![vec![word.to_owned()]]).collect();
            diesel::sql_query(
                "SELECT count(*) AS rows FROM search_words AS w WHERE w.search_words MATCH ? AND w.rowid = ?",
            )
            .bind::<Text, _>(Question { all: sample, none: Vec::new() }.for_fts5())
            .bind::<BigInt, _>(position)
            .get_result::<Count>(connection)?
        }
        AnyConnection::Postgres(connection) => {
            diesel::sql_query("SELECT count(*) AS rows FROM search_words WHERE rowid = $1 AND words = $2::tsvector")
                .bind::<BigInt, _>(position)
                .bind::<Text, _>(entry.for_tsvector())
                .get_result::<Count>(connection)?
        }
    };
    Ok(found.rows == 1)
}

/// What is wrong with the index as a whole, or `None`.
#[expect(clippy::disallowed_methods, reason = "fixed questions, with nobody's words in them")]
pub fn fault(connection: &mut AnyConnection) -> Result<Option<&'static str>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    // First of all a reading of the index: it makes FTS5 look at what others wrote since. Its own check does not, and
    // takes what it remembers for what should be there.
    let words = diesel::sql_query("SELECT count(*) AS rows FROM search_words").get_result::<Count>(connection)?;
    if let AnyConnection::Sqlite(connection) = connection {
        let question = "SELECT integrity_check AS line FROM pragma_integrity_check('search_words')";
        let lines: Vec<Line> = diesel::sql_query(question).load(connection)?;
        if lines.iter().any(|line| line.line != "ok") {
            return Ok(Some("its inner structure is damaged"));
        }
    }
    let entries: i64 = search_entries::table.count().get_result(connection)?;
    Ok((words.rows != entries).then_some("it has words without an entry, or an entry without words"))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Empties the index, to make it anew.
pub fn clear(connection: &mut AnyConnection) -> Result<()> {
    if matches!(connection, AnyConnection::Sqlite(_)) {
        execute(connection, "INSERT INTO search_words (search_words) VALUES ('delete-all')")?;
    }
    execute(connection, "DELETE FROM search_entries; DELETE FROM search_vocabulary")?;
    Ok(())
}

/// Brings the index into its best shape after much was put into it.
pub fn settle(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        AnyConnection::Sqlite(_) => execute(connection, "INSERT INTO search_words (search_words) VALUES ('optimize')")?,
        AnyConnection::Postgres(_) => execute(connection, "ANALYZE (SKIP_LOCKED) search_words, search_entries")?,
    }
    Ok(())
}
