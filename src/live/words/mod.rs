//! What stories say, in words: how text is cut and folded, what of it is searched, and what somebody asks for.

mod asked;
mod fold;
pub mod index;
mod plain;

pub use asked::{SearchText, Term};
pub use fold::{Word, each_word};
pub use plain::plain_text;
