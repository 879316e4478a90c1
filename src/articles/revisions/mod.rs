//! Every accepted save, whole. A revision's number is the version of the story that it made.

mod api;
mod number;
mod restore;
mod storage;
mod store;

pub use api::routes;
pub use store::{digest_of, each, keep};
