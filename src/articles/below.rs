//! The stories of one author, from one source, under one tag: shortcuts of the list of articles. They stand here because
//! those rooms cannot name a story.

use actix_web::{HttpRequest, get};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::article::ListedArticleList;
use super::list_api::{self, ArticleQuery, House, WorkingParameters};
use crate::auth::Caller;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::page::Paging;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::List;
use crate::http::service_config::ServiceConfig;
use crate::live::{Article, ArticleFilter};
use crate::tags::TagKind;
use crate::{authors, sources, tags};

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_author_articles).service(list_source_articles).service(list_tag_articles);
}

/// The filter without what the address of an author says.
struct BesideAuthor;

/// The filter without what the address of a source says.
struct BesideSource;

impl IntoParams for BesideAuthor {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        without("author", place)
    }
}

impl IntoParams for BesideSource {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        without("source", place)
    }
}

fn without(name: &str, place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
    ArticleFilter::into_params(place).into_iter().filter(|parameter| parameter.name != name).collect()
}

/// List the articles of an author
///
/// The same as `/v1/articles?author=…`, with all its other parameters. A former slug answers 301 to the present one.
#[utoipa::path(
    operation_id = "list_author_articles", tag = "Authors", params(IdOrSlug, BesideAuthor, WorkingParameters, Paging),
    security((), ("bearer" = [])),
    responses((status = 200, body = ListedArticleList, example = json!(Article::list_sample()))),
)]
#[get("/authors/{id}/articles")]
async fn list_author_articles(
    caller: Caller,
    (request, reference): (HttpRequest, Reference),
    query: ArticleQuery,
    ledger: Ledger,
    house: House,
) -> Result<Answer> {
    list(Room::Authors, (caller, request, reference), query, ledger, house).await
}

/// List the articles from a source
///
/// The same as `/v1/articles?source=…`, with all its other parameters. A former slug answers 301 to the present one.
#[utoipa::path(
    operation_id = "list_source_articles", tag = "Sources", params(IdOrSlug, BesideSource, WorkingParameters, Paging),
    security((), ("bearer" = [])),
    responses((status = 200, body = ListedArticleList, example = json!(Article::list_sample()))),
)]
#[get("/sources/{id}/articles")]
async fn list_source_articles(
    caller: Caller,
    (request, reference): (HttpRequest, Reference),
    query: ArticleQuery,
    ledger: Ledger,
    house: House,
) -> Result<Answer> {
    list(Room::Sources, (caller, request, reference), query, ledger, house).await
}

/// List the articles under a tag
///
/// The same as `/v1/articles?tag=…`, with all its other parameters; of a tag of kind `section` the same as
/// `/v1/articles?section=…`: what stands in that section, and not what only names it among its tags. A former slug answers
/// 301 to the present one.
#[utoipa::path(
    operation_id = "list_tag_articles", tag = "Tags", params(IdOrSlug, ArticleFilter, WorkingParameters, Paging),
    security((), ("bearer" = [])),
    responses((status = 200, body = ListedArticleList, example = json!(Article::list_sample()))),
)]
#[get("/tags/{id}/articles")]
async fn list_tag_articles(
    caller: Caller,
    (request, reference): (HttpRequest, Reference),
    query: ArticleQuery,
    ledger: Ledger,
    house: House,
) -> Result<Answer> {
    list(Room::Tags, (caller, request, reference), query, ledger, house).await
}

/// Where the name in an address belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Authors,
    Sources,
    Tags,
}

/// What the name in an address leads to: its id, its present slug, and the parameter that says the same.
struct Named {
    id: String,
    slug: String,
    parameter: &'static str,
}

/// What is named in an address.
///
/// Errors: 404 when there is no such thing.
fn find(connection: &mut AnyConnection, room: Room, reference: &Reference) -> Result<Named> {
    let (named, missing) = match room {
        Room::Authors => (authors::find(connection, reference)?.map(|row| (row.id, row.slug, "author")), "author"),
        Room::Sources => (sources::find(connection, reference)?.map(|row| (row.id, row.slug, "source")), "source"),
        Room::Tags => {
            let parameter = |kind| if kind == TagKind::Section { "section" } else { "tag" };
            (tags::find(connection, reference)?.map(|row| (row.id, row.slug, parameter(row.kind))), "tag")
        }
    };
    named.map(|(id, slug, parameter)| Named { id, slug, parameter }).ok_or(Error::NotFound(missing))
}

async fn list(
    room: Room,
    (caller, request, reference): (Caller, HttpRequest, Reference),
    mut query: ArticleQuery,
    ledger: Ledger,
    house: House,
) -> Result<Answer> {
    let asked = reference.clone();
    let Named { id, slug, parameter } = house.0.read(move |connection| find(connection, room, &asked)).await?;
    if reference.is_former(&slug) {
        let audience = if caller == Caller::Anonymous { Audience::Everyone } else { Audience::Caller };
        return Ok(Answer::moved(present_address(&request, &slug), audience));
    }
    query.refuse(&[parameter], "is what the address says already; ask /v1/articles for several at once")?;
    if query.more.ask_what_is_gone() {
        let detail = "gone is for /v1/articles: what was in a story that is gone is not told";
        return Err(Error::bad_parameter("status", "not_here", detail));
    }
    let filter = &mut query.filter;
    let names = match parameter {
        "author" => &mut filter.author,
        "source" => &mut filter.source,
        "section" => &mut filter.section,
        _ => &mut filter.tag,
    };
    *names = List(vec![id]);
    list_api::list(caller, query, ledger, house).await
}

/// The same address with the present slug.
fn present_address(request: &HttpRequest, slug: &str) -> String {
    let room = request.path().split('/').nth(2).unwrap_or_default();
    format!("/v1/{room}/{slug}/articles")
}
