//! The letters that are still to be sent. Several instances share them: whoever wants to send one takes it with one
//! conditional `UPDATE`, so that each is sent once. When an instance dies over it, another takes it after a while.

use std::time::Duration;

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::letters;
use crate::db::types::new_id;
use crate::error::Result;

/// How long a letter is left to whoever took it: longer than a mail server is waited for.
pub const LEASE: Duration = Duration::from_secs(5 * 60);

/// The wait after the first attempt that failed; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(60);

/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long a letter is tried.
const PERSISTENCE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How long the operator can see that a letter was given up.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A letter that is still to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// What it is about, in the word of the room that writes it.
    pub purpose: String,
    /// The e-mail address as it is compared.
    pub recipient: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is to be tried next.
    pub due_at: Timestamp,
    /// How often it was taken to be sent.
    pub attempts: i32,
}

/// Puts a letter into the queue.
pub fn put(connection: &mut AnyConnection, purpose: &str, recipient: String, now: Timestamp) -> Result<()> {
    let letter =
        Letter { id: new_id(), purpose: purpose.to_owned(), recipient, created_at: now, due_at: now, attempts: 0 };
    diesel::insert_into(letters::table).values(letter).execute(connection)?;
    Ok(())
}

/// The letter that has been due for longest.
pub fn next(connection: &mut AnyConnection, now: Timestamp) -> Result<Option<Letter>> {
    let due = letters::table.filter(letters::given_up_at.is_null()).filter(letters::due_at.le(now));
    let first = due.order((letters::due_at.asc(), letters::id.asc())).select(Letter::as_select()).first(connection);
    Ok(first.optional()?)
}

/// Takes a letter to send it, and gives it as it is now; `None` when somebody else was faster.
pub fn take(connection: &mut AnyConnection, letter: &Letter, now: Timestamp) -> Result<Option<Letter>> {
    let taken = Letter { due_at: now.after(LEASE), attempts: letter.attempts + 1, ..letter.clone() };
    let untouched = letters::table
        .filter(letters::id.eq(&letter.id))
        .filter(letters::given_up_at.is_null())
        .filter(letters::attempts.eq(letter.attempts));
    let change = (letters::due_at.eq(taken.due_at), letters::attempts.eq(taken.attempts));
    let changed = diesel::update(untouched).set(change).execute(connection)?;
    Ok((changed == 1).then_some(taken))
}

/// Forgets a letter: it was sent, or there is nobody to send it to.
pub fn remove(connection: &mut AnyConnection, id: &str) -> Result<()> {
    diesel::delete(letters::table.find(id)).execute(connection)?;
    Ok(())
}

/// Puts a taken letter back that could not be sent: tried again later, or given up after three days. Says whether it was
/// given up.
pub fn put_back(connection: &mut AnyConnection, taken: &Letter, now: Timestamp) -> Result<bool> {
    let given_up = taken.created_at.after(PERSISTENCE) <= now;
    let doublings = u32::try_from(taken.attempts.clamp(1, 12) - 1).unwrap_or(0);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    // Whoever took it in the meantime, because this took too long, goes on with it.
    let still_ours = letters::table.filter(letters::id.eq(&taken.id)).filter(letters::attempts.eq(taken.attempts));
    let change = (letters::due_at.eq(now.after(wait)), letters::given_up_at.eq(given_up.then_some(now)));
    let is_ours = diesel::update(still_ours).set(change).execute(connection)? == 1;
    Ok(is_ours && given_up)
}

/// How many letters wait, and how many were given up in the last 30 days.
pub fn count(connection: &mut AnyConnection) -> Result<(i64, i64)> {
    let waiting = letters::table.filter(letters::given_up_at.is_null()).count().get_result(connection)?;
    let given_up = letters::table.filter(letters::given_up_at.is_not_null()).count().get_result(connection)?;
    Ok((waiting, given_up))
}

/// Forgets letters that were given up a month ago and more. Gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(letters::table.filter(letters::given_up_at.le(now.before(KEPT)))).execute(connection)?)
}
