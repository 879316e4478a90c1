//! How often one caller may ask, and that they are told so.
//!
//! Whoever signed in is counted by their account, each API token by itself, so that a script that runs wild keeps nobody
//! from working; readers are counted by their network. Each instance counts for itself, in memory. Only `/v1` is counted:
//! who watches the server's health is not kept out.

mod quota;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, HttpMessage, HttpRequest, ResponseError};

use crate::auth::{Caller, Credential, SignedIn};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::http::forwarded::TrustedProxies;
use crate::http::network::Network;
use quota::Quota;

pub use quota::Standing;

/// Where requests are counted.
const COUNTED_BELOW: &str = "/v1/";

type Answered<B> = Result<ServiceResponse<EitherBody<B>>, ActixError>;

/// The limits of an instance; one for all workers.
pub struct Limits {
    readers: Option<Quota<Option<Network>>>,
    callers: Option<Quota<String>>,
    proxies: TrustedProxies,
    clock: Clock,
}

impl Limits {
    /// As the settings say.
    pub fn new(config: &Config, clock: Clock) -> Limits {
        Limits {
            readers: Quota::new("readers", config.rate_limit_readers),
            callers: Quota::new("callers", config.rate_limit_callers),
            proxies: config.trusted_proxies.clone(),
            clock,
        }
    }

    /// Counts a request of a reader, when readers have a limit. `Err` is for who has nothing left.
    pub fn count_reader(&self, request: &RequestHead) -> Result<Option<Standing>, Standing> {
        let Some(readers) = &self.readers else { return Ok(None) };
        let network = self.proxies.caller(request).map(Network::of);
        readers.count(&network, self.clock.now()).map(Some)
    }

    fn count_caller(&self, caller: &SignedIn) -> Result<Option<Standing>, Standing> {
        let Some(callers) = &self.callers else { return Ok(None) };
        let key = match &caller.credential {
            Credential::Session(_) | Credential::Absent => &caller.user_id,
            Credential::ApiToken(id) => id,
        };
        callers.count(key.as_str(), self.clock.now()).map(Some)
    }
}

/// Counts readers: whoever sends no token, and whoever sends one that is no good, which is known only when it was looked
/// at. It stands before whatever answers from memory.
pub async fn of_readers<B: MessageBody + 'static>(
    limits: Data<Limits>,
    request: ServiceRequest,
    next: Next<B>,
) -> Answered<B> {
    if limits.readers.is_none() || !request.path().starts_with(COUNTED_BELOW) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    if !request.headers().contains_key(header::AUTHORIZATION) {
        let counted = limits.count_reader(request.head());
        return go_on(counted, request, next).await;
    }
    let response = next.call(request).await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response.map_into_left_body());
    }
    match limits.count_reader(response.request().head()) {
        Ok(standing) => Ok(told(standing, response.map_into_left_body())),
        Err(standing) => Ok(refused(&standing, response.into_parts().0)),
    }
}

/// Counts whoever proved who they are. It stands behind what finds that out.
pub async fn of_callers<B: MessageBody + 'static>(
    limits: Data<Limits>,
    request: ServiceRequest,
    next: Next<B>,
) -> Answered<B> {
    let is_counted = request.path().starts_with(COUNTED_BELOW);
    let counted = match request.extensions().get::<Caller>().and_then(Caller::user).filter(|_| is_counted) {
        Some(user) => limits.count_caller(user),
        None => Ok(None),
    };
    go_on(counted, request, next).await
}

async fn go_on<B: MessageBody + 'static>(
    counted: Result<Option<Standing>, Standing>,
    request: ServiceRequest,
    next: Next<B>,
) -> Answered<B> {
    match counted {
        Ok(standing) => next.call(request).await.map(|response| told(standing, response.map_into_left_body())),
        Err(standing) => Ok(refused(&standing, request.into_parts().0)),
    }
}

fn told<B>(standing: Option<Standing>, mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    if let Some(standing) = standing {
        standing.write(response.headers_mut());
    }
    response
}

fn refused<B>(standing: &Standing, request: HttpRequest) -> ServiceResponse<EitherBody<B>> {
    let mut answer = Error::TooManyRequests(standing.wait()).error_response();
    standing.write(answer.headers_mut());
    ServiceResponse::new(request, answer).map_into_right_body()
}
