//! Signs the log: the last entry of every transaction is a checkpoint.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier, VerifyingKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::chain;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::hash::sha256;

/// Characters of a key's name.
const KEY_NAME: usize = 16;

/// The key of the log, derived from the instance's secret for this purpose only.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    public: PublicKey,
    /// Whether the database has the public key; all clones know.
    kept: Arc<AtomicBool>,
    /// Where the log ended when this process wrote to it last, and its hash there.
    end: Arc<Mutex<Option<(i64, String)>>>,
    /// The last position that this process is sure of: it was committed.
    committed: Arc<AtomicI64>,
}

/// A public key as a JSON Web Key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicKey {
    /// Always `OKP`.
    pub kty: &'static str,
    /// Always `Ed25519`.
    pub crv: &'static str,
    /// The key, in base64url.
    pub x: String,
    /// Its name: the beginning of the SHA-256 of the key.
    pub kid: String,
}

/// What is signed: how far the log went, and its hash there.
#[derive(Debug, Serialize)]
struct Checkpoint<'a> {
    format: &'static str,
    position: i64,
    hash: &'a str,
    at: Timestamp,
}

/// The text of a checkpoint, in its canonical form (RFC 8785).
pub fn checkpoint_text(position: i64, hash: &str, at: Timestamp) -> Result<String> {
    chain::canonical(&Checkpoint { format: "dateline-checkpoint-1", position, hash, at })
}

impl PublicKey {
    /// A key with its name.
    pub fn new(kid: String, x: String) -> PublicKey {
        PublicKey { kty: "OKP", crv: "Ed25519", x, kid }
    }

    /// A key with the name that it must have.
    pub fn of(key: &VerifyingKey) -> PublicKey {
        let bytes = key.to_bytes();
        let kid = sha256(&bytes).chars().take(KEY_NAME).collect();
        PublicKey::new(kid, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether this is a signature of this text with this key, and the key has the name that it must have. `signature`
    /// is the key's name, a dot, and the signature in base64url.
    pub fn signed(&self, signature: &str, text: &str) -> bool {
        let Some((kid, signature)) = signature.split_once('.') else { return false };
        let bytes = URL_SAFE_NO_PAD.decode(signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let key = URL_SAFE_NO_PAD.decode(&self.x).ok().and_then(|key| VerifyingKey::try_from(key.as_slice()).ok());
        let (Some(signature), Some(key)) = (bytes, key) else { return false };
        kid == self.kid && PublicKey::of(&key) == *self && key.verify(text.as_bytes(), &signature).is_ok()
    }
}

impl Signer {
    /// The signer of an instance; all instances with the same secret have the same key.
    pub fn new(secret: &Secret) -> Signer {
        let key = SigningKey::from_bytes(&secret.derive("log"));
        let public = PublicKey::of(&key.verifying_key());
        Signer { key, public, kept: Arc::default(), end: Arc::default(), committed: Arc::default() }
    }

    /// The key that others check signatures with.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a checkpoint: the key's name, a dot, and the signature in base64url.
    pub fn sign(&self, position: i64, hash: &str, at: Timestamp) -> Result<String> {
        let signature = self.key.sign(checkpoint_text(position, hash, at)?.as_bytes());
        Ok(format!("{}.{}", self.public.kid, URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }

    /// Notes where the log ends now. A transaction that is rolled back after this leaves a hash that no log will have.
    pub fn note_end(&self, position: i64, hash: &str) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, hash.to_owned()));
    }

    /// Whether the log ended here when this process wrote to it last.
    pub fn wrote_end(&self, position: i64, hash: &str) -> bool {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.as_ref().is_some_and(|(at, known)| *at == position && known == hash)
    }

    /// Notes that the log goes to this position at least: what this process wrote there is on the disk.
    pub fn note_committed(&self, position: i64) {
        self.committed.fetch_max(position, Ordering::AcqRel);
    }

    /// The last position that this process knows to be in the log.
    pub fn committed(&self) -> i64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Whether the public key is known to be in the database.
    pub fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Notes that it is.
    pub fn set_kept(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Signer({})", self.public.kid)
    }
}

/// What a signature says about its key.
pub fn key_name(signature: &str) -> Result<&str> {
    signature.split_once('.').map(|(kid, _)| kid).ok_or_else(|| Error::internal("a stored signature names no key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_ours_only_as_it_was_signed_and_by_the_same_secret() {
        let signer = Signer::new(&Secret::new("0123456789abcdef0123456789abcdef".to_owned()).unwrap());
        let other = Signer::new(&Secret::new("another secret that is long enough".to_owned()).unwrap());
        let (hash, at) = (sha256(b"x"), Timestamp::from_microseconds(1).unwrap());
        let signature = signer.sign(7, &hash, at).unwrap();
        let text = |position: i64, hash: &str| checkpoint_text(position, hash, at).unwrap();
        assert!(signer.public_key().signed(&signature, &text(7, &hash)));
        assert!(!other.public_key().signed(&signature, &text(7, &hash)));
        assert!(!signer.public_key().signed(&signature, &text(8, &hash)));
        assert!(!signer.public_key().signed(&signature, &text(7, chain::BEGINNING)));
        assert!(!signer.public_key().signed("nonsense", &text(7, &hash)));
        // A key that bears another one's name is none.
        let borrowed = PublicKey::new(signer.public_key().kid.clone(), other.public_key().x.clone());
        let forged = other.sign(7, &hash, at).unwrap().replace(&other.public_key().kid, &borrowed.kid);
        assert!(!borrowed.signed(&forged, &text(7, &hash)));
    }
}
