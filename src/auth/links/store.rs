//! The rows of one-time links. A link that was used is gone, so of two that come with the same one only one succeeds.

use diesel::prelude::*;

use super::{Purpose, expiry};
use crate::auth::user_store::UserRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{one_time_links, users};
use crate::error::Result;

/// Keeps the hash of a fresh link in place of earlier ones for the same purpose.
pub fn replace(
    connection: &mut AnyConnection,
    (purpose, hash): (Purpose, String),
    user: &UserRow,
    now: Timestamp,
) -> Result<()> {
    let earlier =
        one_time_links::table.filter(one_time_links::user_id.eq(&user.id)).filter(one_time_links::purpose.eq(purpose));
    diesel::delete(earlier).execute(connection)?;
    let row = (
        one_time_links::hash.eq(hash),
        one_time_links::user_id.eq(&user.id),
        one_time_links::purpose.eq(purpose),
        one_time_links::email_key.eq(&user.email_key),
        one_time_links::created_at.eq(now),
        one_time_links::expires_at.eq(expiry(purpose, now)),
    );
    diesel::insert_into(one_time_links::table).values(row).execute(connection)?;
    Ok(())
}

/// Whose link this is, when it is good now and the account still has the address that it went to.
pub fn owner(
    connection: &mut AnyConnection,
    (purpose, hash): (Purpose, &str),
    now: Timestamp,
) -> Result<Option<UserRow>> {
    let found: Option<UserRow> = one_time_links::table
        .inner_join(users::table.on(users::id.eq(one_time_links::user_id)))
        .filter(one_time_links::hash.eq(hash))
        .filter(one_time_links::purpose.eq(purpose))
        .filter(one_time_links::expires_at.gt(now))
        .filter(one_time_links::email_key.eq(users::email_key))
        .select(users::all_columns)
        .first(connection)
        .optional()?;
    Ok(found.filter(|user| purpose.suits(user)))
}

/// Uses up a link; `false` when it was used before.
pub fn take(connection: &mut AnyConnection, hash: &str) -> Result<bool> {
    Ok(diesel::delete(one_time_links::table.find(hash)).execute(connection)? == 1)
}

/// Forgets every link of an account: it has another password, address or state now.
pub fn forget(connection: &mut AnyConnection, user_id: &str) -> Result<()> {
    diesel::delete(one_time_links::table.filter(one_time_links::user_id.eq(user_id))).execute(connection)?;
    Ok(())
}

/// Deletes links that have run out; gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(one_time_links::table.filter(one_time_links::expires_at.le(now))).execute(connection)?)
}
