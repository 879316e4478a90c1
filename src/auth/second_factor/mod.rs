//! The second factor: a code from an authenticator app, or one of the recovery codes that were written down.
//!
//! Whoever has one on signs in in two steps: a right password gives a challenge, and the challenge with a code gives the
//! session. Each code is good once. A copy of the database helps nobody: the secrets of the apps are encrypted with a key
//! that is not in it, and of recovery codes and challenges there are hashes only.

mod api;
mod challenge;
mod code;
mod enrolment;
mod proof;
mod signing_in;
mod store;
mod totp;

use std::sync::Arc;

use self::totp::TotpSecret;
use crate::auth::cipher::Cipher;
use crate::auth::decide::Rights;
use crate::auth::roles;
use crate::auth::visitor::Visitor;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::http::service_config::ServiceConfig;

pub use challenge::forget as forget_challenges;
pub use code::Code;
pub use proof::Proof;
pub use signing_in::{SignIn, SignInChallenge, ask};

/// What apps show above the code when the site has no name.
const NAMELESS: &str = "Dateline";

/// How the second factors of an instance are kept, and which roles need one.
#[derive(Clone)]
pub struct SecondFactors {
    cipher: Cipher,
    /// What apps show above the code.
    issuer: Arc<str>,
    /// The names of the roles that need one.
    roles: Arc<[String]>,
}

impl SecondFactors {
    /// `site` is the address under which the outside world knows the instance, `roles` are those that need a second factor.
    pub fn new(secret: &Secret, site: Option<&str>, roles: &[String]) -> SecondFactors {
        let host = site.and_then(|site| url::Url::parse(site).ok()).and_then(|url| Some(url.domain()?.to_owned()));
        SecondFactors {
            cipher: Cipher::new(secret, "second-factor"),
            issuer: host.map_or_else(|| NAMELESS.into(), Arc::from),
            roles: roles.into(),
        }
    }

    /// Whether whoever has this role needs one.
    fn are_needed_by(&self, role: &str) -> bool {
        self.roles.iter().any(|name| name == role)
    }

    /// Says in the log which of those roles do not exist: one that is misspelled protects nobody. That is no reason not to
    /// serve, because a role can be made later.
    pub async fn warn_of_missing_roles(&self, db: &Db) {
        roles::warn_of_missing(db, "DATELINE_SECOND_FACTOR_ROLES", self.roles.to_vec()).await;
    }

    /// Whether somebody has to set one up before they may do anything else.
    pub fn are_lacking(&self, connection: &mut AnyConnection, user_id: &str, rights: &Rights) -> Result<bool> {
        Ok(self.are_needed_by(&rights.role) && !is_on(connection, user_id)?)
    }

    /// Whether a code is good for this account now; that uses it up. A refusal is counted and in the log, so whoever asks
    /// has to commit it.
    fn accept(
        &self,
        connection: &mut AnyConnection,
        journal: &mut Journal,
        (user_id, code, visitor): (&str, &Code, &Visitor),
    ) -> Result<bool> {
        let accepted = match code {
            Code::App(code) => match self.step_of(connection, user_id, code, journal.now())? {
                Some(step) => store::use_step(connection, user_id, step)?,
                None => false,
            },
            Code::Recovery(code) => {
                let used = store::use_recovery_code(connection, user_id, code)?;
                if used {
                    let event = Event::new(Action::RecoveryCodeUsed, Resource::User, user_id);
                    journal.record(event.noted(visitor.note()));
                }
                used
            }
        };
        if !accepted {
            store::count_wrong(connection, user_id)?;
            note_refusal(journal, user_id, visitor);
        }
        Ok(accepted)
    }

    /// The secret of an account that was kept; `None` when it was encrypted for another one, or under another key.
    fn kept(&self, user_id: &str, sealed: &[u8]) -> Option<TotpSecret> {
        TotpSecret::from_bytes(&self.cipher.open(user_id, sealed)?)
    }

    /// The step of time whose code this is, of the factor that is on.
    fn step_of(
        &self,
        connection: &mut AnyConnection,
        user_id: &str,
        code: &code::AppCode,
        now: Timestamp,
    ) -> Result<Option<i64>> {
        let Some(factor) = store::find(connection, user_id)? else { return Ok(None) };
        let Some(secret) = self.kept(user_id, &factor.secret) else {
            // Recovery codes still work, and the operator can remove the factor.
            tracing::error!(user_id, "a second factor cannot be decrypted; was DATELINE_SECRET changed?");
            return Ok(None);
        };
        Ok(secret.step_of(code, now))
    }
}

/// Whether an account signs in with a second factor.
pub fn is_on(connection: &mut AnyConnection, user_id: &str) -> Result<bool> {
    Ok(store::find(connection, user_id)?.is_some())
}

/// Deletes what has run out: challenges, and secrets that no code ever came for. Gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(challenge::prune(connection, now)? + store::prune(connection, now)?)
}

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(api::routes);
}

fn note_refusal(journal: &mut Journal, user_id: &str, visitor: &Visitor) {
    let event = Event::new(Action::SecondFactorRefused, Resource::User, user_id);
    journal.record(event.noted(visitor.note()));
}

/// One answer, whether the code is none, was used, or comes after too many wrong ones.
fn wrong_code() -> Error {
    let detail = "is wrong or was used before; send the next one that your app shows, or a recovery code";
    Error::Unprocessable(vec![Rejection::field("/code", "wrong_code", detail)])
}
