//! Authors: the public profiles of those who write. They need no account, and an account needs no profile.

mod api;
mod author;
mod store;

pub use api::routes;
pub use author::{Author, AuthorInput, AuthorReference, Link};
pub use store::{AuthorRow, create, find, find_by_name, ids_of};
