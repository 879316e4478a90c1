//! Preview links: addresses that show one working copy to somebody without an account, until they expire or are revoked.
//!
//! A link shows no more than whoever made it may read at that moment. Readers' addresses know nothing of it.

mod api;
mod definition;
mod preview;
mod secret;
mod store;

pub use store::{PreviewLinkRow, tidy};

use crate::http::service_config::ServiceConfig;

/// The addresses of this folder.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(api::routes).configure(preview::routes);
}
