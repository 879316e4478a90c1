//! The headers that every answer carries, whoever wrote it.

use std::collections::BTreeSet;
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;

use super::compression;
use super::cors::Cors;

/// What a browser may do with an answer: nothing. JSON opened as a page runs no script and sits in no frame.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Headers that a handler may set otherwise: the docs page needs another policy, a feed may be embedded elsewhere.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// The headers that every answer of the API has.
pub fn common() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    complete(&mut headers);
    vary(&mut headers, true);
    headers
}

fn complete(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Answers preflights, and adds security, CORS and `Vary` headers to every answer.
pub async fn add<B: MessageBody + 'static>(
    cors: Rc<Cors>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    compression::refuse_the_impossible(&mut request);
    let of_api = request.path().starts_with("/v1/");
    let allowance = cors.allowance(request.head());
    let answered = match cors.preflight(request.head()) {
        Some(answer) => Ok(request.into_response(answer).map_into_right_body()),
        None => next.call(request).await.map(ServiceResponse::map_into_left_body),
    };
    change(answered, move |headers| {
        complete(headers);
        compression::clean_up(headers);
        compression::tag_coded(headers);
        allowance.write(headers);
        vary(headers, of_api);
    })
}

/// Says on what an answer may depend, always and completely: a cache that stored it without knowing would hand one
/// caller's answer to another.
fn vary(headers: &mut HeaderMap, of_api: bool) {
    let mut names: BTreeSet<String> = BTreeSet::from(["accept-encoding".to_owned(), "origin".to_owned()]);
    if of_api {
        names.insert("authorization".to_owned());
    }
    for value in headers.get_all(header::VARY).filter_map(|value| value.to_str().ok()) {
        names.extend(value.split(',').map(|name| name.trim().to_ascii_lowercase()));
    }
    let text = names.into_iter().collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(header::VARY, value);
    }
}

/// Changes the headers of an answer, also of one that a middleware gave as an error.
pub fn change<B>(
    answered: Result<ServiceResponse<B>, Error>,
    change: impl Fn(&mut HeaderMap) + 'static,
) -> Result<ServiceResponse<B>, Error> {
    match answered {
        Ok(mut response) => {
            change(response.headers_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                change(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}
