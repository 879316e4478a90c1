//! `/v1/roles`: what the roles of the newsroom may do; to see for everybody with an account, to change for admins.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};

use super::definition::{NewRole, RoleDefinition, RoleInput, RoleList, RolePatch};
use super::store;
use crate::auth::permission::needs;
use crate::auth::{Allow, Role};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::path::Reference;
use crate::http::query::{NoFilter, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_roles).service(create_role).service(get_role).service(update_role).service(delete_role);
}

/// List roles
///
/// The built-in ones, then those that admins made, by name. All at once: there are never many.
#[utoipa::path(
    operation_id = "list_roles", tag = "Users", security(("bearer" = [])),
    responses((
        status = 200, body = RoleList,
        example = json!({ "data": [RoleDefinition::built_in(Role::Partner, 2), RoleDefinition::sample()], "next": null })
    )),
)]
#[get("/roles")]
async fn list_roles(_caller: Allow<needs::ReadAccount>, _: Query<NoFilter>, db: Data<Db>) -> Result<Answer> {
    let list = db.read(store::list).await?;
    Ok(Answer::list(&list, Audience::Caller))
}

/// Make a role
///
/// A set of permissions, each for all stories or only for some: own ones, unpublished ones, those in a section, from a
/// source, in a language. Give it to accounts by its name.
#[utoipa::path(
    operation_id = "create_role", tag = "Users", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewRole, example = json!(RoleInput::sample())),
    responses((status = 201, body = RoleDefinition, example = json!(RoleDefinition::sample()))),
)]
#[post("/roles")]
async fn create_role(
    caller: Allow<needs::ManageUsers>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewRole,
) -> Result<Answer> {
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        let role = store::create(connection, journal, body.0)?;
        Ok(Answer::created(&role, format!("/v1/roles/{}", role.name)).version(role.version))
    });
    write.await
}

/// Read a role
///
/// What its holders may do, and how many accounts have it.
#[utoipa::path(
    operation_id = "get_role", tag = "Users", security(("bearer" = [])),
    params(("id" = String, Path, description = "The name of the role", example = "sports-desk")),
    responses((status = 200, body = RoleDefinition, example = json!(RoleDefinition::sample()))),
)]
#[get("/roles/{id}")]
async fn get_role(_caller: Allow<needs::ReadAccount>, id: Reference, db: Data<Db>) -> Result<Answer> {
    let name = role_name(id)?;
    let role = db.read(move |connection| store::get(connection, &name)).await?;
    Ok(Answer::one(&role, Audience::Caller).version(role.version))
}

/// Change a role
///
/// Holds from the next request of everybody who has the role. The permissions are replaced as a whole when they are sent.
/// Built-in roles stay as they are.
#[utoipa::path(
    operation_id = "update_role", tag = "Users", params(
        ("id" = String, Path, description = "The name of the role", example = "sports-desk"), IfMatchHeader, WriteOptions
    ),
    security(("bearer" = [])),
    request_body(content = RolePatch, example = json!({ "permissions": [{ "action": "articles:read_drafts" }] })),
    responses((status = 200, body = RoleDefinition, example = json!(RoleDefinition::sample()))),
)]
#[patch("/roles/{id}")]
async fn update_role(
    caller: Allow<needs::ManageUsers>,
    id: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: RolePatch,
) -> Result<Answer> {
    let name = role_name(id)?;
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        store::update(connection, journal, (&name, &if_match), body.0)
    });
    let role = write.await?;
    Ok(Answer::one(&role, Audience::Caller).version(role.version))
}

/// Delete a role
///
/// One that accounts have is refused with 409, and so are the built-in ones.
#[utoipa::path(
    operation_id = "delete_role", tag = "Users", params(
        ("id" = String, Path, description = "The name of the role", example = "sports-desk"), IfMatchHeader, WriteOptions
    ),
    security(("bearer" = [])),
    responses((status = 204, description = "Deleted.")),
)]
#[delete("/roles/{id}")]
async fn delete_role(
    caller: Allow<needs::ManageUsers>,
    id: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<HttpResponse> {
    let name = role_name(id)?;
    let write = ledger.write(caller.actor(), options.0, move |connection, journal| {
        store::delete(connection, journal, &name, &if_match)
    });
    write.await?;
    Ok(Answer::nothing())
}

/// Roles are known by their names, which have the shape of slugs.
fn role_name(reference: Reference) -> Result<String> {
    match reference {
        Reference::Slug(name) => Ok(name),
        Reference::Id(_) | Reference::Nothing => Err(Error::NotFound("role")),
    }
}
