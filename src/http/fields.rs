//! Types for what people send: each accepts only what is allowed, says what that is, and carries it into the OpenAPI
//! document, so that the rule, its message and its documentation cannot drift apart.

use std::borrow::Cow;
use std::ops::Deref;

use email_address::EmailAddress;
use oxilangtag::LanguageTag as ParsedLanguageTag;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// Longest web address, in bytes.
const LONGEST_URL: usize = 2000;

/// Longest body of a story, in bytes.
pub const LONGEST_BODY: usize = 5 * 1024 * 1024;

/// Separates the stable code from the message inside serde's one string; never in either of them.
const SEPARATOR: char = '\u{1f}';

/// A refusal in the shape that [`crate::http::input`] can take apart again: serde's errors are only text.
pub fn refusal<E: serde::de::Error>(code: &str, detail: impl std::fmt::Display) -> E {
    E::custom(format!("{code}{SEPARATOR}{detail}"))
}

/// The code and the message of a refusal; a message of serde's own has the code `invalid`.
pub fn take_apart(message: &str) -> (&str, &str) {
    message.split_once(SEPARATOR).unwrap_or(("invalid", message))
}

/// One line of text: trimmed, not empty, without control characters, at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line<const MAX: usize>(String);

/// Text of several lines: trimmed at its end, not empty, at most `MAX` characters. Line ends become `\n`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text<const MAX: usize>(String);

/// An absolute http or https address of at most 2,000 bytes. Other letters than ASCII are taken (`iri`) and kept encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebUrl(String);

/// A well-formed language tag (BCP 47), such as `en`, `pt-BR` or `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageTag(String);

/// The text of a story, in Markdown (CommonMark): at most 5 MiB. Line ends become `\n`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Markdown(String);

/// A country by its two-letter code (ISO 3166-1 alpha-2), such as `DE`; kept in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountryCode(String);

/// An e-mail address (RFC 5321) of at most 254 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Email(String);

/// Control characters other than those given; NUL is refused for the whole body before any field is looked at.
fn has_control(text: &str, allowed: &[char]) -> bool {
    text.chars().any(|character| character.is_control() && !allowed.contains(&character))
}

/// The same text with `\n` for every line end, whichever system it was written on.
fn with_line_feeds(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

fn check_length<E: serde::de::Error>(text: &str, max: usize) -> Result<(), E> {
    if text.is_empty() {
        return Err(refusal("empty", "must not be empty"));
    }
    match text.chars().count() {
        length if length > max => {
            Err(refusal("too_long", format_args!("must have at most {max} characters; this has {length}")))
        }
        _ => Ok(()),
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        check_length(text, MAX)?;
        if has_control(text, &[]) {
            return Err(refusal("control_character", "must be one line without control characters"));
        }
        Ok(Line(text.to_owned()))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = with_line_feeds(text.trim_end().to_owned());
        check_length(&text, MAX)?;
        if has_control(&text, &['\n', '\t']) {
            return Err(refusal("control_character", "must not contain control characters other than line breaks"));
        }
        Ok(Text(text))
    }
}

impl<'de> Deserialize<'de> for Markdown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > LONGEST_BODY {
            let detail = format_args!("must have at most {LONGEST_BODY} bytes; this has {}", text.len());
            return Err(refusal("too_long", detail));
        }
        if has_control(&text, &['\n', '\r', '\t']) {
            return Err(refusal("control_character", "must not contain control characters other than line breaks"));
        }
        Ok(Markdown(with_line_feeds(text)))
    }
}

impl<'de> Deserialize<'de> for WebUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || refusal("invalid_url", "must be an absolute address that begins with https:// or http://");
        let text = text.trim();
        if text.len() > LONGEST_URL {
            return Err(refusal("too_long", format_args!("must have at most {LONGEST_URL} bytes")));
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(WebUrl(url.into()))
    }
}

impl<'de> Deserialize<'de> for LanguageTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match ParsedLanguageTag::parse_and_normalize(text.trim()) {
            Ok(tag) if tag.as_str().len() <= 35 => Ok(LanguageTag(tag.into_inner())),
            _ => Err(refusal("invalid_language", "must be a language tag (BCP 47), such as en, pt-BR or zh-Hant")),
        }
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(refusal("invalid_country", "must be a two-letter country code (ISO 3166-1), such as DE"));
        }
        Ok(CountryCode(text.to_ascii_uppercase()))
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        let plain = !text.contains(['<', '>', '"']) && text.len() <= 254;
        if !plain || !EmailAddress::is_valid(text) {
            return Err(refusal("invalid_email", "must be an e-mail address, such as desk@example.org"));
        }
        Ok(Email(text.to_owned()))
    }
}

impl Email {
    /// The address as it is compared: two addresses that differ only in case are one account.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl LanguageTag {
    /// English: what a story is written in when nobody says otherwise.
    pub fn english() -> LanguageTag {
        LanguageTag("en".to_owned())
    }
}

/// A schema of text with a length and perhaps a format.
fn text_schema(max: usize, format: Option<SchemaFormat>, pattern: Option<&str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(max))
        .format(format)
        .pattern(pattern)
        .into()
}

impl<const MAX: usize> PartialSchema for Line<MAX> {
    fn schema() -> RefOr<Schema> {
        text_schema(MAX, None, None)
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        text_schema(MAX, None, None)
    }
}

impl PartialSchema for WebUrl {
    fn schema() -> RefOr<Schema> {
        text_schema(LONGEST_URL, Some(SchemaFormat::Custom("iri".to_owned())), Some("^https?://"))
    }
}

impl PartialSchema for Markdown {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_BODY)).into()
    }
}

impl PartialSchema for LanguageTag {
    fn schema() -> RefOr<Schema> {
        text_schema(35, None, Some("^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"))
    }
}

impl PartialSchema for CountryCode {
    fn schema() -> RefOr<Schema> {
        text_schema(2, None, Some("^[A-Za-z]{2}$"))
    }
}

impl PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        text_schema(254, Some(SchemaFormat::KnownFormat(KnownFormat::Email)), None)
    }
}

/// Each of these is a plain string to the rest of the house, and a component of its own in the document.
macro_rules! plain_string {
    ($([$($generics:tt)*] $type:ty: $name:expr),* $(,)?) => {$(
        impl<$($generics)*> ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }

        impl<$($generics)*> Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<$($generics)*> std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<$($generics)*> From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }
    )*};
}

plain_string!(
    [const MAX: usize] Line<MAX>: format!("Line{MAX}"),
    [const MAX: usize] Text<MAX>: format!("Text{MAX}"),
    [] Markdown: "Markdown",
    [] WebUrl: "WebUrl",
    [] LanguageTag: "LanguageTag",
    [] CountryCode: "CountryCode",
    [] Email: "Email",
);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn accepts<T: for<'de> Deserialize<'de>>(value: Value) -> bool {
        from_value::<T>(value).is_ok()
    }

    #[test]
    fn a_line_is_trimmed_and_counted_in_characters() {
        assert_eq!(&*from_value::<Line<5>>(json!("  Vučić ")).unwrap(), "Vučić");
        assert!(!accepts::<Line<5>>(json!("Vučićs")));
        assert!(!accepts::<Line<5>>(json!("   ")));
        assert!(!accepts::<Line<5>>(json!("a\nb")));
    }

    #[test]
    fn an_address_is_http_or_https_and_nothing_else() {
        assert!(accepts::<WebUrl>(json!("https://www.politico.eu/")));
        for wrong in ["javascript:alert(1)", "//example.org", "ftp://example.org", "https://", "data:text/html,x", "x"]
        {
            assert!(!accepts::<WebUrl>(json!(wrong)), "{wrong}");
        }
    }

    #[test]
    fn languages_countries_and_addresses_are_well_formed() {
        assert_eq!(&*from_value::<LanguageTag>(json!("PT-br")).unwrap(), "pt-BR");
        assert!(!accepts::<LanguageTag>(json!("english language")));
        assert_eq!(&*from_value::<CountryCode>(json!("de")).unwrap(), "DE");
        assert!(!accepts::<CountryCode>(json!("DEU")));
        assert!(accepts::<Email>(json!("desk@example.org")));
        assert!(!accepts::<Email>(json!("Desk <desk@example.org>")));
    }
}
