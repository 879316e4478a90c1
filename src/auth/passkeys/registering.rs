//! How an account gets a passkey: its owner shows the password and, where a second factor is on, a code; then the device.

use std::sync::Arc;

use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, Username,
};
use webauthn_rp::request::{ExtensionInfo, PublicKeyCredentialDescriptor};
use webauthn_rp::response::register::Registration;
use webauthn_rp::response::register::error::RegCeremonyErr;
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{PublicKeyCredentialCreationOptions, RegistrationServerState};

use super::ceremony::{BegunCeremony, Ceremony, CeremonyToken, Purpose};
use super::fault::Fault;
use super::passkey::Passkey;
use super::response::RegistrationResponse;
use super::store::{self, PasskeyRow};
use super::{On, user_handle};
use crate::auth::accounts::{Accounts, refuse};
use crate::auth::second_factor::Proof;
use crate::auth::single_sign_on::SingleSignOn;
use crate::auth::user_store::UserRow;
use crate::auth::visitor::Visitor;
use crate::auth::{SignedIn, standing};
use crate::clock::Timestamp;
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::http::fields::Line;
use crate::http::query::WriteOptions;

/// Most passkeys of an account.
const MOST: usize = 10;

/// What comes at the end of a ceremony.
pub struct NewPasskey {
    /// What to call it.
    pub name: Line<100>,
    /// What beginning gave.
    pub ceremony: CeremonyToken,
    /// What the browser gave.
    pub credential: RegistrationResponse,
}

impl On {
    /// The first half: what the browser is asked to make, for an account that has these passkeys.
    fn begin_registering(
        &self,
        (user, session_id): (&UserRow, &str),
        known: Vec<PasskeyRow>,
        now: Timestamp,
    ) -> Result<BegunCeremony> {
        let handle = user_handle(&user.id)?;
        let entity = PublicKeyCredentialUserEntity {
            // An address that is no user name by RFC 8265 is rare; then the device shows the id.
            name: Username::try_from(&*user.email)
                .or_else(|_| Username::try_from(&*user.id))
                .map_err(Error::internal)?,
            id: &handle,
            display_name: Nickname::try_from(&*user.name).ok(),
        };
        let known = known.into_iter().map(descriptor).collect::<Result<Vec<_>>>()?;
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.relying_party, entity, known);
        // Security keys shall not even answer without a PIN. Not enforced: browsers would make no passkey on any device that
        // knows nothing of that, which most phones and laptops do not.
        options.extensions.cred_protect = CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
        let (state, public_key) = options.start_ceremony().map_err(Error::internal)?;
        let state = state.encode().map_err(Error::internal)?;
        let purpose = Purpose::Register { user_id: &user.id, session_id };
        self.ceremonies.begin(purpose, (&state, &public_key), now)
    }

    /// The second half: the passkey that a browser made.
    fn finish_registering(
        &self,
        ceremony: &Ceremony,
        registration: &Registration,
        (user_id, name): (String, String),
        now: Timestamp,
    ) -> Result<PasskeyRow> {
        let state = RegistrationServerState::<16>::decode(&ceremony.state).map_err(Error::internal)?;
        let options = RegistrationVerificationOptions::<String, String> {
            allowed_origins: &self.origins,
            // Some password managers answer what nobody asked.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let registered = state.verify(&self.relying_party, registration, &options).map_err(not_believed)?;
        let (credential_id, _, _, static_state, dynamic_state, _) = registered.into_parts();
        Ok(PasskeyRow {
            id: new_id(),
            user_id,
            credential_id: credential_id.as_ref().to_vec(),
            static_state: static_state.encode().map_err(Error::internal)?,
            dynamic_state: dynamic_state.encode().map_err(Error::internal)?.to_vec(),
            name,
            created_at: now,
            last_used_at: None,
        })
    }
}

impl Accounts {
    /// Begins to add a passkey, for whoever shows that the account is theirs.
    ///
    /// Errors: 409 when there are as many as there may be, or when groups decide; 422 on `/current_password` or `/code`.
    pub(super) async fn begin_passkey(
        &self,
        on: Arc<On>,
        single_sign_on: SingleSignOn,
        user: &SignedIn,
        proof: Proof,
    ) -> Result<BegunCeremony> {
        let session_id = user.session_id().unwrap_or_default().to_owned();
        let begin = self.with_proof(user, proof, move |connection, journal, account| {
            if single_sign_on.decides_over(connection, &account.id)? {
                let detail = "Your groups at the provider decide over your account, so a passkey would sign nobody in. Use \
                              single sign-on.";
                return Err(Error::Conflict(Rejection::anywhere("groups_decide", detail)));
            }
            let known = store::of_user(connection, &account.id)?;
            refuse_more(known.len())?;
            on.begin_registering((account, &session_id), known, journal.now())
        });
        begin.await
    }

    /// Adds the passkey that a browser made.
    ///
    /// Errors: 409 when there are as many as there may be, or an account has it already; 422 on `/ceremony` when that is not
    /// good any more, or not here, and on `/credential` when the device is not believed.
    pub(super) async fn add_passkey(
        &self,
        on: Arc<On>,
        user: &SignedIn,
        visitor: &Visitor,
        new: NewPasskey,
    ) -> Result<Passkey> {
        let session_id = user.session_id().unwrap_or_default();
        let (id, now) = (user.user_id.clone(), self.ledger.now());
        let purpose = Purpose::Register { user_id: &id, session_id };
        let ceremony = on.ceremonies.resume(purpose, &new.ceremony, now).ok_or_else(ceremony_over)?;
        let row = on.finish_registering(&ceremony, &new.credential.0, (id, new.name.into()), now)?;
        let (user, note) = (user.clone(), visitor.note_behind("by its owner"));
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            // Held first, so that whoever ends the session comes entirely before this or after.
            standing::hold(connection, user, journal.now())?;
            refuse_more(store::of_user(connection, &row.user_id)?.len())?;
            if !store::use_ceremony(connection, &ceremony, ceremony_over)? {
                return Err(ceremony_over());
            }
            store::add(connection, journal, &row, &note)?;
            Passkey::of(row)
        });
        write.await
    }
}

/// How a browser is told of a passkey, so that no device makes a second one for the account.
fn descriptor(row: PasskeyRow) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>> {
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::decode(row.credential_id).map_err(Error::internal)?,
        transports: AuthTransports::decode(0).map_err(Error::internal)?,
    })
}

fn refuse_more(there: usize) -> Result<()> {
    if there < MOST {
        return Ok(());
    }
    let detail = format!("You have {MOST} passkeys, which is as many as there may be; remove one that you do not use.");
    Err(Error::Conflict(Rejection::anywhere("too_many_passkeys", detail)))
}

/// One answer, whatever the reason.
fn ceremony_over() -> Error {
    let detail = "was finished, is older than five minutes, or began in another session; begin again";
    refuse(Rejection::field("/ceremony", "ceremony_over", detail))
}

fn not_believed(error: RegCeremonyErr) -> Error {
    let detail = format!("is not accepted: {}; begin again", Fault::from(error));
    refuse(Rejection::field("/credential", "not_accepted", detail))
}
