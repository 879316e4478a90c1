//! Answers from memory before anything else happens to a request: no routing, no middleware, no task, no lock that waits.
//!
//! What stands here is the same answer that the long way gives ([`super::keep`] put it there), with the same headers. A
//! request that is not plainly an anonymous read of something kept takes the long way.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::body::{EitherBody, MessageBody};
use actix_http::{HttpMessage, Request, Response};
use actix_service::{Service, ServiceFactory};
use actix_web::Error;
use actix_web::dev::{AppConfig, RequestHead, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapOk};

use super::cors::Cors;
use super::headers;
use super::limits::{Limits, Standing};
use crate::clock::{Clock, Timestamp};
use crate::health::Health;
use crate::http::cache::{Cache, Entry, Form};
use crate::http::coding::Coding;
use crate::http::etag;
use crate::http::request_id::{self, RequestId};

/// Most spellings of `Accept-Encoding` that each thread remembers the meaning of; browsers have a handful.
const MOST_SPELLINGS: usize = 32;

/// Where every kept answer is.
const KEPT_BELOW: &str = "/v1/";

/// What the front needs; the same for every connection of a thread.
pub struct Desk {
    cache: Cache,
    clock: Clock,
    cors: Rc<Cors>,
    health: Arc<Health>,
    limits: Data<Limits>,
    /// The headers that every answer has.
    common: HeaderMap,
    spellings: RefCell<Vec<(HeaderValue, Coding)>>,
}

impl Desk {
    /// One for each thread.
    pub fn new((cache, clock): (Cache, Clock), cors: Rc<Cors>, health: Arc<Health>, limits: Data<Limits>) -> Desk {
        Desk { cache, clock, cors, health, limits, common: headers::common(), spellings: RefCell::default() }
    }

    /// The answer, when there is one to be given at once.
    fn answer(&self, request: &Request) -> Option<Response<Bytes>> {
        let head = request.head();
        if !is_plain_read(head) {
            return None;
        }
        let address = head.uri.path_and_query()?.as_str();
        if !address.starts_with(KEPT_BELOW) {
            return None;
        }
        let now = self.clock.now();
        let entry = self.cache.get(address, now)?;
        let form = entry.form(self.coding(request))?;
        let is_known = etag::already_has(head.headers(), form.tag.to_str().ok()?);
        // Who has no request left is told so the long way, which counts nothing then either.
        let standing = self.limits.count_reader(head).ok()?;
        let response = self.response(head, (&entry, form), (is_known, now), standing);
        self.health.count(response.status());
        tracing::debug!(address, status = response.status().as_u16(), "answered from memory");
        Some(response)
    }

    fn response(
        &self,
        head: &RequestHead,
        (entry, form): (&Entry, &Form),
        (is_known, now): (bool, Timestamp),
        standing: Option<Standing>,
    ) -> Response<Bytes> {
        let mut response = match is_known {
            true => Response::with_body(StatusCode::NOT_MODIFIED, Bytes::new()),
            false => Response::with_body(StatusCode::OK, form.body.clone()),
        };
        let mut headers = self.common.clone();
        entry.write_head(form, (is_known, now), &mut headers);
        self.cors.allowance(head).write(&mut headers);
        if let Some(standing) = standing {
            standing.write(&mut headers);
        }
        let sent = head.headers().get(request_id::HEADER).and_then(|value| value.to_str().ok());
        if let Ok(id) = HeaderValue::from_str(&RequestId::from_caller_or_new(sent).to_string()) {
            headers.insert(request_id::HEADER, id);
        }
        *response.headers_mut() = headers;
        response
    }

    /// What the caller wants; a spelling is read once.
    fn coding(&self, request: &Request) -> Coding {
        let mut asked = request.headers().get_all(header::ACCEPT_ENCODING);
        let asked = match (asked.next(), asked.next()) {
            (None, _) => return Coding::Plain,
            (Some(asked), None) => asked,
            (Some(_), Some(_)) => return Coding::wanted(request),
        };
        let mut spellings = self.spellings.borrow_mut();
        if let Some((_, coding)) = spellings.iter().find(|(spelling, _)| spelling == asked) {
            return *coding;
        }
        let coding = Coding::wanted(request);
        if spellings.len() < MOST_SPELLINGS {
            spellings.push((asked.clone(), coding));
        }
        coding
    }
}

/// Whether this is a read by nobody in particular, with nothing that the long way has to look at.
fn is_plain_read(head: &RequestHead) -> bool {
    let long_way =
        [header::AUTHORIZATION, header::UPGRADE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT];
    matches!(head.method, Method::GET | Method::HEAD) && !long_way.iter().any(|name| head.headers.contains_key(name))
}

/// The whole application behind its front.
pub struct Front<F> {
    desk: Rc<Desk>,
    application: F,
}

impl<F> Front<F> {
    /// Puts `desk` before `application`.
    pub fn new(desk: Desk, application: F) -> Front<F> {
        Front { desk: Rc::new(desk), application }
    }
}

/// The running application of one thread behind its front.
pub struct FrontService<S> {
    desk: Rc<Desk>,
    application: S,
}

impl<F, B> ServiceFactory<Request> for Front<F>
where
    F: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error>,
    F::Future: 'static,
    F::Service: 'static,
    B: MessageBody,
{
    type Response = Response<EitherBody<Bytes, B>>;
    type Error = Error;
    type Config = AppConfig;
    type Service = FrontService<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let desk = Rc::clone(&self.desk);
        let application = self.application.new_service(config);
        Box::pin(application.map_ok(move |application| FrontService { desk, application }))
    }
}

type Behind<F, B> = MapOk<F, fn(ServiceResponse<B>) -> Response<EitherBody<Bytes, B>>>;

impl<S, B> Service<Request> for FrontService<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = Response<EitherBody<Bytes, B>>;
    type Error = Error;
    type Future = Either<Ready<Result<Self::Response, Error>>, Behind<S::Future, B>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.application.poll_ready(context)
    }

    fn call(&self, request: Request) -> Self::Future {
        match self.desk.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response.map_body(|_, body| EitherBody::left(body))))),
            None => Either::Right(self.application.call(request).map_ok(behind)),
        }
    }
}

fn behind<B>(response: ServiceResponse<B>) -> Response<EitherBody<Bytes, B>> {
    Response::from(response).map_body(|_, body| EitherBody::right(body))
}
