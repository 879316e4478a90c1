//! Names in addresses: made from titles, unique, changeable, and never forgotten.

mod slug;
mod store;

pub use slug::Slug;
pub use store::{choose, first_free, forget, look_up, rename, seal, wait_for};
