//! Entity tags: which version a caller has seen, and whether a change is based on the current one.
//!
//! A tag is `"VERSION-HASH"` for a resource that can be changed and `"HASH"` for everything else. The hash covers the
//! bytes of the answer, so the tag is strong (RFC 9110 §8.8.1): when a tag's name changes, stories that carry it get
//! another one. A change needs only the version to match, so that somebody renaming a tag does not stop an editor from
//! saving.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::IntoParams;

use crate::error::{Error, Rejection, Result};

/// Bytes of the hash that are kept: 96 bits.
const HASH: usize = 12;

/// How long it is as text.
const HASH_DIGITS: usize = 16;

/// How the tags of coded answers end.
const CODINGS: [&str; 3] = ["-br", "-gzip", "-zstd"];

/// The tag of an answer with these bytes, quotes included. By BLAKE3, which takes a third of the time of SHA-256, for
/// every answer has one; nothing is proved by it.
pub fn of(version: Option<i32>, body: &[u8]) -> String {
    let digest = blake3::hash(body);
    let hash = URL_SAFE_NO_PAD.encode(digest.as_bytes().first_chunk::<HASH>().unwrap_or(&[0; HASH]));
    match version {
        Some(version) => format!("\"{version}-{hash}\""),
        None => format!("\"{hash}\""),
    }
}

/// The tag of the same answer in this coding (`br`, `gzip`, …). A strong tag stands for bytes, so each coding has one of
/// its own.
pub fn coded(tag: &HeaderValue, coding: &str) -> HeaderValue {
    let text = tag.to_str().unwrap_or_default();
    match text.strip_suffix('"') {
        Some(inner) if !CODINGS.iter().any(|ending| inner.ends_with(ending)) => {
            HeaderValue::from_str(&format!("{inner}-{coding}\"")).unwrap_or_else(|_| tag.clone())
        }
        _ => tag.clone(),
    }
}

/// Whether `If-None-Match` says that the caller already has this answer (weak comparison, RFC 9110 §13.1.2), in whatever
/// coding: what it would be sent says the same.
pub fn already_has(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH);
    sent.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|given| {
        let given = given.trim();
        given == "*" || plain(given.strip_prefix("W/").unwrap_or(given)) == plain(tag)
    })
}

/// A tag without its quotes and without the name of its coding.
fn plain(tag: &str) -> &str {
    let inner = tag.trim_matches('"');
    CODINGS.iter().find_map(|ending| inner.strip_suffix(ending)).unwrap_or(inner)
}

/// The `If-Match` header of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Not sent.
    Absent,
    /// `*`: change whatever is there.
    Any,
    /// Based on one of these versions. Tags that carry no version of ours are left out; they match nothing.
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Checks a change against the version that is stored. `Absent` passes: see [`IfMatch::require`].
    ///
    /// Errors: [`Error::VersionMismatch`] when somebody else was faster.
    pub fn check(&self, current: i32) -> Result<()> {
        match self {
            IfMatch::Versions(versions) if !versions.contains(&current) => Err(Error::version_mismatch(current)),
            _ => Ok(()),
        }
    }

    /// Errors: [`Error::VersionRequired`] when the header was not sent.
    pub fn require(self) -> Result<IfMatch> {
        match self {
            IfMatch::Absent => Err(Error::VersionRequired),
            sent => Ok(sent),
        }
    }
}

/// The header, for the API docs.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// The ETag of the version that the change is based on. When somebody was faster, nothing is changed and the answer
    /// is 412. `*` changes whatever is there.
    #[param(rename = "If-Match", example = "\"7-kR2vX0cLw1mQ9fHs\"")]
    pub if_match: Option<String>,
}

/// The version in a tag of ours: `"7"` or `"7-HASH"`. Weak tags never match (RFC 9110 §13.1.1), and neither does a hash
/// alone, even one that looks like a number and a dash at its beginning.
fn version_of(tag: &str) -> Option<i32> {
    tag.strip_prefix('"')?.strip_suffix('"')?;
    match plain(tag).split_once('-') {
        Some((version, hash)) if hash.len() == HASH_DIGITS => version.parse().ok(),
        Some(_) => None,
        None => plain(tag).parse().ok(),
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<IfMatch> {
    let mut tags = Vec::new();
    for value in request.headers().get_all(header::IF_MATCH) {
        let text = value.to_str().unwrap_or_default();
        tags.extend(text.split(',').map(str::trim).map(str::to_owned));
    }
    if tags.is_empty() {
        return Ok(IfMatch::Absent);
    }
    if tags == ["*"] {
        return Ok(IfMatch::Any);
    }
    let quoted = |tag: &String| tag.trim_start_matches("W/").starts_with('"') && tag.len() > 1 && tag.ends_with('"');
    if !tags.iter().all(quoted) {
        let detail = "must be the ETag that you read, with its quotes, such as \"7-kR2v…\", or *";
        return Err(Error::BadRequest(vec![Rejection::header("If-Match", "invalid_etag", detail)]));
    }
    Ok(IfMatch::Versions(tags.iter().filter_map(|tag| version_of(tag)).collect()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn if_match(value: &str) -> Result<IfMatch> {
        read(&TestRequest::default().insert_header((header::IF_MATCH, value)).to_http_request())
    }

    #[test]
    fn a_change_names_the_version_it_is_based_on() {
        let tag = of(Some(7), b"text");
        assert_eq!(if_match(&tag).unwrap(), IfMatch::Versions(vec![7]));
        let coded = coded(&HeaderValue::from_str(&tag).unwrap(), "gzip");
        assert_eq!(if_match(coded.to_str().unwrap()).unwrap(), IfMatch::Versions(vec![7]));
        assert_eq!(if_match("\"7\", \"8-kR2vX-cLw1mQ9fHs\"").unwrap(), IfMatch::Versions(vec![7, 8]));
        assert_eq!(if_match("\"12-R2vX0cLw1mQ9f\"").unwrap(), IfMatch::Versions(vec![]), "the hash of no version");
        assert_eq!(if_match("*").unwrap(), IfMatch::Any);
        assert_eq!(if_match("W/\"7-abc\"").unwrap(), IfMatch::Versions(vec![]));
        assert!(if_match("7").is_err());
        assert!(IfMatch::Versions(vec![6]).check(7).is_err());
        assert!(IfMatch::Versions(vec![]).check(7).is_err());
        assert!(IfMatch::Any.check(7).is_ok());
    }
}
