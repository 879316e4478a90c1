//! `/v1/search`.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::answer::SearchResult;
use super::find::{self, Wish};
use crate::auth::Caller;
use crate::clock::Clock;
use crate::db::types::text_enum;
use crate::db::{self, Db};
use crate::error::Result;
use crate::events::Ledger;
use crate::http::answer::Answer;
use crate::http::cache::Cache;
use crate::http::page::{Cursors, Paging};
use crate::http::query::ListQuery;
use crate::http::service_config::ServiceConfig;
use crate::live::words::SearchText;
use crate::live::{self, ArticleFilter, Sight, reading_ahead};

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.service(search_articles);
}

text_enum! {
    /// Which hits come first.
    pub enum SearchOrder {
        /// The best: words in the headline weigh most, then summary, byline, tags, text. Among equals the newest.
        Relevance = "relevance",
        /// The newest.
        Newest = "-published_at",
    }
}

/// What a search understands beyond the filters of lists.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchParameters {
    /// The words. All of them must be there; `"two words"` must stand together; `-word` must not be there. The last word
    /// is taken for unfinished, from its third letter on, unless a space follows. Case and accents make no difference.
    /// In scripts without spaces any part of a text is found. Every text is a search: empty finds everything, a text
    /// without letters or digits nothing. Up to 200 characters and 16 words.
    #[param(value_type = Option<String>, max_length = 200, example = "\"long arm\" ferr")]
    q: SearchText,
    /// `relevance` (the default) or `-published_at`.
    #[param(inline)]
    sort: Option<SearchOrder>,
}

/// The filters of lists, with what is different here.
struct SearchFilter;

impl IntoParams for SearchFilter {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = SearchParameters::into_params(&place);
        let filters = ArticleFilter::into_params(&place);
        let others = filters.into_iter().filter(|one| !parameters.iter().any(|own| own.name == one.name));
        let others: Vec<Parameter> = others.collect();
        parameters.extend(others);
        parameters
    }
}

/// Search articles
///
/// What readers see now, found by its words; partners find what is under embargo, too. Of more than 1,000 hits the newest
/// 1,000 are ranked, counted and given, together with older ones that have the words in their headline, and
/// `total_relation` is `at_least`; a filter narrows it. With filters other than the dates, the newest 5,000 hits are
/// looked through.
#[utoipa::path(
    operation_id = "search_articles", tag = "Articles", params(SearchFilter, Paging), security((), ("bearer" = [])),
    responses((status = 200, body = SearchResult, example = json!(SearchResult::sample()))),
)]
#[get("/search")]
async fn search_articles(
    caller: Caller,
    query: ListQuery<ArticleFilter, SearchParameters>,
    ledger: Ledger,
    db: Data<Db>,
    clock: Data<Clock>,
    (cursors, cache): (Data<Cursors>, Data<Cache>),
) -> Result<Answer> {
    let now = clock.now();
    let (sight, audience) = (Sight::of(&caller, now), caller.audience());
    let page = query.paging.page(&cursors, &format!("live {}", query.binding))?;
    let order = query.more.sort.unwrap_or(SearchOrder::Relevance);
    let (asked, filter) = (query.more.q, query.filter);
    let read = db.read(move |connection| {
        let wish = Wish { asked, filter, order, sight: sight.at(clock.now()) };
        let (parts, freshness) = (cache.parts(), live::freshness_of_list(connection, wish.sight)?);
        let found = db::snapshot(connection, |connection| find::find(connection, parts, &wish, &page))?;
        Ok((found, freshness))
    });
    let ((found, stories), freshness) = read.await?;
    reading_ahead::log(&ledger, &caller, &stories).await?;
    Ok(Answer::one(&found, audience).next(found.next.clone()).fresh(freshness))
}
