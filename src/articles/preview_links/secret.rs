//! The secret of a preview link, and how it stands in an address.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::auth::opaque::{OpaqueSecret, Purpose};
use crate::error::{Error, Result};

/// What preview links are for.
pub enum Preview {}

impl Purpose for Preview {
    const PREFIX: &'static str = "dlp_";
}

/// The secret of a preview link.
pub type PreviewSecret = OpaqueSecret<Preview>;

impl FromRequest for PreviewSecret {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    /// A mistyped secret is answered like one that nobody made.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(PreviewSecret::parse(request.match_info().query("token")).ok_or(Error::NotFound("preview")))
    }
}
