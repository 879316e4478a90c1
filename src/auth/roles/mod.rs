//! The roles of the newsroom: the built-in ones, and those that admins make as sets of permissions with limits.

mod api;
mod definition;
mod name;
mod store;

pub use api::routes;
pub use name::RoleName;
pub use store::{RoleRow, hold, refuse_unknown, replace_by_ids, rights_of, warn_of_missing};
