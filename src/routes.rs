//! The table of contents: one line for each room, in reading order.

use crate::http::service_config::ServiceConfig;
use crate::{articles, audit, auth, authors, health, live, root, search, sources, tags};

/// Every address of the API, and with it the whole OpenAPI document.
pub fn routes(config: &mut ServiceConfig) {
    config.scope("/v1", version_1).configure(auth::well_known_routes).configure(health::routes);
    config.configure(root::routes);
}

/// The rooms; each is asked for `pub fn routes(config: &mut ServiceConfig)`, with addresses relative to `/v1`. A request
/// goes to the first that fits, and tries an expression for each address with a name in it until then: what is read most
/// comes first.
fn version_1(config: &mut ServiceConfig) {
    // Before the articles, because `/articles/export` is not a story that is called so.
    config.configure(live::routes);
    config.configure(articles::routes);
    config.configure(live::story_routes);
    config.configure(search::routes);
    config.configure(authors::routes);
    config.configure(sources::routes);
    config.configure(tags::routes);
    config.configure(audit::routes);
    config.configure(auth::routes);
}
