//! Review: a story is submitted, looked at, and approved or sent back with what has to change.
//!
//! Only the last step is kept, with the version of the story that it was about; the log has all of them. Where the
//! review stands follows from that step and from the version that the story has now: an approval is of a version, so
//! that an edit makes it void, and the story waits to be looked at again. Nothing is locked meanwhile. A publication ends
//! the review, and so does a kill; a story that goes into the trash comes back with it.

mod api;
mod row;
mod state;
mod steps;

pub use api::routes;
pub use row::{ReviewRow, in_state};
pub use state::{Review, ReviewState, Step};
pub use steps::{approve, request_changes, submit, unsubmit};
