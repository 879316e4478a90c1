//! The numbers of revisions in an address. Text that is no number names no revision.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::error::{Error, Result};

/// The number of a revision.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RevisionNumber {
    /// The number of the revision.
    #[param(minimum = 1, example = 3)]
    pub number: i32,
}

/// The numbers of two revisions.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TwoRevisionNumbers {
    /// The number of the first revision.
    #[param(minimum = 1, example = 3)]
    pub from: i32,
    /// The number of the second revision.
    #[param(minimum = 1, example = 7)]
    pub to: i32,
}

fn read(request: &HttpRequest, name: &str) -> Result<i32> {
    let number = request.match_info().query(name).parse().ok();
    number.filter(|number| *number > 0).ok_or(Error::NotFound("revision"))
}

impl FromRequest for RevisionNumber {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, "number").map(|number| RevisionNumber { number }))
    }
}

impl FromRequest for TwoRevisionNumbers {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let numbers = read(request, "from").and_then(|from| read(request, "to").map(|to| (from, to)));
        ready(numbers.map(|(from, to)| TwoRevisionNumbers { from, to }))
    }
}
