//! A story held at the door: from here to the end of the transaction nobody else changes it, and everything about it is
//! read anew, because whoever waited for another editor holds a row of yesterday.

use diesel::prelude::*;

use super::row::ArticleRow;
use super::schedule::Schedule;
use super::{access, announcing, store};
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::schema::articles;
use crate::db::{AnyConnection, Backend, Prepare};
use crate::error::{Error, Result};
use crate::events::Journal;
use crate::http::etag::IfMatch;
use crate::http::path::Reference;
use crate::live::{self, References};

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

/// A story after something was done to it, with what is known of it already, so that showing it asks for the rest only.
#[derive(Debug)]
pub struct Passed {
    /// The row.
    pub row: ArticleRow,
    /// Where it stands.
    pub schedule: Option<Schedule>,
    /// The names of what it refers to.
    pub references: Option<References>,
}

impl From<ArticleRow> for Passed {
    fn from(row: ArticleRow) -> Passed {
        Passed { row, schedule: None, references: None }
    }
}

impl From<Held> for Passed {
    fn from(held: Held) -> Passed {
        Passed { row: held.row, schedule: Some(held.schedule), references: None }
    }
}

/// Holds a story that was read before, until the transaction ends, so that two editors at the door pass one after the
/// other. What the clock did to it until now is said in the log first.
///
/// Errors: 412 when it was changed or deleted since `row` was read.
pub fn hold(connection: &mut AnyConnection, journal: &mut Journal, row: &ArticleRow) -> Result<Held> {
    let target = store::unchanged(&row.id, row.version);
    let held = diesel::update(target).set(articles::version.eq(row.version)).returning(ArticleRow::columns());
    let held: Option<ArticleRow> = held.prepared().get_result(connection).optional()?;
    settle(connection, journal, held.ok_or_else(|| Error::version_mismatch(row.version + 1))?)
}

/// Holds the story that a caller names and may do this with, in whatever version it is when its turn comes.
///
/// Errors: what [`store::get`] gives; 412 when it is not the version that the caller names.
pub fn take(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (caller, action): (&SignedIn, Permission),
    (reference, if_match): (&Reference, &IfMatch),
) -> Result<Held> {
    let Some(row) = lock(connection, reference)? else {
        // A name of before, or none.
        let row = store::get(connection, (caller, action), reference, journal.now())?;
        if_match.check(row.version)?;
        return hold(connection, journal, &row);
    };
    let now = journal.now();
    access::check(caller, action, &row, || live::is_read(connection, reference, now))?;
    if_match.check(row.version)?;
    settle(connection, journal, row)
}

/// The row with this id or slug, which nobody else changes from here on.
fn lock(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<ArticleRow>> {
    let present = diesel::update(articles::table).set(articles::version.eq(articles::version)).into_boxed::<Backend>();
    let present = present.filter(articles::deleted_at.is_null());
    let named = match reference {
        Reference::Id(id) => present.filter(articles::id.eq(id.clone())),
        Reference::Slug(slug) => present.filter(articles::slug.eq(slug.clone())),
        Reference::Nothing => return Ok(None),
    };
    Ok(named.returning(ArticleRow::columns()).prepared().get_result(connection).optional()?)
}

fn settle(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<Held> {
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
            &row.review,
        ))
        .returning(articles::version)
        .prepared()
        .run(connection)?;
    Ok(())
}
