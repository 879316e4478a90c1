//! The edges of compression that actix leaves open.

use crate::http::coding::SMALLEST;
use crate::http::etag;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderMap, HeaderValue};

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
    let small = matches!(response.response().body().size(), BodySize::Sized(bytes) if bytes < SMALLEST as u64);
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

/// Gives an answer that was just compressed a tag of its own: a strong tag stands for bytes.
pub fn tag_coded(headers: &mut HeaderMap) {
    let coding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let (Some(coding), Some(tag)) = (coding, headers.get(header::ETAG)) {
        let tag = etag::coded(tag, &coding);
        headers.insert(header::ETAG, tag);
    }
}
