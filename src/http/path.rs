//! The `{id}` of an address: an id or a slug.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Longest slug, in bytes; longer text in an address cannot name anything.
pub const LONGEST_SLUG: usize = 200;

/// What an address or a body names a resource by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// An id (UUID), in its lower-case form with hyphens.
    Id(String),
    /// A slug.
    Slug(String),
    /// Text that can be neither: it names nothing, on either database.
    Nothing,
}

impl Reference {
    /// Reads an id or a slug.
    pub fn parse(text: &str) -> Reference {
        if let Ok(id) = Uuid::try_parse(text) {
            return Reference::Id(id.hyphenated().to_string());
        }
        let slug_like = !text.is_empty()
            && text.len() <= LONGEST_SLUG
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if slug_like { Reference::Slug(text.to_owned()) } else { Reference::Nothing }
    }
}

impl Reference {
    /// Whether this was a slug that is not the present one: the caller should be sent on.
    pub fn is_former(&self, present: &str) -> bool {
        matches!(self, Reference::Slug(slug) if slug != present)
    }
}

/// The path parameter, for the API docs.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct IdOrSlug {
    /// The id or the slug.
    #[param(example = "kosovo", min_length = 1, max_length = 200)]
    pub id: String,
}

impl FromRequest for Reference {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Reference::parse(request.match_info().query("id"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_an_id_a_slug_or_nothing() {
        let id = "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10";
        assert_eq!(Reference::parse(&id.to_uppercase()), Reference::Id(id.to_owned()));
        assert_eq!(Reference::parse("kosovo-2026"), Reference::Slug("kosovo-2026".to_owned()));
        for nothing in ["", "Kosovo", "a/b", "a\0b", "a b", &"a".repeat(201)] {
            assert_eq!(Reference::parse(nothing), Reference::Nothing, "{nothing}");
        }
    }
}
