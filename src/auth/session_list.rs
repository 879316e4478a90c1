//! The sessions of an account, for the person whose account it is and for admins: what lives where, and an end to it.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::session_store::{self, living};
use super::{second_factor, single_sign_on};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::sessions;
use crate::error::{Error, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::http::page::{Key, List, Page, Start};

/// A session: one sign-in on one device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// What the browser or program called itself.
    #[schema(required)]
    pub device: Option<String>,
    /// The address from which it was last refreshed.
    #[schema(required)]
    pub address: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed; an app in use does that every 15 minutes.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest; without a refresh for 7 days it ends earlier.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// One page of sessions.
pub type SessionList = List<Session>;

type Row = (String, Option<String>, Option<String>, Timestamp, Timestamp, Timestamp);

/// One page of an account's living sessions, the newest first. `current` is the session that asks.
pub fn list(
    connection: &mut AnyConnection,
    (user_id, current): (&str, Option<&str>),
    page: &Page,
    now: Timestamp,
) -> Result<SessionList> {
    let of_user = || living(now).filter(sessions::user_id.eq(user_id.to_owned()));
    let total = if page.count { Some(of_user().count().get_result(connection)?) } else { None };
    let mut query = of_user();
    if let Start::After(keys) = &page.start
        && let Some(id) = keys.first()
    {
        query = query.filter(sessions::id.lt(id.text()?));
    }
    let columns = (
        sessions::id,
        sessions::device,
        sessions::address,
        sessions::created_at,
        sessions::last_used_at,
        sessions::expires_at,
    );
    let ordered = query.order(sessions::id.desc()).limit(page.fetch()).offset(page.offset());
    let rows: Vec<Row> = ordered.select(columns).load(connection)?;
    let list = page.list(rows, total, |row| vec![Key::from(row.0.clone())]);
    Ok(list.map(|(id, device, address, created_at, last_seen_at, expires_at)| {
        let current = current == Some(id.as_str());
        Session { id, device, address, created_at, last_seen_at, expires_at, current }
    }))
}

/// Ends one session of an account.
///
/// Errors: 404 when there is none that lives.
pub fn end(connection: &mut AnyConnection, journal: &mut Journal, (user_id, id): (&str, &str)) -> Result<()> {
    let theirs = living(journal.now()).filter(sessions::user_id.eq(user_id.to_owned()));
    let found: i64 = theirs.filter(sessions::id.eq(id.to_owned())).count().get_result(connection)?;
    if found == 0 || !session_store::end(connection, id, journal.now())? {
        return Err(Error::NotFound("session"));
    }
    journal.record(Event::new(Action::SignedOut, Resource::Session, id));
    Ok(())
}

/// Forgets the sign-ins of an account that have begun: whoever is at the second step gets no further.
pub fn forget_begun(connection: &mut AnyConnection, user_id: &str) -> Result<()> {
    single_sign_on::forget_codes(connection, user_id)?;
    second_factor::forget_challenges(connection, user_id)
}

/// Ends every session of an account, except perhaps one, and what was about to become one.
pub fn end_all(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (user_id, except): (&str, Option<&str>),
) -> Result<()> {
    forget_begun(connection, user_id)?;
    let ended = session_store::end_all(connection, user_id, except, journal.now())?;
    if !ended.is_empty() {
        let note = Some(format!("{} sessions", ended.len()));
        journal.record(Event::new(Action::SessionsEnded, Resource::User, user_id).noted(note));
    }
    for session in ended {
        journal.record(Event::new(Action::SignedOut, Resource::Session, session));
    }
    Ok(())
}

impl Session {
    /// An example for the API docs: a page of one.
    pub fn list_sample() -> Value {
        let one = json!({
            "id": "01997b2e-ab10-7d3e-8d41-3f6c2f0e9c30",
            "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "address": "198.51.100.7",
            "created_at": "2026-03-02T09:30:00Z",
            "last_seen_at": "2026-03-04T18:15:00Z",
            "expires_at": "2026-04-01T09:30:00Z",
            "current": true
        });
        json!({ "data": [one], "next": null })
    }
}
