//! The table of contents: one line for each room, in reading order.

use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::health;

/// Every address of the API, and with it the whole OpenAPI document.
pub fn routes(config: &mut ServiceConfig) {
    config.service(scope("/v1").configure(version_1)).configure(health::routes);
}

/// The rooms; each is asked for `pub fn routes(config: &mut ServiceConfig)`, with addresses relative to `/v1`.
fn version_1(_config: &mut ServiceConfig) {}
