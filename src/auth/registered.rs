//! Takes what the server registered for all workers; its absence is a fault of ours, not of the caller.

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::error::{Error, Result};

/// The shared value of this type.
///
/// Errors: [`Error::Internal`] when the server registered none.
pub fn registered<T: 'static>(request: &HttpRequest) -> Result<Data<T>> {
    let missing = || Error::internal(format_args!("{} is not registered with the server", std::any::type_name::<T>()));
    request.app_data::<Data<T>>().cloned().ok_or_else(missing)
}
