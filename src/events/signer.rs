//! Signs the log: the last entry of every transaction is a checkpoint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier, VerifyingKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::chain;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::{Error, Result};

/// Characters of a key's name.
const KEY_NAME: usize = 16;

/// The key of the log, derived from the instance's secret for this purpose only.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    public: PublicKey,
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

impl Signer {
    /// The signer of an instance; all instances with the same secret have the same key.
    pub fn new(secret: &Secret) -> Signer {
        let key = SigningKey::from_bytes(&secret.derive("log"));
        let bytes = key.verifying_key().to_bytes();
        let kid = chain::sha256(&bytes).chars().take(KEY_NAME).collect();
        let public = PublicKey { kty: "OKP", crv: "Ed25519", x: URL_SAFE_NO_PAD.encode(bytes), kid };
        Signer { key, public }
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

    /// Whether this is our signature of a checkpoint.
    pub fn is_ours(&self, signature: &str, (position, hash, at): (i64, &str, Timestamp)) -> Result<bool> {
        let Some((kid, signature)) = signature.split_once('.') else { return Ok(false) };
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(signature) else { return Ok(false) };
        let Ok(signature) = Signature::from_slice(&bytes) else { return Ok(false) };
        let key: VerifyingKey = self.key.verifying_key();
        let text = checkpoint_text(position, hash, at)?;
        Ok(kid == self.public.kid && key.verify(text.as_bytes(), &signature).is_ok())
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
        let (hash, at) = (chain::sha256(b"x"), Timestamp::from_microseconds(1).unwrap());
        let signature = signer.sign(7, &hash, at).unwrap();
        assert!(signer.is_ours(&signature, (7, &hash, at)).unwrap());
        assert!(!other.is_ours(&signature, (7, &hash, at)).unwrap());
        assert!(!signer.is_ours(&signature, (8, &hash, at)).unwrap());
        assert!(!signer.is_ours(&signature, (7, chain::BEGINNING, at)).unwrap());
        assert!(!signer.is_ours("nonsense", (7, &hash, at)).unwrap());
    }
}
