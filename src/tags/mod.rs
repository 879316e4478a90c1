//! Tags: what stories are about, and the sections they stand in. The smallest room: the one to copy.

mod api;
mod known;
mod store;
mod tag;

pub use api::routes;
pub use known::KnownTags;
pub use store::{TagRow, create, find};
pub use tag::{Tag, TagInput, TagKind, TagReference};
