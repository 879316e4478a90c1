//! `/v1/articles/{id}/related`: what to read next.

use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::cache::Cache;
use crate::http::page::{self, List};
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::Query;
use crate::live::store::{self, Located};
use crate::live::{Article, Extras, Sight, finished, freshness, related};

/// Related stories; all of them are on one page.
type RelatedList = List<Article>;

/// Most related stories.
const MOST: u32 = 20;

/// How many related stories are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct RelatedParameters {
    /// How many to give, from 1 to 20.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 20, default = 5)]
    limit: Limit,
}

/// 1 to 20.
#[derive(Debug)]
struct Limit(u32);

impl Default for Limit {
    fn default() -> Limit {
        Limit(5)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        page::number_between(deserializer, 1, MOST).map(Limit)
    }
}

/// List what is related to an article
///
/// What readers see and shares tags or the section with it, the closest first. A tag that few articles have says more
/// than one that many have, the section helps, and one that is 60 days older needs twice as much in common. Of tags that
/// thousands have, the newest articles are looked at. Less than `limit` when there is no more.
#[utoipa::path(
    operation_id = "list_related", tag = "Articles", params(IdOrSlug, RelatedParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The closest first; `next` is always `null`.", body = RelatedList,
        example = json!(Article::list_sample()))),
)]
#[get("/articles/{id}/related")]
pub async fn list_related(
    caller: Caller,
    reference: Reference,
    query: Query<RelatedParameters>,
    db: Data<Db>,
    (clock, cache): (Data<Clock>, Data<Cache>),
) -> Result<Answer> {
    let (audience, limit) = (caller.audience(), query.0.limit.0 as usize);
    db.read(move |connection| {
        let (parts, now) = (cache.parts(), clock.now());
        let sight = Sight::Readers(now);
        let article = match store::locate(connection, &reference, sight)? {
            Located::Here(article) => article,
            Located::Moved(slug) => return Ok(Answer::moved(format!("/v1/articles/{slug}/related"), audience)),
        };
        let freshness = freshness::of_list(connection, sight)?;
        let ids = related::list(connection, &article, limit, now)?;
        let stories = finished::all(connection, parts, (&ids, Extras::default()), sight)?;
        let stories = stories.iter().map(|story| &story.json);
        Ok(Answer::finished_list(stories, (None, None), audience).fresh(freshness))
    })
    .await
}
