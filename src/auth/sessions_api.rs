//! `/v1/auth/sessions` and `/v1/users/{id}/sessions`: where somebody is signed in, and an end to it.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::permission::needs;
use super::session_list::{self, Session, SessionList};
use super::users_api::user_id;
use super::{Allow, user_store};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::page::{Cursors, Paging};
use crate::http::path::Reference;
use crate::http::query::{ListQuery, NoFilter, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_sessions).service(end_session).service(end_sessions);
    config.service(list_user_sessions).service(end_user_sessions);
}

/// What ending all sessions understands.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EndOptions {
    /// `true` leaves the session that asks alone.
    #[param(value_type = Option<bool>)]
    keep_current: bool,
}

/// List your sessions
///
/// Where you are signed in, the newest first: the device by its own word, the address, and when it was last seen.
#[utoipa::path(
    operation_id = "list_sessions", tag = "Sign-in", path = "/auth/sessions", params(Paging), security(("bearer" = [])),
    responses((status = 200, body = SessionList, example = json!(Session::list_sample()))),
)]
#[get("/auth/sessions")]
async fn list_sessions(
    caller: Allow<needs::OwnAccount>,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &format!("{} {}", caller.user_id, query.binding))?;
    let now = clock.now();
    let read =
        db.read(move |connection| session_list::list(connection, (&caller.user_id, caller.session_id()), &page, now));
    Ok(Answer::list(&read.await?, Audience::Caller))
}

/// End a session
///
/// One of your own, at once: neither its access token nor its refresh token is good any more.
#[utoipa::path(
    operation_id = "end_session", tag = "Sign-in", path = "/auth/sessions/{id}", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the session")),
    responses((status = 204, description = "Ended.")),
)]
#[delete("/auth/sessions/{id}")]
async fn end_session(caller: Allow<needs::OwnAccount>, id: Reference, ledger: Ledger) -> Result<HttpResponse> {
    let Reference::Id(id) = id else { return Err(Error::NotFound("session")) };
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |connection, journal| {
        session_list::end(connection, journal, (&caller.user_id, &id))
    });
    write.await?;
    Ok(Answer::nothing())
}

/// End all your sessions
///
/// On every device, this one included unless `keep_current` is `true`.
#[utoipa::path(
    operation_id = "end_sessions", tag = "Sign-in", path = "/auth/sessions", params(EndOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "Ended.")),
)]
#[delete("/auth/sessions")]
async fn end_sessions(
    caller: Allow<needs::OwnAccount>,
    options: Query<EndOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |connection, journal| {
        let kept = caller.session_id().filter(|_| options.0.keep_current);
        session_list::end_all(connection, journal, (&caller.user_id, kept))
    });
    write.await?;
    Ok(Answer::nothing())
}

/// List somebody's sessions
///
/// Where somebody else is signed in, for admins.
#[utoipa::path(
    operation_id = "list_user_sessions", tag = "Users", path = "/users/{id}/sessions", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), Paging),
    responses((status = 200, body = SessionList, example = json!(Session::list_sample()))),
)]
#[get("/users/{id}/sessions")]
async fn list_user_sessions(
    caller: Allow<needs::ManageUsers>,
    id: Reference,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let (id, now) = (user_id(id)?, clock.now());
    let page = query.paging.page(&cursors, &query.binding)?;
    let read = db.read(move |connection| {
        user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
        session_list::list(connection, (&id, caller.session_id()), &page, now)
    });
    Ok(Answer::list(&read.await?, Audience::Caller))
}

/// End all sessions of somebody
///
/// At once and on every device. The person may sign in again; to prevent that, set the account's `active` to `false`.
#[utoipa::path(
    operation_id = "end_user_sessions", tag = "Users", path = "/users/{id}/sessions", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account")),
    responses((status = 204, description = "Ended.")),
)]
#[delete("/users/{id}/sessions")]
async fn end_user_sessions(caller: Allow<needs::ManageUsers>, id: Reference, ledger: Ledger) -> Result<HttpResponse> {
    let id = user_id(id)?;
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |connection, journal| {
        user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
        session_list::end_all(connection, journal, (&id, None))
    });
    write.await?;
    Ok(Answer::nothing())
}
