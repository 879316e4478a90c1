//! What second factors do to accounts: set up, renewed, removed.

use serde::Serialize;
use utoipa::ToSchema;

use super::code::{Code, RecoveryCode};
use super::proof::Proof;
use super::totp::TotpSecret;
use super::{challenge, note_refusal, store, wrong_code};
use crate::auth::accounts::{Accounts, wrong_password};
use crate::auth::password::Password;
use crate::auth::user_store::{self, UserRow};
use crate::auth::visitor::Visitor;
use crate::auth::{SignedIn, session_list};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Actor, Event, Journal, Resource};
use crate::http::query::WriteOptions;

/// How many recovery codes are made at a time.
const RECOVERY_CODES: usize = 10;

/// Where somebody stands with their second factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactorState {
    /// Since when signing in takes a code; `null` while it does not.
    #[schema(required)]
    on_since: Option<Timestamp>,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
    /// Whether your role needs one; without one you may then do nothing else.
    required: bool,
}

/// What an authenticator app has to know.
#[derive(Serialize, ToSchema)]
pub struct FreshSecondFactor {
    /// The secret in base32, to be typed into an app. Shown this once.
    secret: String,
    /// The same as an address, to be shown as a QR code.
    uri: String,
}

/// Codes for whoever has lost the app.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each is good once, in place of a code from the app. Shown this once: print them, or keep them with your passwords.
    recovery_codes: Vec<String>,
}

impl Accounts {
    /// Where somebody stands with their second factor.
    pub async fn second_factor(&self, user: &SignedIn) -> Result<SecondFactorState> {
        let (id, required) = (user.user_id.clone(), self.second_factors.are_needed_by(&user.rights.role));
        let read = self.db.read(move |connection| {
            Ok(SecondFactorState {
                on_since: store::find(connection, &id)?.and_then(|factor| factor.on_since),
                recovery_codes_left: store::recovery_codes_left(connection, &id)?,
                required,
            })
        });
        read.await
    }

    /// Makes a secret for an authenticator app, in place of one that was not confirmed.
    ///
    /// Errors: 409 when a factor is on, 422 on `/current_password` when it is wrong.
    pub async fn begin_second_factor(&self, user: &SignedIn, password: Option<&Password>) -> Result<FreshSecondFactor> {
        let account = self.prove(user, password).await?;
        let secret = TotpSecret::make()?;
        let fresh = FreshSecondFactor {
            uri: secret.address(&self.second_factors.issuer, &account.email)?,
            secret: secret.base32(),
        };
        let sealed = self.second_factors.cipher.seal(&account.id, secret.bytes())?;
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            let hash = &account.password_hash;
            if !user_store::confirm_password(connection, &account.id, hash, hash)? {
                return Err(wrong_password());
            }
            if super::is_on(connection, &account.id)? {
                let detail = "You have a second factor already; remove it first, with your password and a code.";
                return Err(Error::Conflict(Rejection::anywhere("second_factor_on", detail)));
            }
            store::begin(connection, &account.id, sealed, journal.now())
        });
        write.await.map(|()| fresh)
    }

    /// Turns on the factor whose app shows this code, and ends every other session: they began without it.
    ///
    /// Errors: 409 when none was begun within the hour, 422 on `/code` when it is wrong.
    pub async fn confirm_second_factor(&self, user: &SignedIn, code: Code, visitor: Visitor) -> Result<RecoveryCodes> {
        let (id, session_id) = (user.user_id.clone(), user.session_id().map(str::to_owned));
        let factors = self.second_factors.clone();
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            user_store::hold(connection, &id)?;
            let begun = store::find_begun(connection, &id, journal.now())?.ok_or_else(not_begun)?;
            let secret = factors.kept(&id, &begun.secret).ok_or_else(not_begun)?;
            let step = match &code {
                Code::App(code) => secret.step_of(code, journal.now()),
                Code::Recovery(_) => None,
            };
            let Some(step) = step else {
                note_refusal(journal, &id, &visitor);
                return Ok(None);
            };
            if !store::turn_on(connection, &id, step, journal.now())? {
                return Err(not_begun());
            }
            session_list::end_all(connection, journal, (&id, session_id.as_deref()))?;
            let event = Event::new(Action::SecondFactorEnrolled, Resource::User, id.as_str());
            journal.record(event.noted(visitor.note()));
            fresh_recovery_codes(connection, &id).map(Some)
        });
        write.await?.ok_or_else(wrong_code)
    }

    /// Makes fresh recovery codes; those from before are good no more.
    ///
    /// Errors: 409 when no factor is on, 422 on `/current_password` or `/code` when it is wrong.
    pub async fn renew_recovery_codes(&self, user: &SignedIn, proof: Proof) -> Result<RecoveryCodes> {
        let work = |connection: &mut AnyConnection, journal: &mut Journal, id: &str, note: Option<String>| {
            journal.record(Event::new(Action::RecoveryCodesRenewed, Resource::User, id).noted(note));
            fresh_recovery_codes(connection, id)
        };
        self.with_factor(user, proof, work).await
    }

    /// Removes one's own factor.
    ///
    /// Errors: 409 when none is on, 422 on `/current_password` or `/code` when it is wrong.
    pub async fn remove_own_second_factor(&self, user: &SignedIn, proof: Proof) -> Result<()> {
        self.with_factor(user, proof, |connection, journal, id, note| removed(connection, journal, id, note).map(drop))
            .await
    }

    /// Removes somebody else's factor, and ends all of their sessions.
    ///
    /// Errors: 403 for one's own, 404 when there is no such account or it has none.
    pub async fn remove_second_factor(&self, actor: Actor, options: WriteOptions, id: String) -> Result<()> {
        if actor.user_id() == Some(&id) {
            // Otherwise an admin's access token would be enough, and that is what a second factor is against.
            let detail = "Your own second factor takes your password and a code: POST /v1/auth/second-factor/remove.";
            return Err(Error::Forbidden(detail.into()));
        }
        let write = self.ledger.write(actor, options, move |connection, journal| {
            user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            user_store::hold(connection, &id)?;
            if !removed(connection, journal, &id, None)? {
                return Err(Error::NotFound("second factor"));
            }
            session_list::end_all(connection, journal, (&id, None))
        });
        write.await
    }

    /// Does something to a factor that is on, for whoever shows the password and a code.
    async fn with_factor<T: Send + 'static>(
        &self,
        user: &SignedIn,
        proof: Proof,
        work: impl FnOnce(&mut AnyConnection, &mut Journal, &str, Option<String>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let note = proof.visitor.note();
        let work = move |connection: &mut AnyConnection, journal: &mut Journal, account: &UserRow| {
            if !super::is_on(connection, &account.id)? {
                let detail = "You have no second factor; POST /v1/auth/second-factor begins to set one up.";
                return Err(Error::Conflict(Rejection::anywhere("second_factor_off", detail)));
            }
            work(connection, journal, &account.id, note)
        };
        self.with_proof(user, proof, work).await
    }
}

fn removed(connection: &mut AnyConnection, journal: &mut Journal, user_id: &str, note: Option<String>) -> Result<bool> {
    challenge::forget(connection, user_id)?;
    let removed = store::remove(connection, user_id)?;
    if removed {
        journal.record(Event::new(Action::SecondFactorRemoved, Resource::User, user_id).noted(note));
    }
    Ok(removed)
}

fn fresh_recovery_codes(connection: &mut AnyConnection, user_id: &str) -> Result<RecoveryCodes> {
    let codes = (0..RECOVERY_CODES).map(|_| RecoveryCode::make()).collect::<Result<Vec<_>>>()?;
    store::replace_recovery_codes(connection, user_id, &codes)?;
    Ok(RecoveryCodes { recovery_codes: codes.into_iter().map(RecoveryCode::into_text).collect() })
}

fn not_begun() -> Error {
    let detail = "There is no second factor that waits for a code: POST /v1/auth/second-factor gives the secret for your \
                  app, and the code is to come within the hour.";
    Error::Conflict(Rejection::anywhere("second_factor_not_begun", detail))
}

impl SecondFactorState {
    /// An example for the API docs.
    pub fn sample() -> SecondFactorState {
        let on_since = Timestamp::from_microseconds(1_763_900_000_000_000);
        SecondFactorState { on_since, recovery_codes_left: 9, required: true }
    }
}

impl FreshSecondFactor {
    /// An example for the API docs.
    pub fn sample() -> FreshSecondFactor {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
        let label = "news.example.org:mira@example.org";
        FreshSecondFactor { uri: format!("otpauth://totp/{label}?secret={secret}&issuer=news.example.org"), secret }
    }
}

impl RecoveryCodes {
    /// An example for the API docs.
    pub fn sample() -> RecoveryCodes {
        let codes = ["only-anex-ampl-eand-noco-deof", "afte-r2re-alon-eswo-uldc-ome2"];
        RecoveryCodes { recovery_codes: codes.map(str::to_owned).to_vec() }
    }
}
