//! The name of a role, as people send it.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::fields::refusal;

/// Longest name of a role, in characters.
const LONGEST: usize = 40;

/// The name of a role, such as `sports-desk`. Whether there is such a role is the database's to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleName(String);

impl RoleName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> String {
        name.0
    }
}

impl std::fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for RoleName {
    type Err = String;

    fn from_str(text: &str) -> Result<RoleName, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if begins && text.len() <= LONGEST && text.bytes().all(allowed) {
            return Ok(RoleName(text.to_owned()));
        }
        Err(format!(
            "must be the name of a role: up to {LONGEST} small letters, digits and hyphens, such as editor or sports-desk"
        ))
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|detail: String| refusal("invalid_role", detail))
    }
}

impl PartialSchema for RoleName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z][a-z0-9-]{0,39}$")).into()
    }
}

impl ToSchema for RoleName {}
