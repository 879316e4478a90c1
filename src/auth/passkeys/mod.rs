//! Passkeys (WebAuthn): somebody signs in with a device that holds a key, and shows the device a PIN, a finger or their face.
//!
//! That is two factors in one step, so a session that begins so counts as one with a second factor, and no code is asked for.
//! The password does not change by it: alone it gives what it gave before.
//!
//! A ceremony has two halves, between which the browser asks the device. Nothing is kept in between: what the second half has
//! to know travels with the front end, sealed, for five minutes. What succeeded is remembered until then, so that nothing
//! succeeds twice.
//!
//! | file | what it does |
//! |---|---|
//! | `api` | the addresses |
//! | [`ceremony`], `response` | what the second half of a ceremony comes with: ours, and the browser's |
//! | `registering`, `signing_in`, `removing` | what becomes of it |
//! | `fault`, `refusal` | why a device is not believed, and why somebody does not get in |
//! | `passkey`, `store` | what is kept, and what is shown of it |

mod api;
mod ceremony;
mod fault;
mod passkey;
mod refusal;
mod registering;
mod removing;
mod response;
mod signing_in;
mod store;

use std::sync::Arc;

use uuid::Uuid;
use webauthn_rp::bin::Decode;
use webauthn_rp::request::register::UserHandle16;
use webauthn_rp::request::{AsciiDomain, RpId};

use self::ceremony::Ceremonies;
use crate::config::Config;
use crate::error::{Error, Rejection, Result};
use crate::http::service_config::ServiceConfig;

pub use signing_in::HOW;
pub use store::{PasskeyRow, forget as forget_passkeys, prune};

/// Passkeys, where they are good.
#[derive(Clone)]
pub struct Passkeys(Option<Arc<On>>);

/// Everything that they take.
pub(super) struct On {
    /// Whom devices keep their keys for: the domain.
    relying_party: RpId,
    /// The pages that ceremonies may run on.
    origins: Vec<String>,
    ceremonies: Ceremonies,
}

impl Passkeys {
    /// As the settings say.
    ///
    /// Errors: [`Error::Internal`] when the settings cannot be used, which they were checked for.
    pub fn new(config: &Config) -> Result<Passkeys> {
        let Some(settings) = &config.passkeys else { return Ok(Passkeys(None)) };
        let domain = AsciiDomain::try_from(settings.domain.clone()).map_err(Error::internal)?;
        Ok(Passkeys(Some(Arc::new(On {
            relying_party: RpId::Domain(domain),
            origins: settings.origins.clone(),
            ceremonies: Ceremonies::new(&config.secret),
        }))))
    }

    /// What they take.
    ///
    /// Errors: 409 when there are none here.
    fn on(&self) -> Result<Arc<On>> {
        let detail = "There are no passkeys here: no DATELINE_PASSKEY_ORIGINS is set. Sign in with a password.";
        self.0.clone().ok_or_else(|| Error::Conflict(Rejection::anywhere("passkeys_off", detail)))
    }
}

/// What devices call an account: its id, so that nothing more is kept and it tells nobody who it is.
fn user_handle(user_id: &str) -> Result<UserHandle16> {
    let id = Uuid::try_parse(user_id).map_err(Error::internal)?;
    UserHandle16::decode(id.into_bytes()).map_err(Error::internal)
}

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(api::routes);
}
