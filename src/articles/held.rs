//! A story held at the door: from here to the end of the transaction nobody else changes it, and everything about it is
//! read anew, because whoever waited for another editor holds a row of yesterday.

use diesel::prelude::*;

use super::announcing;
use super::row::ArticleRow;
use super::schedule::Schedule;
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::articles;
use crate::error::{Error, Result};
use crate::events::Journal;

/// A story held at the door.
#[derive(Debug)]
pub struct Held {
    /// The row as it is now that it is held.
    pub row: ArticleRow,
    /// Where it stands.
    pub schedule: Schedule,
    /// Its publications of which the log will still have to say something.
    pub awaited: Vec<String>,
    /// The moment from which it is held: never before the last action at its door, whatever the clocks of several
    /// servers say.
    pub now: Timestamp,
}

/// Holds the story until the transaction ends, so that two editors at the door pass one after the other. What the clock
/// did to it until now is said in the log first.
///
/// Errors: 412 when it was changed or deleted since `row` was read.
pub fn hold(connection: &mut AnyConnection, journal: &mut Journal, row: &ArticleRow) -> Result<Held> {
    let target = store::unchanged(&row.id, row.version);
    let held = diesel::update(target).set(articles::version.eq(row.version)).returning(articles::all_columns);
    let held: Option<ArticleRow> = held.get_result(connection).optional()?;
    let row = held.ok_or_else(|| Error::version_mismatch(row.version + 1))?;
    let now = journal.look_again(row.passed_at);
    let (schedule, awaited) = match row.publication_number {
        0 => (Schedule::default(), Vec::new()),
        _ => announcing::settle(connection, journal, &row.id)?,
    };
    Ok(Held { row: ArticleRow { passed_at: now, ..row }, schedule, awaited, now })
}

/// Writes into the working copy what the door knows better than any save.
pub fn store(connection: &mut AnyConnection, row: &ArticleRow) -> Result<()> {
    diesel::update(articles::table.find(&row.id))
        .set((
            articles::published_at.eq(row.published_at),
            articles::first_published_at.eq(row.first_published_at),
            articles::publication_number.eq(row.publication_number),
            articles::publication_hash.eq(&row.publication_hash),
            articles::corrections.eq(&row.corrections),
            articles::killed_at.eq(row.killed_at),
            articles::passed_at.eq(row.passed_at),
        ))
        .execute(connection)?;
    Ok(())
}
