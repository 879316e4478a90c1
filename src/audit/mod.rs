//! Looking back: the log for those who may read it, and the check that nobody touched what was written.

mod api;
mod entry;
mod store;
pub mod verify;

pub use api::routes;
