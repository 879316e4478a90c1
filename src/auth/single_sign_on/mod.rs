//! Single sign-on by OpenID Connect: somebody else's provider says who is there.
//!
//! A sign-in has three steps, and each proves something else. The browser is led to the provider and comes back: the state
//! of the answer is ours, was not used before, and belongs to the cookie of this very browser. The provider tells us who it
//! is: its answer is signed, for us, for this sign-in, and fresh. The front end then exchanges a one-time code for the tokens
//! of a session, with what it kept since the beginning: the code alone is good for nothing, to whoever sees the address.
//!
//! An account is found by issuer and subject. One that merely has the same e-mail address is never taken over: its owner
//! links it, with their password, or an admin does.
//!
//! | file | what it does |
//! |---|---|
//! | [`api`], `link_api` | the addresses |
//! | `provider`, `client`, `person` | asks the provider, and checks what it says |
//! | `rules` | which role somebody has by their groups |
//! | `signing_in`, `admission`, `linking` | what becomes of it |
//! | `proof`, `ticket`, `cookie`, `store` | what the steps come with, and what is kept between them |
//! | `refusal` | why somebody does not get in: for the log, and for the page |

mod admission;
pub mod api;
mod client;
mod cookie;
mod link_api;
mod linking;
mod person;
mod proof;
mod provider;
mod refusal;
mod rules;
mod signing_in;
mod store;
mod ticket;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use self::cookie::BrowserCookie;
use self::provider::Provider;
use self::rules::Rules;
use self::ticket::Ticket;
use crate::auth::limiter::{SignInLimiter, StrangerLimiter};
use crate::auth::roles;
use crate::config::Config;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Rejection, Result};
use crate::http::service_config::ServiceConfig;

pub use signing_in::HOW;
pub use store::{IdentityRow, forget as forget_identities, is_linked};
pub use ticket::{forget as forget_codes, prune};

/// Single sign-on, when a provider is set.
#[derive(Clone)]
pub struct SingleSignOn(Option<Arc<On>>);

/// How much of whoever does not get in is in the log: each sort by itself, so that nobody hides one behind another.
#[derive(Default)]
struct Noted {
    /// Who comes with nothing.
    strays: StrangerLimiter,
    /// Who comes with what cannot be believed.
    unbelieved: StrangerLimiter,
    /// Whom the provider vouches for.
    vouched_for: StrangerLimiter,
}

/// Everything that it takes.
pub(super) struct On {
    provider: Arc<Provider>,
    rules: Rules,
    /// What front ends write on the button.
    name: String,
    /// Where browsers begin.
    start: String,
    /// The page of the front end that browsers are led back to. Comes from the settings alone, never from a request.
    page: String,
    cookie: BrowserCookie,
    /// Counts answers and codes that were not good. Apart from wrong passwords: whoever mistypes one keeps no colleague out.
    bad_answers: SignInLimiter,
    noted: Noted,
    /// What nonces and verifiers are made with.
    key: [u8; 32],
}

impl SingleSignOn {
    /// As the settings say. Asks the provider nothing yet.
    ///
    /// Errors: [`Error::Internal`] when the settings cannot be used, which they were checked for.
    pub fn new(config: &Config) -> Result<SingleSignOn> {
        let (Some(settings), Some(site)) = (&config.single_sign_on, &config.public_url) else {
            return Ok(SingleSignOn(None));
        };
        Ok(SingleSignOn(Some(Arc::new(On {
            provider: Arc::new(Provider::new(settings)?),
            rules: Rules::new(settings),
            name: settings.name.clone(),
            start: format!("{site}/v1/auth/single-sign-on/start"),
            page: config.account_page(),
            cookie: BrowserCookie::of_site(site),
            bad_answers: SignInLimiter::default(),
            noted: Noted::default(),
            key: config.secret.derive("single-sign-on"),
        }))))
    }

    /// The provider and what belongs to it.
    ///
    /// Errors: 409 when none is set.
    pub(super) fn on(&self) -> Result<Arc<On>> {
        let detail = "There is no single sign-on here: no DATELINE_OIDC_ISSUER is set. Sign in with a password.";
        self.0.clone().ok_or_else(|| Error::Conflict(Rejection::anywhere("single_sign_on_off", detail)))
    }

    /// Whether the groups at the provider decide over an account. Then its password signs nobody in: it would still do so
    /// when the groups are gone.
    pub(super) fn decides_over(&self, connection: &mut AnyConnection, user_id: &str) -> Result<bool> {
        match self.0.as_deref().filter(|on| on.rules.are_by_group()) {
            Some(on) => Ok(store::find(connection, user_id, on.provider.issuer())?.is_some()),
            None => Ok(false),
        }
    }

    /// Whether it leads to an account, so that its owner gets in without anything else.
    pub(super) fn leads_to(&self, connection: &mut AnyConnection, user_id: &str) -> Result<bool> {
        match self.0.as_deref() {
            Some(on) => Ok(store::find(connection, user_id, on.provider.issuer())?.is_some()),
            None => Ok(false),
        }
    }

    /// Says in the log which roles do not exist that somebody would be given.
    pub async fn warn_of_missing_roles(&self, db: &Db) {
        if let Some(on) = &self.0 {
            roles::warn_of_missing(db, "DATELINE_OIDC_ROLES or DATELINE_OIDC_DEFAULT_ROLE", on.rules.roles()).await;
        }
    }
}

impl On {
    /// The nonce of a sign-in. It is made from what the browser and the provider bring back, with a key that is not in the
    /// database, so that no copy of that tells it.
    fn nonce(&self, ticket: &Ticket) -> String {
        self.made_from("nonce", ticket)
    }

    /// The verifier of a sign-in (PKCE), made likewise.
    fn verifier(&self, ticket: &Ticket) -> String {
        self.made_from("verifier", ticket)
    }

    fn made_from(&self, purpose: &str, ticket: &Ticket) -> String {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key) else {
            unreachable!("HMAC takes a key of any length")
        };
        for part in [purpose, &ticket.hash, ticket.browser.as_deref().unwrap_or_default()] {
            mac.update(part.as_bytes());
            mac.update(b"/");
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(api::routes).configure(link_api::routes);
}
