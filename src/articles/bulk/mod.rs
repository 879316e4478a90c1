//! Many changes in one request: the same operations, permissions and versions as one by one.

mod api;
mod apply;
mod input;

pub use api::routes;
