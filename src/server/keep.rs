//! Keeps finished answers for everybody, and makes each of them once however many ask for it at the same time.

use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, block};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};

use crate::clock::{Clock, Timestamp};
use crate::http::answer::WholeAnswer;
use crate::http::cache::{Cache, Entry, Freshness, Landing, Seat};
use crate::http::coding::Coding;
use crate::http::etag;
use crate::http::sharing::Sharing;

/// How often somebody waits for an answer that somebody else makes and that is over by then, before they make their own.
const FLIGHTS: usize = 2;

type Answered<B> = Result<ServiceResponse<EitherBody<B, Bytes>>, Error>;

/// The middleware. Only what an anonymous reader asks is kept: an answer for somebody who signed in is theirs alone, and
/// passes by.
pub async fn keep<B: MessageBody + 'static>(
    (cache, clock, sharing): (Cache, Clock, Sharing),
    request: ServiceRequest,
    next: Next<B>,
) -> Answered<B> {
    let address = address(request.request()).to_owned();
    let is_anonymous = !request.headers().contains_key(header::AUTHORIZATION);
    if request.method() != Method::GET || !is_anonymous || !cache.takes(&address) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let canonical = canonical(request.request());
    if let Some(entry) = cache.get(&canonical, clock.now()) {
        cache.alias(&address, &entry);
        return Ok(send(request.request().clone(), entry, clock.now()).await);
    }
    let mut pilot = None;
    for _ in 0..FLIGHTS {
        match cache.board(&canonical) {
            Seat::Pilot(seat) => {
                pilot = Some(seat);
                break;
            }
            Seat::Passenger(passenger) => match passenger.wait(|| clock.now()).await {
                Landing::Here(entry) => return Ok(send(request.request().clone(), entry, clock.now()).await),
                Landing::Late => {}
                Landing::Nothing => break,
            },
        }
    }
    request.extensions_mut().insert(WholeAnswer);
    let mut response = next.call(request).await?;
    let Some(freshness) = response.response_mut().extensions_mut().remove::<Freshness>() else {
        return Ok(response.map_into_left_body());
    };
    let (request, entry) = match finish(response, (freshness.until, sharing)) {
        Ok(finished) => finished,
        Err(response) => return Ok(response.map_into_left_body()),
    };
    if let Some(pilot) = pilot {
        let kept = cache.keep(&[&canonical, &address], &entry, freshness.ended_by(), pilot.generation);
        // What is not kept may be older than what those have seen who came after it was begun.
        pilot.land(if kept { Landing::Here(Arc::clone(&entry)) } else { Landing::Late });
    }
    Ok(send(request, entry, clock.now()).await)
}

/// What was asked for, as it was spelled.
fn address(request: &HttpRequest) -> &str {
    request.uri().path_and_query().map_or(request.path(), |address| address.as_str())
}

/// What was asked for, spelled in one way: the order of parameters means nothing.
fn canonical(request: &HttpRequest) -> String {
    let mut parameters: Vec<_> = url::form_urlencoded::parse(request.query_string().as_bytes()).collect();
    if parameters.is_empty() {
        return request.path().to_owned();
    }
    parameters.sort();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{}?{query}", request.path())
}

/// The answer as it can be kept; as it came when it is not one that can.
fn finish<B: MessageBody>(
    response: ServiceResponse<B>,
    terms: (Timestamp, Sharing),
) -> Result<(HttpRequest, Arc<Entry>), ServiceResponse<B>> {
    let tag = response.headers().get(header::ETAG).cloned();
    let (Some(tag), StatusCode::OK) = (tag, response.status()) else { return Err(response) };
    let (request, response) = response.into_parts();
    let headers: Vec<(HeaderName, HeaderValue)> = response
        .headers()
        .iter()
        .filter(|(name, _)| **name != header::ETAG && **name != header::VARY)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let (response, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(body) => Ok((request, Arc::new(Entry::new(headers, (body, tag), terms)))),
        Err(body) => Err(ServiceResponse::new(request, response.set_body(body))),
    }
}

/// The answer for this caller, in the form that it wants.
async fn send<B>(request: HttpRequest, entry: Arc<Entry>, now: Timestamp) -> ServiceResponse<EitherBody<B, Bytes>> {
    let coding = Coding::wanted(&request);
    if entry.form(coding).is_none() {
        let entry = Arc::clone(&entry);
        // Should it fail, the form is made below.
        let _ = block(move || drop(entry.make_form(coding).clone())).await;
    }
    let form = entry.make_form(coding);
    let is_known = etag::already_has(request.headers(), form.tag.to_str().unwrap_or_default());
    let (status, body) = match is_known {
        true => (StatusCode::NOT_MODIFIED, Bytes::new()),
        false => (StatusCode::OK, form.body.clone()),
    };
    let mut response = HttpResponse::with_body(status, EitherBody::right(body));
    entry.write_head(form, (is_known, now), response.headers_mut());
    ServiceResponse::new(request, response)
}
