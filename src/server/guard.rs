//! Stands between the handlers and everything else: no request may take for ever, take a worker down, or leave without
//! a proper answer.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, ResponseError};
use actix_web::http::{ConnectionType, Method, header};
use actix_web::middleware::Next;

use super::compression;
use crate::error::{Error, Rejection};
use crate::panics;

/// Runs the handler within `limit`. A panic is answered with 500 and stays alone: without this the worker thread would
/// end, and with it every connection that it holds.
pub async fn call<B: MessageBody>(
    limit: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    // Nothing here is a WebSocket, and a connection that was told of one reads what follows wrongly: it is closed.
    if request.headers().contains_key(header::UPGRADE) {
        let refusal = Rejection::header("Upgrade", "not_offered", "nothing here can be upgraded; leave the header out");
        let mut answer = Error::BadRequest(vec![refusal]).error_response();
        answer.head_mut().set_connection_type(ConnectionType::Close);
        return Err(InternalError::from_response("answered", answer).into());
    }
    // HEAD is GET without the body (RFC 9110 §9.3.2), which the connection leaves out by itself, because it remembers
    // what was asked.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let answered = tokio::time::timeout(limit, panics::caught_in(async move { next.call(request).await })).await;
    match answered.unwrap_or_else(|_| Err(Error::Timeout.into())) {
        Ok(mut response) => {
            compression::leave_small(&mut response);
            Ok(response)
        }
        // Written out here, where the request's id is still known.
        Err(error) => Err(InternalError::from_response("answered", error.error_response()).into()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    async fn status_of(path: &str) -> StatusCode {
        let broken = || async { panic!("on purpose") as HttpResponse };
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            HttpResponse::Ok().finish()
        };
        let app = App::new()
            .wrap(from_fn(|request, next| call(Duration::from_millis(20), request, next)))
            .route("/broken", web::get().to(broken))
            .route("/slow", web::get().to(slow));
        let app = init_service(app).await;
        let error = try_call_service(&app, TestRequest::get().uri(path).to_request()).await.unwrap_err();
        let answer = error.error_response();
        assert_eq!(answer.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
        answer.status()
    }

    #[actix_web::test]
    async fn s74_a_panic_is_answered_and_a_slow_handler_is_cut_off() {
        assert_eq!(status_of("/broken").await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status_of("/slow").await, StatusCode::GATEWAY_TIMEOUT);
    }
}
