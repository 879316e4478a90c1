//! What browsers give at the end of a ceremony, in the form that their `toJSON()` has (WebAuthn §5.1). Members that nobody
//! here knows are passed over: browsers add some.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};
use webauthn_rp::response::auth::DiscoverableAuthentication16;
use webauthn_rp::response::auth::ser_relaxed::DiscoverableAuthenticationRelaxed16;
use webauthn_rp::response::register::Registration;
use webauthn_rp::response::register::ser_relaxed::RegistrationRelaxed;

use crate::http::fields::refusal;

/// What `navigator.credentials.create` gave.
pub struct RegistrationResponse(pub Registration);

/// What `navigator.credentials.get` gave.
pub struct AuthenticationResponse(pub DiscoverableAuthentication16);

impl<'de> Deserialize<'de> for RegistrationResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let detail = "must be what navigator.credentials.create gave, by its toJSON()";
        let read = RegistrationRelaxed::deserialize(value).map_err(|_| refusal("invalid_credential", detail))?;
        Ok(RegistrationResponse(read.0))
    }
}

impl<'de> Deserialize<'de> for AuthenticationResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let detail = "must be what navigator.credentials.get gave for a passkey of this newsroom, by its toJSON()";
        let read = DiscoverableAuthenticationRelaxed16::deserialize(value);
        Ok(AuthenticationResponse(read.map_err(|_| refusal("invalid_credential", detail))?.0))
    }
}

/// An object: what is in it is for the browser and us to know.
fn any_object() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::Object)).into()
}

impl PartialSchema for RegistrationResponse {
    fn schema() -> RefOr<Schema> {
        any_object()
    }
}

impl ToSchema for RegistrationResponse {
    fn name() -> Cow<'static, str> {
        "RegistrationResponse".into()
    }
}

impl PartialSchema for AuthenticationResponse {
    fn schema() -> RefOr<Schema> {
        any_object()
    }
}

impl ToSchema for AuthenticationResponse {
    fn name() -> Cow<'static, str> {
        "AuthenticationResponse".into()
    }
}
