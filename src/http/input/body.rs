//! The body of a request as JSON: what the headers allow, as long as it may be, in a shape that can be kept.

use std::future::Future;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::members::escape;
use crate::error::{Error, Rejection, Result};

/// Most compressed bytes that are decompressed in one step: 4 KiB of gzip are at most 4 MiB of text.
const LARGEST_PIECE: usize = 4 * 1024;

/// Most places of NUL characters that are named; there is no need to list a million of them.
const MOST_NAMED: usize = 50;

/// Deepest nesting of arrays and objects in a body.
const DEEPEST: usize = 32;

/// The body as JSON. An empty body is an empty object: an action such as publish needs none.
pub(super) fn json_body(
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
            Value::String(text) if text.contains('\0') && with_nul.len() < MOST_NAMED => with_nul.push(pointer),
            Value::Array(items) => {
                let items = items.iter().enumerate().filter(|(_, item)| may_hide_something(item));
                waiting.extend(items.map(|(index, item)| (format!("{pointer}/{index}"), item, depth + 1)));
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let pointer = format!("{pointer}/{}", escape(name));
                    if name.contains('\0') && with_nul.len() < MOST_NAMED {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn s79_nul_and_deep_nesting_are_refused_before_any_field_is_read() {
        assert!(matches!(check_shape(&json!({"a": ["x\0"]})), Err(Error::Unprocessable(_))));
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert!(matches!(check_shape(&deep), Err(Error::BadRequest(_))));
    }
}
