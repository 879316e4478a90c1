//! The log in the database, for reading.

use diesel::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::schema::events;
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::events::{Action, Entry, Resource};
use crate::http::input::one_of;
use crate::http::page::{Key, List, Page, Start};

/// Which entries of the log a list gives.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LogFilter {
    /// Only what came after this position: the last one that you know.
    #[param(value_type = Option<i64>, minimum = 0)]
    pub after: Option<u32>,
    /// Only by this account or API token, by id; or by `operator`, `clock` or `anonymous`.
    pub actor: Option<String>,
    /// Only to this kind of thing.
    #[param(value_type = Option<String>, example = "article")]
    pub resource: Option<Resource>,
    /// Only to the thing with this id.
    pub id: Option<String>,
    /// Only where this was done.
    #[param(value_type = Option<String>, example = "published")]
    pub action: Option<Action>,
    /// Only at this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only earlier than this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Errors: 400 on `actor` for what can be nobody: a name would be taken for somebody who did nothing.
    pub fn refuse_unknown_actor(&self) -> Result<()> {
        let is_actor =
            |actor: &String| is_nobody(actor) || Uuid::try_parse(actor).is_ok_and(|id| id.to_string() == *actor);
        match &self.actor {
            Some(actor) if !is_actor(actor) => {
                let detail = format!(
                    "{}; or the id of an account or an API token: GET /v1/users has the ids of accounts",
                    one_of(actor, &NOBODY)
                );
                Err(Error::bad_parameter("actor", "not_an_actor", detail))
            }
            _ => Ok(()),
        }
    }
}

/// One page of the log, oldest first.
pub fn list(connection: &mut AnyConnection, filter: &LogFilter, page: &Page) -> Result<List<Entry>> {
    let total = if page.count { Some(filtered(filter).count().get_result(connection)?) } else { None };
    let mut query = filtered(filter);
    if let Start::After(keys) = &page.start {
        query = query.filter(events::position.gt(keys.first().ok_or_else(Error::wrong_cursor)?.position()?));
    }
    let rows: Vec<Entry> = query
        .order(events::position.asc())
        .limit(page.fetch())
        .offset(page.offset())
        .select(Entry::as_select())
        .load(connection)?;
    Ok(page.list(rows, total, |row| vec![Key::from(row.position)]))
}

/// The kinds of actors that have no id.
const NOBODY: [&str; 3] = ["operator", "clock", "anonymous"];

/// Whether this is a kind of actor that has no id.
pub(super) fn is_nobody(actor: &str) -> bool {
    NOBODY.contains(&actor)
}

/// Those entries only that are by these accounts and API tokens.
pub(super) fn by_any_of(query: events::BoxedQuery<'_, Backend>, ids: Vec<String>) -> events::BoxedQuery<'_, Backend> {
    query.filter(events::actor_kind.eq_any(["user", "token"])).filter(events::actor_id.eq_any(ids))
}

/// An account, or an API token, and every API token that it ever made: the log still knows those that were revoked.
pub(super) fn with_its_tokens(connection: &mut AnyConnection, id: String) -> Result<Vec<String>> {
    let made = events::table
        .filter(events::actor_id.eq(&id))
        .filter(events::resource_kind.eq(Resource::Token))
        .filter(events::action.eq(Action::Created));
    let tokens: Vec<String> = made.select(events::resource_id).load(connection)?;
    Ok(tokens.into_iter().chain([id]).collect())
}

/// The entries that a filter lets through.
pub(super) fn filtered<'a>(filter: &LogFilter) -> events::BoxedQuery<'a, Backend> {
    let mut query = events::table.into_boxed();
    if let Some(position) = filter.after {
        query = query.filter(events::position.gt(i64::from(position)));
    }
    match filter.actor.as_deref() {
        None => {}
        Some(kind) if is_nobody(kind) => query = query.filter(events::actor_kind.eq(kind.to_owned())),
        Some(id) => query = by_any_of(query, vec![id.to_owned()]),
    }
    if let Some(resource) = filter.resource {
        query = query.filter(events::resource_kind.eq(resource));
    }
    if let Some(id) = &filter.id {
        query = query.filter(events::resource_id.eq(id.clone()));
    }
    if let Some(action) = filter.action {
        query = query.filter(events::action.eq(action));
    }
    if let Some(moment) = filter.since {
        query = query.filter(events::at.ge(moment));
    }
    if let Some(moment) = filter.until {
        query = query.filter(events::at.lt(moment));
    }
    query
}
