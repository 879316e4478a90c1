//! The rows of sessions and refresh tokens.
//!
//! Whoever changes a session does it with one conditional `UPDATE` and looks at how many rows it met: that is what
//! makes two requests at the same moment safe on both databases.

use std::time::Duration;

use diesel::dsl::not;
use diesel::prelude::*;
use serde::Serialize;

use super::decide::Rights;
use super::refresh_token::RefreshToken;
use super::roles;
use super::visitor::Visitor;
use crate::clock::Timestamp;
use crate::db::schema::{refresh_tokens, sessions, users};
use crate::db::types::new_id;
use crate::db::{AnyConnection, Backend, directly};
use crate::error::Result;
use crate::events::{Resource, Sealed, chain};
use crate::http::network::Network;

/// Longest life of a session, however often it is refreshed.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a session lives without a refresh.
const LONGEST_IDLE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A session.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
struct SessionRow<'a> {
    id: &'a str,
    user_id: &'a str,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Timestamp,
    device: Option<&'a str>,
    address: Option<String>,
    network: Option<String>,
    second_factor: bool,
}

#[derive(Insertable)]
#[diesel(table_name = refresh_tokens)]
struct RefreshTokenRow<'a> {
    hash: String,
    session_id: &'a str,
    created_at: Timestamp,
}

/// What stays as it is from the beginning of a session to its end.
#[derive(Debug, Serialize, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Beginning {
    /// The session.
    pub id: String,
    /// The account.
    pub user_id: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it ends for good.
    pub expires_at: Timestamp,
    /// Whether it began with two factors: the provider of single sign-on says so, or it was a passkey. Sealed only where it
    /// did, as sessions were before there was one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
}

impl Sealed for Beginning {
    const RESOURCE: Resource = Resource::Session;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        chain::digest(self)
    }
}

/// Whose session it is.
pub struct Holder {
    /// The account.
    pub user_id: String,
    /// What it may do now.
    pub rights: Rights,
    /// When the session ends for good.
    pub expires_at: Timestamp,
    /// Whether it began with two factors, none of which is a code of ours.
    pub second_factor: bool,
}

/// Whether a session lives: it was not ended, and neither its longest life nor its longest rest is over.
#[diesel::dsl::auto_type]
fn lives(now: Timestamp) -> _ {
    let rested: Timestamp = now.before(LONGEST_IDLE);
    let is_in_time = sessions::expires_at.gt(now).and(sessions::last_used_at.gt(rested));
    sessions::ended_at.is_null().and(is_in_time)
}

/// The sessions that live now.
pub fn living<'a>(now: Timestamp) -> sessions::BoxedQuery<'a, Backend> {
    sessions::table.filter(lives(now)).into_boxed()
}

/// Who holds this session, when it lives and the account is active.
pub fn holder(connection: &mut AnyConnection, session_id: &str, now: Timestamp) -> Result<Option<Holder>> {
    let holder = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(session_id))
        .filter(lives(now))
        .filter(users::active.eq(true))
        .filter(users::invited.eq(false))
        .select((sessions::user_id, users::role, sessions::expires_at, sessions::second_factor));
    let found: Option<(String, String, Timestamp, bool)> =
        directly!(connection, |connection| holder.get_result(connection)).optional()?;
    let Some((user_id, role, expires_at, second_factor)) = found else { return Ok(None) };
    Ok(Some(Holder { user_id, rights: roles::rights_of(connection, role)?, expires_at, second_factor }))
}

/// When a session began.
pub fn began_at(connection: &mut AnyConnection, session_id: &str) -> Result<Option<Timestamp>> {
    Ok(sessions::table.find(session_id).select(sessions::created_at).first(connection).optional()?)
}

/// Whether an account, named by its e-mail address as it is compared, was used from this network lately: for as long as
/// sessions are kept, which is a month.
pub fn was_used_from(connection: &mut AnyConnection, email_key: &str, network: Network) -> Result<bool> {
    let there = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(users::email_key.eq(email_key))
        .filter(sessions::network.eq(network.to_string()));
    Ok(diesel::select(diesel::dsl::exists(there)).get_result(connection)?)
}

/// Begins a session.
pub fn begin(
    connection: &mut AnyConnection,
    (user_id, visitor, second_factor): (&str, &Visitor, bool),
    now: Timestamp,
) -> Result<Beginning> {
    let id = new_id();
    let expires_at = now.after(LONGEST_LIFE);
    let row = SessionRow {
        id: &id,
        user_id,
        created_at: now,
        expires_at,
        last_used_at: now,
        device: visitor.device.as_deref(),
        address: visitor.address_text(),
        network: visitor.network().map(|network| network.to_string()),
        second_factor,
    };
    diesel::insert_into(sessions::table).values(row).execute(connection)?;
    Ok(Beginning { id, user_id: user_id.to_owned(), created_at: now, expires_at, second_factor })
}

/// Notes that a living session was used, and from where; `false` when it lives no more. Only a refresh does this, so that
/// reading never writes.
pub fn touch(connection: &mut AnyConnection, (session_id, visitor): (&str, &Visitor), now: Timestamp) -> Result<bool> {
    let living = sessions::table.filter(sessions::id.eq(session_id)).filter(lives(now));
    let used = (
        sessions::last_used_at.eq(now),
        sessions::device.eq(visitor.device.as_deref()),
        sessions::address.eq(visitor.address_text()),
        sessions::network.eq(visitor.network().map(|network| network.to_string())),
    );
    Ok(diesel::update(living).set(used).execute(connection)? == 1)
}

/// Ends a session; `false` when it had already ended.
pub fn end(connection: &mut AnyConnection, session_id: &str, now: Timestamp) -> Result<bool> {
    let open = sessions::table.filter(sessions::id.eq(session_id)).filter(sessions::ended_at.is_null());
    Ok(diesel::update(open).set(sessions::ended_at.eq(now)).execute(connection)? == 1)
}

/// Ends every session of an account, except perhaps one. Gives how many.
pub fn end_all(
    connection: &mut AnyConnection,
    user_id: &str,
    except: Option<&str>,
    now: Timestamp,
) -> Result<Vec<String>> {
    let open = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(except.unwrap_or_default()));
    Ok(diesel::update(open).set(sessions::ended_at.eq(now)).returning(sessions::id).get_results(connection)?)
}

/// Keeps the hash of a fresh refresh token.
pub fn add_token(connection: &mut AnyConnection, session_id: &str, token: &RefreshToken, now: Timestamp) -> Result<()> {
    let row = RefreshTokenRow { hash: token.hash(), session_id, created_at: now };
    diesel::insert_into(refresh_tokens::table).values(row).execute(connection)?;
    Ok(())
}

/// The session that a refresh token belongs to, by the token's hash.
pub fn session_of_token(connection: &mut AnyConnection, hash: &str) -> Result<Option<String>> {
    let found = refresh_tokens::table.find(hash).select(refresh_tokens::session_id).get_result(connection);
    Ok(found.optional()?)
}

/// Uses up a refresh token; `false` when it was used before. Of two requests with the same token exactly one gets
/// `true`.
pub fn use_token(connection: &mut AnyConnection, hash: &str, now: Timestamp) -> Result<bool> {
    let unused = refresh_tokens::table.filter(refresh_tokens::hash.eq(hash)).filter(refresh_tokens::used_at.is_null());
    Ok(diesel::update(unused).set(refresh_tokens::used_at.eq(now)).execute(connection)? == 1)
}

/// Forgets every refresh token of a session: its access token lives out its minutes, and nothing follows.
pub fn forget_tokens(connection: &mut AnyConnection, session_id: &str) -> Result<()> {
    let of_session = refresh_tokens::table.filter(refresh_tokens::session_id.eq(session_id));
    diesel::delete(of_session).execute(connection)?;
    Ok(())
}

/// Deletes the refresh tokens of sessions that live no more, and sessions a month after they began: until then they tell
/// from which networks the account is used. For the background loop; gives how many rows.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let dead = sessions::table.filter(not(lives(now)));
    let of_dead = refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(dead.select(sessions::id)));
    let tokens = diesel::delete(of_dead).execute(connection)?;
    let old = sessions::table.filter(sessions::expires_at.le(now));
    Ok(tokens + diesel::delete(old).execute(connection)?)
}
