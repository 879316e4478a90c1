//! `/v1/articles/{id}/preview-links`: making, listing and revoking them.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, post};
use utoipa::IntoParams;

use super::definition::{FreshPreviewLink, LIFETIME, NewPreviewLink, PreviewLink, PreviewLinkInput, PreviewLinkList};
use super::secret::PreviewSecret;
use super::store::{self, PreviewLinkRow};
use crate::articles::api::location;
use crate::articles::row::ArticleRow;
use crate::articles::{access, store as articles};
use crate::auth::{Allow, Credential, Permission, SignedIn, needs, standing};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::types::new_id;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Ledger, Resource, Sealed};
use crate::http::answer::{Answer, Audience};
use crate::http::page::{Cursors, Paging};
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{ListQuery, NoFilter, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_preview_links).service(create_preview_link);
    config.service(get_preview_link).service(revoke_preview_link);
}

/// Which link of an article is meant.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
struct LinkId {
    /// The id of the link.
    #[param(example = "01997b2e-ee10-7d3e-8d41-3f6c2f0e9f70")]
    link: String,
}

impl FromRequest for LinkId {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match Reference::parse(request.match_info().query("link")) {
            Reference::Id(link) => Ok(LinkId { link }),
            Reference::Slug(_) | Reference::Nothing => Err(Error::NotFound("preview link")),
        })
    }
}

/// List the preview links of an article
///
/// The newest first, without their secrets, for whoever may read the working copy; expired ones for another month.
#[utoipa::path(
    operation_id = "list_preview_links", tag = "Preview links", params(IdOrSlug, Paging), security(("bearer" = [])),
    responses((status = 200, body = PreviewLinkList, example = json!({ "data": [PreviewLink::sample()], "next": null }))),
)]
#[get("/articles/{id}/preview-links")]
async fn list_preview_links(
    caller: Allow<needs::ReadDrafts>,
    reference: Reference,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &query.binding)?;
    let now = clock.now();
    let read = db.read(move |connection| {
        let row = articles::get(connection, (&caller, Permission::ReadDrafts), &reference, now)?;
        store::list(connection, &row.id, &page)
    });
    Ok(Answer::list(&read.await?, Audience::Caller))
}

/// Make a preview link
///
/// An address that shows the working copy, as it is at that moment, to anybody who has it: for a source, a lawyer, a
/// colleague without an account, or the preview mode of a website. It is good for 7 days unless you say otherwise, and no
/// longer than you may read the article yourself. The secret is in this one answer and nowhere else: we keep only a hash of
/// it. Revoke a link that reached somebody it was not meant for.
#[utoipa::path(
    operation_id = "create_preview_link", tag = "Preview links", params(IdOrSlug, WriteOptions),
    security(("bearer" = [])),
    request_body(content = Option<NewPreviewLink>, example = json!(PreviewLinkInput::sample())),
    responses((status = 201, body = FreshPreviewLink, example = json!(FreshPreviewLink::sample()))),
)]
#[post("/articles/{id}/preview-links")]
async fn create_preview_link(
    caller: Allow<needs::ReadDrafts>,
    reference: Reference,
    options: Query<WriteOptions>,
    ledger: Ledger,
    config: Data<Config>,
    body: NewPreviewLink,
) -> Result<Answer> {
    let user = SignedIn::clone(&caller);
    // Not `ledger.answer`: that would keep the answer, secret and all, for a request that comes again.
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let user = standing::hold(connection, user, journal.now())?;
        let row = articles::get(connection, (&user, Permission::ReadDrafts), &reference, journal.now())?;
        let secret = PreviewSecret::make()?;
        let link = create(connection, journal, (&user, &row), (&secret, body.0))?;
        Ok((row.id, link, secret))
    });
    let (article, about, secret) = write.await?;
    let token = secret.into_text();
    let address = format!("{}/v1/previews/{token}", config.public_url.as_deref().unwrap_or_default());
    let place = format!("{}/preview-links/{}", location(&article), about.id);
    Ok(Answer::created(&FreshPreviewLink { token, address, about }, place))
}

fn create(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (maker, story): (&SignedIn, &ArticleRow),
    (secret, input): (&PreviewSecret, PreviewLinkInput),
) -> Result<PreviewLink> {
    if story.killed_at.is_some() {
        let detail = "this article was killed, and nobody is shown it; publish it again first";
        return Err(Error::Conflict(Rejection::anywhere("killed", detail)));
    }
    let mut refused = Vec::new();
    let expires_at = LIFETIME.end(input.expires_at.value(), journal.now(), &mut refused);
    if !refused.is_empty() {
        return Err(Error::Unprocessable(refused));
    }
    let row = PreviewLinkRow {
        id: new_id(),
        article_id: story.id.clone(),
        made_by: maker.user_id.clone(),
        token_id: maker.token_id().map(str::to_owned),
        label: input.label.value().map(String::from),
        hash: secret.hash(),
        hint: secret.hint(),
        created_at: journal.now(),
        expires_at,
    };
    store::insert(connection, &row)?;
    let created = Event::new(Action::Created, Resource::PreviewLink, &row.id).sealing(row.seal(connection)?);
    journal.record(created.noted(Some(in_words(&row))));
    Ok(row.into())
}

/// What the log says of a link: what it shows, and who it is for.
fn in_words(link: &PreviewLinkRow) -> String {
    let label = link.label.as_ref().map(|label| format!(": {label}")).unwrap_or_default();
    format!("article {}{label}", link.article_id)
}

/// Read a preview link
///
/// What it is, without its secret, for whoever may read the working copy.
#[utoipa::path(
    operation_id = "get_preview_link", tag = "Preview links", params(IdOrSlug, LinkId), security(("bearer" = [])),
    responses((status = 200, body = PreviewLink, example = json!(PreviewLink::sample()))),
)]
#[get("/articles/{id}/preview-links/{link}")]
async fn get_preview_link(
    caller: Allow<needs::ReadDrafts>,
    (reference, link): (Reference, LinkId),
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer> {
    let now = clock.now();
    let read = db.read(move |connection| {
        let row = articles::get(connection, (&caller, Permission::ReadDrafts), &reference, now)?;
        store::get(connection, &row.id, &link.link)
    });
    Ok(Answer::one(&PreviewLink::from(read.await?), Audience::Caller))
}

/// Revoke a preview link
///
/// It shows nothing from this moment on. Your own; those of others when you may change or publish the article.
#[utoipa::path(
    operation_id = "revoke_preview_link", tag = "Preview links", params(IdOrSlug, LinkId, WriteOptions),
    security(("bearer" = [])),
    responses((status = 204, description = "Revoked.")),
)]
#[delete("/articles/{id}/preview-links/{link}")]
async fn revoke_preview_link(
    caller: Allow<needs::ReadDrafts>,
    (reference, link): (Reference, LinkId),
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let user = SignedIn::clone(&caller);
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let row = articles::get(connection, (&user, Permission::ReadDrafts), &reference, journal.now())?;
        let link = store::get(connection, &row.id, &link.link)?;
        check_revoking(&user, &row, &link)?;
        if store::revoke(connection, &link.id)? {
            journal.record(Event::new(Action::Deleted, Resource::PreviewLink, &link.id).noted(Some(in_words(&link))));
        }
        Ok(())
    });
    write.await?;
    Ok(Answer::nothing())
}

/// Refuses to revoke what somebody else made, unless the caller may change or publish the article. An API token has made
/// what was made with it, and not what its owner made otherwise.
fn check_revoking(caller: &SignedIn, story: &ArticleRow, link: &PreviewLinkRow) -> Result<()> {
    let as_owner = match &caller.credential {
        Credential::ApiToken(id) => link.token_id.as_ref() == Some(id),
        Credential::Session(_) | Credential::Absent => true,
    };
    let may = |action| access::may(caller, action, story);
    if (as_owner && link.made_by == caller.user_id)
        || may(Permission::WriteArticles)
        || may(Permission::PublishArticles)
    {
        return Ok(());
    }
    let detail =
        "This link is somebody else's; it is revoked by them, or by whoever may change or publish the article.";
    Err(Error::Forbidden(detail.into()))
}
