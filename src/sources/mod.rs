//! Sources: where stories come from, and how they want to be credited.

mod api;
mod source;
mod store;

pub use api::routes;
pub use source::{Source, SourceInput, SourceKind, SourceReference};
pub use store::{SourceRow, create, find, find_by_name};
