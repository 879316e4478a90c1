//! `/v1/auth/*`: signing in and out, and one's own account.

use actix_web::{HttpResponse, get, post, put};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Allow;
use super::accounts::Accounts;
use super::password::{NewPassword, Password};
use super::permission::needs;
use super::refresh_token::RefreshToken;
use super::second_factor::{SignIn, SignInChallenge};
use super::sessions::{SessionTokens, Sessions};
use super::user::{User, given};
use super::visitor::Visitor;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::fields::Email;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;

/// Largest body of these operations, in bytes: it is refused before a long password could cost anything.
pub const LARGEST: usize = 16 * 1024;

/// Who signs in.
#[derive(Default, Deserialize, ToSchema)]
pub struct SignInInput {
    /// The e-mail address of the account, in any case.
    #[serde(default)]
    #[schema(value_type = Email, required)]
    email: Patch<Email>,
    /// Its password.
    #[serde(default)]
    #[schema(value_type = Password, required)]
    password: Patch<Password>,
}

impl Input for SignInInput {
    const REQUIRED: &'static [&'static str] = &["email", "password"];
    const LARGEST: usize = LARGEST;
}

/// The refresh token to exchange.
#[derive(Default, Deserialize, ToSchema)]
pub struct RefreshInput {
    /// From signing in or from the last refresh.
    #[serde(default)]
    #[schema(value_type = RefreshToken, required)]
    refresh_token: Patch<RefreshToken>,
}

impl Input for RefreshInput {
    const REQUIRED: &'static [&'static str] = &["refresh_token"];
    const LARGEST: usize = LARGEST;
}

/// The old and the new password.
#[derive(Default, Deserialize, ToSchema)]
pub struct PasswordInput {
    /// The password until now.
    #[serde(default)]
    #[schema(value_type = Password, required)]
    current_password: Patch<Password>,
    /// 15 to 128 characters of any kind; a sentence of a few words is easy to keep.
    #[serde(default)]
    #[schema(value_type = NewPassword, required)]
    new_password: Patch<NewPassword>,
}

impl Input for PasswordInput {
    const REQUIRED: &'static [&'static str] = &["current_password", "new_password"];
    const LARGEST: usize = LARGEST;
}

/// Sign in
///
/// Gives an access token for the `Authorization` header, good for 15 minutes, and a refresh token, good for one
/// `POST /v1/auth/refresh`. A session lives 30 days at most, and 7 days without a refresh. After 10 refused attempts in
/// 15 minutes from one network the answer is 429; and after 100 at one account, for those who call from where the account
/// was not used in the last month.
///
/// An account with a second factor answers 202 with a challenge, and `POST /v1/auth/second-factor/verify` gives the
/// tokens. A role may need one (`DATELINE_SECOND_FACTOR_ROLES`): until it is set up, the session may read the account, set
/// it up and sign out; everything else is 403 with the code `second_factor_required`.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "sign_in",
    tag = "Sign-in",
    request_body(
        content = SignInInput,
        example = json!({"email": "mira@example.org", "password": "correct horse battery staple"})
    ),
    responses(
        (status = 200, description = "Signed in", body = SessionTokens, example = json!(SessionTokens::sample())),
        (status = 202, description = "The password is right, and a code is to come", body = SignInChallenge,
            example = json!(SignInChallenge::sample()))
    )
)]
#[post("/auth/login")]
pub async fn sign_in(visitor: Visitor, sessions: Sessions, input: Complete<SignInInput>) -> Result<Answer> {
    let Complete(input) = input;
    let email = given(input.email, "/email")?;
    let password = given(input.password, "/password")?;
    Ok(match sessions.sign_in(visitor, email, password).await? {
        SignIn::Whole(tokens) => Answer::one(&tokens, Audience::Caller),
        SignIn::Challenged(challenge) => Answer::halfway(&challenge),
    })
}

/// Get the next tokens
///
/// Exchanges a refresh token for a new access token and a new refresh token. Each refresh token is good for one use: a
/// used one that comes back ends the session, because somebody has a copy of it.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh_session",
    tag = "Sign-in",
    request_body(content = RefreshInput, example = json!({"refresh_token": SessionTokens::sample().refresh_token})),
    responses((
        status = 200,
        description = "The next tokens",
        body = SessionTokens,
        example = json!(SessionTokens::sample())
    ))
)]
#[post("/auth/refresh")]
pub async fn refresh_session(visitor: Visitor, sessions: Sessions, input: Complete<RefreshInput>) -> Result<Answer> {
    let token = given(input.0.refresh_token, "/refresh_token")?;
    let tokens = sessions.refresh(visitor, token).await?;
    Ok(Answer::one(&tokens, Audience::Caller))
}

/// Sign out
///
/// Ends the session at once: neither its access token nor its refresh token is good any more.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "sign_out",
    tag = "Sign-in",
    security(("bearer" = [])),
    responses((status = 204, description = "Signed out"))
)]
#[post("/auth/logout")]
pub async fn sign_out(caller: Allow<needs::SecureAccount>, sessions: Sessions) -> Result<HttpResponse> {
    sessions.sign_out(&caller).await?;
    Ok(Answer::nothing())
}

/// Get your own account
///
/// Who the access token was made for, and what they may do now.
#[utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "get_me",
    tag = "Sign-in",
    security(("bearer" = [])),
    responses((status = 200, description = "Your account", body = User, example = json!(User::samples()[0])))
)]
#[get("/auth/me")]
pub async fn get_me(caller: Allow<needs::ReadAccount>, accounts: Accounts) -> Result<Answer> {
    let user = accounts.get(caller.user_id.clone()).await?;
    Ok(Answer::one(&user, Audience::Caller).version(user.version))
}

/// Change your password
///
/// All your other sessions, API tokens and passkeys end at once. This session goes on until its access token expires and
/// cannot be refreshed; sign in again with the new password.
#[utoipa::path(
    put,
    path = "/auth/password",
    operation_id = "change_password",
    tag = "Sign-in",
    security(("bearer" = [])),
    request_body(
        content = PasswordInput,
        example = json!({
            "current_password": "correct horse battery staple",
            "new_password": "seven quiet rivers at dawn"
        })
    ),
    responses((status = 204, description = "Changed"))
)]
#[put("/auth/password")]
pub async fn change_password(
    caller: Allow<needs::OwnAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<PasswordInput>,
) -> Result<HttpResponse> {
    let Complete(input) = input;
    let current = given(input.current_password, "/current_password")?;
    let new = given(input.new_password, "/new_password")?;
    // Guesses at the current password count like guesses at signing in: a stolen access token is no way around.
    let account = accounts.email_key(&caller.user_id).await?;
    sessions.guarded(&visitor, &account, accounts.change_password(&caller, &current, &new)).await?;
    Ok(Answer::nothing())
}
