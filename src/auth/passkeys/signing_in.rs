//! Signing in by a passkey: whoever has the device, and shows it that they are its owner, has shown everything that it takes.

use std::sync::Arc;

use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::response::CredentialId;
use webauthn_rp::response::register::{CompressedPubKey, StaticState};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
};

use super::ceremony::{BegunCeremony, Ceremony, CeremonyToken, Purpose};
use super::fault::Fault;
use super::passkey::dynamic_state;
use super::refusal::Refusal;
use super::response::AuthenticationResponse;
use super::store::{self, PasskeyRow};
use super::{On, user_handle};
use crate::auth::hashing::is_a_password;
use crate::auth::sessions::{Means, Opened, SessionTokens, Sessions, open};
use crate::auth::single_sign_on;
use crate::auth::user_store::{self, UserRow};
use crate::auth::visitor::Visitor;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::events::Actor;
use crate::http::query::WriteOptions;

/// What the log says of how somebody came.
pub const HOW: &str = "passkey";

/// What tries of passkeys that no account has are counted under. They are counted together: none of them is anybody's.
const STRANGERS: &str = "passkeys of nobody";

/// A public key as it is kept.
type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// What a device has shown.
struct Shown {
    ceremony: Ceremony,
    /// As it was before.
    passkey: PasskeyRow,
    /// What the device says of itself now.
    dynamic_state: Vec<u8>,
}

impl On {
    /// The first half: what the browser asks any device for. The same for everybody.
    pub(super) fn begin_signing_in(&self, now: Timestamp) -> Result<BegunCeremony> {
        let options = DiscoverableCredentialRequestOptions::passkey(&self.relying_party);
        let (state, public_key) = options.start_ceremony().map_err(Error::internal)?;
        let state = state.encode().map_err(Error::internal)?;
        self.ceremonies.begin(Purpose::SignIn, (&state, &public_key), now)
    }

    /// The second half, for the passkey that the device has used.
    fn finish_signing_in(
        &self,
        token: &CeremonyToken,
        response: &AuthenticationResponse,
        passkey: PasskeyRow,
        now: Timestamp,
    ) -> Result<Result<Shown, Refusal>> {
        let Some(ceremony) = self.ceremonies.resume(Purpose::SignIn, token, now) else { return Ok(Err(Refusal::Over)) };
        let state = DiscoverableAuthenticationServerState::decode(&ceremony.state).map_err(Error::internal)?;
        let handle = user_handle(&passkey.user_id)?;
        let mut credential = AuthenticatedCredential::new(
            CredentialId::<&[u8]>::decode(&passkey.credential_id).map_err(Error::internal)?,
            &handle,
            StaticState::<PublicKey>::decode(&passkey.static_state).map_err(Error::internal)?,
            dynamic_state(&passkey.dynamic_state)?,
        )
        .map_err(Error::internal)?;
        let options = AuthenticationVerificationOptions::<String, String> {
            allowed_origins: &self.origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        if let Err(error) = state.verify(&self.relying_party, &response.0, &mut credential, &options) {
            return Ok(Err(Refusal::Fault(Fault::from(error))));
        }
        let dynamic_state = credential.dynamic_state().encode().map_err(Error::internal)?.to_vec();
        Ok(Ok(Shown { ceremony, passkey, dynamic_state }))
    }
}

impl Sessions {
    /// Begins a session for whoever holds the device that a passkey is on.
    ///
    /// Errors: 401, 429 after too many that were refused.
    pub(super) async fn sign_in_by_passkey(
        &self,
        on: Arc<On>,
        visitor: &Visitor,
        (token, response): (CeremonyToken, AuthenticationResponse),
    ) -> Result<SessionTokens> {
        // First, because whoever was signed in must be told so.
        let keys = self.keys.keyring(&self.db).await?;
        let credential_id = response.0.raw_id().as_ref().to_vec();
        let found = self.db.read(move |connection| store::account(connection, &credential_id)).await?;
        let account = found.as_ref().map_or(STRANGERS, |(_, user)| &user.email_key).to_owned();
        let check = self.check_passkey(&on, visitor, (token, response), found);
        let opened = self.guarded(visitor, &account, check).await?;
        self.tokens_for(&keys, opened)
    }

    async fn check_passkey(
        &self,
        on: &On,
        visitor: &Visitor,
        (token, response): (CeremonyToken, AuthenticationResponse),
        found: Option<(PasskeyRow, UserRow)>,
    ) -> Result<Opened> {
        let user_id = found.as_ref().map(|(_, user)| user.id.clone());
        let shown = match found {
            Some((passkey, _)) => on.finish_signing_in(&token, &response, passkey, self.clock.now())?,
            None => Err(Refusal::Unknown),
        };
        let opened = match shown {
            Ok(shown) => self.open_for(shown, visitor).await?,
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(opened) => Ok(opened),
            Err(refusal) => {
                tracing::info!(address = visitor.address_text(), reason = %refusal, "a passkey was refused");
                self.note_refusal(user_id, Some(format!("{}: {refusal}", visitor.note_behind(HOW)))).await?;
                Err(refused())
            }
        }
    }

    /// Begins the session, unless something is against it that the device knows nothing of.
    async fn open_for(&self, shown: Shown, visitor: &Visitor) -> Result<Result<Opened, Refusal>> {
        let (visitor, single_sign_on) = (visitor.clone(), self.single_sign_on.clone());
        let actor = Actor::User(shown.passkey.user_id.clone());
        let write = self.ledger.write(actor, WriteOptions::default(), move |connection, journal| {
            let Shown { ceremony, passkey, dynamic_state } = shown;
            // Held first, so that whoever switches the account off comes entirely before this or after.
            user_store::hold(connection, &passkey.user_id)?;
            let user = user_store::find(connection, &passkey.user_id)?.filter(|user| user.active && !user.invited);
            let Some(user) = user else { return Ok(Err(Refusal::SwitchedOff)) };
            if single_sign_on.decides_over(connection, &user.id)? {
                return Ok(Err(Refusal::ByGroups));
            }
            if !is_a_password(&user.password_hash) && !single_sign_on::is_linked(connection, &user.id)? {
                return Ok(Err(Refusal::Closed));
            }
            if !store::use_ceremony(connection, &ceremony, refused)? {
                return Ok(Err(Refusal::Used));
            }
            if !store::note_use(connection, &passkey, &dynamic_state, journal.now())? {
                return Ok(Err(Refusal::Overtaken));
            }
            open(connection, journal, (user, &visitor), Means::Passkey).map(Ok)
        });
        write.await
    }
}

/// One answer, whatever the reason.
fn refused() -> Error {
    Error::Unauthorized(
        "The passkey is not good here, or the account is switched off. Try again; an admin finds in the log why it was \
         refused."
            .into(),
    )
}
