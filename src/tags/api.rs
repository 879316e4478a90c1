//! `/v1/tags`: reading for everybody, writing for those who keep the taxonomy.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder, delete, get, patch, post, put};

use super::store::{self, TagFilter};
use super::tag::{NewTag, Tag, TagInput, TagList, TagPatch};
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
    config.service(list_tags).service(create_tag).service(get_tag).service(update_tag).service(replace_tag);
    config.service(delete_tag);
}

fn location(id: &str) -> String {
    format!("/v1/tags/{id}")
}

/// List tags
///
/// By name, unless `sort` says otherwise. `live_count` says how many stories readers see under each of them now; of a
/// section, how many stand in it.
#[utoipa::path(
    operation_id = "list_tags", tag = "Tags", params(TagFilter, Paging),
    responses((status = 200, body = TagList, example = json!(Tag::list_sample()))),
)]
#[get("/tags")]
async fn list_tags(
    query: ListQuery<TagFilter>,
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

/// Make a tag
///
/// The slug is made from the name unless it is given; the kind is `topic`.
#[utoipa::path(
    operation_id = "create_tag", tag = "Tags", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewTag, example = json!(TagInput::sample())),
    responses((status = 201, body = Tag, example = json!(Tag::samples()[1]))),
)]
#[post("/tags")]
async fn create_tag(
    caller: Allow<needs::WriteTaxonomy>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewTag,
) -> Result<Answer> {
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::create(connection, journal, body.0)?;
        let version = row.version;
        let tag = store::show(connection, row)?;
        Ok(Answer::created(&tag, location(&tag.id)).version(version))
    });
    write.await
}

/// Read a tag
///
/// A former slug answers 301 to the present one.
#[utoipa::path(
    operation_id = "get_tag", tag = "Tags", params(IdOrSlug),
    responses((status = 200, body = Tag, example = json!(Tag::samples()[0]))),
)]
#[get("/tags/{id}")]
async fn get_tag(reference: Reference, db: Data<Db>) -> Result<Answer> {
    let asked = reference.clone();
    let read = db.read(move |connection| {
        let row = store::get(connection, &asked)?;
        Ok((row.version, store::show(connection, row)?))
    });
    let (version, tag) = read.await?;
    if reference.is_former(&tag.slug) {
        return Ok(Answer::moved(location(&tag.slug), Audience::Everyone));
    }
    let parent = tag.parent.as_ref().map(|parent| parent.id.clone());
    let freshness = Freshness::of([tag.id.clone()]).also(parent);
    Ok(Answer::one(&tag, Audience::Everyone).version(version).fresh(freshness))
}

/// Change a tag
///
/// JSON Merge Patch: absent members stay as they are, `null` clears.
#[utoipa::path(
    operation_id = "update_tag", tag = "Tags", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = TagPatch, example = json!({ "description": "The NATO-led force in Kosovo." })),
    responses((status = 200, body = Tag, example = json!(Tag::samples()[1]))),
)]
#[patch("/tags/{id}")]
async fn update_tag(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: TagPatch,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0)?;
        Ok((row.version, store::show(connection, row)?))
    });
    let (version, tag) = write.await?;
    Ok(Answer::one(&tag, Audience::Caller).version(version))
}

/// Replace a tag
///
/// Members that are absent are cleared; the slug stays when it is absent.
#[utoipa::path(
    operation_id = "replace_tag", tag = "Tags", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = NewTag, example = json!(TagInput::sample())),
    responses((status = 200, body = Tag, example = json!(Tag::samples()[1]))),
)]
#[put("/tags/{id}")]
async fn replace_tag(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewTag,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0.replacing())?;
        Ok((row.version, store::show(connection, row)?))
    });
    let (version, tag) = write.await?;
    Ok(Answer::one(&tag, Audience::Caller).version(version))
}

/// Delete a tag
///
/// One that articles use is refused with 409 and their number, unless `force=true` takes it off them.
#[utoipa::path(
    operation_id = "delete_tag", tag = "Tags", params(IdOrSlug, IfMatchHeader, DeleteOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "Deleted.")),
)]
#[delete("/tags/{id}")]
async fn delete_tag(
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
