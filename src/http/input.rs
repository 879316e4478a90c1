//! Reads request bodies: JSON in, a typed input out, or every refused member at once.
//!
//! serde stops at the first fault. A person who sends five wrong fields wants to hear of five, so each member is read
//! by itself against the same type, and what was wrong is collected with a JSON pointer.

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::fields;
use crate::error::{Error, Rejection, Result};

/// Largest body that is read, in bytes after decompression: a story's body may have 5 MiB, JSON escapes add to it.
pub const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// Largest body of everything that is not a story, in bytes.
pub const LARGEST_SMALL_BODY: usize = 1024 * 1024;

/// Most compressed bytes that are decompressed in one step: 4 KiB of gzip are at most 4 MiB of text.
const LARGEST_PIECE: usize = 4 * 1024;

/// Deepest nesting of arrays and objects in a body.
const DEEPEST: usize = 32;

/// A request body: a JSON object whose members are all optional by type (`Patch`), so that one type serves creating,
/// replacing and changing.
pub trait Input: DeserializeOwned + 'static {
    /// Members without which the resource cannot exist, and which can never be null.
    const REQUIRED: &'static [&'static str] = &[];

    /// Members of the answer that only the server sets, to say so when somebody sends one back.
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "updated_at"];

    /// Largest body, in bytes.
    const LARGEST: usize = LARGEST_SMALL_BODY;

    /// Refuses what the types of the members cannot: rules between members.
    fn check(&self, _refuse: &mut Vec<Rejection>) {}
}

/// A whole resource: what `POST` and `PUT` take. Required members must be there.
#[derive(Debug)]
pub struct Complete<T>(pub T);

/// A change (JSON Merge Patch, RFC 7396): what `PATCH` takes. Absent members are kept.
#[derive(Debug)]
pub struct Partial<T>(pub T);

impl<T: Input> Complete<T> {
    /// Reads a resource from a JSON value; what the import does with each line of a file.
    pub fn from_value(value: Value) -> Result<T> {
        read(value, true)
    }
}

/// `TagInput` is known as `NewTag` where a whole tag is sent, and as `TagPatch` where a change is.
fn base_name<T: ToSchema>() -> String {
    T::name().trim_end_matches("Input").to_owned()
}

/// The schema of an input whose unknown members are refused and whose `required` members must be there.
fn strict_schema<T: ToSchema>(required: &[&str]) -> RefOr<Schema> {
    match T::schema() {
        RefOr::T(Schema::Object(mut object)) => {
            object.required = required.iter().map(|name| (*name).to_owned()).collect();
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

impl<T: Input + ToSchema> PartialSchema for Complete<T> {
    fn schema() -> RefOr<Schema> {
        strict_schema::<T>(T::REQUIRED)
    }
}

impl<T: Input + ToSchema> ToSchema for Complete<T> {
    fn name() -> Cow<'static, str> {
        format!("New{}", base_name::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Input + ToSchema> PartialSchema for Partial<T> {
    fn schema() -> RefOr<Schema> {
        strict_schema::<T>(&[])
    }
}

impl<T: Input + ToSchema> ToSchema for Partial<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Patch", base_name::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Input> Partial<T> {
    /// Reads a change from a JSON value; for commands.
    pub fn from_value(value: Value) -> Result<T> {
        read(value, false)
    }
}

impl<T: Input> FromRequest for Complete<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json_body(request, payload, T::LARGEST);
        Box::pin(async move { read(body.await?, true).map(Complete) })
    }
}

impl<T: Input> FromRequest for Partial<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json_body(request, payload, T::LARGEST);
        Box::pin(async move { read(body.await?, false).map(Partial) })
    }
}

/// The body as JSON. An empty body is an empty object: an action such as publish needs none.
fn json_body(
    request: &HttpRequest,
    payload: &mut Payload,
    largest: usize,
) -> impl Future<Output = Result<Value>> + use<> {
    let refused = check_headers(request, largest);
    let json = is_json(request);
    let payload = actix_web::dev::Decompress::from_headers(in_small_pieces(payload.take()), request.headers());
    async move {
        refused?;
        let bytes = collect(payload, largest).await?;
        if bytes.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        // A body of unknown length may turn out to be none, and nothing needs no type.
        if !json {
            return Err(not_json());
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
        check_shape(&value)?;
        Ok(value)
    }
}

/// Refuses by the headers alone what need not be read.
fn check_headers(request: &HttpRequest, largest: usize) -> Result<()> {
    let header = |name: header::HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let length = header(header::CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    if length.is_some_and(|length| length > largest) {
        return Err(Error::TooLarge(largest));
    }
    let encodings = request.headers().get_all(header::CONTENT_ENCODING).count();
    let encoding = header(header::CONTENT_ENCODING).unwrap_or("identity").trim();
    // Brotli and zstd can make hundreds of megabytes of a few bytes in one step, so they are for answers only.
    if encodings > 1 || !matches!(encoding, "identity" | "gzip" | "deflate") {
        return Err(Error::UnsupportedMediaType("Content-Encoding must be gzip or deflate, and only one.".into()));
    }
    if length.is_some_and(|length| length > 0) && !is_json(request) {
        return Err(not_json());
    }
    Ok(())
}

/// Whether the body says that it is JSON.
fn is_json(request: &HttpRequest) -> bool {
    match request.mime_type() {
        Ok(Some(mime)) => {
            (mime.type_() == "application" && mime.subtype() == "json")
                || mime.suffix().is_some_and(|suffix| suffix == "json")
        }
        _ => false,
    }
}

fn not_json() -> Error {
    Error::UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.".into())
}

/// The compressed bytes in pieces of at most [`LARGEST_PIECE`]. What arrives together is decompressed together, before
/// anybody can count it; a piece becomes at most about a thousand times as much.
fn in_small_pieces<S, E>(payload: S) -> impl futures_util::Stream<Item = Result<Bytes, E>>
where
    S: futures_util::Stream<Item = Result<Bytes, E>>,
{
    payload.flat_map(|chunk| {
        let mut rest = Some(chunk);
        futures_util::stream::iter(std::iter::from_fn(move || match rest.take()? {
            Ok(mut bytes) if bytes.len() > LARGEST_PIECE => {
                let piece = bytes.split_to(LARGEST_PIECE);
                rest = Some(Ok(bytes));
                Some(Ok(piece))
            }
            last => Some(last),
        }))
    })
}

/// The decoded bytes, counted as they come, so that a small bomb cannot become a large body.
async fn collect<S>(mut payload: S, largest: usize) -> Result<BytesMut>
where
    S: futures_util::Stream<Item = Result<Bytes, actix_web::error::PayloadError>> + Unpin,
{
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Error::BadRequest(vec![Rejection::anywhere(
                "body_unreadable",
                "the body ended early or could not be decompressed; send it again",
            )])
        })?;
        if bytes.len() + chunk.len() > largest {
            return Err(Error::TooLarge(largest));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn malformed(error: &serde_json::Error) -> Error {
    let detail = format!("the body is not valid JSON: {error}");
    Error::BadRequest(vec![Rejection::field("", "malformed_json", detail)])
}

/// Refuses nesting that is too deep, and NUL characters, which PostgreSQL cannot keep.
fn check_shape(value: &Value) -> Result<()> {
    let mut with_nul = Vec::new();
    let mut waiting = vec![(String::new(), value, 0)];
    while let Some((pointer, value, depth)) = waiting.pop() {
        if depth > DEEPEST {
            let detail = format!("the body is nested deeper than {DEEPEST} levels");
            return Err(Error::BadRequest(vec![Rejection::field(pointer, "too_deep", detail)]));
        }
        match value {
            Value::String(text) if text.contains('\0') => with_nul.push(pointer),
            Value::Array(items) => {
                let items = items.iter().enumerate().filter(|(_, item)| may_hide_something(item));
                waiting.extend(items.map(|(index, item)| (format!("{pointer}/{index}"), item, depth + 1)));
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let pointer = format!("{pointer}/{}", escape(name));
                    if name.contains('\0') {
                        with_nul.push(pointer.clone());
                    }
                    waiting.push((pointer, member, depth + 1));
                }
            }
            _ => {}
        }
    }
    if with_nul.is_empty() {
        return Ok(());
    }
    with_nul.sort();
    let refuse =
        |pointer| Rejection::field(pointer, "control_character", "must not contain the character NUL (U+0000)");
    Err(Error::Unprocessable(with_nul.into_iter().map(refuse).collect()))
}

fn may_hide_something(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_))
}

/// A member's name inside a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A typed input from a JSON value, or every refused member.
fn read<T: Input>(value: Value, complete: bool) -> Result<T> {
    let Value::Object(members) = value else {
        let detail = "the body must be a JSON object";
        return Err(Error::BadRequest(vec![Rejection::field("", "not_an_object", detail)]));
    };
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

/// The known name that a mistyped one most likely meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // A name of any length could be sent; comparing more than a plausible one is wasted work.
    let name: String = name.chars().take(64).collect();
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

/// Proof that a JSON value can be read member by member without a copy.
const _: fn(&Value) = |value| {
    let _ = IntoDeserializer::<serde_json::Error>::into_deserializer(value);
};

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
    fn nul_and_deep_nesting_are_refused_before_any_field_is_read() {
        assert!(matches!(check_shape(&json!({"a": ["x\0"]})), Err(Error::Unprocessable(_))));
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert!(matches!(check_shape(&deep), Err(Error::BadRequest(_))));
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
        assert_eq!(nearest("sumary", &["title", "summary", "slug"]), Some("summary"));
        assert_eq!(nearest("zzz", &["title", "summary"]), None);
    }
}
