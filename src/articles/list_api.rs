//! `GET /v1/articles`: the stories that this caller sees, a page at a time.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use super::article::{ArticleView, ListedArticle, ListedArticleList};
use super::states::States;
use super::store;
use super::wing::{self, View, Wing};
use crate::auth::Caller;
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::cache::Cache;
use crate::http::page::{Cursors, Paging};
use crate::http::projection::Projection;
use crate::http::query::ListQuery;
use crate::http::service_config::ServiceConfig;
use crate::live::{self, Article, ArticleFilter, Extras, Sight, Tombstone, reading_ahead};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_articles);
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
    /// Only working copies in these states: `status=draft,changed`. Those of a review are `in_review`, `changes_requested`
    /// and `approved`. Or `status=gone`, for everybody: the stories that readers no longer see, as tombstones.
    #[param(value_type = Option<String>, example = "gone")]
    status: States,
    /// What readers saw at this moment, with names as they were printed when it was published; not in the future.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    as_of: Option<Timestamp>,
    /// Only these members: `fields=title,slug,authors.name`. `-custom` leaves one out, `*` is everything that comes without
    /// asking, and `excerpt(200)` is the beginning of the text. In lists the text and the notes come only when `body`,
    /// `body_html` or `corrections` is named here.
    #[param(value_type = Option<String>, example = "title,slug,authors.name,excerpt(200)", max_length = 2000)]
    fields: Option<Projection<ArticleView>>,
}

impl WorkingParameters {
    /// Whether what readers no longer see is asked for.
    pub(super) fn ask_what_is_gone(&self) -> bool {
        self.status == States::Gone
    }
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
    let audience = caller.audience();
    if query.more.ask_what_is_gone() {
        return list_gone(query, audience, (db, clock, cursors)).await;
    }
    let (filter, more) = (query.filter, query.more);
    let fields = more.fields;
    let extras = Extras::of(fields.as_ref());
    fields.iter().try_for_each(|fields| fields.refuse_in_lists(&["translations", "editing"]))?;
    match Wing::of(&caller, more.view, more.as_of, now)? {
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
            wing::only_readers_fields(fields.as_ref())?;
            let page = query.paging.page(&cursors, &format!("live {}", query.binding))?;
            let read = db.read(move |connection| {
                let (parts, sight) = (cache.parts(), sight.at(clock.now()));
                let freshness = live::freshness_of_list(connection, sight)?;
                Ok((live::list(connection, parts, (&filter, extras), &page, sight)?, freshness))
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
