//! API tokens: what scripts and front ends sign in with. Each may do a part of what its owner may, until it expires or
//! is revoked.

mod api;
mod bearer;
mod definition;
mod secret;
mod store;

pub use api::routes;
pub use bearer::{is_api_token, recognise};
pub use store::{ApiTokenRow, find_by_id, prune, revoke_all};
