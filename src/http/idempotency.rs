//! `Idempotency-Key`: a caller who is not sure that a `POST` arrived sends it again, and it happens once
//! (draft-ietf-httpapi-idempotency-key-header).

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::input::LARGEST_BODY;
use crate::error::{Error, Rejection, Result};
use crate::hash::hexadecimal;

/// The header.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key, in bytes.
const LONGEST: usize = 255;

/// The key of a request, and what tells this request from another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// What the caller chose.
    pub key: String,
    /// A hash of the address and the body.
    pub fingerprint: String,
}

/// The header, for the API docs.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyHeader {
    /// A text of your choice, such as a UUID, up to 255 characters. Sending the same request again with it within a day
    /// does nothing twice: you get the first answer again, marked with `Idempotent-Replayed: true`.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    pub idempotency_key: Option<String>,
}

impl IdempotencyKey {
    /// The key of this request, when it has one.
    pub fn of(request: &HttpRequest) -> Option<IdempotencyKey> {
        request.extensions().get::<IdempotencyKey>().cloned()
    }
}

/// The middleware: notes the key of a `POST` and the fingerprint of its body, and hands the body on.
///
/// Errors: 400 for a key that cannot be one, 413 for a body that nothing here would read.
pub async fn note(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> std::result::Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() == Method::POST
        && let Some(key) = key(&request)?
    {
        let body = collect(request.take_payload()).await?;
        let mut hash = Sha256::new();
        for part in [request.path().as_bytes(), request.query_string().as_bytes(), &body] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let fingerprint = hexadecimal(&hash.finalize());
        request.extensions_mut().insert(IdempotencyKey { key, fingerprint });
        request.set_payload(Payload::from(body));
    }
    next.call(request).await
}

fn key(request: &ServiceRequest) -> Result<Option<String>> {
    let mut values = request.headers().get_all(&HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > LONGEST || values.next().is_some() {
        let detail = format!("must be one text of 1 to {LONGEST} printable ASCII characters, such as a UUID");
        return Err(Error::BadRequest(vec![Rejection::header("Idempotency-Key", "invalid", detail)]));
    }
    Ok(Some(key.to_owned()))
}

/// The bytes as they came, at most as many as any operation reads.
async fn collect(mut payload: Payload) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Error::BadRequest(vec![Rejection::anywhere("body_unreadable", "the body ended early; send it again")])
        })?;
        if bytes.len() + chunk.len() > LARGEST_BODY {
            return Err(Error::TooLarge(LARGEST_BODY));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}
