//! What a front end keeps from the beginning of a sign-in to its end (RFC 7636, between it and us): the challenge goes with
//! the browser, the verifier stays, and the code is good only together with it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Result;
use crate::http::fields::refusal;

/// Characters of a challenge: 32 bytes in base64url.
const CHALLENGE: usize = 43;

/// The hash of a verifier, in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(String);

/// What the front end keeps. Cannot be printed or compared; its challenge is.
pub struct Verifier(SecretString);

impl Challenge {
    /// As it is kept.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Verifier {
    /// Whether it belongs to this challenge.
    pub fn fits(&self, challenge: &str) -> bool {
        let hash = Sha256::digest(self.0.expose_secret().as_bytes());
        URL_SAFE_NO_PAD.encode(hash) == challenge
    }
}

impl<'de> Deserialize<'de> for Challenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() == CHALLENGE && URL_SAFE_NO_PAD.decode(&text).is_ok() {
            return Ok(Challenge(text));
        }
        let detail = "must be the SHA-256 of your verifier in base64url without padding, 43 characters";
        Err(refusal("invalid_challenge", detail))
    }
}

impl<'de> Deserialize<'de> for Verifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let shape = text.expose_secret().bytes().all(allowed);
        if shape && (CHALLENGE..=128).contains(&text.expose_secret().len()) {
            return Ok(Verifier(text));
        }
        Err(refusal("invalid_verifier", "must have 43 to 128 letters, digits and -._~, at random"))
    }
}

impl PartialSchema for Verifier {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9._~-]{43,128}$")).into()
    }
}

impl ToSchema for Verifier {
    fn name() -> Cow<'static, str> {
        "Verifier".into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    /// The example of RFC 7636, appendix B.
    #[test]
    fn a_verifier_fits_its_own_challenge_and_no_other() {
        let verifier: Verifier = from_value(json!("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).unwrap();
        let challenge: Challenge = from_value(json!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")).unwrap();
        assert!(verifier.fits(&challenge.clone().into_text()));
        assert!(!verifier.fits(&challenge.into_text().to_lowercase()));
        for wrong in [
            json!(null),
            json!(""),
            json!("short"),
            json!("é".repeat(30)),
            json!("a".repeat(129)),
            json!("a ".repeat(30)),
        ] {
            assert!(from_value::<Verifier>(wrong.clone()).is_err(), "{wrong}");
            assert!(from_value::<Challenge>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
