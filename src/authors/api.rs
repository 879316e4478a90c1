//! `/v1/authors`: public profiles; reading for everybody, writing for those who keep the taxonomy.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder, delete, get, patch, post, put};

use super::author::{Author, AuthorInput, AuthorList, AuthorPatch, NewAuthor};
use super::store::{self, AuthorFilter};
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
        .service(list_authors)
        .service(create_author)
        .service(get_author)
        .service(update_author)
        .service(replace_author);
    config.service(delete_author);
}

fn location(id: &str) -> String {
    format!("/v1/authors/{id}")
}

/// List authors
///
/// By name, unless `sort` says otherwise. `live_count` says how many stories readers see by each of them now.
#[utoipa::path(
    operation_id = "list_authors", tag = "Authors", params(AuthorFilter, Paging),
    responses((status = 200, body = AuthorList, example = json!(Author::list_sample()))),
)]
#[get("/authors")]
async fn list_authors(
    query: ListQuery<AuthorFilter>,
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

/// Make an author
///
/// The slug is made from the name unless it is given. An author needs no account.
#[utoipa::path(
    operation_id = "create_author", tag = "Authors", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewAuthor, example = json!(AuthorInput::sample())),
    responses((status = 201, body = Author, example = json!(Author::samples()[1]))),
)]
#[post("/authors")]
async fn create_author(
    caller: Allow<needs::WriteTaxonomy>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewAuthor,
) -> Result<Answer> {
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let row = store::create(connection, journal, body.0)?;
        let version = row.version;
        let author = store::show(row);
        Ok(Answer::created(&author, location(&author.id)).version(version))
    });
    write.await
}

/// Read an author
///
/// A former slug answers 301 to the present one.
#[utoipa::path(
    operation_id = "get_author", tag = "Authors", params(IdOrSlug),
    responses((status = 200, body = Author, example = json!(Author::samples()[0]))),
)]
#[get("/authors/{id}")]
async fn get_author(reference: Reference, db: Data<Db>) -> Result<Answer> {
    let asked = reference.clone();
    let read = db.read(move |connection| {
        let row = store::get(connection, &asked)?;
        Ok((row.version, store::show(row)))
    });
    let (version, author) = read.await?;
    if reference.is_former(&author.slug) {
        return Ok(Answer::moved(location(&author.slug), Audience::Everyone));
    }
    let freshness = Freshness::of([author.id.clone()]);
    Ok(Answer::one(&author, Audience::Everyone).version(version).fresh(freshness))
}

/// Change an author
///
/// JSON Merge Patch: absent members stay as they are, `null` clears.
#[utoipa::path(
    operation_id = "update_author", tag = "Authors", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = AuthorPatch, example = json!({ "job_title": "Chief correspondent" })),
    responses((status = 200, body = Author, example = json!(Author::samples()[1]))),
)]
#[patch("/authors/{id}")]
async fn update_author(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: AuthorPatch,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0)?;
        Ok((row.version, store::show(row)))
    });
    let (version, author) = write.await?;
    Ok(Answer::one(&author, Audience::Caller).version(version))
}

/// Replace an author
///
/// Members that are absent are cleared; the slug stays when it is absent.
#[utoipa::path(
    operation_id = "replace_author", tag = "Authors", params(IdOrSlug, IfMatchHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(content = NewAuthor, example = json!(AuthorInput::sample())),
    responses((status = 200, body = Author, example = json!(Author::samples()[1]))),
)]
#[put("/authors/{id}")]
async fn replace_author(
    caller: Allow<needs::WriteTaxonomy>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewAuthor,
) -> Result<impl Responder> {
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = store::update(connection, journal, &reference, &if_match, body.0.replacing())?;
        Ok((row.version, store::show(row)))
    });
    let (version, author) = write.await?;
    Ok(Answer::one(&author, Audience::Caller).version(version))
}

/// Delete an author
///
/// One that articles use is refused with 409 and their number, unless `force=true` takes it off them.
#[utoipa::path(
    operation_id = "delete_author", tag = "Authors", params(IdOrSlug, IfMatchHeader, DeleteOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "Deleted.")),
)]
#[delete("/authors/{id}")]
async fn delete_author(
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
