//! `/v1/articles/{id}/publish` and `/unpublish`: the door, as it is reached over HTTP.

use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::article::WorkingCopy;
use super::publishing::{self, Publish};
use super::{showing, store};
use crate::auth::{Allow, needs};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{Query, WriteOptions};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(publish_article).service(unpublish_article);
}

/// When readers should see an article.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PublicationInput {
    /// From when; at once when absent. With an offset, and not in the past.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    at: Patch<Timestamp>,
    /// Until when; without end when absent.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    until: Patch<Timestamp>,
}

/// What `publish` takes; nothing at all publishes at once.
pub type NewPublication = Complete<PublicationInput>;

impl Input for PublicationInput {}

/// Publish an article
///
/// Shows readers the working copy as it is now: at once, or from `at` on, and until `until` if that is given. What
/// readers see now goes on until then, and what was scheduled before is replaced. The schedule is kept by the clock of
/// each reader's request: no background job has to run. With `If-Match`, only the version that you read is published.
#[utoipa::path(
    operation_id = "publish_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(
        content = Option<NewPublication>,
        examples(
            ("At once" = (value = json!({}))),
            ("For a week" = (value = json!({ "at": "2027-03-01T06:00:00+01:00", "until": "2027-03-08T06:00:00+01:00" }))),
        ),
    ),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/publish")]
async fn publish_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewPublication,
) -> Result<Answer> {
    let wish = Publish { at: body.0.at.value(), until: body.0.until.value(), dated: None };
    let user = caller.clone();
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::get(connection, &user, &reference, journal.now())?;
        if_match.check(row.version)?;
        publishing::publish(connection, journal, &row, wish)?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
    });
    write.await
}

/// Unpublish an article
///
/// Readers no longer see it, from this moment; what is scheduled is cancelled. The working copy stays.
#[utoipa::path(
    operation_id = "unpublish_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/unpublish")]
async fn unpublish_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<Answer> {
    let user = caller.clone();
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::get(connection, &user, &reference, journal.now())?;
        if_match.check(row.version)?;
        publishing::unpublish(connection, journal, &row)?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
    });
    write.await
}
