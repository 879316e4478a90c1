//! Tags: what stories are about, and the sections they stand in. The smallest room: the one to copy.

mod api;
mod store;
mod tag;

pub use api::routes;
pub use store::{KnownTag, TagRow, create, find, find_by_name, known};
pub use tag::{Tag, TagInput, TagKind, TagReference};
