//! Looking back: the log for those who may read it, and the check that nobody touched what was written.

mod api;
mod entry;
mod reader;
mod store;
pub mod verify;

pub use api::routes;
pub use entry::{LogActor, LogEntry};
pub use reader::Reader;
pub use store::LogFilter;
