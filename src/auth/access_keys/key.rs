//! One key: derived for access tokens and for nothing else.

use diesel::prelude::*;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::token;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::db::schema::access_keys;
use crate::events::PublicKey;

/// What precedes the 32 bytes of a private Ed25519 key in its PKCS #8 form (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// When a key is used; what the database knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = access_keys)]
pub struct Term {
    /// The name that the key is derived from. The outside world knows it by its `kid`.
    pub id: String,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when the tokens that it signed are accepted.
    pub trusted_until: Timestamp,
}

/// A key, and when it is used.
pub struct AccessKey {
    term: Term,
    public: PublicKey,
    /// Signs.
    pub(in crate::auth) signing: EncodingKey,
    /// Checks what was signed.
    pub(in crate::auth) verifying: DecodingKey,
    /// What stands before everything that it signs.
    pub(in crate::auth) header: Header,
}

/// A public key as a JSON Web Key (RFC 7517, RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicAccessKey {
    /// The key itself.
    #[serde(flatten)]
    key: PublicKey,
    /// What it is for; always `sig`.
    #[serde(rename = "use")]
    purpose: &'static str,
    /// How it signs; always `EdDSA`.
    alg: &'static str,
}

impl AccessKey {
    /// The key that an instance with this secret has for this term.
    pub fn derive(secret: &Secret, term: Term) -> AccessKey {
        let seed = secret.derive(&format!("access-token/{}", term.id));
        let verifying = SigningKey::from_bytes(&seed).verifying_key();
        let public = PublicKey::of(&verifying);
        AccessKey {
            signing: EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat()),
            verifying: DecodingKey::from_ed_der(verifying.as_bytes()),
            header: Header {
                typ: Some(token::KIND.to_owned()),
                kid: Some(public.kid.clone()),
                ..Header::new(Algorithm::EdDSA)
            },
            term,
            public,
        }
    }

    /// When it is used.
    pub fn term(&self) -> &Term {
        &self.term
    }

    /// Its name in the header of a token.
    pub fn kid(&self) -> &str {
        &self.public.kid
    }

    /// What others check its signatures with.
    pub fn public(&self) -> PublicAccessKey {
        PublicAccessKey { key: self.public.clone(), purpose: "sig", alg: "EdDSA" }
    }

    /// Whether what it signed is accepted at this moment. It may be known before it signs.
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        now < self.term.trusted_until
    }

    /// Whether it may sign at this moment.
    pub fn may_sign(&self, now: Timestamp) -> bool {
        self.term.signs_from <= now && self.is_trusted(now)
    }
}
