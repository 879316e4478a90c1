//! Letters. They wait in the database until a mail server takes them, so that a dead one blocks nobody and loses nothing.
//!
//! The queue keeps what a letter is about and for whom, and not what it says: that is written when it is sent, by the
//! room whose letter it is.

pub mod queue;

pub use queue::Letter;
