//! Which web pages may call the API from a browser.
//!
//! With a list of origins, exactly those may do everything. Without one, any page may read what everybody may read:
//! `*` for `GET` without `Authorization`, and nothing else. actix-cors knows only one policy for all requests, and
//! answers a preflight from the method and headers it asks for without looking at the credentials, so it cannot say
//! "anybody, but only anonymously"; hence this file. Credentials (cookies) are never allowed: the one cookie that there is
//! belongs to single sign-on, and no script has to send it.

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Headers of ours that scripts may read.
const READABLE: &str = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";

/// Headers that scripts of a listed origin may send.
const SENDABLE: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id";

/// Headers that any script may send.
const SENDABLE_BY_ANYBODY: &str = "If-None-Match, X-Request-Id";

/// Seconds that a browser may remember a preflight.
const REMEMBERED: &str = "600";

/// Who may call.
#[derive(Debug)]
pub struct Cors {
    origins: Vec<String>,
}

/// What the answer to one request says about its origin.
#[derive(Debug)]
pub struct Allowance(Option<HeaderValue>);

impl Cors {
    /// With exactly these origins; with none of them, any origin for anonymous reading.
    pub fn new(origins: &[String]) -> Cors {
        Cors { origins: origins.to_vec() }
    }

    /// What the answer to this request says. An origin that is not listed hears nothing, and its browser shows nothing.
    pub fn allowance(&self, head: &RequestHead) -> Allowance {
        let method = if is_preflight(head) { requested_method(head) } else { Some(head.method.clone()) };
        let reading = matches!(method, Some(Method::GET | Method::HEAD));
        if self.origins.is_empty() {
            let anonymous = reading && !head.headers.contains_key(header::AUTHORIZATION);
            return Allowance(anonymous.then(|| HeaderValue::from_static("*")));
        }
        let origin = head.headers.get(header::ORIGIN);
        Allowance(origin.filter(|origin| self.origins.iter().any(|listed| listed == *origin)).cloned())
    }

    /// The answer to a preflight from an origin that may call; any other is answered like a plain `OPTIONS`.
    pub fn preflight(&self, head: &RequestHead) -> Option<HttpResponse> {
        if !is_preflight(head) || self.allowance(head).0.is_none() {
            return None;
        }
        let (methods, sendable) = match self.origins.is_empty() {
            true => ("GET, HEAD, OPTIONS", SENDABLE_BY_ANYBODY),
            false => ("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", SENDABLE),
        };
        let answer = HttpResponse::NoContent()
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, sendable))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED))
            .insert_header((header::VARY, "Access-Control-Request-Method, Access-Control-Request-Headers"))
            .finish();
        Some(answer)
    }
}

impl Allowance {
    /// Writes it, unless the handler allowed somebody itself: the OpenAPI document is for everybody.
    pub fn write(&self, headers: &mut HeaderMap) {
        if let Some(origin) = &self.0
            && !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
        }
    }
}

fn is_preflight(head: &RequestHead) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(header::ORIGIN)
        && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn requested_method(head: &RequestHead) -> Option<Method> {
    Method::from_bytes(head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?.as_bytes()).ok()
}
