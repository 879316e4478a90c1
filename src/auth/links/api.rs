//! Forgotten passwords and invites.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::token::{InviteToken, ResetToken};
use super::{Invite, Purpose};
use crate::auth::Allow;
use crate::auth::accounts::Accounts;
use crate::auth::api::LARGEST;
use crate::auth::limiter::ResetLimiter;
use crate::auth::password::NewPassword;
use crate::auth::permission::needs;
use crate::auth::sessions::Sessions;
use crate::auth::user::given;
use crate::auth::users_api::user_id;
use crate::auth::visitor::Visitor;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::fields::Email;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::Reference;
use crate::http::query::{Query, WriteOptions};

/// Whose password was forgotten.
#[derive(Default, Deserialize, ToSchema)]
pub struct ForgottenInput {
    /// The e-mail address of the account, in any case.
    #[serde(default)]
    #[schema(value_type = Email, required)]
    email: Patch<Email>,
}

impl Input for ForgottenInput {
    const REQUIRED: &'static [&'static str] = &["email"];
    const LARGEST: usize = LARGEST;
}

/// The new password, and what was in the link.
#[derive(Default, Deserialize, ToSchema)]
pub struct ResetInput {
    /// What stands behind `#reset=` in the link.
    #[serde(default)]
    #[schema(value_type = ResetToken, required)]
    token: Patch<ResetToken>,
    /// 15 to 128 characters of any kind; a sentence of a few words is easy to keep.
    #[serde(default)]
    #[schema(value_type = NewPassword, required)]
    password: Patch<NewPassword>,
}

impl Input for ResetInput {
    const REQUIRED: &'static [&'static str] = &["token", "password"];
    const LARGEST: usize = LARGEST;
}

/// The first password, and what was in the link.
#[derive(Default, Deserialize, ToSchema)]
pub struct AcceptInput {
    /// What stands behind `#invite=` in the link.
    #[serde(default)]
    #[schema(value_type = InviteToken, required)]
    token: Patch<InviteToken>,
    /// 15 to 128 characters of any kind; a sentence of a few words is easy to keep.
    #[serde(default)]
    #[schema(value_type = NewPassword, required)]
    password: Patch<NewPassword>,
}

impl Input for AcceptInput {
    const REQUIRED: &'static [&'static str] = &["token", "password"];
    const LARGEST: usize = LARGEST;
}

/// Forgot a password
///
/// Sends a link to set a new one, good once and for an hour, to the e-mail address of the account. The answer is the same
/// whether or not there is such an account, and does not wait for the letter. Without a mail server, ask an admin for a new
/// password. After 5 times within an hour for one account, or 10 from one network, the answer is 429.
#[utoipa::path(
    post,
    path = "/auth/password/forgot",
    operation_id = "request_password_reset",
    tag = "Sign-in",
    request_body(content = ForgottenInput, example = json!({"email": "mira@example.org"})),
    responses((status = 202, description = "If there is such an account, a letter is on its way"))
)]
#[post("/auth/password/forgot")]
pub async fn request_password_reset(
    visitor: Visitor,
    limiter: Data<ResetLimiter>,
    accounts: Accounts,
    input: Complete<ForgottenInput>,
) -> Result<HttpResponse> {
    let email = given(input.0.email, "/email")?;
    accounts.forgot_password(&limiter, &visitor, &email).await?;
    Ok(Answer::later())
}

/// Set a new password by a link
///
/// Ends all sessions, API tokens and passkeys of the account, and signs nobody in: sign in with the new password.
/// A link that was used, has run out or was replaced by a later one is 400.
#[utoipa::path(
    post,
    path = "/auth/password/reset",
    operation_id = "reset_password",
    tag = "Sign-in",
    request_body(
        content = ResetInput,
        example = json!({
            "token": "dln_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk",
            "password": "seven quiet rivers at dawn"
        })
    ),
    responses((status = 204, description = "Set"))
)]
#[post("/auth/password/reset")]
pub async fn reset_password(
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<ResetInput>,
) -> Result<HttpResponse> {
    let hash = given(input.0.token, "/token")?.hash();
    let password = given(input.0.password, "/password")?;
    let open = accounts.open_link(&visitor, (Purpose::Reset, hash.clone()), &password);
    sessions.guarded(&visitor, &hash, open).await?;
    Ok(Answer::nothing())
}

/// Accept an invite
///
/// Sets the first password of an account that was made for you; then sign in with it. An invite that was used, has run
/// out or was replaced by a later one is 400: ask an admin for another.
#[utoipa::path(
    post,
    path = "/auth/invite/accept",
    operation_id = "accept_invite",
    tag = "Sign-in",
    request_body(
        content = AcceptInput,
        example = json!({
            "token": "dli_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk",
            "password": "seven quiet rivers at dawn"
        })
    ),
    responses((status = 204, description = "Accepted"))
)]
#[post("/auth/invite/accept")]
pub async fn accept_invite(
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<AcceptInput>,
) -> Result<HttpResponse> {
    let hash = given(input.0.token, "/token")?.hash();
    let password = given(input.0.password, "/password")?;
    let open = accounts.open_link(&visitor, (Purpose::Invite, hash.clone()), &password);
    sessions.guarded(&visitor, &hash, open).await?;
    Ok(Answer::nothing())
}

/// Invite somebody again
///
/// For an account that was made without a password and was not taken yet. Earlier invites are good no more. The link goes
/// by e-mail or, when no mail server is set, is in the answer, to be handed over.
#[utoipa::path(
    post,
    path = "/users/{id}/invite",
    operation_id = "invite_user",
    tag = "Users",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), WriteOptions),
    responses((status = 200, description = "Invited", body = Invite, example = json!(Invite::sample())))
)]
#[post("/users/{id}/invite")]
pub async fn invite_user(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    id: Reference,
    options: Query<WriteOptions>,
) -> Result<Answer> {
    let invite = accounts.invite(caller.actor(), options.0, user_id(id)?).await?;
    Ok(Answer::one(&invite, Audience::Caller))
}
