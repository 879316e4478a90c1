//! Builds everything from the settings, once. The program and the tests make the same call.

use std::sync::Arc;

use actix_web::web::{self, Data};

use crate::auth::{
    AccessKeys, Accounts, Links, Passkeys, Passwords, ResetLimiter, SecondFactors, SignInLimiter, SingleSignOn,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::db::migrate::{self, StartError};
use crate::events::{Ledger, Signer};
use crate::health::Health;
use crate::http::cache::Cache;
use crate::http::page::Cursors;
use crate::http::service_config::ServiceConfig;
use crate::live::Follower;
use crate::openapi::{self, Document, docs};
use crate::routes;
use crate::server::limits::Limits;
use crate::server::unmatched::{self, Addresses};
use crate::smtp::Mailer;

/// Everything that is shared. Clones share the same parts, so each worker thread gets one for next to nothing.
#[derive(Clone)]
pub struct App {
    config: Data<Config>,
    clock: Data<Clock>,
    db: Data<Db>,
    ledger: Data<Ledger>,
    signer: Data<Signer>,
    cursors: Data<Cursors>,
    cache: Cache,
    health: Data<Health>,
    document: Data<Document>,
    addresses: Data<Addresses>,
    access_keys: Data<AccessKeys>,
    passwords: Data<Passwords>,
    sign_in_limiter: Data<SignInLimiter>,
    limits: Data<Limits>,
    reset_limiter: Data<ResetLimiter>,
    links: Data<Links>,
    second_factors: Data<SecondFactors>,
    single_sign_on: Data<SingleSignOn>,
    passkeys: Data<Passkeys>,
    mailer: Option<Mailer>,
}

impl App {
    /// Opens the database, which must have been migrated, and makes every shared part.
    ///
    /// Errors: a line for the person who started the program.
    pub fn build(config: Config, clock: Clock) -> Result<App, StartError> {
        migrate::assert_safe_sqlite()?;
        let db = Db::open(&config.database, config.database_connections, config.statement_timeout)?;
        let mailer = config.mail.as_ref().map(Mailer::new).transpose();
        let mailer = mailer.map_err(|error| StartError::Unreachable(error.to_string()))?;
        let signer = Signer::new(&config.secret);
        let second_factors =
            SecondFactors::new(&config.secret, config.public_url.as_deref(), &config.second_factor_roles);
        let single_sign_on = SingleSignOn::new(&config);
        let single_sign_on = single_sign_on.map_err(|error| StartError::Unreachable(error.to_string()))?;
        let passkeys = Passkeys::new(&config).map_err(|error| StartError::Unreachable(error.to_string()))?;
        let cache = Cache::new(config.cache_bytes);
        let document = Data::new(Document::new(config.public_url.clone()));
        Ok(App {
            cursors: Data::new(Cursors::new(&config.secret)),
            access_keys: Data::new(AccessKeys::new(&config.secret)),
            passwords: Data::new(Passwords::of_site(config.public_url.as_deref())),
            reset_limiter: Data::new(ResetLimiter::default()),
            links: Data::new(Links::new(config.account_page(), config.mail.is_some())),
            second_factors: Data::new(second_factors),
            single_sign_on: Data::new(single_sign_on),
            passkeys: Data::new(passkeys),
            mailer,
            sign_in_limiter: Data::new(SignInLimiter::default()),
            limits: Data::new(Limits::new(&config, clock.clone())),
            health: Data::new(Health::new(db.clone(), clock.clone())),
            addresses: Data::new(Addresses::new(document.clone(), config.docs)),
            document,
            ledger: Data::new(Ledger::new(db.clone(), clock.clone(), signer.clone(), cache.clone())),
            cache,
            signer: Data::new(signer),
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
            .app_data(self.ledger.clone())
            .app_data(self.signer.clone())
            .app_data(Data::new(self.config.sharing))
            .app_data(Data::new(self.config.trusted_proxies.clone()))
            .app_data(Data::new(self.cache.clone()))
            .app_data(self.cursors.clone())
            .app_data(self.access_keys.clone())
            .app_data(self.passwords.clone())
            .app_data(self.sign_in_limiter.clone())
            .app_data(self.reset_limiter.clone())
            .app_data(self.links.clone())
            .app_data(self.second_factors.clone())
            .app_data(self.single_sign_on.clone())
            .app_data(self.passkeys.clone())
            .app_data(self.health.clone())
            .app_data(self.document.clone())
            .app_data(self.addresses.clone());
        routes::routes(&mut ServiceConfig::Serving(config));
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

    /// Finished answers.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// How often one caller may ask.
    pub fn limits(&self) -> &Data<Limits> {
        &self.limits
    }

    /// Whoever follows what others write into the log, from here on.
    ///
    /// Errors: a line for the person who started the program.
    pub fn follower(&self) -> Result<Follower, StartError> {
        let follower = Follower::new(self.db().clone(), self.cache.clone(), self.ledger.told());
        follower.map_err(|error| StartError::Unreachable(error.to_string()))
    }

    /// The accounts, for commands.
    pub fn accounts(&self) -> Accounts {
        let beside = (self.links(), self.second_factors().clone());
        Accounts::new(self.db().clone(), self.ledger(), self.passwords.get_ref().clone(), beside)
    }

    /// How one-time links are made.
    pub fn links(&self) -> Links {
        self.links.get_ref().clone()
    }

    /// How second factors are kept, and who needs one.
    pub fn second_factors(&self) -> &SecondFactors {
        &self.second_factors
    }

    /// The provider of single sign-on, when one is set.
    pub fn single_sign_on(&self) -> &SingleSignOn {
        &self.single_sign_on
    }

    /// What hands letters to the mail server, when one is set.
    pub fn mailer(&self) -> Option<Mailer> {
        self.mailer.clone()
    }

    /// The writing side of the database, for commands.
    pub fn ledger(&self) -> Ledger {
        self.ledger.get_ref().clone()
    }

    /// The keys that access tokens are signed with.
    pub fn access_keys(&self) -> &AccessKeys {
        &self.access_keys
    }

    /// The key that the log is signed with.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What is known about this instance.
    pub fn health(&self) -> Arc<Health> {
        self.health.clone().into_inner()
    }
}
