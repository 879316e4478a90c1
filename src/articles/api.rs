//! `/v1/articles`: one address for readers and editors. Who asks decides which wing answers.

use actix_web::web::Data;
use actix_web::{get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::article::{ArticleView, ListedArticle, ListedArticleList, WorkingCopy};
use super::input::{ArticleInput, ArticlePatch, NewArticle};
use super::schedule::SETTLING;
use super::states::States;
use super::{presence, showing, store, trash};
use crate::auth::{Allow, Caller, Permission, SignedIn, needs};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::cache::Cache;
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::page::{Cursors, Paging};
use crate::http::path::{IdOrSlug, Reference};
use crate::http::projection::Projection;
use crate::http::query::{ListQuery, Query, WriteOptions};
use crate::live::{self, Article, ArticleFilter, Extras, Found, Sight, Tombstone, reading_ahead};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_articles).service(create_article).service(get_article).service(update_article);
    config.service(replace_article);
}

pub(super) fn location(id: &str) -> String {
    format!("/v1/articles/{id}")
}

text_enum! {
    /// Which of a story's two faces is asked for.
    pub enum View {
        /// What readers see.
        Live = "live",
        /// The working copy.
        Draft = "draft",
    }
}

/// What a list of articles understands beyond the filter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct WorkingParameters {
    /// `live` is what readers see; `draft` is the working copy, for those who may edit it. Default: the working copy
    /// for those, `live` for everybody else.
    #[param(inline)]
    view: Option<View>,
    /// Only working copies in these states: `status=draft,changed`. Or `status=gone`, for everybody: the stories that
    /// readers no longer see, as tombstones.
    #[param(value_type = Option<String>, example = "gone")]
    status: States,
    /// What readers saw at this moment, with the names of then; not in the future.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    as_of: Option<Timestamp>,
    /// Only these members: `fields=title,slug,authors.name`. `-custom` leaves one out, `*` is everything that comes without
    /// asking, and `excerpt(200)` is the beginning of the text. In lists the text and the notes come only when `body`,
    /// `body_html` or `corrections` is named here.
    #[param(value_type = Option<String>, example = "title,slug,authors.name,excerpt(200)", max_length = 2000)]
    fields: Option<Projection<ArticleView>>,
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
    /// What readers saw at this moment, with the names of then; not in the future.
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

/// Which wing answers.
enum Wing {
    /// The editing wing, to this editor.
    Editing(SignedIn),
    /// The reading wing, to these eyes.
    Reading(Sight),
}

impl WorkingParameters {
    /// Whether what readers no longer see is asked for.
    pub(super) fn ask_what_is_gone(&self) -> bool {
        self.status == States::Gone
    }
}

/// Who answers whom: working copies are for those who may edit them, the past and `view=live` are the readers' wing for
/// everybody.
///
/// Errors: 400 for a moment in the future, or for working copies of the past; 401 and 403 when working copies are asked
/// for by name and are not this caller's to see.
fn wing(caller: &Caller, view: Option<View>, as_of: Option<Timestamp>, now: Timestamp) -> Result<Wing> {
    let editor = caller.user().filter(|user| user.may(Permission::ReadDrafts));
    match (view, as_of, caller) {
        (Some(View::Draft), Some(_), _) => {
            let detail = "is about what readers saw; for earlier working copies see the revisions of an article";
            Err(Error::bad_parameter("as_of", "not_for_drafts", detail))
        }
        (_, Some(_), _) => Ok(Wing::Reading(Sight::asked(as_of, now)?)),
        (Some(View::Draft), None, Caller::Anonymous) => {
            Err(Error::Unauthorized("Working copies are for editors: sign in, or leave out view=draft.".into()))
        }
        (Some(View::Draft), None, Caller::User(_)) if editor.is_none() => {
            Err(Error::Forbidden("Your role does not see working copies.".into()))
        }
        (Some(View::Live), None, _) => Ok(Wing::Reading(Sight::Readers(now))),
        (_, None, _) => Ok(match editor {
            Some(editor) => Wing::Editing(editor.clone()),
            None if caller.may(Permission::ReadEmbargoed) => Wing::Reading(Sight::Partners(now)),
            None => Wing::Reading(Sight::Readers(now)),
        }),
    }
}

/// Who an answer is for: a past that is over changes only when something is withdrawn.
fn audience(caller: &Caller, as_of: Option<Timestamp>, now: Timestamp) -> Audience {
    match (caller.audience(), as_of) {
        // Nothing can be committed any more that belongs to that moment.
        (Audience::Everyone, Some(then)) if then.after(SETTLING) < now => Audience::Forever,
        (audience, _) => audience,
    }
}

/// Refuses members that only working copies have: leaving them out without a word would look as if they were empty.
fn only_readers_fields(fields: Option<&Projection<ArticleView>>) -> Result<()> {
    let reason = "is for working copies; readers do not get it";
    fields.map_or(Ok(()), |fields| fields.check::<Article>("not_for_readers", reason))
}

/// The parameters of a list of articles.
pub(super) type ArticleQuery = ListQuery<ArticleFilter, WorkingParameters>;

/// What a list is read with.
pub(super) type House = (Data<Db>, Data<Clock>, Data<Cursors>, Data<Cache>);

/// List articles
///
/// Newest first, without their text. Readers get what is published now; editors get working copies, writers their own,
/// unless `view=live` says otherwise.
///
/// **A copy that never drifts.** Keep two moments, both `2000-01-01T00:00:00Z` at first: the largest `updated_at` and the
/// largest `gone_at` that you were ever given. To catch up, walk two lists, each by its `next` until that is `null`:
///
/// 1. `?status=gone&updated_after=` the largest `gone_at` **minus ten minutes**: take away every `id` in it.
/// 2. `?updated_after=` the largest `updated_at` **minus ten minutes**: store every article, over what you have of it.
///
/// In this order, and without other filters: a story that loses a tag is a change, and `tag=` would hide it from you.
/// The ten minutes are for changes that were begun before others and stored after them, and for clocks of several
/// servers; most of what they bring you know already, and storing it again does nothing. A story that came and went
/// between two visits is only a tombstone; one that went and came back is only a change. A schedule is a change when its
/// time comes, whenever it was written. Take stories away by `id`: a slug may belong to another one by now. Ids that you
/// do not know are none of yours. The names of authors, tags, sections and sources are those of now, and renaming one is
/// no change of its stories: read those lists too, and put the names in by id, leaving out what is no longer there. With
/// the token of an editor or a partner, add `view=live`.
#[utoipa::path(
    operation_id = "list_articles", tag = "Articles", params(ArticleFilter, WorkingParameters, Paging),
    security((), ("bearer" = [])),
    responses((status = 200, body = ListedArticleList, examples(
        ("articles" = (summary = "What readers see", value = json!(Article::list_sample()))),
        ("gone" = (summary = "With `status=gone`", value = json!(Tombstone::list_sample()))),
    ))),
)]
#[get("/articles")]
async fn list_articles(caller: Caller, query: ArticleQuery, ledger: Ledger, house: House) -> Result<Answer> {
    list(caller, query, ledger, house).await
}

/// One page of articles, as this caller sees them.
pub(super) async fn list(
    caller: Caller,
    query: ArticleQuery,
    ledger: Ledger,
    (db, clock, cursors, cache): House,
) -> Result<Answer> {
    let now = clock.now();
    let audience = audience(&caller, query.more.as_of, now);
    if query.more.ask_what_is_gone() {
        return list_gone(query, audience, (db, clock, cursors)).await;
    }
    let (filter, more) = (query.filter, query.more);
    let fields = more.fields;
    let extras = Extras::of(fields.as_ref());
    fields.iter().try_for_each(|fields| fields.refuse_in_lists(&["translations", "editing"]))?;
    match wing(&caller, more.view, more.as_of, now)? {
        Wing::Editing(editor) => {
            refuse_search(&filter)?;
            let page = query.paging.page(&cursors, &format!("{} {}", editor.user_id, query.binding))?;
            let read = move |connection: &mut _| {
                store::list(connection, &editor, (&filter, more.status.working(), extras), &page, now)
            };
            let list: ListedArticleList = db.read(read).await?.map(ListedArticle::from);
            Answer::list(&list, audience).projected(fields.as_ref())
        }
        Wing::Reading(sight) => {
            if more.status != States::Any {
                let detail = "is for working copies, except gone; readers see only what is published";
                return Err(Error::bad_parameter("status", "not_for_readers", detail));
            }
            only_readers_fields(fields.as_ref())?;
            let page = query.paging.page(&cursors, &format!("live {}", query.binding))?;
            let read = db.read(move |connection| {
                let sight = sight.at(clock.now());
                let freshness = live::freshness_of_list(connection, sight)?;
                Ok((live::list(connection, &cache, (&filter, extras), &page, sight)?, freshness))
            });
            let (list, freshness) = read.await?;
            reading_ahead::log(&ledger, &caller, &list.data).await?;
            let stories = list.data.iter().map(|story| &story.json);
            let answer = Answer::finished_list(stories, (list.next, list.total), audience).fresh(freshness);
            answer.projected(fields.as_ref())
        }
    }
}

/// What `status=gone` understands.
const OF_GONE: [&str; 7] = ["status", "updated_after", "view", "limit", "cursor", "page", "count"];

/// One page of what readers no longer see; the same for everybody. What was in it is nobody's to ask for.
async fn list_gone(
    query: ArticleQuery,
    audience: Audience,
    (db, clock, cursors): (Data<Db>, Data<Clock>, Data<Cursors>),
) -> Result<Answer> {
    query.allow_only(&OF_GONE, "cannot be combined with status=gone, which knows only updated_after")?;
    if query.more.view == Some(View::Draft) {
        let detail = "of working copies see status=trashed; status=gone is about what readers no longer see";
        return Err(Error::bad_parameter("view", "not_for_drafts", detail));
    }
    let page = query.paging.page(&cursors, &format!("gone {}", query.binding))?;
    let since = query.filter.updated_after;
    let read = db.read(move |connection| {
        let now = clock.now();
        let freshness = live::freshness_of_list(connection, Sight::Readers(now))?;
        Ok((live::list_gone(connection, since, &page, now)?, freshness))
    });
    let (list, freshness) = read.await?;
    Ok(Answer::list(&list, audience).fresh(freshness))
}

/// The index of words holds what is published and nothing else: it knows no working copies.
fn refuse_search(filter: &ArticleFilter) -> Result<()> {
    let detail = "searches what readers see, and not working copies; add view=live";
    filter.q.as_ref().map_or(Ok(()), |_| Err(Error::bad_parameter("q", "live_only", detail)))
}

/// Begin an article
///
/// Makes a working copy that readers do not see; `publish` shows it to them. Authors, source, section and tags are
/// named by id or slug, or by an object with a name, which is found or made.
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
    let audience = audience(&caller, as_of, now);
    let sight = match wing(&caller, view, as_of, now)? {
        Wing::Reading(_) if status.is_some() => {
            let detail = "is for those who may edit what is in the trash, and for working copies only";
            return Err(Error::bad_parameter("status", "not_for_readers", detail));
        }
        Wing::Reading(sight) => sight,
        Wing::Editing(editor) => {
            let (asked, trashed, by_name) = (reference.clone(), status.is_some(), view == Some(View::Draft));
            let copy = db.read(move |connection| {
                let row = match (trashed, by_name) {
                    (true, _) => Some(trash::get(connection, &editor, &asked)?),
                    (false, true) => Some(store::get(connection, &editor, &asked, now)?),
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
            Sight::Readers(now)
        }
    };
    only_readers_fields(fields.as_ref())?;
    let found = db.read(move |connection| live::find(connection, &cache, (&reference, extras), sight.at(clock.now())));
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
