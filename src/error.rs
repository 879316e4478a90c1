//! One [`Error`] for the whole house, and the one place that turns it into an answer.
//!
//! Every error leaves as `application/problem+json` (RFC 9457) with a stable `code`, the request's id, and every
//! rejected field at once. An error carries two messages: what the caller may know, and, for faults of ours, a cause
//! that goes to the log and nowhere else.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::request_id;

/// What every fallible function of the house gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong with a request.
#[derive(Debug)]
pub enum Error {
    /// 400: the request cannot be understood: broken JSON, an unknown parameter, a cursor that is not ours.
    BadRequest(Vec<Rejection>),
    /// 401: no token, or one that is expired, ended or not ours.
    Unauthorized(Cow<'static, str>),
    /// 403: we know who calls, and this is not theirs to do.
    Forbidden(Cow<'static, str>),
    /// 403: we know who calls, and they have to set up a second factor before anything else.
    SecondFactorRequired(String),
    /// 404: missing, or hidden from this caller. The word says what was looked for, never whether it exists.
    NotFound(&'static str),
    /// 405: the address exists, the method does not. Carries the methods that do.
    MethodNotAllowed(String),
    /// 409: the request collides with what is stored.
    Conflict(Rejection),
    /// 410: it was killed. Carries the reason that readers are told.
    Gone(String),
    /// 412: `If-Match` names a version that is no longer the current one. Carries the current entity tag.
    VersionMismatch(String),
    /// 413: the body is larger than the limit, in bytes.
    TooLarge(usize),
    /// 415: the body is not what this operation reads.
    UnsupportedMediaType(Cow<'static, str>),
    /// 422: the request was understood, and these fields are not acceptable.
    Unprocessable(Vec<Rejection>),
    /// 428: a change must name the version it is based on.
    VersionRequired,
    /// 429: too many requests; come back after this long.
    TooManyRequests(Duration),
    /// 503: the database or a queue is away for the moment. The cause is for the log.
    Unavailable(String),
    /// 504: the answer took longer than the limit.
    Timeout,
    /// 500: a fault of ours. The cause is for the log.
    Internal(String),
}

/// One refused field, parameter or header: where it is, a stable code, and what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rejection {
    /// JSON pointer (RFC 6901) to the field in the request body, such as `/tags/0`. Empty for the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The query parameter that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The request header that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Stable, for programs: `required`, `too_long`, `unknown_field`, `taken`, …
    #[schema(example = "too_long")]
    pub code: String,
    /// For people: what is wrong, what is allowed, what to do next.
    #[schema(example = "must have at most 200 characters")]
    pub detail: String,
}

impl Rejection {
    /// A refused member of the body; `pointer` is a JSON pointer.
    pub fn field(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Rejection {
        Rejection { pointer: Some(pointer.into()), ..Rejection::anywhere(code, detail) }
    }

    /// A refused query parameter.
    pub fn parameter(name: impl Into<String>, code: &str, detail: impl Into<String>) -> Rejection {
        Rejection { parameter: Some(name.into()), ..Rejection::anywhere(code, detail) }
    }

    /// A refused request header.
    pub fn header(name: impl Into<String>, code: &str, detail: impl Into<String>) -> Rejection {
        Rejection { header: Some(name.into()), ..Rejection::anywhere(code, detail) }
    }

    /// A refusal that belongs to no single field: the state of the resource forbids it.
    pub fn anywhere(code: &str, detail: impl Into<String>) -> Rejection {
        Rejection { pointer: None, parameter: None, header: None, code: code.to_owned(), detail: detail.into() }
    }

    /// Where the refusal belongs, for a line of text: `/title`, `?limit`, `If-Match`.
    pub fn place(&self) -> String {
        match (&self.pointer, &self.parameter, &self.header) {
            (Some(pointer), _, _) => pointer.clone(),
            (_, Some(parameter), _) => format!("?{parameter}"),
            (_, _, Some(header)) => header.clone(),
            _ => String::new(),
        }
    }
}

/// An error answer, RFC 9457 (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URN that names the kind of problem; always `urn:dateline:problem:` and the `code`.
    #[schema(example = "urn:dateline:problem:not_found")]
    pub r#type: String,
    /// The kind of problem in a few words; the same for every problem of this kind.
    #[schema(example = "Not found")]
    pub title: &'static str,
    /// The HTTP status, repeated for programs that only see the body.
    #[schema(example = 404)]
    pub status: u16,
    /// What happened this time, and what to do next.
    #[schema(example = "There is no tag here that you can see. Check the id or slug.")]
    pub detail: String,
    /// Stable, for programs to match on.
    #[schema(example = "not_found")]
    pub code: String,
    /// Name this id when you report the problem; the same as the `X-Request-Id` header.
    #[schema(example = "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10")]
    pub request_id: String,
    /// Every refused field, parameter or header, all at once; empty when it is about something else.
    pub errors: Vec<Rejection>,
}

impl Error {
    /// A 400 for one query parameter.
    pub fn bad_parameter(name: impl Into<String>, code: &str, detail: impl Into<String>) -> Error {
        Error::BadRequest(vec![Rejection::parameter(name, code, detail)])
    }

    /// A 400 for a cursor that no page of this list gave.
    pub fn wrong_cursor() -> Error {
        let detail =
            "is not a cursor of this list; take it from `next` of the page before, with the same filters and sorting";
        Error::bad_parameter("cursor", "invalid_cursor", detail)
    }

    /// A 409 for one field of the body.
    pub fn taken(pointer: impl Into<String>, detail: impl Into<String>) -> Error {
        Error::Conflict(Rejection::field(pointer, "taken", detail))
    }

    /// A 412 that names the version which is there now.
    pub fn version_mismatch(current: i32) -> Error {
        Error::VersionMismatch(format!("\"{current}\""))
    }

    /// A 500; `cause` goes to the log only.
    pub fn internal(cause: impl fmt::Display) -> Error {
        Error::Internal(cause.to_string())
    }

    /// What the caller gets to read; also how the OpenAPI document shows this kind of problem.
    pub fn problem(&self, request_id: String) -> Problem {
        let (code, title, status) = self.kind();
        Problem {
            r#type: format!("urn:dateline:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.detail(),
            code: code.to_owned(),
            request_id,
            errors: self.rejections().to_vec(),
        }
    }

    /// The stable code of this kind of problem, its title, and its status.
    fn kind(&self) -> (&str, &'static str, StatusCode) {
        match self {
            Error::BadRequest(errors) => (first_code(errors, "bad_request"), "Bad request", StatusCode::BAD_REQUEST),
            Error::Unauthorized(_) => ("unauthorized", "Sign-in needed", StatusCode::UNAUTHORIZED),
            Error::Forbidden(_) => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Error::SecondFactorRequired(_) => ("second_factor_required", "Second factor needed", StatusCode::FORBIDDEN),
            Error::NotFound(_) => ("not_found", "Not found", StatusCode::NOT_FOUND),
            Error::MethodNotAllowed(_) => ("method_not_allowed", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED),
            Error::Conflict(rejection) => (&rejection.code, "Conflict", StatusCode::CONFLICT),
            Error::Gone(_) => ("killed", "Killed", StatusCode::GONE),
            Error::VersionMismatch(_) => ("version_mismatch", "Changed meanwhile", StatusCode::PRECONDITION_FAILED),
            Error::TooLarge(_) => ("too_large", "Body too large", StatusCode::PAYLOAD_TOO_LARGE),
            Error::UnsupportedMediaType(_) => {
                ("unsupported_media_type", "Unsupported media type", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Error::Unprocessable(_) => ("invalid_fields", "Fields refused", StatusCode::UNPROCESSABLE_ENTITY),
            Error::VersionRequired => ("version_required", "If-Match needed", StatusCode::PRECONDITION_REQUIRED),
            Error::TooManyRequests(_) => ("too_many_requests", "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Error::Unavailable(_) => ("unavailable", "Try again shortly", StatusCode::SERVICE_UNAVAILABLE),
            Error::Timeout => ("timeout", "Took too long", StatusCode::GATEWAY_TIMEOUT),
            Error::Internal(_) => ("internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The stable, machine-readable code of this problem.
    pub fn code(&self) -> &str {
        self.kind().0
    }

    /// Every refused field, when that is what the error is about.
    pub fn rejections(&self) -> &[Rejection] {
        match self {
            Error::BadRequest(errors) | Error::Unprocessable(errors) => errors,
            Error::Conflict(rejection) => std::slice::from_ref(rejection),
            _ => &[],
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.kind().2.as_u16()
    }

    /// The same about a part of a larger body: every pointer is moved below `place`.
    pub fn below(self, place: &str) -> Error {
        let moved = |rejection: Rejection| match rejection.pointer {
            Some(pointer) => Rejection { pointer: Some(format!("{place}{pointer}")), ..rejection },
            None => Rejection { pointer: Some(place.to_owned()), ..rejection },
        };
        match self {
            Error::BadRequest(errors) => Error::BadRequest(errors.into_iter().map(moved).collect()),
            Error::Unprocessable(errors) => Error::Unprocessable(errors.into_iter().map(moved).collect()),
            Error::Conflict(rejection) => Error::Conflict(moved(rejection)),
            other => other,
        }
    }

    /// What the caller is told.
    pub fn detail(&self) -> String {
        match self {
            Error::BadRequest(errors) | Error::Unprocessable(errors) => summary(errors),
            Error::Unauthorized(detail) | Error::Forbidden(detail) | Error::UnsupportedMediaType(detail) => {
                detail.clone().into_owned()
            }
            Error::SecondFactorRequired(detail) => detail.clone(),
            Error::NotFound("address") => {
                "Nothing has this address. Every address that exists is listed in /openapi.json.".to_owned()
            }
            Error::NotFound("preview") => "There is nothing to preview here: the link has run out, was revoked, or was not \
                                           copied whole. Ask whoever gave it to you for another one."
                .to_owned(),
            Error::NotFound(what) => format!("There is no {what} here that you can see. Check the id or slug."),
            Error::MethodNotAllowed(allowed) => format!("This address answers {allowed}."),
            Error::Conflict(rejection) => summary(std::slice::from_ref(rejection)),
            Error::Gone(reason) if reason.is_empty() => "This article was withdrawn.".to_owned(),
            Error::Gone(reason) => format!("This article was withdrawn. {reason}"),
            Error::VersionMismatch(current) => format!(
                "It was changed since you read it, or this is not an ETag of what editors see; the current version is \
                 {current}. Read it again with your token and without view=live, apply your change to that, and send it \
                 with the new ETag in If-Match. Nothing was overwritten."
            ),
            Error::TooLarge(limit) => format!("The body is larger than the limit of {limit} bytes."),
            Error::VersionRequired => "Send the ETag of the version that you read in the If-Match header, so that nobody's \
                                       change is overwritten unseen; or `If-Match: *` to change whatever is there."
                .to_owned(),
            Error::TooManyRequests(wait) => format!("Try again in {} seconds.", wait.as_secs().max(1)),
            Error::Unavailable(_) => "The server cannot reach its storage or is too busy. Nothing was stored. Try again shortly.".to_owned(),
            Error::Timeout => "The answer took longer than the server allows. A change may or may not have been stored; read it before you try again.".to_owned(),
            Error::Internal(_) => "Something went wrong on our side and was logged. Name the request_id when you report it.".to_owned(),
        }
    }
}

/// When all refusals are of one kind, that kind names the problem.
fn first_code<'a>(errors: &'a [Rejection], otherwise: &'a str) -> &'a str {
    match errors {
        [first, rest @ ..] if rest.iter().all(|other| other.code == first.code) => &first.code,
        _ => otherwise,
    }
}

/// Most refusals that are told in one line; `errors` has them all.
const MOST_IN_A_LINE: usize = 8;

/// The refusals in one line.
fn summary(errors: &[Rejection]) -> String {
    let parts = errors.iter().take(MOST_IN_A_LINE).map(|error| match error.place() {
        place if place.is_empty() => error.detail.clone(),
        place => format!("{place}: {}", error.detail),
    });
    let line = parts.collect::<Vec<_>>().join("; ");
    match errors.len().saturating_sub(MOST_IN_A_LINE) {
        0 => line,
        more => format!("{line}; and {more} more"),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unavailable(cause) | Error::Internal(cause) => write!(formatter, "{}: {cause}", self.code()),
            _ => formatter.write_str(&self.detail()),
        }
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.kind().2
    }

    fn error_response(&self) -> HttpResponse {
        let request_id = request_id::current();
        match self {
            Error::Internal(cause) => tracing::error!(%request_id, %cause, "internal error"),
            Error::Unavailable(cause) => tracing::warn!(%request_id, %cause, "unavailable"),
            _ => {}
        }
        let problem = self.problem(request_id);
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in self.headers() {
            answer.insert_header((name, value));
        }
        answer.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

impl Error {
    /// The headers that belong to this kind of problem.
    fn headers(&self) -> Vec<(header::HeaderName, HeaderValue)> {
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        match self {
            Error::Unauthorized(_) => vec![(header::WWW_AUTHENTICATE, value("Bearer"))],
            Error::MethodNotAllowed(allowed) => vec![(header::ALLOW, value(allowed))],
            Error::VersionMismatch(current) => vec![(header::ETAG, value(current))],
            Error::TooManyRequests(wait) => vec![(header::RETRY_AFTER, value(&wait.as_secs().max(1).to_string()))],
            Error::Unavailable(_) => vec![(header::RETRY_AFTER, value("1"))],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s75_t49_what_broke_is_logged_and_never_told() {
        let error = Error::internal("no such table: secrets");
        assert!(!error.detail().contains("secrets"));
        assert_eq!(error.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn one_kind_of_refusal_names_the_problem_and_several_do_not() {
        let unknown = Rejection::parameter("a", "unknown_parameter", "…");
        assert_eq!(Error::BadRequest(vec![unknown.clone(), unknown.clone()]).code(), "unknown_parameter");
        let other = Rejection::parameter("limit", "invalid", "…");
        assert_eq!(Error::BadRequest(vec![unknown, other]).code(), "bad_request");
    }
}
