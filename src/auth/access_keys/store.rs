//! The terms of the keys in the database.

use std::time::Duration;

use diesel::prelude::*;
use serde_json::json;

use super::key::Term;
use crate::auth::token;
use crate::clock::Timestamp;
use crate::db::schema::access_keys;
use crate::db::types::new_id;
use crate::db::{AnyConnection, Turn, take_turns};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource, chain};

/// How long a key is known before it signs: by then every instance has looked, so that none meets a token whose key it
/// does not know.
const ANNOUNCED: Duration = Duration::from_secs(5);

/// The name of the key that every newsroom begins with.
const FIRST: &str = "first";

/// Most keys whose tokens are accepted at the same time.
const MOST_TRUSTED: usize = 2;

/// Every key's term, in the order in which they sign.
pub fn all(connection: &mut AnyConnection) -> Result<Vec<Term>> {
    Ok(access_keys::table.order((access_keys::signs_from.asc(), access_keys::id.asc())).load(connection)?)
}

/// Gives access tokens another key, which signs in a few seconds. What the one before it signed is accepted until it has
/// expired; with `at_once` the new key signs now, and nothing else is accepted any more.
///
/// Errors: 409 while the key before the present one is still trusted, unless it is `at_once`.
pub fn rotate(connection: &mut AnyConnection, journal: &mut Journal, at_once: bool) -> Result<Term> {
    take_turns(connection, Turn::RotatingKeys)?;
    let now = journal.now();
    let trusted: Vec<Term> = all(connection)?.into_iter().filter(|term| term.trusted_until > now).collect();
    if !at_once && trusted.len() >= MOST_TRUSTED {
        let until = trusted.iter().map(|term| term.trusted_until).min().unwrap_or(now);
        let detail = format!(
            "tokens of the key before the present one are accepted until {until}; rotate again after that, or with \
             --at-once, which refuses every token that is out there"
        );
        return Err(Error::Conflict(Rejection::anywhere("rotated_lately", detail)));
    }
    let signs_from = if at_once { now } else { now.after(ANNOUNCED) };
    let end = end_of_others(signs_from, at_once);
    let others = access_keys::table.filter(access_keys::trusted_until.gt(end));
    diesel::update(others).set(access_keys::trusted_until.eq(end)).execute(connection)?;
    let term = Term { id: new_id(), signs_from, trusted_until: Timestamp::FOREVER };
    diesel::insert_into(access_keys::table).values(&term).execute(connection)?;
    let note = at_once.then(|| "at once: no token of another key is accepted any more".to_owned());
    let rotated = Event::new(Action::KeyRotated, Resource::AccessKey, &term.id).noted(note);
    journal.record(rotated.sealing(seal(&term, at_once)?));
    Ok(term)
}

/// Until when the keys before a new one are trusted.
fn end_of_others(signs_from: Timestamp, at_once: bool) -> Timestamp {
    match at_once {
        true => signs_from,
        // An instance whose clock is behind signs with the old key for a little longer.
        false => signs_from.after(token::LIFETIME + token::LEEWAY),
    }
}

/// The hash of a rotation, for the log.
fn seal(term: &Term, at_once: bool) -> Result<String> {
    chain::digest(&json!({ "id": term.id, "signs_from": term.signs_from, "at_once": at_once }))
}

/// A rotation as the log has it.
#[derive(Debug, Queryable)]
pub struct Rotation {
    /// The key that it made.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Its hash.
    pub sealed: Option<String>,
}

/// The terms that these rotations, oldest first, gave the keys, beginning with the one that every newsroom begins with;
/// `None` when one of them is not a rotation as [`rotate`] makes them.
pub fn as_rotated(rotations: &[Rotation]) -> Result<Option<Vec<Term>>> {
    let first = Term { id: FIRST.to_owned(), signs_from: Timestamp::EPOCH, trusted_until: Timestamp::FOREVER };
    let mut terms = vec![first];
    for Rotation { id, at, sealed } in rotations {
        let term = |signs_from| Term { id: id.clone(), signs_from, trusted_until: Timestamp::FOREVER };
        let (slowly, at_once) = (term(at.after(ANNOUNCED)), term(*at));
        let (term, end) = match sealed {
            Some(sealed) if *sealed == seal(&slowly, false)? => {
                let end = end_of_others(slowly.signs_from, false);
                (slowly, end)
            }
            Some(sealed) if *sealed == seal(&at_once, true)? => (at_once, end_of_others(*at, true)),
            _ => return Ok(None),
        };
        terms.iter_mut().for_each(|other| other.trusted_until = other.trusted_until.min(end));
        terms.push(term);
    }
    Ok(Some(terms))
}

/// Deletes the terms of keys that nobody trusts any more; for the background loop. Gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(access_keys::table.filter(access_keys::trusted_until.le(now))).execute(connection)?)
}
