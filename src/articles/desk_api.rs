//! The editors' desk: the trash and the way back, copies, and who works on what.

use actix_web::{HttpResponse, delete, post, put};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::api::{OnlyTrashed, location};
use super::article::{Presence, WorkingCopy};
use super::draft::Draft;
use super::{access, presence, showing, store, trash};
use crate::auth::{Allow, Permission, SignedIn, decide, needs};
use crate::db::Named;
use crate::db::types::new_id;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::input::{Complete, Input};
use crate::http::page::List;
use crate::http::patch::Patch;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;
use crate::live::Document;
use crate::slugs::{self, Slug};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(delete_article).service(restore_article).service(duplicate_article);
    config.service(note_presence).service(end_presence);
}

/// What deleting an article understands.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeleteArticleOptions {
    /// `true` checks everything and stores nothing.
    #[param(value_type = Option<bool>)]
    dry_run: bool,
    /// `true` removes it for good, with its revisions and everything that was published; only admins may, and nothing
    /// brings it back.
    #[param(value_type = Option<bool>)]
    purge: bool,
    /// `trashed` purges the article in the trash, when another one has its name now; only with `purge`.
    #[param(inline)]
    status: Option<OnlyTrashed>,
}

/// Delete an article
///
/// Moves it to the trash, from where `restore` brings it back with its links and its history. What is scheduled is
/// cancelled. An article that readers see is refused with 409: unpublish or kill it first.
///
/// `purge` is final, and is logged: nothing of the article is left, readers get 404 even of one that was killed, and its
/// slugs are free for others.
#[utoipa::path(
    operation_id = "delete_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, DeleteArticleOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "In the trash; or, with `purge`, gone.")),
)]
#[delete("/articles/{id}")]
async fn delete_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<DeleteArticleOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let if_match = if_match.require()?;
    let (user, DeleteArticleOptions { dry_run, purge, status }) = (SignedIn::clone(&caller), options.0);
    if status.is_some() && !purge {
        let detail = "is for purge=true: what is in the trash is deleted already";
        return Err(Error::bad_parameter("status", "not_here", detail));
    }
    let action = if purge { Permission::PurgeArticles } else { Permission::WriteArticles };
    decide(Some(&user), action, None)?;
    let write = ledger.write(caller.actor(), WriteOptions { dry_run }, move |connection, journal| {
        slugs::wait_for(connection, Named::Articles, (&reference, &if_match))?;
        let now = journal.now();
        let row = match purge {
            true => trash::get_for_purge(connection, (&user, action), (&reference, status.is_some()), now)?,
            false => store::get(connection, (&user, action), &reference, now)?,
        };
        if_match.check(row.version)?;
        match purge {
            true => trash::purge(connection, journal, row),
            false => trash::put(connection, journal, &user, row).map(drop),
        }
    });
    write.await?;
    Ok(Answer::nothing())
}

/// How an article comes back.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ArticleRestoreInput {
    /// Its name in addresses, when the one that it had is taken.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    slug: Patch<Slug>,
}

/// What `restore` takes; nothing at all will do.
pub type NewArticleRestore = Complete<ArticleRestoreInput>;

impl Input for ArticleRestoreInput {}

/// Bring an article back
///
/// Out of the trash, with its links and its history, as a working copy. Readers see nothing of it until it is published
/// again.
#[utoipa::path(
    operation_id = "restore_article", tag = "Articles", params(IdOrSlug, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = Option<NewArticleRestore>, example = json!({})),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/restore")]
async fn restore_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewArticleRestore,
) -> Result<Answer> {
    let (user, slug) = (SignedIn::clone(&caller), body.0.slug.value().map(Slug::into_string));
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = trash::restore(connection, journal, &user, (&reference, slug))?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
    });
    write.await
}

/// Duplicate an article
///
/// A new working copy with the same text and links, under a slug of its own; without dates and notes. An embargo that
/// holds goes along. What was killed is copied by an admin only.
#[utoipa::path(
    operation_id = "duplicate_article", tag = "Articles", params(IdOrSlug, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    responses((status = 201, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/duplicate")]
async fn duplicate_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<Answer> {
    let user = SignedIn::clone(&caller);
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::get(connection, (&user, Permission::ReadDrafts), &reference, journal.now())?;
        if row.killed_at.is_some() && !access::may(&user, Permission::LiftKills, &row) {
            return Err(Error::Forbidden("This article was killed; only an admin takes its text up again.".into()));
        }
        let draft = Draft::from_row(&row)?;
        let document = Document { corrections: Vec::new(), translation_of: None, ..draft.document };
        // What must not be read yet is the text, whatever the story is called.
        let embargo_until = draft.embargo_until.filter(|end| *end > journal.now());
        let copy = Draft { document, editor_note: None, embargo_until, ..draft };
        let note = format!("a copy of {}", row.id);
        let row = store::begin(connection, journal, (new_id(), copy), (None, false), Some(note))?;
        access::check_written(Some(&user), &row)?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::created(&copy, location(&copy.article.id)).version(copy.version))
    });
    write.await
}

/// Who works on an article.
pub type PresenceList = List<Presence>;

/// Say that you work on an article
///
/// Counts for two minutes; say it again while you go on. It is a hint for colleagues and blocks nobody: what decides
/// about a save is `If-Match`. Gives everybody who works on it.
#[utoipa::path(
    operation_id = "note_presence", tag = "Articles", params(IdOrSlug), security(("bearer" = [])),
    responses((status = 200, body = PresenceList, example = json!({ "data": [Presence::sample()], "next": null }))),
)]
#[put("/articles/{id}/editing")]
async fn note_presence(caller: Allow<needs::WriteArticles>, reference: Reference, ledger: Ledger) -> Result<Answer> {
    let user = SignedIn::clone(&caller);
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |connection, journal| {
        let row = store::get(connection, (&user, Permission::WriteArticles), &reference, journal.now())?;
        presence::note(connection, &row.id, &user.user_id, journal.now())?;
        presence::of(connection, &row.id, journal.now())
    });
    let list: PresenceList = List { data: write.await?, next: None, total: None };
    Ok(Answer::list(&list, Audience::Caller))
}

/// Say that you no longer work on an article
///
/// Without it, colleagues are told for two more minutes at most.
#[utoipa::path(
    operation_id = "end_presence", tag = "Articles", params(IdOrSlug), security(("bearer" = [])),
    responses((status = 204, description = "Noted.")),
)]
#[delete("/articles/{id}/editing")]
async fn end_presence(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let user = SignedIn::clone(&caller);
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |connection, journal| {
        let row = store::get(connection, (&user, Permission::WriteArticles), &reference, journal.now())?;
        presence::leave(connection, &row.id, &user.user_id)
    });
    write.await?;
    Ok(Answer::nothing())
}

impl Presence {
    /// An example for the API docs.
    pub fn sample() -> serde_json::Value {
        json!({
            "user_id": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50", "name": "Ada Lund",
            "since": "2026-03-04T18:20:00Z", "expires_at": "2026-03-04T18:31:30Z"
        })
    }
}
