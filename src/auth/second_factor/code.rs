//! The codes that people type: six digits from an app, or one of the recovery codes that they wrote down.

use std::borrow::Cow;

use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::random;
use crate::error::Result;
use crate::hash::sha256;
use crate::http::fields::refusal;

/// Digits of a code from an app.
const DIGITS: usize = 6;

/// Random bytes in a recovery code: 120 bits, more than the 112 from which on a fast hash is enough (NIST SP 800-63B).
const RANDOM: usize = 15;

/// Characters of a recovery code without its hyphens.
const LENGTH: usize = 24;

/// Characters of a recovery code between two hyphens.
const GROUP: usize = 4;

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 64;

/// A code of either kind.
pub enum Code {
    /// From an app.
    App(AppCode),
    /// One that was written down.
    Recovery(RecoveryCode),
}

/// Six digits. Cannot be printed, serialised or compared.
pub struct AppCode(SecretString);

/// A recovery code, in the form in which it is hashed. Cannot be printed, serialised or compared; it is looked up by its
/// hash.
pub struct RecoveryCode(SecretString);

impl AppCode {
    /// Six digits, without anything between them.
    pub fn parse(text: &str) -> Option<AppCode> {
        let well_formed = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| AppCode(text.into()))
    }

    /// The digits, for the one comparison.
    pub fn digits(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl RecoveryCode {
    /// A fresh code from the operating system's random numbers.
    pub fn make() -> Result<RecoveryCode> {
        let random: [u8; RANDOM] = random::bytes()?;
        Ok(RecoveryCode(BASE32_NOPAD.encode(&random).to_ascii_lowercase().into()))
    }

    fn parse(text: &str) -> Option<RecoveryCode> {
        let text = text.to_ascii_lowercase();
        let well_formed =
            text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte));
        well_formed.then(|| RecoveryCode(text.into()))
    }

    /// What is stored: SHA-256 in hexadecimal. The code is random, so a slow hash would add nothing.
    pub fn hash(&self) -> String {
        sha256(self.0.expose_secret().as_bytes())
    }

    /// As it is written down, for the one answer that shows it.
    pub fn into_text(self) -> String {
        let letters: Vec<char> = self.0.expose_secret().chars().collect();
        letters.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        let wrong = || refusal("invalid_code", "must be the six digits that your app shows, or a recovery code");
        if text.expose_secret().len() > LONGEST {
            return Err(wrong());
        }
        let bare = without_gaps(text.expose_secret());
        let app = AppCode::parse(&bare).map(Code::App);
        app.or_else(|| RecoveryCode::parse(&bare).map(Code::Recovery)).ok_or_else(wrong)
    }
}

/// Apps show digits in groups, and recovery codes are in groups on paper.
fn without_gaps(text: &str) -> String {
    text.chars().filter(|one| !one.is_whitespace() && *one != '-').collect()
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(DIGITS)).max_length(Some(LONGEST)).into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "SecondFactorCode".into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    #[test]
    fn s32_a_recovery_code_is_random_and_found_however_it_is_typed() {
        let (one, other) = (RecoveryCode::make().unwrap(), RecoveryCode::make().unwrap());
        assert_ne!(one.hash(), other.hash());
        let (hash, text) = (one.hash(), one.into_text());
        assert_eq!((text.len(), text.split('-').count()), (29, 6), "{text}");
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', " "), text.replace('-', "")] {
            let Code::Recovery(code) = from_value(json!(typed)).unwrap() else { panic!("{typed}") };
            assert_eq!(code.hash(), hash);
        }
    }

    #[test]
    fn digits_may_stand_in_groups_and_whatever_else_is_no_code() {
        for typed in ["123456", "123 456", " 123-456 "] {
            let Code::App(code) = from_value(json!(typed)).unwrap() else { panic!("{typed}") };
            assert_eq!(code.digits(), b"123456");
        }
        let long = "1 ".repeat(40);
        let wrong: [Value; 9] = [
            json!(123_456),
            json!(null),
            json!({}),
            json!([]),
            json!(""),
            json!("12345"),
            json!("1234567"),
            json!("١٢٣٤٥٦"),
            json!(long),
        ];
        for value in wrong {
            assert!(from_value::<Code>(value.clone()).is_err(), "{value}");
        }
    }
}
