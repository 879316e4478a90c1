//! Opaque tokens: random, known by their hash only, and of a shape that is checked before anything is looked up. What
//! they are good for is their kind; a token of one kind can never be taken for another.
//!
//! For what is handed back by a program or a link: refresh tokens, challenges, one-time links. What people keep for weeks
//! is an [opaque secret](super::opaque), which has a checksum for secret scanners and typos.

use std::borrow::Cow;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::random;
use crate::error::Result;
use crate::hash::sha256;
use crate::http::fields::refusal;

/// What opaque tokens are good for.
pub trait Kind: 'static {
    /// What each of them begins with, so that people and secret scanners know one when they see it.
    const PREFIX: &'static str;
    /// What the API's documentation calls the type.
    const NAME: &'static str;
    /// The code of a refusal.
    const CODE: &'static str;
    /// What a caller is told who sends something else.
    const DETAIL: &'static str;
}

/// Random bytes in a token: 256 bits.
const RANDOM: usize = 32;

/// Characters after the prefix: 32 bytes in base64url.
const ENCODED: usize = 43;

/// An opaque token. Cannot be printed, serialised or compared; it is looked up by its hash.
pub struct OpaqueToken<K>(SecretString, PhantomData<K>);

impl<K: Kind> OpaqueToken<K> {
    /// A fresh token from the operating system's random numbers.
    pub fn make() -> Result<OpaqueToken<K>> {
        let text = format!("{}{}", K::PREFIX, URL_SAFE_NO_PAD.encode(random::bytes::<RANDOM>()?));
        Ok(OpaqueToken(text.into(), PhantomData))
    }

    /// A token as somebody sent it, when its shape is right.
    pub(super) fn parse(text: &str) -> Option<OpaqueToken<K>> {
        let is_one = text.strip_prefix(K::PREFIX).is_some_and(|rest| {
            rest.len() == ENCODED && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        is_one.then(|| OpaqueToken(text.into(), PhantomData))
    }

    /// What is stored: SHA-256 in hexadecimal. The token is random, so a slow hash would add nothing.
    pub fn hash(&self) -> String {
        sha256(self.0.expose_secret().as_bytes())
    }

    /// For the one place that shows it.
    pub(super) fn into_text(self) -> String {
        self.0.expose_secret().to_owned()
    }
}

impl<'de, K: Kind> Deserialize<'de> for OpaqueToken<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        OpaqueToken::parse(text.expose_secret()).ok_or_else(|| refusal(K::CODE, K::DETAIL))
    }
}

impl<K: Kind> PartialSchema for OpaqueToken<K> {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^{}[A-Za-z0-9_-]{{{ENCODED}}}$", K::PREFIX);
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into()
    }
}

impl<K: Kind> ToSchema for OpaqueToken<K> {
    fn name() -> Cow<'static, str> {
        K::NAME.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use crate::auth::refresh_token::RefreshToken;

    #[test]
    fn a_token_is_random_and_known_by_its_hash_only() {
        let (one, other) = (RefreshToken::make().unwrap(), RefreshToken::make().unwrap());
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.hash().len(), 64);
        let (hash, text) = (one.hash(), one.into_text());
        assert!(!hash.contains(&text));
        assert_eq!(from_value::<RefreshToken>(text.into()).unwrap().hash(), hash);
    }

    #[test]
    fn whatever_is_not_shaped_like_a_token_is_refused() {
        let right = RefreshToken::make().unwrap().into_text();
        let wrong: [Value; 9] = [
            json!({}),
            json!([]),
            json!(true),
            json!(null),
            json!(0),
            json!(""),
            json!(" "),
            json!(format!("{right}=")),
            json!(right[4..]),
        ];
        for value in wrong {
            assert!(from_value::<RefreshToken>(value.clone()).is_err(), "{value}");
        }
    }
}
