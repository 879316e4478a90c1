//! Keeps the answers to requests that carried an `Idempotency-Key`, in the transaction of the write itself: either both
//! are there or neither is.

use std::time::Duration;

use diesel::prelude::*;

use super::{Actor, Journal};
use crate::clock::Timestamp;
use crate::db::schema::idempotency_keys as keys;
use crate::db::{AnyConnection, Prepare};
use crate::error::{Error, Rejection, Result};
use crate::http::answer::{Answer, Kept};
use crate::http::idempotency::IdempotencyKey;

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// In place of the status of an answer that is not given again.
const WITHHELD: i32 = 0;

/// A key whose answer is not given again.
#[derive(AsChangeset)]
#[diesel(table_name = keys, treat_none_as_null = true)]
struct Withheld {
    status: i32,
    body: &'static str,
    version: Option<i32>,
    location: Option<String>,
}

const NOTHING_TO_GIVE: Withheld = Withheld { status: WITHHELD, body: "", version: None, location: None };

/// Does `work` unless this request was answered before, and gives the answer either way. Two requests with the same key
/// at the same moment come here one after the other: the second waits at the key until the first has committed.
pub fn once(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    key: &IdempotencyKey,
    work: impl FnOnce(&mut AnyConnection, &mut Journal) -> Result<Answer>,
) -> Result<Answer> {
    let Some(user) = journal.actor().user_id().map(str::to_owned) else { return work(connection, journal) };
    let key = &of_actor(journal.actor(), key);
    if let Some(kept) = take(connection, &user, key, journal.now())? {
        return Ok(Answer::again(kept));
    }
    let answer = work(connection, journal)?;
    let kept = answer.keep()?;
    diesel::update(keys::table.find((&user, &key.key)))
        .set((
            keys::status.eq(i32::from(kept.status)),
            keys::body.eq(kept.body),
            keys::version.eq(kept.version),
            keys::location.eq(kept.location),
        ))
        .returning(keys::status)
        .prepared()
        .run(connection)?;
    Ok(answer)
}

/// The key under which an answer to this actor is kept. An API token has keys of its own: what its owner was answered may
/// be more than the token may see.
fn of_actor(actor: &Actor, key: &IdempotencyKey) -> IdempotencyKey {
    match actor {
        Actor::Token { id, .. } => IdempotencyKey { key: format!("{id} {}", key.key), ..key.clone() },
        _ => key.clone(),
    }
}

/// Takes the key, or gives the answer that was given to it.
///
/// Errors: 409 when the key belongs to another request.
fn take(connection: &mut AnyConnection, user: &str, key: &IdempotencyKey, now: Timestamp) -> Result<Option<Kept>> {
    forget(connection, now)?;
    let columns = (
        keys::user_id.eq(user),
        keys::key.eq(&key.key),
        keys::fingerprint.eq(&key.fingerprint),
        keys::status.eq(WITHHELD),
        keys::body.eq(""),
        keys::created_at.eq(now),
    );
    // A savepoint: on PostgreSQL a refused insert would spoil the whole transaction.
    let taken = connection.transaction(|connection| {
        diesel::insert_into(keys::table).values(columns).execute(connection).map_err(Error::from)
    });
    match taken {
        Ok(_) => Ok(None),
        Err(Error::Conflict(_)) => given_before(connection, user, key).map(Some),
        Err(error) => Err(error),
    }
}

fn given_before(connection: &mut AnyConnection, user: &str, key: &IdempotencyKey) -> Result<Kept> {
    let columns = (keys::fingerprint, keys::status, keys::body, keys::version, keys::location);
    let (fingerprint, status, body, version, location): (String, i32, String, Option<i32>, Option<String>) =
        keys::table.find((user, &key.key)).select(columns).get_result(connection)?;
    if fingerprint != key.fingerprint {
        let detail = "this key was sent with another request before; a new request needs a new key";
        return Err(Error::Conflict(Rejection::header("Idempotency-Key", "key_reused", detail)));
    }
    if status == WITHHELD {
        let detail = "this request was carried out; its answer is no longer given, because what it was about was removed \
                      or your rights have changed since. Look at how things stand now, and use a new key to do it again";
        return Err(Error::Conflict(Rejection::header("Idempotency-Key", "answer_withheld", detail)));
    }
    Ok(Kept { status: u16::try_from(status).unwrap_or(200), body, version, location })
}

/// Forgets answers that are older than a day.
fn forget(connection: &mut AnyConnection, now: Timestamp) -> Result<()> {
    diesel::delete(keys::table.filter(keys::created_at.lt(now.before(KEPT_FOR)))).execute(connection)?;
    Ok(())
}

/// Withholds every kept answer that names this id: what was purged must not come back out of here. The keys stay, so that
/// nothing is done twice.
pub fn withhold_answers_about(connection: &mut AnyConnection, id: &str) -> Result<()> {
    let about = keys::table.filter(keys::body.like(format!("%{id}%")));
    diesel::update(about).set(NOTHING_TO_GIVE).execute(connection)?;
    Ok(())
}

/// Withholds every answer that was kept for these accounts: what they were told may be more than they may see from now on.
pub fn withhold_answers_to(connection: &mut AnyConnection, users: &[String]) -> Result<()> {
    let theirs = keys::table.filter(keys::user_id.eq_any(users));
    diesel::update(theirs).set(NOTHING_TO_GIVE).execute(connection)?;
    Ok(())
}
