//! The members of a body, read one by one against the type they are for, and what to say of the others.

use std::marker::PhantomData;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Value};

use super::Input;
use crate::error::{Error, Rejection, Result};
use crate::http::fields;

/// Most members of a body. Every refused one is named in the answer, which must not become larger than the question.
const MOST_MEMBERS: usize = 100;

/// A typed input from a JSON value, or every refused member.
pub(super) fn read<T: Input>(value: Value, complete: bool) -> Result<T> {
    let Value::Object(members) = value else {
        let detail = "the body must be a JSON object";
        return Err(Error::BadRequest(vec![Rejection::field("", "not_an_object", detail)]));
    };
    if members.len() > MOST_MEMBERS {
        let detail = format!("the body has {} members; no resource has more than {MOST_MEMBERS}", members.len());
        return Err(Error::BadRequest(vec![Rejection::field("", "too_many", detail)]));
    }
    let mut refused = Vec::new();
    refuse_missing(&members, T::REQUIRED, complete, &mut refused);
    let known = field_names::<T>();
    let mut accepted = Map::new();
    for (name, value) in members {
        let Some(field) = known.iter().find(|field| **field == name) else {
            refused.push(unknown_field(&name, known, T::READ_ONLY));
            continue;
        };
        match read_members::<T>(std::iter::once((*field, &value))) {
            Ok(_) => {
                accepted.insert(name, value);
            }
            Err((pointer, message)) => {
                let (code, detail) = fields::take_apart(&message);
                let detail = plainly(detail);
                // A null that is not allowed was already refused as missing.
                if !(value.is_null() && T::REQUIRED.contains(field)) {
                    refused.push(Rejection::field(pointer, code, detail));
                }
            }
        }
    }
    let input = read_members::<T>(accepted.iter().map(|(name, value)| (name.as_str(), value)));
    let input = input
        .map_err(|(pointer, message)| Error::Unprocessable(vec![Rejection::field(pointer, "invalid", message)]))?;
    input.check(&mut refused);
    if refused.is_empty() { Ok(input) } else { Err(Error::Unprocessable(refused)) }
}

/// What serde says, in words for people who never saw the program: kinds are JSON's, not Rust's.
fn plainly(message: &str) -> String {
    if let Some((_, allowed)) =
        message.split_once("unknown variant ").and_then(|(_, rest)| rest.split_once("expected one of "))
    {
        return format!("must be one of {}", allowed.replace('`', ""));
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return format!("has an unknown member {}", rest.replace(", expected one of", "; allowed:").replace('`', ""));
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("needs the member {}", name.replace('`', ""));
    }
    let Some((_, expected)) = message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once("expected "))
    else {
        return message.to_owned();
    };
    match expected {
        "a string" => "must be a text".to_owned(),
        "a boolean" => "must be true or false".to_owned(),
        "a sequence" => "must be a list, in square brackets".to_owned(),
        "a map" => "must be an object, in curly brackets".to_owned(),
        other if other.starts_with("struct ") => "must be an object, in curly brackets".to_owned(),
        other => format!("must be {other}"),
    }
}

fn refuse_missing(members: &Map<String, Value>, required: &[&str], complete: bool, refused: &mut Vec<Rejection>) {
    for name in required {
        let missing = match members.get(*name) {
            None => complete,
            Some(value) => value.is_null(),
        };
        if missing {
            refused.push(Rejection::field(format!("/{name}"), "required", "is required and cannot be null"));
        }
    }
}

fn unknown_field(name: &str, known: &[&str], read_only: &[&str]) -> Rejection {
    if read_only.contains(&name) {
        return Rejection::field(format!("/{name}"), "read_only", "is set by the server; leave it out");
    }
    let nearest = nearest(name, known).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    let detail = format!("is not a field of this resource; {nearest}Allowed: {}", known.join(", "));
    Rejection::field(format!("/{}", escape(name)), "unknown_field", detail)
}

/// A member's name inside a JSON pointer (RFC 6901).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What to say of a value that is none of those allowed: the nearest one, and all of them.
pub fn one_of(given: &str, allowed: &[&str]) -> String {
    let near = nearest(given, allowed).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let given: String = given.chars().take(64).collect();
    format!("must be one of {}, not {given:?}{near}", allowed.join(", "))
}

/// The known name that a mistyped one most likely meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // A name of any length could be sent; comparing more than a plausible one is wasted work. All names are in lower case.
    let name = name.chars().take(64).collect::<String>().to_lowercase();
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, candidate)| candidate)
}

/// `T` from these members alone, or the pointer and the message of the first fault.
fn read_members<'a, T: DeserializeOwned>(
    members: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Result<T, (String, String)> {
    let members = MapDeserializer::<_, serde_json::Error>::new(members);
    serde_path_to_error::deserialize(members).map_err(|error| {
        let pointer = error.path().iter().fold(String::new(), |pointer, segment| match segment {
            serde_path_to_error::Segment::Seq { index } => format!("{pointer}/{index}"),
            serde_path_to_error::Segment::Map { key } => format!("{pointer}/{}", escape(key)),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => pointer,
        });
        (pointer, error.into_inner().to_string())
    })
}

/// The names of a struct's members, from serde itself, so that there is no second list of them.
pub fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // Always an error: it stops as soon as it has seen the names.
    let _ = T::deserialize(FieldNames { found: &mut found, lifetime: PhantomData });
    found
}

/// A deserializer that holds nothing and notes which struct it was asked for.
struct FieldNames<'a, 'de> {
    found: &'a mut &'static [&'static str],
    lifetime: PhantomData<&'de ()>,
}

impl<'de> Deserializer<'de> for FieldNames<'_, 'de> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.found = fields;
        Err(Self::Error::custom("only the names were wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::http::fields::{Line, WebUrl};
    use crate::http::patch::Patch;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde(default)]
        name: Patch<Line<5>>,
        #[serde(default)]
        #[expect(dead_code, reason = "only its reading is tested")]
        links: Patch<Vec<WebUrl>>,
    }

    impl Input for Sample {
        const REQUIRED: &'static [&'static str] = &["name"];
    }

    fn refusals(value: Value, complete: bool) -> Vec<(String, String)> {
        let error = read::<Sample>(value, complete).unwrap_err();
        let place = |one: &Rejection| (one.pointer.clone().unwrap_or_default(), one.code.clone());
        error.rejections().iter().map(place).collect()
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_pointer() {
        let wrong = json!({"name": "far too long", "links": ["https://example.org", "x"], "nmae": 1});
        let expected = [("/links/1", "invalid_url"), ("/name", "too_long"), ("/nmae", "unknown_field")];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        assert_eq!(refusals(wrong, true), expected);
    }

    #[test]
    fn a_required_member_may_be_absent_in_a_change_but_never_null() {
        assert_eq!(refusals(json!({}), true), [("/name".to_owned(), "required".to_owned())]);
        assert_eq!(refusals(json!({"name": null}), false), [("/name".to_owned(), "required".to_owned())]);
        assert!(matches!(read::<Sample>(json!({}), false).unwrap().name, Patch::Absent));
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
        assert_eq!(nearest("sumary", &["title", "summary", "slug"]), Some("summary"));
        assert_eq!(nearest("Q", &["tag", "q"]), Some("q"));
        assert_eq!(nearest("zzz", &["title", "summary"]), None);
    }
}
