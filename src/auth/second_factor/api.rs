//! `/v1/auth/second-factor` and `/v1/users/{id}/second-factor`: codes from an authenticator app.

use actix_web::{HttpResponse, delete, get, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::SignInChallenge;
use super::challenge::ChallengeToken;
use super::code::Code;
use super::enrolment::{FreshSecondFactor, RecoveryCodes, SecondFactorState};
use super::proof::Proof;
use crate::auth::Allow;
use crate::auth::accounts::Accounts;
use crate::auth::api::LARGEST;
use crate::auth::password::Password;
use crate::auth::permission::needs;
use crate::auth::sessions::{SessionTokens, Sessions};
use crate::auth::user::given;
use crate::auth::users_api::user_id;
use crate::auth::visitor::Visitor;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::Reference;
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_second_factor).service(begin_second_factor).service(confirm_second_factor);
    config.service(renew_recovery_codes).service(remove_second_factor).service(verify_second_factor);
    config.service(remove_user_second_factor);
}

/// Who sets one up.
#[derive(Default, Deserialize, ToSchema)]
pub struct BeginInput {
    /// Your password. An account that has none leaves it out, within ten minutes of signing in.
    #[serde(default)]
    #[schema(value_type = Password)]
    current_password: Patch<Password>,
}

impl Input for BeginInput {
    const LARGEST: usize = LARGEST;
}

/// What the app shows.
#[derive(Default, Deserialize, ToSchema)]
pub struct ConfirmInput {
    /// The six digits that your app shows.
    #[serde(default)]
    #[schema(value_type = Code, required)]
    code: Patch<Code>,
}

impl Input for ConfirmInput {
    const REQUIRED: &'static [&'static str] = &["code"];
    const LARGEST: usize = LARGEST;
}

/// Both factors.
#[derive(Default, Deserialize, ToSchema)]
pub struct ProofInput {
    /// Your password. An account that has none leaves it out, within ten minutes of signing in.
    #[serde(default)]
    #[schema(value_type = Password)]
    current_password: Patch<Password>,
    /// The six digits that your app shows, or a recovery code.
    #[serde(default)]
    #[schema(value_type = Code, required)]
    code: Patch<Code>,
}

impl Input for ProofInput {
    const REQUIRED: &'static [&'static str] = &["code"];
    const LARGEST: usize = LARGEST;
}

/// The second half of a sign-in.
#[derive(Default, Deserialize, ToSchema)]
pub struct VerifyInput {
    /// What `POST /v1/auth/login` gave.
    #[serde(default)]
    #[schema(value_type = ChallengeToken, required)]
    challenge: Patch<ChallengeToken>,
    /// The six digits that your app shows, or a recovery code.
    #[serde(default)]
    #[schema(value_type = Code, required)]
    code: Patch<Code>,
}

impl Input for VerifyInput {
    const REQUIRED: &'static [&'static str] = &["challenge", "code"];
    const LARGEST: usize = LARGEST;
}

/// Look at your second factor
///
/// Whether it is on, how many recovery codes are left, and whether your role needs one.
#[utoipa::path(
    operation_id = "get_second_factor", tag = "Sign-in", path = "/auth/second-factor", security(("bearer" = [])),
    responses((status = 200, body = SecondFactorState, example = json!(SecondFactorState::sample()))),
)]
#[get("/auth/second-factor")]
async fn get_second_factor(caller: Allow<needs::SecureAccount>, accounts: Accounts) -> Result<Answer> {
    let state = accounts.second_factor(&caller).await?;
    Ok(Answer::one(&state, Audience::Caller))
}

/// Begin to set up a second factor
///
/// Gives the secret for an authenticator app, once: show `uri` as a QR code, or let the person type `secret`. Nothing
/// changes before a code from the app is confirmed, within an hour. Beginning again gives another secret.
#[utoipa::path(
    operation_id = "begin_second_factor", tag = "Sign-in", path = "/auth/second-factor", security(("bearer" = [])),
    request_body(content = BeginInput, example = json!({ "current_password": "correct horse battery staple" })),
    responses((status = 200, description = "For the app.", body = FreshSecondFactor,
        example = json!(FreshSecondFactor::sample()))),
)]
#[post("/auth/second-factor")]
async fn begin_second_factor(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<BeginInput>,
) -> Result<Answer> {
    let password = input.0.current_password.value();
    let account = accounts.email_key(&caller.user_id).await?;
    let begin = accounts.begin_second_factor(&caller, password.as_ref());
    let fresh = sessions.guarded(&visitor, &account, begin).await?;
    Ok(Answer::one(&fresh, Audience::Caller))
}

/// Turn on your second factor
///
/// With the code that the app shows now. From then on signing in takes a code; your other sessions end. The answer has ten
/// recovery codes, once: each is good once, in place of a code from the app.
#[utoipa::path(
    operation_id = "confirm_second_factor", tag = "Sign-in", path = "/auth/second-factor/confirm",
    security(("bearer" = [])),
    request_body(content = ConfirmInput, example = json!({ "code": "287082" })),
    responses((status = 200, description = "On.", body = RecoveryCodes, example = json!(RecoveryCodes::sample()))),
)]
#[post("/auth/second-factor/confirm")]
async fn confirm_second_factor(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<ConfirmInput>,
) -> Result<Answer> {
    let code = given(input.0.code, "/code")?;
    let account = accounts.email_key(&caller.user_id).await?;
    let confirm = accounts.confirm_second_factor(&caller, code, visitor.clone());
    let codes = sessions.guarded(&visitor, &account, confirm).await?;
    Ok(Answer::one(&codes, Audience::Caller))
}

/// Make other recovery codes
///
/// Ten fresh ones, once; those from before are good no more. Takes your password and a code.
#[utoipa::path(
    operation_id = "renew_recovery_codes", tag = "Sign-in", path = "/auth/second-factor/recovery-codes",
    security(("bearer" = [])),
    request_body(content = ProofInput,
        example = json!({ "current_password": "correct horse battery staple", "code": "287082" })),
    responses((status = 200, description = "The codes.", body = RecoveryCodes,
        example = json!(RecoveryCodes::sample()))),
)]
#[post("/auth/second-factor/recovery-codes")]
async fn renew_recovery_codes(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<ProofInput>,
) -> Result<Answer> {
    let proof = proof(input.0, &visitor)?;
    let account = accounts.email_key(&caller.user_id).await?;
    let codes = sessions.guarded(&visitor, &account, accounts.renew_recovery_codes(&caller, proof)).await?;
    Ok(Answer::one(&codes, Audience::Caller))
}

/// Remove your second factor
///
/// Signing in takes the password alone again, and the recovery codes are gone. Takes your password and a code. Whoever has
/// lost both the app and the recovery codes asks an admin.
#[utoipa::path(
    operation_id = "remove_second_factor", tag = "Sign-in", path = "/auth/second-factor/remove",
    security(("bearer" = [])),
    request_body(content = ProofInput,
        example = json!({ "current_password": "correct horse battery staple", "code": "287082" })),
    responses((status = 204, description = "Removed.")),
)]
#[post("/auth/second-factor/remove")]
async fn remove_second_factor(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    input: Complete<ProofInput>,
) -> Result<HttpResponse> {
    let proof = proof(input.0, &visitor)?;
    let account = accounts.email_key(&caller.user_id).await?;
    sessions.guarded(&visitor, &account, accounts.remove_own_second_factor(&caller, proof)).await?;
    Ok(Answer::nothing())
}

/// Sign in with a code
///
/// The second step, for whoever has a second factor on: with the challenge that `POST /v1/auth/login` gave, and a code
/// from the app or a recovery code. A code is good once. A wrong one is 422, and counts like a wrong password; after five
/// of them, or five minutes, the challenge is 401: sign in again.
#[utoipa::path(
    operation_id = "verify_second_factor", tag = "Sign-in", path = "/auth/second-factor/verify",
    request_body(content = VerifyInput,
        example = json!({ "challenge": SignInChallenge::sample().challenge, "code": "287082" })),
    responses((status = 200, description = "Signed in.", body = SessionTokens,
        example = json!(SessionTokens::sample()))),
)]
#[post("/auth/second-factor/verify")]
async fn verify_second_factor(visitor: Visitor, sessions: Sessions, input: Complete<VerifyInput>) -> Result<Answer> {
    let challenge = given(input.0.challenge, "/challenge")?;
    let code = given(input.0.code, "/code")?;
    let tokens = sessions.verify(visitor, challenge, code).await?;
    Ok(Answer::one(&tokens, Audience::Caller))
}

/// Remove somebody's second factor
///
/// For a person who has lost the app and the recovery codes; make sure that it is them who asks. All of their sessions end,
/// and signing in takes the password alone until they set up another one. Your own takes your password and a code.
#[utoipa::path(
    operation_id = "remove_user_second_factor", tag = "Users", path = "/users/{id}/second-factor",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), WriteOptions),
    responses((status = 204, description = "Removed.")),
)]
#[delete("/users/{id}/second-factor")]
async fn remove_user_second_factor(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    id: Reference,
    options: Query<WriteOptions>,
) -> Result<HttpResponse> {
    accounts.remove_second_factor(caller.actor(), options.0, user_id(id)?).await?;
    Ok(Answer::nothing())
}

fn proof(input: ProofInput, visitor: &Visitor) -> Result<Proof> {
    let code = Some(given(input.code, "/code")?);
    Ok(Proof { password: input.current_password.value(), code, visitor: visitor.clone() })
}
