//! What is wrong with what a device said, in the words of this house: nothing of what was sent gets into them.

use std::fmt;

use webauthn_rp::response::auth::error::{AuthCeremonyErr, AuthenticatorDataErr};
use webauthn_rp::response::register::error::RegCeremonyErr;

/// What is wrong with what a device said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It took too long.
    Late,
    /// The page is none of ours, or stands in a frame of another one.
    Origin,
    /// The device signed for somebody else.
    Domain,
    /// It answers another ceremony.
    Challenge,
    /// Nobody touched the device.
    NotPresent,
    /// The device asked for neither PIN nor finger nor face.
    NotVerified,
    /// The signature is not that of the key.
    Signature,
    /// The device has counted more before: there may be a copy of it.
    Counter,
    /// The passkey is another account's.
    Owner,
    /// It makes no sense otherwise.
    Unreadable,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Fault::Late => "it took longer than five minutes",
            Fault::Origin => "it was made on a page that DATELINE_PASSKEY_ORIGINS does not name",
            Fault::Domain => "it is for another domain",
            Fault::Challenge => "it answers another ceremony",
            Fault::NotPresent => "nobody touched the device",
            Fault::NotVerified => "the device asked for neither a PIN nor a finger nor a face",
            Fault::Signature => "the signature is wrong",
            Fault::Counter => "its counter went back, so there may be a copy of it",
            Fault::Owner => "it names another account",
            Fault::Unreadable => "it is not the answer to this ceremony",
        })
    }
}

impl From<AuthCeremonyErr> for Fault {
    fn from(error: AuthCeremonyErr) -> Fault {
        match error {
            AuthCeremonyErr::Timeout => Fault::Late,
            AuthCeremonyErr::OriginMismatch | AuthCeremonyErr::CrossOrigin | AuthCeremonyErr::TopOriginMismatch => {
                Fault::Origin
            }
            AuthCeremonyErr::RpIdHashMismatch => Fault::Domain,
            AuthCeremonyErr::ChallengeMismatch => Fault::Challenge,
            AuthCeremonyErr::AuthenticatorData(AuthenticatorDataErr::UserNotPresent) => Fault::NotPresent,
            AuthCeremonyErr::UserNotVerified => Fault::NotVerified,
            AuthCeremonyErr::AssertionSignature => Fault::Signature,
            AuthCeremonyErr::SignatureCounter => Fault::Counter,
            AuthCeremonyErr::UserHandleMismatch => Fault::Owner,
            _ => Fault::Unreadable,
        }
    }
}

impl From<RegCeremonyErr> for Fault {
    fn from(error: RegCeremonyErr) -> Fault {
        match error {
            RegCeremonyErr::Timeout => Fault::Late,
            RegCeremonyErr::OriginMismatch | RegCeremonyErr::CrossOrigin | RegCeremonyErr::TopOriginMismatch => {
                Fault::Origin
            }
            RegCeremonyErr::RpIdHashMismatch => Fault::Domain,
            RegCeremonyErr::ChallengeMismatch => Fault::Challenge,
            RegCeremonyErr::UserNotPresent => Fault::NotPresent,
            RegCeremonyErr::UserNotVerified => Fault::NotVerified,
            RegCeremonyErr::AttestationSignature => Fault::Signature,
            _ => Fault::Unreadable,
        }
    }
}
