//! `/v1/articles/export`: everything, as a stream.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::cache::Cache;
use crate::http::page::{Cursors, Page, Paging};
use crate::http::query::ListQuery;
use crate::live::export::{self, ExportLine, Piece};
use crate::live::{ArticleFilter, Sight};

/// What an export understands beyond the filter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ExportParameters {
    /// What readers saw at this moment, with names as they were printed when it was published; not in the future.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    as_of: Option<Timestamp>,
}

/// Where to go on; without the rest of paging, which an export does by itself.
struct Cursor;

impl IntoParams for Cursor {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Paging::into_params(place).into_iter().filter(|parameter| parameter.name == "cursor").collect()
    }
}

/// Export articles
///
/// Everything that readers see and this filter selects, with its text, as JSON Lines: one article a line, the oldest run
/// first (`published_at`, then `id`). Every line has a `cursor`. An export is complete when its **last line** is
/// `{"end": true, "articles": …}`; without that line it was cut off, by the network or by us. Then ask again with the
/// `cursor` of the last whole line and the same parameters, as often as it takes, and you get the rest: the same set.
///
/// It is read piece by piece as fast as you take it, and may last as long as you like. So it is no snapshot: what is
/// published meanwhile comes at the end, what is taken down before its turn does not come, what is corrected comes as it
/// is at its turn, and what begins another run may come twice, the later line being the newer one. With `as_of` it is a
/// snapshot of that moment. To keep a copy current afterwards, see `GET /v1/articles`.
#[utoipa::path(
    operation_id = "export_articles", tag = "Articles", params(super::FilterOnly, ExportParameters, Cursor),
    responses((status = 200, description = "One article a line, and the end.", body = ExportLine,
        content_type = "application/x-ndjson", example = json!(ExportLine::sample()))),
)]
#[get("/articles/export")]
pub async fn export_articles(
    query: ListQuery<ArticleFilter, ExportParameters>,
    db: Data<Db>,
    clock: Data<Clock>,
    (cursors, cache): (Data<Cursors>, Data<Cache>),
) -> Result<HttpResponse> {
    let instead = "is not a parameter here: an export gives everything, in its own order";
    query.refuse(&["sort", "limit", "page", "count"], instead)?;
    let (filter, page) = export::begin(query.filter, query.paging.page(&cursors, &query.binding)?);
    let walk = Walk { filter, as_of: query.more.as_of, db, clock, cache };
    // The first piece is read before the head is sent, so that what is wrong is said with its status.
    let first = walk.piece(page).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        // Nobody may keep what may be cut off.
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(walk.lines(first)))
}

/// What an export reads, and where.
struct Walk {
    filter: ArticleFilter,
    as_of: Option<Timestamp>,
    db: Data<Db>,
    clock: Data<Clock>,
    cache: Data<Cache>,
}

/// How far an export is.
enum Place {
    /// This piece is to be sent.
    At(Piece),
    /// The piece that begins here is to be read.
    Before(Page),
    /// Only the last line is missing.
    End,
    /// Everything was said.
    Over,
}

impl Walk {
    /// Reads one piece; the connection is given back before anybody waits for a client.
    async fn piece(&self, page: Page) -> Result<Piece> {
        let sight = Sight::asked(self.as_of, self.clock.now())?;
        let (filter, cache) = (self.filter.clone(), self.cache.clone());
        self.db.read(move |connection| export::piece(connection, cache.parts(), &filter, &page, sight)).await
    }

    /// The whole answer. The next piece is read when the one before was taken; an error ends the connection without its
    /// proper end, which every HTTP client reports.
    fn lines(self, first: Piece) -> impl Stream<Item = Result<Bytes>> {
        stream::try_unfold((self, Place::At(first), 0_u64), |(walk, place, told)| async move {
            let piece = match place {
                Place::At(piece) => piece,
                Place::Before(page) => walk.piece(page).await.inspect_err(report)?,
                Place::End => return Ok(Some((Bytes::from(export::end(told)?), (walk, Place::Over, told)))),
                Place::Over => return Ok(None),
            };
            let told = told + piece.articles;
            let place = piece.next.map_or(Place::End, Place::Before);
            Ok(Some((Bytes::from(piece.lines), (walk, place, told))))
        })
    }
}

fn report(error: &Error) {
    tracing::warn!(%error, "an export was cut off; its reader goes on from the last cursor");
}
