//! `/v1/auth/single-sign-on/link` and `/v1/users/{id}/single-sign-on`: which account belongs to whom at the provider.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, put};
use serde::Deserialize;
use utoipa::ToSchema;

use super::SingleSignOn;
use super::linking::{IdentityLink, LinkProof};
use super::proof::Verifier;
use super::ticket::SignInCode;
use crate::auth::Allow;
use crate::auth::accounts::Accounts;
use crate::auth::api::LARGEST;
use crate::auth::password::Password;
use crate::auth::permission::needs;
use crate::auth::sessions::Sessions;
use crate::auth::user::given;
use crate::auth::users_api::user_id;
use crate::auth::visitor::Visitor;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::fields::Line;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::Reference;
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_identity_link).service(link_identity).service(unlink_identity);
    config.service(get_user_identity_link).service(link_user_identity).service(unlink_user_identity);
}

/// Who links their account.
#[derive(Default, Deserialize, ToSchema)]
pub struct LinkInput {
    /// What stands behind `#link=` in the address.
    #[serde(default)]
    #[schema(value_type = SignInCode, required)]
    code: Patch<SignInCode>,
    /// The verifier whose challenge it began with.
    #[serde(default)]
    #[schema(value_type = Verifier, required)]
    verifier: Patch<Verifier>,
    /// Your password.
    #[serde(default)]
    #[schema(value_type = Password, required)]
    current_password: Patch<Password>,
}

impl Input for LinkInput {
    const REQUIRED: &'static [&'static str] = &["code", "verifier", "current_password"];
    const LARGEST: usize = LARGEST;
}

/// With whom somebody's account is linked.
#[derive(Default, Deserialize, ToSchema)]
pub struct UserLinkInput {
    /// What the provider calls the person: the claim `sub`, letter by letter.
    #[serde(default)]
    #[schema(value_type = Line<255>, required)]
    subject: Patch<Line<255>>,
}

impl Input for UserLinkInput {
    const REQUIRED: &'static [&'static str] = &["subject"];
    const LARGEST: usize = LARGEST;
}

/// Look at the link of your account
///
/// Whether your account is linked with an identity at the provider of single sign-on, and with which.
#[utoipa::path(
    operation_id = "get_identity_link", tag = "Sign-in", path = "/auth/single-sign-on/link", security(("bearer" = [])),
    responses((status = 200, body = IdentityLink, example = json!(IdentityLink::sample()))),
)]
#[get("/auth/single-sign-on/link")]
async fn get_identity_link(
    caller: Allow<needs::OwnAccount>,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
) -> Result<Answer> {
    let issuer = single_sign_on.on()?.provider.issuer().to_owned();
    let link = accounts.identity_link(caller.user_id.clone(), issuer).await?;
    Ok(Answer::one(&link, Audience::Caller))
}

/// Link your account
///
/// With who the provider says that you are: lead the browser to `/v1/auth/single-sign-on/start` with `purpose=link`, and send
/// the code that it brings back, the verifier that you kept, and the password of the account. From then on single sign-on
/// leads to this account. Where groups decide (`DATELINE_OIDC_ROLES`), they decide over its role, too, and its password signs
/// nobody in any longer.
#[utoipa::path(
    operation_id = "link_identity", tag = "Sign-in", path = "/auth/single-sign-on/link", security(("bearer" = [])),
    request_body(content = LinkInput, example = json!({
        "code": "dlo_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk",
        "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "current_password": "correct horse battery staple"
    })),
    responses((status = 200, description = "Linked.", body = IdentityLink, example = json!(IdentityLink::sample()))),
)]
#[put("/auth/single-sign-on/link")]
async fn link_identity(
    caller: Allow<needs::OwnAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
    input: Complete<LinkInput>,
) -> Result<Answer> {
    let proof = LinkProof {
        code: given(input.0.code, "/code")?,
        verifier: given(input.0.verifier, "/verifier")?,
        password: given(input.0.current_password, "/current_password")?,
    };
    let issuer = single_sign_on.on()?.provider.issuer().to_owned();
    let account = accounts.email_key(&caller.user_id).await?;
    let link = accounts.link_own(&caller, &visitor, issuer, proof);
    let link = sessions.guarded(&visitor, &account, link).await?;
    Ok(Answer::one(&link, Audience::Caller))
}

/// Remove the link of your account
///
/// Single sign-on leads to it no more. An account without a password keeps its link: nothing else would be left to sign in
/// with. Where groups decide (`DATELINE_OIDC_ROLES`), only an admin removes it: `DELETE /v1/users/{id}/single-sign-on`.
#[utoipa::path(
    operation_id = "unlink_identity", tag = "Sign-in", path = "/auth/single-sign-on/link", security(("bearer" = [])),
    responses((status = 204, description = "Removed.")),
)]
#[delete("/auth/single-sign-on/link")]
async fn unlink_identity(
    caller: Allow<needs::OwnAccount>,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
) -> Result<HttpResponse> {
    let on = single_sign_on.on()?;
    accounts.unlink_own(&caller, (on.provider.issuer().to_owned(), on.rules.are_by_group())).await?;
    Ok(Answer::nothing())
}

/// Look at the link of somebody's account
///
/// Whether it is linked with an identity at the provider of single sign-on, and with which.
#[utoipa::path(
    operation_id = "get_user_identity_link", tag = "Users", path = "/users/{id}/single-sign-on",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account")),
    responses((status = 200, body = IdentityLink, example = json!(IdentityLink::sample()))),
)]
#[get("/users/{id}/single-sign-on")]
async fn get_user_identity_link(
    _caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
    id: Reference,
) -> Result<Answer> {
    let issuer = single_sign_on.on()?.provider.issuer().to_owned();
    Ok(Answer::one(&accounts.identity_link(user_id(id)?, issuer).await?, Audience::Caller))
}

/// Link somebody's account
///
/// With an identity at the provider, by its subject: whoever signs in there as that gets into this account. Make sure that
/// it is them. Somebody who was invited and comes by single sign-on needs no password. Where groups decide
/// (`DATELINE_OIDC_ROLES`), all of their sessions end.
#[utoipa::path(
    operation_id = "link_user_identity", tag = "Users", path = "/users/{id}/single-sign-on",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), WriteOptions),
    request_body(content = UserLinkInput, example = json!({ "subject": "5f2d1c9e" })),
    responses((status = 200, description = "Linked.", body = IdentityLink, example = json!(IdentityLink::sample()))),
)]
#[put("/users/{id}/single-sign-on")]
async fn link_user_identity(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
    id: Reference,
    options: Query<WriteOptions>,
    input: Complete<UserLinkInput>,
) -> Result<Answer> {
    let subject = String::from(given(input.0.subject, "/subject")?);
    let on = single_sign_on.on()?;
    let provider = (on.provider.issuer().to_owned(), on.rules.are_by_group());
    let link = accounts.link_user(caller.actor(), options.0, user_id(id)?, provider, subject).await?;
    Ok(Answer::one(&link, Audience::Caller))
}

/// Remove the link of somebody's account
///
/// Single sign-on leads to it no more, and all of its sessions end. An account without a password is closed by that until an
/// admin sets one, or links it again.
#[utoipa::path(
    operation_id = "unlink_user_identity", tag = "Users", path = "/users/{id}/single-sign-on",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), WriteOptions),
    responses((status = 204, description = "Removed.")),
)]
#[delete("/users/{id}/single-sign-on")]
async fn unlink_user_identity(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    single_sign_on: Data<SingleSignOn>,
    id: Reference,
    options: Query<WriteOptions>,
) -> Result<HttpResponse> {
    let issuer = single_sign_on.on()?.provider.issuer().to_owned();
    accounts.unlink_user(caller.actor(), options.0, user_id(id)?, issuer).await?;
    Ok(Answer::nothing())
}
