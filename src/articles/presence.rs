//! Who works on which story just now: a hint for colleagues that expires by itself and never blocks anybody. What
//! decides about a save is `If-Match`.

use std::time::Duration;

use diesel::prelude::*;

use super::article::Presence;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{presence, users};
use crate::error::{Error, Result};

/// How long a sign of life counts.
const COUNTS_FOR: Duration = Duration::from_secs(120);

/// Notes that somebody works on a story.
pub fn note(connection: &mut AnyConnection, article: &str, user: &str, now: Timestamp) -> Result<()> {
    let row = presence::table.find((article, user));
    let fresh = row.filter(presence::seen_at.gt(now.before(COUNTS_FOR)));
    if diesel::update(fresh).set(presence::seen_at.eq(now)).execute(connection)? > 0 {
        return Ok(());
    }
    let begun = (presence::since.eq(now), presence::seen_at.eq(now));
    if diesel::update(row).set(begun).execute(connection)? > 0 {
        return Ok(());
    }
    let columns = (presence::article_id.eq(article), presence::user_id.eq(user), begun);
    // A savepoint: another window of the same person may say it at this moment, and then it is said.
    let noted = connection.transaction(|connection| {
        diesel::insert_into(presence::table).values(columns).execute(connection).map_err(Error::from)
    });
    match noted {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Notes that somebody no longer works on a story.
pub fn leave(connection: &mut AnyConnection, article: &str, user: &str) -> Result<()> {
    diesel::delete(presence::table.find((article, user))).execute(connection)?;
    Ok(())
}

/// Who works on a story at this moment, the longest first.
pub fn of(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Vec<Presence>> {
    let rows: Vec<(String, String, Timestamp, Timestamp)> = presence::table
        .inner_join(users::table.on(users::id.eq(presence::user_id)))
        .filter(presence::article_id.eq(article))
        .filter(presence::seen_at.gt(now.before(COUNTS_FOR)))
        .order((presence::since.asc(), presence::user_id.asc()))
        .select((presence::user_id, users::name, presence::since, presence::seen_at))
        .load(connection)?;
    let shown = |(user_id, name, since, seen_at): (String, String, Timestamp, Timestamp)| Presence {
        user_id,
        name,
        since,
        expires_at: seen_at.after(COUNTS_FOR),
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Removes what no longer counts, and says how many rows that were.
pub fn tidy(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let stale = presence::table.filter(presence::seen_at.le(now.before(COUNTS_FOR)));
    Ok(diesel::delete(stale).execute(connection)?)
}
