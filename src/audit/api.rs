//! `/v1/events`: the log, for those who may read it.

use actix_web::web::Data;
use actix_web::{Responder, get};

use super::entry::{LogEntry, LogEntryList};
use super::store::{self, LogFilter};
use crate::auth::{Allow, needs};
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::page::{Cursors, Paging};
use crate::http::query::ListQuery;
use crate::http::service_config::ServiceConfig;

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_events);
}

/// Read the log
///
/// Every committed change, oldest first: who did what to what, and when. Positions have no gaps and follow the order of
/// commits; ask again with `after` for what came since.
#[utoipa::path(
    operation_id = "list_events", tag = "Log", params(LogFilter, Paging), security(("bearer" = [])),
    responses((status = 200, body = LogEntryList, example = json!(LogEntry::list_sample()))),
)]
#[get("/events")]
async fn list_events(
    _caller: Allow<needs::ReadLog>,
    query: ListQuery<LogFilter>,
    db: Data<Db>,
    cursors: Data<Cursors>,
) -> Result<impl Responder> {
    query.filter.refuse_unknown_actor()?;
    let page = query.paging.page(&cursors, &query.binding)?;
    let list = db.read(move |connection| store::list(connection, &query.filter, &page)).await?;
    let list: LogEntryList = list.map(LogEntry::from);
    Ok(Answer::list(&list, Audience::Caller))
}
