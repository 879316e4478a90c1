//! `/v1/auth/passkeys` and `/v1/users/{id}/passkeys`: which there are, how they come and go, and signing in by them.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Passkeys;
use super::ceremony::{BegunCeremony, CeremonyToken};
use super::passkey::{Passkey, PasskeyList};
use super::registering::NewPasskey;
use super::response::{AuthenticationResponse, RegistrationResponse};
use crate::auth::Allow;
use crate::auth::accounts::Accounts;
use crate::auth::api::LARGEST;
use crate::auth::password::Password;
use crate::auth::permission::needs;
use crate::auth::second_factor::{Code, Proof};
use crate::auth::sessions::{SessionTokens, Sessions};
use crate::auth::single_sign_on::SingleSignOn;
use crate::auth::user::given;
use crate::auth::users_api::user_id;
use crate::auth::visitor::Visitor;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::answer::{Answer, Audience};
use crate::http::fields::Line;
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::path::Reference;
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_passkeys).service(begin_passkey).service(add_passkey).service(remove_passkey);
    config.service(begin_passkey_sign_in).service(sign_in_by_passkey).service(remove_user_passkeys);
}

/// Who adds a passkey.
#[derive(Default, Deserialize, ToSchema)]
pub struct PasskeyProofInput {
    /// Your password. An account that has none leaves it out, within ten minutes of signing in.
    #[serde(default)]
    #[schema(value_type = Password)]
    current_password: Patch<Password>,
    /// Where your second factor is on, the six digits that your app shows, or a recovery code.
    #[serde(default)]
    #[schema(value_type = Code)]
    code: Patch<Code>,
}

impl Input for PasskeyProofInput {
    const LARGEST: usize = LARGEST;
}

/// What the browser made.
#[derive(Default, Deserialize, ToSchema)]
pub struct PasskeyInput {
    /// What to call it, such as the name of the device.
    #[serde(default)]
    #[schema(value_type = Line<100>, required)]
    name: Patch<Line<100>>,
    /// What beginning gave.
    #[serde(default)]
    #[schema(value_type = CeremonyToken, required)]
    ceremony: Patch<CeremonyToken>,
    /// What `navigator.credentials.create` gave, by its `toJSON()`.
    #[serde(default)]
    #[schema(value_type = RegistrationResponse, required)]
    credential: Patch<RegistrationResponse>,
}

impl Input for PasskeyInput {
    const REQUIRED: &'static [&'static str] = &["name", "ceremony", "credential"];
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "last_used_at", "backed_up"];
    const LARGEST: usize = LARGEST;
}

/// What the device signed.
#[derive(Default, Deserialize, ToSchema)]
pub struct PasskeySignInInput {
    /// What beginning gave.
    #[serde(default)]
    #[schema(value_type = CeremonyToken, required)]
    ceremony: Patch<CeremonyToken>,
    /// What `navigator.credentials.get` gave, by its `toJSON()`.
    #[serde(default)]
    #[schema(value_type = AuthenticationResponse, required)]
    credential: Patch<AuthenticationResponse>,
}

impl Input for PasskeySignInInput {
    const REQUIRED: &'static [&'static str] = &["ceremony", "credential"];
    const LARGEST: usize = LARGEST;
}

/// List your passkeys
///
/// The oldest first; there are ten at most.
#[utoipa::path(
    operation_id = "list_passkeys", tag = "Sign-in", path = "/auth/passkeys", security(("bearer" = [])),
    responses((status = 200, body = PasskeyList, example = json!({ "data": [Passkey::sample()], "next": null }))),
)]
#[get("/auth/passkeys")]
async fn list_passkeys(
    caller: Allow<needs::SecureAccount>,
    accounts: Accounts,
    passkeys: Data<Passkeys>,
) -> Result<Answer> {
    passkeys.on()?;
    Ok(Answer::list(&accounts.passkeys(caller.user_id.clone()).await?, Audience::Caller))
}

/// Begin to add a passkey
///
/// Takes your password and, where your second factor is on, a code: otherwise a stolen password would be enough for both. Give
/// `public_key` to `PublicKeyCredential.parseCreationOptionsFromJSON`, and that to `navigator.credentials.create`; then send
/// what it gives with `ceremony`, in the same session, within five minutes.
#[utoipa::path(
    operation_id = "begin_passkey", tag = "Sign-in", path = "/auth/passkeys/begin", security(("bearer" = [])),
    request_body(content = PasskeyProofInput,
        example = json!({ "current_password": "correct horse battery staple", "code": "287082" })),
    responses((status = 200, description = "For the browser.", body = BegunCeremony, example = json!(creation_sample()))),
)]
#[post("/auth/passkeys/begin")]
async fn begin_passkey(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    sessions: Sessions,
    accounts: Accounts,
    (passkeys, single_sign_on): (Data<Passkeys>, Data<SingleSignOn>),
    input: Complete<PasskeyProofInput>,
) -> Result<Answer> {
    let on = passkeys.on()?;
    let (password, code) = (input.0.current_password.value(), input.0.code.value());
    let proof = Proof { password, code, visitor: visitor.clone() };
    let account = accounts.email_key(&caller.user_id).await?;
    let begin = accounts.begin_passkey(on, single_sign_on.get_ref().clone(), &caller, proof);
    let begun = sessions.guarded(&visitor, &account, begin).await?;
    Ok(Answer::one(&begun, Audience::Caller))
}

/// Add a passkey
///
/// What the browser made, in the session that began and with the `ceremony` that it was given. From then on it signs you in,
/// without your password and without a code. There are ten at most.
#[utoipa::path(
    operation_id = "add_passkey", tag = "Sign-in", path = "/auth/passkeys", security(("bearer" = [])),
    request_body(content = PasskeyInput, example = json!({
        "name": "Phone", "ceremony": ceremony_sample(),
        "credential": {
            "id": "Zm9yIGV4YW1wbGUgb25seQ", "rawId": "Zm9yIGV4YW1wbGUgb25seQ", "type": "public-key",
            "response": { "clientDataJSON": "…", "attestationObject": "…", "transports": ["internal"] },
            "clientExtensionResults": {}
        }
    })),
    responses((status = 201, description = "Added.", body = Passkey, example = json!(Passkey::sample()))),
)]
#[post("/auth/passkeys")]
async fn add_passkey(
    caller: Allow<needs::SecureAccount>,
    visitor: Visitor,
    accounts: Accounts,
    passkeys: Data<Passkeys>,
    input: Complete<PasskeyInput>,
) -> Result<Answer> {
    let on = passkeys.on()?;
    let new = NewPasskey {
        name: given(input.0.name, "/name")?,
        ceremony: given(input.0.ceremony, "/ceremony")?,
        credential: given(input.0.credential, "/credential")?,
    };
    let passkey = accounts.add_passkey(on, &caller, &visitor, new).await?;
    Ok(Answer::created(&passkey, format!("/v1/auth/passkeys/{}", passkey.id)))
}

/// Remove a passkey
///
/// One of your own: it signs nobody in any more. Sessions that began with it go on; `DELETE /v1/auth/sessions` ends them. The
/// last one stays while the account has nothing else to sign in with.
#[utoipa::path(
    operation_id = "remove_passkey", tag = "Sign-in", path = "/auth/passkeys/{id}", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the passkey")),
    responses((status = 204, description = "Removed.")),
)]
#[delete("/auth/passkeys/{id}")]
async fn remove_passkey(
    caller: Allow<needs::SecureAccount>,
    accounts: Accounts,
    (passkeys, single_sign_on): (Data<Passkeys>, Data<SingleSignOn>),
    id: Reference,
) -> Result<HttpResponse> {
    passkeys.on()?;
    let Reference::Id(id) = id else { return Err(Error::NotFound("passkey")) };
    accounts.remove_own_passkey(&caller, single_sign_on.get_ref().clone(), id).await?;
    Ok(Answer::nothing())
}

/// Begin to sign in by a passkey
///
/// For anybody, without a body. Give `public_key` to `PublicKeyCredential.parseRequestOptionsFromJSON`, and that to
/// `navigator.credentials.get`; then send what it gives with `ceremony`, within five minutes. Nothing is kept until then.
#[utoipa::path(
    operation_id = "begin_passkey_sign_in", tag = "Sign-in", path = "/auth/passkeys/sign-in/begin",
    responses((status = 200, description = "For the browser.", body = BegunCeremony, example = json!(request_sample()))),
)]
#[post("/auth/passkeys/sign-in/begin")]
async fn begin_passkey_sign_in(passkeys: Data<Passkeys>, clock: Data<Clock>) -> Result<Answer> {
    Ok(Answer::one(&passkeys.on()?.begin_signing_in(clock.now())?, Audience::Caller))
}

/// Sign in by a passkey
///
/// Gives what `POST /v1/auth/login` gives. No code is asked for, because the device asked for a PIN, a finger or a face; that
/// is also enough for roles that need a second factor. Whatever is wrong, the answer is the same 401, and counts like a wrong
/// password.
#[utoipa::path(
    operation_id = "sign_in_by_passkey", tag = "Sign-in", path = "/auth/passkeys/sign-in",
    request_body(content = PasskeySignInInput, example = json!({
        "ceremony": ceremony_sample(),
        "credential": {
            "id": "Zm9yIGV4YW1wbGUgb25seQ", "rawId": "Zm9yIGV4YW1wbGUgb25seQ", "type": "public-key",
            "response": { "clientDataJSON": "…", "authenticatorData": "…", "signature": "…", "userHandle": "…" },
            "clientExtensionResults": {}
        }
    })),
    responses((status = 200, description = "Signed in.", body = SessionTokens,
        example = json!(SessionTokens::sample()))),
)]
#[post("/auth/passkeys/sign-in")]
async fn sign_in_by_passkey(
    visitor: Visitor,
    sessions: Sessions,
    passkeys: Data<Passkeys>,
    input: Complete<PasskeySignInInput>,
) -> Result<Answer> {
    let on = passkeys.on()?;
    let brought = (given(input.0.ceremony, "/ceremony")?, given(input.0.credential, "/credential")?);
    Ok(Answer::one(&sessions.sign_in_by_passkey(on, &visitor, brought).await?, Audience::Caller))
}

/// Remove somebody's passkeys
///
/// All of them, for a person who has lost a device; make sure that it is them who asks. All of their sessions end. They sign in
/// as they did before, and add others.
#[utoipa::path(
    operation_id = "remove_user_passkeys", tag = "Users", path = "/users/{id}/passkeys", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the account"), WriteOptions),
    responses((status = 204, description = "Removed.")),
)]
#[delete("/users/{id}/passkeys")]
async fn remove_user_passkeys(
    caller: Allow<needs::ManageUsers>,
    accounts: Accounts,
    passkeys: Data<Passkeys>,
    id: Reference,
    options: Query<WriteOptions>,
) -> Result<HttpResponse> {
    passkeys.on()?;
    accounts.remove_passkeys(caller.actor(), options.0, user_id(id)?).await?;
    Ok(Answer::nothing())
}

fn ceremony_sample() -> &'static str {
    "dlw_ZXhhbXBsZSBvbmx5LCBub3QgYSBjZXJlbW9ueSBvZiBhbnlib2R5"
}

fn creation_sample() -> Value {
    json!({
        "ceremony": ceremony_sample(),
        "public_key": {
            "rp": { "name": "example.org", "id": "example.org" },
            "user": { "name": "mira@example.org", "id": "AZqxfl0AfD6dQT9sLw6aEA", "displayName": "Mira Kovač" },
            "challenge": "Zm9yIGV4YW1wbGUgb25seQ",
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
            "timeout": 300_000,
            "excludeCredentials": [],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required"
            },
            "attestation": "none"
        }
    })
}

fn request_sample() -> Value {
    json!({
        "ceremony": ceremony_sample(),
        "public_key": {
            "challenge": "Zm9yIGV4YW1wbGUgb25seQ",
            "timeout": 300_000,
            "rpId": "example.org",
            "allowCredentials": [],
            "userVerification": "required"
        }
    })
}
