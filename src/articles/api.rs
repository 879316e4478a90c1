//! `/v1/articles` and `/v1/articles/{id}`: one address for readers and editors. Who asks decides which wing answers.

use actix_web::web::Data;
use actix_web::{get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::article::{ArticleView, WorkingCopy};
use super::input::{ArticleInput, ArticlePatch, NewArticle};
use super::wing::{self, View, Wing};
use super::{presence, showing, store, trash};
use crate::auth::{Allow, Caller, Permission, needs};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::cache::Cache;
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::projection::Projection;
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;
use crate::live::{self, Article, Extras, Found, Sight, reading_ahead};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(create_article).service(get_article).service(update_article);
    config.service(replace_article);
}

pub(super) fn location(id: &str) -> String {
    format!("/v1/articles/{id}")
}

/// What reading one article understands.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ViewParameter {
    /// `live` is what readers see; `draft` is the working copy, for those who may edit it. Default: the working copy
    /// for those, `live` for everybody else.
    #[param(inline)]
    view: Option<View>,
    /// What readers saw at this moment, with names as they were printed when it was published; not in the future.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    as_of: Option<Timestamp>,
    /// `trashed` looks into the trash, for those who may edit what is there.
    #[param(inline)]
    status: Option<OnlyTrashed>,
    /// Only these members: `fields=title,slug,authors.name`. `-custom` leaves one out, `*` is everything that comes without
    /// asking, and `excerpt(200)` is the beginning of the text.
    #[param(value_type = Option<String>, example = "title,slug,authors.name,excerpt(200)", max_length = 2000)]
    fields: Option<Projection<ArticleView>>,
}

text_enum! {
    /// The one state that an article has to be asked for by.
    pub enum OnlyTrashed {
        /// In the trash.
        Trashed = "trashed",
    }
}

/// Begin an article
///
/// Makes a working copy that readers do not see; `publish` shows it to them. Authors, source, section and tags are
/// named by id or slug, or by an object with a name, which is found or made. A name that is made is a tag, an author or a
/// source like any other, and readers find it in those lists at once: what must stay secret until the article is
/// published belongs into the text.
#[utoipa::path(
    operation_id = "create_article", tag = "Articles", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewArticle, example = json!(ArticleInput::sample())),
    responses((status = 201, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles")]
async fn create_article(
    caller: Allow<needs::WriteArticles>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewArticle,
) -> Result<Answer> {
    let user = caller.clone();
    let input = body.0.render().await?;
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::create(connection, journal, Some(&user), input)?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::created(&copy, location(&copy.article.id)).version(copy.version))
    });
    write.await
}

/// Read an article
///
/// With its text. A former slug answers 301 to the present one. The ETag of a working copy is what `If-Match` wants.
#[utoipa::path(
    operation_id = "get_article", tag = "Articles", params(IdOrSlug, ViewParameter),
    security((), ("bearer" = [])),
    responses((status = 200, body = ArticleView, example = json!(Article::sample()))),
)]
#[get("/articles/{id}")]
async fn get_article(
    caller: Caller,
    reference: Reference,
    query: Query<ViewParameter>,
    ledger: Ledger,
    db: Data<Db>,
    (clock, cache): (Data<Clock>, Data<Cache>),
) -> Result<Answer> {
    let (ViewParameter { view, as_of, status, fields }, now) = (query.0, clock.now());
    let extras = Extras::of(fields.as_ref());
    let audience = wing::audience_of_one(&caller, as_of, now);
    let sight = match Wing::of(&caller, view, as_of, now)? {
        Wing::Reading(_) if status.is_some() => {
            let detail = "is for those who may edit what is in the trash, and for working copies only";
            return Err(Error::bad_parameter("status", "not_for_readers", detail));
        }
        Wing::Reading(sight) => sight,
        Wing::Editing(editor) => {
            let (asked, trashed, by_name) = (reference.clone(), status.is_some(), view == Some(View::Draft));
            let copy = db.read(move |connection| {
                let row = match (trashed, by_name) {
                    (true, _) => Some(trash::get(connection, (&editor, Permission::ReadDrafts), &asked)?),
                    (false, true) => Some(store::get(connection, (&editor, Permission::ReadDrafts), &asked, now)?),
                    (false, false) => store::find_theirs(connection, &editor, &asked)?,
                };
                let Some(row) = row else { return Ok(None) };
                let editing = Some(presence::of(connection, &row.id, now)?).filter(|editing| !editing.is_empty());
                Ok(Some(WorkingCopy { editing, ..showing::show(connection, row, now)? }))
            });
            if let Some(copy) = copy.await? {
                return Ok(match reference.is_former(&copy.article.slug) {
                    true => Answer::moved(location(&copy.article.slug), audience),
                    false => {
                        let version = copy.version;
                        let copy = WorkingCopy { article: copy.article.with_excerpt(extras), ..copy };
                        Answer::one(&copy, audience).version(version).projected(fields.as_ref())?
                    }
                });
            }
            Sight::of(&caller, now)
        }
    };
    wing::only_readers_fields(fields.as_ref())?;
    let found = db
        .look_up(move |connection| live::find(connection, cache.parts(), (&reference, extras), sight.at(clock.now())));
    let found = found.await?;
    Ok(match found {
        Found::Here(story, freshness) => {
            reading_ahead::log(&ledger, &caller, std::slice::from_ref(&story)).await?;
            Answer::finished(story.json, audience).fresh(freshness).projected(fields.as_ref())?
        }
        Found::Moved(slug) => Answer::moved(location(&slug), audience),
    })
}

/// Change an article
///
/// JSON Merge Patch: absent members stay as they are, `null` clears, lists are replaced whole. Readers see nothing of
/// it until it is published.
#[utoipa::path(
    operation_id = "update_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = ArticlePatch, example = json!({ "title": "NATO urges restraint", "editor_note": null })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[patch("/articles/{id}")]
async fn update_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: ArticlePatch,
) -> Result<Answer> {
    save(caller, (reference, if_match), options.0, ledger, body.0).await
}

/// Replace an article
///
/// Members that are absent are cleared; the slug stays when it is absent.
#[utoipa::path(
    operation_id = "replace_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = NewArticle, example = json!(ArticleInput::sample())),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[put("/articles/{id}")]
async fn replace_article(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewArticle,
) -> Result<Answer> {
    save(caller, (reference, if_match), options.0, ledger, body.0.replacing()).await
}

/// What changing and replacing have in common: a version is required, and the answer is the working copy.
async fn save(
    caller: Allow<needs::WriteArticles>,
    (reference, if_match): (Reference, IfMatch),
    options: WriteOptions,
    ledger: Ledger,
    input: ArticleInput,
) -> Result<Answer> {
    let if_match = if_match.require()?;
    let user = caller.clone();
    let input = input.render().await?;
    let write = ledger.write(caller.actor(), options, move |connection, journal| {
        let row = store::update(connection, journal, &user, (&reference, &if_match), input)?;
        showing::show(connection, row, journal.now())
    });
    let copy = write.await?;
    Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
}
