//! Builds everything from the settings, once. The program and the tests make the same call.

use std::sync::Arc;

use actix_web::web::{self, Data};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::db::migrate::{self, StartError};
use crate::health::Health;
use crate::http::page::Cursors;
use crate::openapi::{self, Document, docs};
use crate::routes;
use crate::server::unmatched::{self, Addresses};

/// Everything that is shared. Clones share the same parts, so each worker thread gets one for next to nothing.
#[derive(Clone)]
pub struct App {
    config: Data<Config>,
    clock: Data<Clock>,
    db: Data<Db>,
    cursors: Data<Cursors>,
    health: Data<Health>,
    document: Data<Document>,
    addresses: Data<Addresses>,
    // AUTH: the parts of sign-in (Tokens, Passwords, SignInLimiter) join here, …
}

impl App {
    /// Opens the database, which must have been migrated, and makes every shared part.
    ///
    /// Errors: a line for the person who started the program.
    pub fn build(config: Config, clock: Clock) -> Result<App, StartError> {
        migrate::assert_safe_sqlite()?;
        let db = Db::open(&config.database, config.database_connections)?;
        let document = Document::new(openapi::document(config.public_url.as_deref()));
        Ok(App {
            cursors: Data::new(Cursors::new(&config.secret)),
            // AUTH: … are made here, …
            health: Data::new(Health::new(db.clone(), clock.clone())),
            addresses: Data::new(Addresses::new(&document.openapi, config.docs)),
            document: Data::new(document),
            db: Data::new(db),
            clock: Data::new(clock),
            config: Data::new(config),
        })
    }

    /// Registers the shared parts and every address; runs once in each worker thread.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.config.clone())
            .app_data(self.clock.clone())
            .app_data(self.db.clone())
            .app_data(self.cursors.clone())
            // AUTH: … and are handed to the handlers here. The middleware goes into server.rs.
            .app_data(self.health.clone())
            .app_data(self.document.clone())
            .app_data(self.addresses.clone());
        routes::routes(&mut ServiceConfig::new(config));
        config.configure(openapi::routes);
        if self.config.docs {
            config.configure(docs::routes);
        }
        config.default_service(web::to(unmatched::answer));
    }

    /// The checked settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The clock that everything reads.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// What is known about this instance.
    pub fn health(&self) -> Arc<Health> {
        self.health.clone().into_inner()
    }
}
