//! What readers ask beyond the story itself: its history, and the proof of it; what is related, and archives.

mod calendar;
mod export;
mod related;

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::history::{self, Version, VersionList};
use super::proof::{self, Checkpoint, Proof};
use super::store::{self, Located};
use super::{ArticleFilter, Sight};
use crate::auth::Caller;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::page::{Cursors, Paging};
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{ListQuery, NoFilter, Query};
use crate::http::service_config::ServiceConfig;

/// The addresses of this room that name no story.
pub fn routes(config: &mut ServiceConfig) {
    config.service(export::export_articles).service(calendar::get_calendar).service(get_checkpoint);
}

/// The addresses below one story.
pub fn story_routes(config: &mut ServiceConfig) {
    config.service(list_versions).service(get_proof).service(related::list_related);
}

/// Which version a proof is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ProofParameters {
    /// Number of the publication, as in the history; the one that readers see when absent.
    #[param(value_type = Option<i32>, minimum = 1)]
    publication: Option<u32>,
}

/// The filter of a list of articles, where the order is not to be chosen.
struct FilterOnly;

impl IntoParams for FilterOnly {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        ArticleFilter::into_params(place).into_iter().filter(|parameter| parameter.name != "sort").collect()
    }
}

/// Read the history of an article
///
/// Every version that readers saw, newest first: when, with which notes, and what changed since the version before. Of
/// an article that they do not see now there is none; of one that was killed, only that. A page has at most 20 versions.
#[utoipa::path(
    operation_id = "list_versions", tag = "Articles", params(IdOrSlug, Paging), security((), ("bearer" = [])),
    responses((status = 200, body = VersionList, example = json!(Version::list_sample()))),
)]
#[get("/articles/{id}/history")]
async fn list_versions(
    caller: Caller,
    reference: Reference,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let (page, audience) = (query.paging.page(&cursors, &query.binding)?, caller.audience());
    let found = db.read(move |connection| {
        let now = clock.now();
        match store::locate(connection, &reference, Sight::Readers(now))? {
            Located::Here(article) => history::load(connection, &article, page, now).map(Ok),
            Located::Moved(slug) => Ok(Err(slug)),
        }
    });
    match found.await? {
        Ok(printed) => {
            // Beside the database and the threads that answer: comparing takes its time.
            let list = tokio::task::spawn_blocking(|| history::compare(printed)).await.map_err(Error::internal)?;
            Ok(Answer::list(&list, audience))
        }
        Err(slug) => Ok(Answer::moved(format!("/v1/articles/{slug}/history"), audience)),
    }
}

/// Get the proof of a version
///
/// What is needed to check, without asking this server again, that a version was published as it says and when it says:
/// the text that was hashed, its place in the log, and a signed checkpoint. `docs/proof.md` describes the format, and
/// `examples/verify_proof.py` checks it.
#[utoipa::path(
    operation_id = "get_proof", tag = "Articles", params(IdOrSlug, ProofParameters), security((), ("bearer" = [])),
    responses((status = 200, body = Proof, example = json!(Proof::sample()))),
)]
#[get("/articles/{id}/proof")]
async fn get_proof(
    caller: Caller,
    reference: Reference,
    query: Query<ProofParameters>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer> {
    let audience = caller.audience();
    let number = query.0.publication.map(|number| i32::try_from(number).unwrap_or(i32::MAX));
    db.read(move |connection| {
        let now = clock.now();
        match store::locate(connection, &reference, Sight::Readers(now))? {
            Located::Here(article) => {
                proof::find(connection, (&article, number), now).map(|proof| Answer::one(&proof, audience))
            }
            Located::Moved(slug) => Ok(Answer::moved(format!("/v1/articles/{slug}/proof"), audience)),
        }
    })
    .await
}

/// Get the newest checkpoint of the log
///
/// How far the log goes, signed. Who keeps one can show later that the log was not rolled back behind it.
#[utoipa::path(
    operation_id = "get_checkpoint", tag = "Log", security((), ("bearer" = [])),
    responses((status = 200, body = Checkpoint, example = json!(Checkpoint::sample()))),
)]
#[get("/log/checkpoint")]
async fn get_checkpoint(caller: Caller, db: Data<Db>) -> Result<Answer> {
    let audience = caller.audience();
    let newest = db.read(proof::newest_checkpoint).await?;
    newest.map(|checkpoint| Answer::one(&checkpoint, audience)).ok_or(Error::NotFound("checkpoint"))
}
