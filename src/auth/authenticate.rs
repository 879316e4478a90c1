//! Finds out who is calling, once for each request, before anything else happens to it.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError};

use super::access_keys::AccessKeys;
use super::api_tokens;
use super::caller::{Caller, Credential, SignedIn};
use super::registered::registered;
use super::second_factor::SecondFactors;
use super::session_store;
use super::token;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};

/// The middleware; wrap it around every route, inside the request id and CORS:
/// `.wrap(actix_web::middleware::from_fn(auth::authenticate))`.
///
/// No `Authorization` header is an anonymous caller. One that is not exactly a good access token of a living session, or
/// a good API token, is 401 on every route, also where anybody may read: a client with a stale token must notice, not be
/// shown less.
pub async fn authenticate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let mut response = match caller(&request).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await?.map_into_left_body()
        }
        Err(error) => request.into_response(error.error_response()).map_into_right_body(),
    };
    // The same address answers an editor and a reader differently, so no cache may mix them up.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Authorization"));
    Ok(response)
}

async fn caller(request: &ServiceRequest) -> Result<Caller> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let value = match (headers.next(), headers.next()) {
        (None, _) => return Ok(Caller::Anonymous),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(refused("two Authorization headers")),
    };
    let token = bearer(value).ok_or_else(|| refused("not a bearer token"))?;
    if api_tokens::is_api_token(token) {
        return api_tokens::recognise(request.request(), token).await.map(Caller::User);
    }
    signed_in(request, token).await.map(Caller::User)
}

/// The token in `Bearer TOKEN`; the scheme in any case (RFC 9110 §11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Checks the signature first, so that only tokens of ours cost a query.
async fn signed_in(request: &ServiceRequest, text: &str) -> Result<SignedIn> {
    let keys = registered::<AccessKeys>(request.request())?;
    let db = registered::<Db>(request.request())?;
    let now = registered::<Clock>(request.request())?.now();
    let grant = token::verify(&*keys.keyring(&db).await?, text, now).map_err(refused)?;
    let second_factors = registered::<SecondFactors>(request.request())?;
    let holder = db.look_up(move |connection| {
        let Some(holder) = session_store::holder(connection, &grant.session_id, now)? else { return Ok(None) };
        if holder.user_id != grant.user_id {
            return Ok(None);
        }
        let lacks_second_factor =
            !holder.second_factor && second_factors.are_lacking(connection, &holder.user_id, &holder.rights)?;
        let credential = Credential::Session(grant.session_id);
        Ok(Some(SignedIn { user_id: holder.user_id, credential, rights: holder.rights, lacks_second_factor }))
    });
    holder.await?.ok_or_else(|| refused("the session has ended"))
}

/// One answer, whatever the reason; the reason is for the log.
fn refused(reason: &'static str) -> Error {
    tracing::debug!(reason, "a token was refused");
    let detail =
        "The access token is not valid or has expired. POST /v1/auth/refresh gives a new one, or sign in again.";
    Error::Unauthorized(detail.into())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn from(values: &[&str]) -> Result<Caller> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((header::AUTHORIZATION, *value));
        }
        caller(&request.to_srv_request()).await
    }

    #[actix_web::test]
    async fn s10_only_no_header_at_all_is_anonymous() {
        assert!(matches!(from(&[]).await, Ok(Caller::Anonymous)));
        for wrong in ["", " ", "Bearer", "Bearer ", "Basic YTpi", "BearerX y", "token", "Negotiate"] {
            assert!(matches!(from(&[wrong]).await, Err(Error::Unauthorized(_))), "{wrong:?}");
        }
        assert!(matches!(from(&["Bearer a", "Bearer a"]).await, Err(Error::Unauthorized(_))));
    }
}
