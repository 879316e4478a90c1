//! `/v1/sources`: reading for everybody, writing for those who keep the taxonomy.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder, delete, get, patch, post, put};

use super::source::{NewSource, Source, SourceInput, SourceList, SourcePatch};
use super::store::{self, SourceFilter};
use crate::auth::{Allow, needs};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::cache::Freshness;
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::page::{Cursors, Paging};
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{DeleteOptions, ListQuery, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;
use crate::tallies;

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_sources)
        .service(create_source)
        .service(get_source)
        .service(update_source)
        .service(replace_source);
    config.service(delete_source);
}

fn location(id: &str) -> String {
    format!("/v1/sources/{id}")
}

/// List sources
///
/// By name, unless `sort` says otherwise. `live_count` says how many stories readers see from each of them now.
#[utoipa::path(
    operation_id = "list_sources", tag = "Sources", params(SourceFilter, Paging),
    responses((status = 200, body = SourceList, example = json!(Source::list_sample()))),
)]
#[get("/sources")]
async fn list_sources(
    query: ListQuery<SourceFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<impl Responder> {
    let page = query.paging.page(&cursors, &query.binding)?;
    let now = clock.now();
    let read = db.read(move |connection| {
        let freshness = tallies::freshness(connection, now)?;
        Ok((store::list(connection, &query.filter, &page, now)?, freshness))
    });
    let (list, freshness) = read.await?;
    Ok(Answer::list(&list, Audience::Everyone).fresh(freshness))
}

/// Make a source
///
/// The slug is made from the name unless it is given; the kind is `publisher`.
#[utoipa::path(
    operation_id = "create_source", tag = "Sources", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewSource, example = json!(SourceInput::sample())),
    responses((status = 201, body = Source, example = json!(Source::samples()[1]))),
)]
#[post("/sources")]
async fn create_source(
    caller: Allow<needs::WriteTaxonomy>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewSource,
) -> Result<Answer> {
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::create(connection, journal, body.0)?;
        let version = row.version;
        let source = store::show(row);
        Ok(Answer::created(&source, location(&source.id)).version(version))
    });
    write.await
}

/// Read a source
///
/// A former slug answers 301 to the present one.
#[utoipa::path(
    operation_id = "get_source", tag = "Sources", params(IdOrSlug),
    responses((status = 200, body = Source, example = json!(Source::samples()[0]))),
)]
#[get("/sources/{id}")]
async fn get_source(reference: Reference, db: Data<Db>) -> Result<Answer> {
    let asked = reference.clone();
    let read = db.read(move |connection| {
        let row = store::get(connection, &asked)?;
        Ok((row.version, store::show(row)))
    });
    let (version, source) = read.await?;
    if reference.is_former(&source.slug) {
        return Ok(Answer::moved(location(&source.slug), Audience::Everyone));
    }
    let freshness = Freshness::of([source.id.clone()]);
    Ok(Answer::one(&source, Audience::Everyone).version(version).fresh(freshness))
}

/// Change a source
///
/// JSON Merge Patch: absent members stay as they are, `null` clears.
#[utoipa::path(
    operation_id = "update_source", tag = "Sources", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = SourcePatch, example = json!({ "credit_line": "Coastline Press Agency" })),
    responses((status = 200, body = Source, example = json!(Source::samples()[1]))),
)]
#[patch("/sources/{id}")]
async fn update_source(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: SourcePatch,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0)?;
        Ok((row.version, store::show(row)))
    });
    let (version, source) = write.await?;
    Ok(Answer::one(&source, Audience::Caller).version(version))
}

/// Replace a source
///
/// Members that are absent are cleared; the slug stays when it is absent.
#[utoipa::path(
    operation_id = "replace_source", tag = "Sources", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = NewSource, example = json!(SourceInput::sample())),
    responses((status = 200, body = Source, example = json!(Source::samples()[1]))),
)]
#[put("/sources/{id}")]
async fn replace_source(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewSource,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0.replacing())?;
        Ok((row.version, store::show(row)))
    });
    let (version, source) = write.await?;
    Ok(Answer::one(&source, Audience::Caller).version(version))
}

/// Delete a source
///
/// One that articles use is refused with 409 and their number, unless `force=true` takes it off them.
#[utoipa::path(
    operation_id = "delete_source", tag = "Sources", params(IdOrSlug, IfMatchHeader, DeleteOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "Deleted.")),
)]
#[delete("/sources/{id}")]
async fn delete_source(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<DeleteOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let force = options.0.force;
    let write = ledger.write(caller.actor(), options.0.into(), move |connection, journal| {
        store::delete(connection, journal, &reference, &if_match, force)
    });
    write.await?;
    Ok(Answer::nothing())
}
