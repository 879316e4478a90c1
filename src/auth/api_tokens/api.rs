//! `/v1/tokens`: tokens for scripts and front ends.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};

use super::definition::{ApiToken, ApiTokenFilter, ApiTokenInput, ApiTokenList, FreshApiToken, LIFETIME, NewApiToken};
use super::secret::ApiTokenSecret;
use super::store::{self, ApiTokenRow};
use crate::auth::permission::{Permission, needs};
use crate::auth::user::given;
use crate::auth::{Allow, SignedIn, decide, roles, standing};
use crate::db::types::new_id;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Ledger, Resource, Sealed};
use crate::http::answer::{Answer, Audience};
use crate::http::page::{Cursors, Paging};
use crate::http::path::Reference;
use crate::http::query::{ListQuery, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_tokens).service(create_token).service(get_token).service(revoke_token);
}

/// List API tokens
///
/// Your own, the newest first, without their secrets. Admins see those of others, too.
#[utoipa::path(
    operation_id = "list_tokens", tag = "API tokens", params(ApiTokenFilter, Paging), security(("bearer" = [])),
    responses((status = 200, body = ApiTokenList, example = json!({ "data": [ApiToken::sample()], "next": null }))),
)]
#[get("/tokens")]
async fn list_tokens(
    caller: Allow<needs::OwnAccount>,
    query: ListQuery<ApiTokenFilter>,
    db: Data<Db>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &format!("{} {}", caller.user_id, query.binding))?;
    let everybody = query.filter.everybody == Some(true);
    let user = query.filter.user.or_else(|| (!everybody).then(|| caller.user_id.clone()));
    if user.as_ref() != Some(&caller.user_id) {
        decide(Some(&caller), Permission::ManageUsers, None)?;
    }
    let filter = ApiTokenFilter { user, everybody: None };
    let list = db.read(move |connection| store::list(connection, &filter, &page)).await?;
    Ok(Answer::list(&list, Audience::Caller))
}

/// Make an API token
///
/// For a script or a front end, to send as `Authorization: Bearer dl_…`. It may do what its scopes say, and never more
/// than you may at that moment. The secret is in this one answer and nowhere else: we keep only a hash of it.
#[utoipa::path(
    operation_id = "create_token", tag = "API tokens", params(WriteOptions), security(("bearer" = [])),
    request_body(content = NewApiToken, example = json!(ApiTokenInput::sample())),
    responses((status = 201, body = FreshApiToken, example = json!(FreshApiToken::sample()))),
)]
#[post("/tokens")]
async fn create_token(
    caller: Allow<needs::OwnAccount>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewApiToken,
) -> Result<Answer> {
    let user = SignedIn::clone(&caller);
    // Not `ledger.answer`: that would keep the answer, secret and all, for a request that comes again.
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let user = standing::hold(connection, user, journal.now())?;
        let secret = ApiTokenSecret::make()?;
        let about = create(connection, journal, &user, (&secret, body.0))?;
        Ok(FreshApiToken { token: secret.into_text(), about })
    });
    let fresh = write.await?;
    Ok(Answer::created(&fresh, format!("/v1/tokens/{}", fresh.about.id)))
}

fn create(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    owner: &SignedIn,
    (secret, input): (&ApiTokenSecret, ApiTokenInput),
) -> Result<ApiToken> {
    let scopes = given(input.scopes, "/scopes")?;
    let mut refused = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        if decide(Some(owner), *scope, None).is_err() {
            let detail = format!("you do not have {scope} yourself, so no token of yours can");
            refused.push(Rejection::field(format!("/scopes/{index}"), "not_yours", detail));
        }
    }
    let expires_at = LIFETIME.end(input.expires_at.value(), journal.now(), &mut refused);
    let (mut sections, mut sources) = (input.sections.value(), input.sources.value());
    roles::replace_by_ids(connection, (&mut sections, &mut sources), &mut refused)?;
    if !refused.is_empty() {
        return Err(Error::Unprocessable(refused));
    }
    let json = |list: &Vec<String>| serde_json::to_string(list).map_err(Error::internal);
    let row = ApiTokenRow {
        id: new_id(),
        user_id: owner.user_id.clone(),
        name: given(input.name, "/name")?.into(),
        hash: secret.hash(),
        hint: secret.hint(),
        scopes: serde_json::to_string(&scopes).map_err(Error::internal)?,
        sections: sections.as_ref().map(json).transpose()?,
        sources: sources.as_ref().map(json).transpose()?,
        created_at: journal.now(),
        expires_at,
        last_used_at: None,
        last_used_from: None,
    };
    let created = Event::new(Action::Created, Resource::Token, &row.id).sealing(row.seal(connection)?);
    journal.record(created.noted(Some(in_words(&row.name, &scopes))));
    store::insert(connection, row)
}

/// What the log says of a token: its name and what it may do.
fn in_words(name: &str, scopes: &[Permission]) -> String {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    format!("{name}: {}", scopes.join(", "))
}

/// Read an API token
///
/// Without its secret. Your own; admins read those of others, too.
#[utoipa::path(
    operation_id = "get_token", tag = "API tokens", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the token")),
    responses((status = 200, body = ApiToken, example = json!(ApiToken::sample()))),
)]
#[get("/tokens/{id}")]
async fn get_token(caller: Allow<needs::OwnAccount>, id: Reference, db: Data<Db>) -> Result<Answer> {
    let (id, owner) = (token_id(id)?, owner(&caller));
    let token = db.read(move |connection| store::get(connection, &id, owner.as_deref())).await?;
    Ok(Answer::one(&token, Audience::Caller))
}

/// Revoke an API token
///
/// It is good for nothing from this moment on. Your own; admins revoke those of others, too.
#[utoipa::path(
    operation_id = "revoke_token", tag = "API tokens", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the token"), WriteOptions),
    responses((status = 204, description = "Revoked.")),
)]
#[delete("/tokens/{id}")]
async fn revoke_token(
    caller: Allow<needs::OwnAccount>,
    id: Reference,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let (id, owner) = (token_id(id)?, owner(&caller));
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        let token = store::get(connection, &id, owner.as_deref())?;
        if store::revoke(connection, &token.id)? {
            journal.record(Event::new(Action::Deleted, Resource::Token, token.id).noted(Some(token.name)));
        }
        Ok(())
    });
    write.await?;
    Ok(Answer::nothing())
}

/// Whose tokens this caller may touch: anybody's (`None`), or only their own.
fn owner(caller: &SignedIn) -> Option<String> {
    (!caller.may(Permission::ManageUsers)).then(|| caller.user_id.clone())
}

fn token_id(reference: Reference) -> Result<String> {
    match reference {
        Reference::Id(id) => Ok(id),
        Reference::Slug(_) | Reference::Nothing => Err(Error::NotFound("token")),
    }
}
