//! The operations of a review: submit, take back, send back, approve.

use actix_web::post;
use serde::Deserialize;
use utoipa::ToSchema;

use super::steps;
use crate::articles::article::WorkingCopy;
use crate::articles::door_api::pass;
use crate::auth::{Allow, Permission, SignedIn, needs};
use crate::error::Result;
use crate::events::Ledger;
use crate::http::answer::Answer;
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::fields::Text;
use crate::http::idempotency::IdempotencyHeader;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(submit_article).service(unsubmit_article).service(approve_article).service(request_changes);
}

/// What somebody says with a step of a review.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReviewNoteInput {
    /// For colleagues; readers never see it. Up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    note: Patch<Text<5000>>,
}

/// What the steps of a review take; nothing at all will do.
pub type NewReviewNote = Complete<ReviewNoteInput>;

impl Input for ReviewNoteInput {}

/// What has to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChangesRequestInput {
    /// What has to change, for whoever wrote it; readers never see it. Up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Text<5000>)]
    note: Patch<Text<5000>>,
}

/// What `request-changes` takes.
pub type NewChangesRequest = Complete<ChangesRequestInput>;

impl Input for ChangesRequestInput {
    const REQUIRED: &'static [&'static str] = &["note"];
}

/// Submit an article for review
///
/// Hands in the version that it has now; whoever may write the article may. It is found with `status=in_review` from then
/// on. It can be changed meanwhile: it stays in review, and `review` tells which version was submitted; submitting again
/// hands in the newer one. 409 when this version is in review or approved already, or when readers see it.
#[utoipa::path(
    operation_id = "submit_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = Option<NewReviewNote>, example = json!({ "note": "Ready; the minister's quote is from Tuesday." })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/submit")]
async fn submit_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewReviewNote,
) -> Result<Answer> {
    let (writer, note) = ((SignedIn::clone(&caller), Permission::WriteArticles), body.0.note());
    pass(writer, (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        steps::submit(connection, journal, held, note)
    })
    .await
}

/// Take an article back from review
///
/// Wherever its review stands: it was never submitted then. 409 when it is in none.
#[utoipa::path(
    operation_id = "unsubmit_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = Option<NewReviewNote>, example = json!({ "note": "The ministry has just called." })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/unsubmit")]
async fn unsubmit_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewReviewNote,
) -> Result<Answer> {
    let (writer, note) = ((SignedIn::clone(&caller), Permission::WriteArticles), body.0.note());
    pass(writer, (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        steps::unsubmit(connection, journal, held, note)
    })
    .await
}

/// Approve an article
///
/// In the version that it has now; with `If-Match`, only the version that you read. Any change of it makes the approval
/// void: the article is in review again then, and `review` says so. Publishing needs no approval, and ends the review.
/// Nobody approves what they began or submitted themselves, unless they may publish it anyway. 409 when it was not
/// submitted, or is approved already.
#[utoipa::path(
    operation_id = "approve_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = Option<NewReviewNote>, example = json!({ "note": "Good. For the front page." })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/approve")]
async fn approve_article(
    caller: Allow<needs::ReviewArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewReviewNote,
) -> Result<Answer> {
    let (reviewer, note) = ((SignedIn::clone(&caller), Permission::ReviewArticles), body.0.note());
    pass(reviewer, (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        steps::approve(connection, journal, held, note)
    })
    .await
}

/// Send an article back
///
/// Says what has to change. An approval that it has is taken back. It is found with `status=changes_requested` until it is
/// submitted again. 409 when it was not submitted.
#[utoipa::path(
    operation_id = "request_changes", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = NewChangesRequest, example = json!({ "note": "Who says so? We need a second source." })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/request-changes")]
async fn request_changes(
    caller: Allow<needs::ReviewArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewChangesRequest,
) -> Result<Answer> {
    let reviewer = (SignedIn::clone(&caller), Permission::ReviewArticles);
    let note = body.0.note.value().map(String::from).unwrap_or_default();
    pass(reviewer, (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        steps::request_changes(connection, journal, held, note)
    })
    .await
}

impl ReviewNoteInput {
    fn note(self) -> Option<String> {
        self.note.value().map(String::from)
    }
}
