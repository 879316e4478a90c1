//! Passwords as people send them. Neither type can be printed, serialised or compared, so neither can leak that way.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use url::Url;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::common_passwords::is_common;
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

/// What everybody knows of whoever has a password.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The e-mail address.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The names of the site: see [`site_words`].
    pub site: &'a [String],
}

impl Owner<'_> {
    /// The words that a password must not contain, in small letters.
    fn words(&self) -> impl Iterator<Item = String> {
        let mailbox = self.email.rsplit_once('@').map_or(self.email, |(mailbox, _)| mailbox);
        let all =
            std::iter::once(mailbox).chain(self.name.split_whitespace()).chain(self.site.iter().map(String::as_str));
        all.map(|word| normalised(&word.to_lowercase())).filter(|word| word.chars().count() >= SHORTEST_NAME)
    }
}

/// The names of the site that is reached under this address: the parts of its host that are not on every site.
pub fn site_words(public_url: Option<&str>) -> Vec<String> {
    let host = public_url.and_then(|url| Url::parse(url).ok()).and_then(|url| Some(url.domain()?.to_owned()));
    let host = host.unwrap_or_default();
    // The last part is the country or the like; `news` is on half of all sites and in many a good sentence.
    let parts = host.rsplit_once('.').map_or("", |(before, _)| before).split('.');
    parts.filter(|part| part.len() >= SHORTEST_NAME && *part != "news").map(str::to_owned).collect()
}

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

    /// Refuses a password that holds what everybody knows of its owner: the name in the e-mail address, the parts of the
    /// person's name, the name of the site. `pointer` says where the password was.
    pub fn check_against(&self, owner: &Owner, pointer: &str) -> Result<(), Rejection> {
        let password = self.expose().to_lowercase();
        let Some(word) = owner.words().find(|word| password.contains(word.as_str())) else { return Ok(()) };
        let detail = format!("contains {word}, which is easy to guess; choose a few words that do not belong together");
        Err(Rejection::field(pointer, "easy_to_guess", detail))
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
    if is_common(text) {
        return Some("is one of the passwords that are guessed first, or made of them");
    }
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
    fn t43_length_is_counted_in_characters_after_normalising() {
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
    fn t43_composed_and_decomposed_are_the_same_password() {
        let composed = NewPassword::parse("Vučić und Đoković 1").ok().unwrap();
        let decomposed: String = "Vučić und Đoković 1".nfd().collect();
        assert_eq!(composed.expose(), NewPassword::parse(&decomposed).ok().unwrap().expose());
        let typed: Password = serde_json::from_value(decomposed.into()).unwrap();
        assert_eq!(composed.expose(), typed.expose());
    }

    #[test]
    fn t43_long_but_easy_passwords_are_refused() {
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
        assert_eq!(code("iloveyou-princess-1234567"), "easy_to_guess");
    }

    #[test]
    fn p09_a_password_does_not_tell_whose_it_is() {
        let site = site_words(Some("https://www.aldermoor-gazette.example.org/api"));
        assert_eq!(site, ["aldermoor-gazette", "example"]);
        assert!(site_words(Some("http://127.0.0.1:8080")).is_empty() && site_words(None).is_empty());
        let refused = |password: &str, email: &str, name: &str| {
            let owner = Owner { email, name, site: &site };
            NewPassword::parse(password).ok().unwrap().check_against(&owner, "/password").is_err()
        };
        assert!(refused("Ana.Petrovic is great", "ana.petrovic@example.org", "Bo"));
        assert!(refused("my kovač and I, happy", "x@example.org", "Mira Kovač"));
        assert!(refused("Aldermoor-Gazette 2026", "x@example.org", "Bo"));
        assert!(!refused("Ana.Petrovic is great", "is@example.org", "Bo Lund"));
    }
}
