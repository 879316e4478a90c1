//! What a slug is, and how one is made from a title.

use deunicode::deunicode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::http::fields;
use crate::http::path::LONGEST_SLUG;

/// Longest slug that is made from a title, in bytes; a suffix such as `-12` still fits after it.
const LONGEST_MADE: usize = 120;

/// A name in an address: lower-case letters a–z, digits and single hyphens, 1 to 200 of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slug(String);

impl Slug {
    /// A slug made from a title or name, in ASCII ("Vučić in Niš" gives `vucic-in-nis`), cut at a word; `otherwise`
    /// when nothing of it can be spelled.
    pub fn from_title(title: &str, otherwise: &str) -> Slug {
        let mut slug = String::new();
        for word in words(title) {
            let room = LONGEST_MADE.saturating_sub(slug.len() + 1);
            if word.len() > room && !slug.is_empty() {
                break;
            }
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.extend(word.chars().take(LONGEST_MADE));
        }
        if slug.is_empty() || Uuid::try_parse(&slug).is_ok() { Slug(otherwise.to_owned()) } else { Slug(slug) }
    }

    /// The same slug with a number that tells it from others: `-2`, `-3`, …
    pub fn numbered(&self, number: u32) -> Slug {
        Slug(format!("{}-{number}", self.0))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The words of a title in lower-case ASCII. An apostrophe does not end a word: "Kosovo’s" is `kosovos`.
fn words(title: &str) -> impl Iterator<Item = String> {
    let title: String = title.chars().take(400).filter(|letter| !matches!(letter, '\'' | '’' | '‘')).collect();
    let ascii = deunicode(&title).to_ascii_lowercase();
    let words: Vec<String> = ascii
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let well_formed = !text.is_empty()
            && text.bytes().all(letters)
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if !well_formed || text.len() > LONGEST_SLUG {
            let detail = "must be lower-case letters a-z, digits and single hyphens, at most 200, such as kosovo-talks";
            return Err(fields::refusal("invalid_slug", detail));
        }
        if Uuid::try_parse(&text).is_ok() {
            return Err(fields::refusal("invalid_slug", "must not look like an id"));
        }
        Ok(Slug(text))
    }
}

impl PartialSchema for Slug {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_SLUG))
            .pattern(Some("^[a-z0-9]+(-[a-z0-9]+)*$"))
            .into()
    }
}

impl ToSchema for Slug {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_what_a_title_says() {
        let made = |title: &str| Slug::from_title(title, "story").into_string();
        assert_eq!(made("Vučić: “Ready to do more” in Kosovo’s north"), "vucic-ready-to-do-more-in-kosovos-north");
        assert_eq!(made("Straße & Łódź — 北京"), "strasse-lodz-bei-jing");
        assert_eq!(made("  !!!  "), "story");
        assert_eq!(made("01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"), "story");
        assert!(made(&"word ".repeat(100)).len() <= LONGEST_MADE);
        assert!(made(&"w".repeat(1000)).len() <= LONGEST_MADE);
    }

    #[test]
    fn a_slug_that_was_sent_is_taken_as_it_is_or_refused() {
        let accepted = |text: &str| serde_json::from_value::<Slug>(text.into()).is_ok();
        assert!(accepted("kosovo-talks-2"));
        for wrong in ["", "Kosovo", "a--b", "-a", "a-", "a b", "ä", "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"] {
            assert!(!accepted(wrong), "{wrong}");
        }
    }
}
