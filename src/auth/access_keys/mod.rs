//! The keys that access tokens are signed with, and how they change without signing anybody out.
//!
//! The database knows a key by its name, from when it signs and until when it is trusted. The key itself is derived from
//! the secret of the instance and that name, so every instance makes the same one and nothing secret is at rest. A new key
//! is known everywhere before it signs; the one before it is trusted until the last token that it signed has expired.

mod api;
mod current;
mod key;
mod keyring;
mod store;

pub use api::routes;
pub use current::AccessKeys;
pub use key::{AccessKey, Term};
pub use keyring::Keyring;
pub use store::{Rotation, all, as_rotated, prune, rotate};
