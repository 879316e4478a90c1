//! The edges of compression that actix leaves open.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderMap, HeaderValue};

/// Bodies below this, in bytes, go out as they are: they fit into one packet, and compressing them costs more than it
/// saves.
const SMALLEST: u64 = 1024;

/// Forgets an `Accept-Encoding` that refuses everything (`identity;q=0`). RFC 9110 §12.5.3 lets a server answer plainly
/// then; actix would answer 406 in plain text.
pub fn refuse_the_impossible(request: &mut ServiceRequest) {
    let ours = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::zstd()];
    let asked = actix_web::HttpMessage::get_header::<AcceptEncoding>(request);
    if asked.is_some_and(|asked| asked.negotiate(ours.iter()).is_none()) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
}

/// Marks a small answer so that it is not compressed; [`clean_up`] takes the mark away again.
pub fn leave_small<B: MessageBody>(response: &mut ServiceResponse<B>) {
    let small = matches!(response.response().body().size(), BodySize::Sized(bytes) if bytes < SMALLEST);
    if small && !response.headers().contains_key(header::CONTENT_ENCODING) {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
}

/// Removes the mark of [`leave_small`]: `identity` is no encoding that may be named (RFC 9110 §8.4.1).
pub fn clean_up(headers: &mut HeaderMap) {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value == "identity") {
        headers.remove(header::CONTENT_ENCODING);
    }
}
