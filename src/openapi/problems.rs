//! The problems that operations share, and by which rule an operation has one. 405 is not among them: it is what an
//! operation that does not exist answers.

use std::time::Duration;

use actix_web::http::Method;

use crate::error::{Error, Rejection};

/// What the rules look at.
pub struct Facts<'a> {
    /// Its address, with `{id}` and the like.
    pub path: &'a str,
    /// Its method.
    pub method: Method,
    /// The names of its parameters and headers.
    pub parameters: Vec<&'a str>,
    /// Whether it reads a body.
    pub has_body: bool,
    /// Whether it looks at who calls.
    pub is_guarded: bool,
}

impl Facts<'_> {
    fn is_sign_in(&self) -> bool {
        self.path.starts_with("/v1/auth/")
    }

    fn is_of_news(&self) -> bool {
        self.path.starts_with("/v1/") && !self.is_sign_in()
    }

    /// Whether it is a step of signing in that can collide with what is stored or set.
    fn may_collide(&self) -> bool {
        let is_of_second_factor = self.path.contains("/second-factor") && self.is_guarded && self.changes();
        let is_of_passkeys = self.path.starts_with("/v1/auth/passkeys");
        let is_of_single_sign_on =
            self.path.contains("/single-sign-on/") || self.path.starts_with("/v1/users/{id}/single");
        is_of_second_factor || is_of_passkeys || is_of_single_sign_on
    }

    fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether a change must name the version it is based on.
    pub fn needs_version(&self) -> bool {
        (self.path == "/v1/articles/{id}" || self.path.ends_with("/revisions/{number}/restore")) && self.changes()
    }

    /// Whether it has a parameter or header of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|given| given.eq_ignore_ascii_case(name))
    }
}

/// One shared problem: the name of its component, when an operation has it, and an example of it.
pub struct Rule {
    /// The name of the component.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// Whether an operation can answer this.
    pub applies: fn(&Facts) -> bool,
    /// One of its kind.
    pub example: fn() -> Error,
}

/// Every shared problem, by status.
pub const RULES: [Rule; 15] = [
    Rule {
        name: "BadRequest",
        description: "The request cannot be understood. `errors` names every refused parameter and header.",
        applies: |facts| facts.has_body || !facts.parameters.is_empty(),
        example: || Error::bad_parameter("limit", "out_of_range", "must be a whole number from 1 to 100"),
    },
    Rule {
        name: "Unauthorized",
        description: "No token where one is needed, or a token that is expired, ended or not ours.",
        applies: |_| true,
        example: || Error::Unauthorized("The token has expired. Sign in again.".into()),
    },
    Rule {
        name: "Forbidden",
        description: "We know who calls, and this is not theirs to do.",
        applies: |facts| facts.is_guarded,
        example: || Error::Forbidden("Your role may not do this.".into()),
    },
    Rule {
        name: "NotFound",
        description: "Missing, or hidden from this caller.",
        applies: |facts| facts.path.contains('{') || facts.path.ends_with("/link") && facts.method == Method::DELETE,
        example: || Error::NotFound("article"),
    },
    Rule {
        name: "Conflict",
        description: "The request collides with what is stored. `errors` names the field.",
        applies: |facts| facts.is_of_news() && facts.changes() || facts.may_collide(),
        example: || Error::taken("/slug", "is taken by another article"),
    },
    Rule {
        name: "Killed",
        description: "The article was withdrawn, its past included. `detail` says why, as far as readers are told.",
        applies: |facts| facts.method == Method::GET && facts.path.starts_with("/v1/articles/{id}"),
        example: || Error::Gone("It rested on a forged document.".to_owned()),
    },
    Rule {
        name: "VersionMismatch",
        description: "`If-Match` names a version that is no longer the current one. Nothing was changed.",
        applies: |facts| facts.has("If-Match"),
        example: || Error::VersionMismatch("\"8\"".to_owned()),
    },
    Rule {
        name: "TooLarge",
        description: "The body is larger than the limit, counted after decompression.",
        applies: |facts| facts.has_body,
        example: || Error::TooLarge(1024 * 1024),
    },
    Rule {
        name: "UnsupportedMediaType",
        description: "The body is not JSON, or compressed in a way that is not read.",
        applies: |facts| facts.has_body,
        example: || Error::UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.".into()),
    },
    Rule {
        name: "InvalidFields",
        description: "The request was understood, and some fields are not acceptable. `errors` names all of them.",
        applies: |facts| facts.has_body,
        example: || {
            Error::Unprocessable(vec![
                Rejection::field("/title", "required", "is required and cannot be null"),
                Rejection::field("/tags/2", "not_found", "is not the id or slug of a tag"),
            ])
        },
    },
    Rule {
        name: "VersionRequired",
        description: "A change must name the version it is based on in `If-Match`.",
        applies: |facts| facts.needs_version(),
        example: || Error::VersionRequired,
    },
    Rule {
        name: "TooManyRequests",
        description: "Too many requests, or refused sign-ins. `Retry-After` says when to come back.",
        applies: |facts| facts.path.starts_with("/v1/"),
        example: || Error::TooManyRequests(Duration::from_secs(30)),
    },
    Rule {
        name: "InternalError",
        description: "A fault of ours. It was logged under the `request_id`.",
        applies: |_| true,
        example: || Error::Internal(String::new()),
    },
    Rule {
        name: "Unavailable",
        description: "The database is away or too busy. Nothing was stored; `Retry-After` says when to come back.",
        applies: |_| true,
        example: || Error::Unavailable(String::new()),
    },
    Rule {
        name: "Timeout",
        description: "The answer took longer than the server allows.",
        applies: |_| true,
        example: || Error::Timeout,
    },
];
