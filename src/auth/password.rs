//! Passwords as people send them. Neither type can be printed, serialised or compared, so neither can leak that way.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Rejection;
use crate::http::fields::refusal;

/// Shortest new password, in characters: it is the only factor (NIST SP 800-63B).
const SHORTEST: usize = 15;

/// Longest new password, in characters.
const LONGEST: usize = 128;

/// Longest password that is looked at, in bytes: 128 characters take at most 512, and decomposed ones some more.
const LONGEST_BYTES: usize = 1024;

/// Shorter names are part of ordinary words, so a password that contains one says nothing.
const SHORTEST_NAME: usize = 4;

/// Walks along the keyboard or the alphabet; a long piece of one, in either direction, is the first thing guessed.
const LADDERS: [&str; 4] = [
    "abcdefghijklmnopqrstuvwxyz",
    "1234567890123456789012345678901234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// A password that somebody claims to be theirs.
pub struct Password(SecretString);

/// A password that is to be set: 15 to 128 characters of any kind, and not an obvious one.
pub struct NewPassword(SecretString);

/// The same text however it was typed: composed or not, full-width or not (NFKC).
fn normalised(text: &str) -> String {
    text.nfkc().collect()
}

impl Password {
    /// For the hash function only.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl NewPassword {
    /// Takes a password that keeps the rules; no composition is asked for, and spaces are welcome.
    ///
    /// Errors: a stable code, and what to do instead.
    pub fn parse(text: &str) -> Result<NewPassword, (&'static str, String)> {
        if text.len() > LONGEST_BYTES {
            return Err(("too_long", format!("must have at most {LONGEST} characters")));
        }
        let text = normalised(text);
        match text.chars().count() {
            length if length < SHORTEST => {
                let detail =
                    format!("must have at least {SHORTEST} characters; a sentence of a few words is easy to keep");
                return Err(("too_short", detail));
            }
            length if length > LONGEST => {
                return Err(("too_long", format!("must have at most {LONGEST} characters")));
            }
            _ => {}
        }
        if text.chars().any(char::is_control) {
            return Err(("control_character", "must not contain control characters such as line breaks".to_owned()));
        }
        if let Some(reason) = easy_to_guess(&text) {
            return Err(("easy_to_guess", format!("{reason}; choose a few words that do not belong together")));
        }
        Ok(NewPassword(text.into()))
    }

    /// Refuses a password with the account's own name in it; `pointer` says where the password was.
    pub fn check_against(&self, email: &str, pointer: &str) -> Result<(), Rejection> {
        let name = email.rsplit_once('@').map_or(email, |(name, _)| name).to_lowercase();
        if name.chars().count() >= SHORTEST_NAME && self.expose().to_lowercase().contains(&normalised(&name)) {
            let detail = "contains the name in the e-mail address; choose a few words that do not belong together";
            return Err(Rejection::field(pointer, "easy_to_guess", detail));
        }
        Ok(())
    }

    /// For the hash function only.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Why a long password is still a short guess.
fn easy_to_guess(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    if lower.contains("dateline") {
        return Some("contains the word dateline");
    }
    let letters: Vec<char> = lower.chars().collect();
    let repeats = |piece: usize| letters.iter().skip(piece).zip(&letters).all(|(one, other)| one == other);
    if (1..=letters.len() / 2).any(repeats) {
        return Some("repeats the same characters over and over");
    }
    let backwards: String = letters.iter().rev().collect();
    if LADDERS.iter().any(|ladder| ladder.contains(&lower) || ladder.contains(&backwards)) {
        return Some("is a row of the keyboard or the alphabet");
    }
    None
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        match text.expose_secret().len() {
            0 => Err(refusal("empty", "must not be empty")),
            length if length > LONGEST_BYTES => {
                Err(refusal("too_long", format_args!("must have at most {LONGEST_BYTES} bytes")))
            }
            _ => Ok(Password(normalised(text.expose_secret()).into())),
        }
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        NewPassword::parse(text.expose_secret()).map_err(|(code, detail)| refusal(code, detail))
    }
}

fn password_schema(shortest: usize, longest: usize) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(shortest))
        .max_length(Some(longest))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .into()
}

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        password_schema(1, LONGEST_BYTES)
    }
}

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        password_schema(SHORTEST, LONGEST)
    }
}

impl ToSchema for Password {}

impl ToSchema for NewPassword {}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        NewPassword::parse(text).map_or_else(|(code, _)| code, |_| "accepted")
    }

    #[test]
    fn length_is_counted_in_characters_after_normalising() {
        assert_eq!(code("correct horse b"), "accepted");
        assert_eq!(code("correct horse "), "too_short");
        assert_eq!(code("čekićžućškripđé"), "accepted");
        assert_eq!(code("🦊 fox and 12 🐻!"), "accepted");
        let words = "eight different words make a fine long password to keep ".repeat(2);
        assert_eq!(code(&format!("{}x{}", &words[..100], &words[..27])), "accepted");
        assert_eq!(code(&format!("{}x{}", &words[..100], &words[..28])), "too_long");
        assert_eq!(code(&"x".repeat(1_000_000)), "too_long");
        // One character that NFKC makes eighteen of.
        assert_eq!(code(&"\u{fdfa}".repeat(15)), "too_long");
        assert_eq!(code("fourteen words\n"), "control_character");
    }

    #[test]
    fn composed_and_decomposed_are_the_same_password() {
        let composed = NewPassword::parse("Vučić und Đoković 1").ok().unwrap();
        let decomposed: String = "Vučić und Đoković 1".nfd().collect();
        assert_eq!(composed.expose(), NewPassword::parse(&decomposed).ok().unwrap().expose());
        let typed: Password = serde_json::from_value(decomposed.into()).unwrap();
        assert_eq!(composed.expose(), typed.expose());
    }

    #[test]
    fn long_but_easy_passwords_are_refused() {
        for easy in [
            "aaaaaaaaaaaaaaa",
            "passwordpassword",
            "123123123123123",
            "123456789012345",
            "qwertyuiopasdfgh",
            "zyxwvutsrqponmlk",
            "my Dateline password",
            "               ",
        ] {
            assert_eq!(code(easy), "easy_to_guess", "{easy}");
        }
        let password = NewPassword::parse("Ana.Petrovic is great").ok().unwrap();
        assert!(password.check_against("ana.petrovic@example.org", "/password").is_err());
        assert!(password.check_against("is@example.org", "/password").is_ok());
    }
}
