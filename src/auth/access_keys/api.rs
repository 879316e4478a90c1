//! `/.well-known/jwks.json`: the public keys, for whoever checks access tokens without asking us.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{Responder, get};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::current::AccessKeys;
use super::key::{AccessKey, PublicAccessKey};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::service_config::ServiceConfig;

/// For how long anybody may keep the keys without asking. Whoever meets a `kid` that is not among them asks again.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The address of this file, which stands outside of `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_jwks);
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// One or two keys: the one that signs, and the one before or after it.
    keys: Vec<PublicAccessKey>,
}

/// Read the public keys
///
/// The keys that access tokens are signed with, as a JSON Web Key Set (RFC 7517; Ed25519, RFC 8037). A token names its key
/// in `kid`; ask again, past every cache, for one that you do not know. A good signature says who the token was made for,
/// and not whether the session has been ended since: only this server knows that.
#[utoipa::path(
    operation_id = "get_jwks", tag = "Sign-in",
    responses(
        (status = 200, description = "The keys.", body = KeySet, example = json!(KeySet::sample())),
        (status = 304, description = "The keys that you have are current; there is no body."),
    ),
)]
#[get("/.well-known/jwks.json")]
async fn get_jwks(keys: Data<AccessKeys>, db: Data<Db>, clock: Data<Clock>) -> Result<impl Responder> {
    let keyring = keys.keyring(&db).await?;
    let set = KeySet { keys: keyring.trusted(clock.now()).map(AccessKey::public).collect() };
    Ok(Answer::one(&set, Audience::Everyone).customize().insert_header((header::CACHE_CONTROL, CACHE_CONTROL)))
}

impl KeySet {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "21fe31dfa154a261",
            "use": "sig", "alg": "EdDSA"
        }] })
    }
}
