//! `/v1/users`: the accounts of the newsroom, for admins.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};

use super::Allow;
use super::accounts::Accounts;
use super::permission::needs;
use super::user::{FreshUser, NewUserBody, User, UserFilter, UserList, UserPatch};
use crate::error::{Error, Result};
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::page::{Cursors, Paging};
use crate::http::path::Reference;
use crate::http::query::{ListQuery, Query, WriteOptions};

/// List accounts
///
/// In the order of their e-mail addresses.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    tag = "Users",
    security(("bearer" = [])),
    params(UserFilter, Paging),
    responses((
        status = 200,
        description = "One page of accounts",
        body = UserList,
        example = json!({"data": User::samples(), "next": null})
    ))
)]
#[get("/users")]
pub async fn list_users(
    _caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    cursors: Data<Cursors>,
    query: ListQuery<UserFilter>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &query.binding)?;
    let list = accounts.list(query.filter, page).await?;
    Ok(Answer::list(&list, Audience::Caller))
}

/// Create an account
///
/// The account may sign in at once with the e-mail address and the password, unless it is made with `active: false`.
/// Without a password the person is invited: a link to set one, good once and for 7 days, goes to the e-mail address or,
/// when no mail server is set, is in the answer, to be handed over.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "create_user",
    tag = "Users",
    security(("bearer" = [])),
    params(WriteOptions),
    request_body(
        content = NewUserBody,
        example = json!({
            "email": "mira@example.org",
            "name": "Mira Kovač",
            "role": "editor",
            "password": "correct horse battery staple"
        })
    ),
    responses((
        status = 201,
        description = "Created",
        body = FreshUser,
        headers(("Location" = String, description = "Where the account is")),
        example = json!(User::samples()[0])
    ))
)]
#[post("/users")]
pub async fn create_user(
    caller: Allow<needs::ManageUsers>,
    options: Query<WriteOptions>,
    accounts: Accounts,
    input: NewUserBody,
) -> Result<Answer> {
    let fresh = accounts.create(caller.actor(), options.0, input.0.try_into()?).await?;
    Ok(Answer::created(&fresh, format!("/v1/users/{}", fresh.user.id)).version(fresh.user.version))
}

/// Get an account
///
/// One account by its id.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "get_user",
    tag = "Users",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account")),
    responses((status = 200, description = "The account", body = User, example = json!(User::samples()[0])))
)]
#[get("/users/{id}")]
pub async fn get_user(_caller: Allow<needs::ManageUsers>, accounts: Accounts, id: Reference) -> Result<Answer> {
    let user = accounts.get(user_id(id)?).await?;
    Ok(Answer::one(&user, Audience::Caller).version(user.version))
}

/// Change an account
///
/// Changes what is sent and keeps the rest (JSON Merge Patch). Another e-mail address, role, password or state ends all
/// sessions of the account at once; all but another role take its API tokens and passkeys, too. The last active admin cannot be
/// demoted or switched off. `If-Match` is honoured and not required.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "update_user",
    tag = "Users",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), IfMatchHeader, WriteOptions),
    request_body(content = UserPatch, example = json!({"role": "editor"})),
    responses((status = 200, description = "The changed account", body = User, example = json!(User::samples()[0])))
)]
#[patch("/users/{id}")]
pub async fn update_user(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    id: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    input: UserPatch,
) -> Result<Answer> {
    let user = accounts.update((caller.actor(), options.0), user_id(id)?, if_match, input.0).await?;
    Ok(Answer::one(&user, Audience::Caller).version(user.version))
}

/// Delete an account
///
/// Its sessions and API tokens end at once; the stories of the person stay. To keep the account and only close the door, set `active`
/// to `false`. The last active admin cannot be deleted.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "delete_user",
    tag = "Users",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), IfMatchHeader, WriteOptions),
    responses((status = 204, description = "Deleted"))
)]
#[delete("/users/{id}")]
pub async fn delete_user(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    id: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
) -> Result<HttpResponse> {
    accounts.delete(caller.actor(), options.0, user_id(id)?, if_match).await?;
    Ok(Answer::nothing())
}

/// Accounts have no slugs: whatever is not an id names none.
pub(super) fn user_id(reference: Reference) -> Result<String> {
    match reference {
        Reference::Id(id) => Ok(id),
        Reference::Slug(_) | Reference::Nothing => Err(Error::NotFound("user")),
    }
}
