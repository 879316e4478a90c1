//! A passkey, as its owner sees it.

use serde::Serialize;
use utoipa::ToSchema;
use webauthn_rp::bin::Decode;
use webauthn_rp::response::Backup;
use webauthn_rp::response::register::DynamicState;

use super::store::PasskeyRow;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::page::List;

/// A passkey, as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Passkey {
    /// Its id.
    pub id: String,
    /// What you called it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in by it.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    /// Whether the key is kept elsewhere, too, as in the account of a password manager. Otherwise it is lost with the device.
    pub backed_up: bool,
}

/// The passkeys of an account.
pub type PasskeyList = List<Passkey>;

impl Passkey {
    /// As it looks from outside.
    pub fn of(row: PasskeyRow) -> Result<Passkey> {
        let backup = dynamic_state(&row.dynamic_state)?.backup;
        Ok(Passkey {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            backed_up: matches!(backup, Backup::Exists),
        })
    }

    /// An example for the API docs.
    pub fn sample() -> Passkey {
        let at = |microseconds| Timestamp::from_microseconds(microseconds);
        Passkey {
            id: "019ab17e-5d02-7f10-b3c1-5a0d4e6f7a31".to_owned(),
            name: "Phone".to_owned(),
            created_at: at(1_763_900_000_000_000).unwrap_or(Timestamp::FOREVER),
            last_used_at: at(1_764_000_000_000_000),
            backed_up: true,
        }
    }
}

/// What a device last said of itself.
///
/// Errors: [`Error::Internal`] when it was touched.
pub fn dynamic_state(kept: &[u8]) -> Result<DynamicState> {
    DynamicState::decode(kept.try_into().map_err(Error::internal)?).map_err(Error::internal)
}
