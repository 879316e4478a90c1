//! What a room registers its addresses with: a server that answers at them, or the OpenAPI document that describes them.
//!
//! utoipa's own configuration does both at once. Every thread that answers requests has a server's configuration of its
//! own, and would describe the whole API only to throw the description away.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig as Described;

/// Where addresses are registered, as with [`web::ServiceConfig`].
pub enum ServiceConfig<'a, 's> {
    /// A server, which answers.
    Serving(&'a mut web::ServiceConfig),
    /// The document, which describes.
    Describing(&'a mut Described<'s>),
}

impl ServiceConfig<'_, '_> {
    /// Registers an operation.
    pub fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + 'static,
    {
        match self {
            ServiceConfig::Serving(config) => drop(config.service(operation)),
            ServiceConfig::Describing(config) => drop(config.service(operation)),
        }
        self
    }

    /// Registers what a room or a file has.
    pub fn configure(&mut self, room: impl FnOnce(&mut ServiceConfig)) -> &mut Self {
        room(self);
        self
    }

    /// Registers what a room or a file has, below a prefix.
    pub fn scope(&mut self, prefix: &str, room: impl FnOnce(&mut ServiceConfig)) -> &mut Self {
        match self {
            ServiceConfig::Serving(config) => {
                let scope = web::scope(prefix).configure(|config| room(&mut ServiceConfig::Serving(config)));
                config.service(scope);
            }
            ServiceConfig::Describing(config) => {
                let scope = utoipa_actix_web::scope(prefix);
                let scope = scope.configure(|config: &mut Described| room(&mut ServiceConfig::Describing(config)));
                config.service(scope);
            }
        }
        self
    }
}
