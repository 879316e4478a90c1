//! How what nobody may read is kept or handed out: encrypted with a key that is not in the database, and bound to what it is
//! for.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::random;
use crate::config::Secret;
use crate::error::{Error, Result};

/// Bytes of the random number in front of what is encrypted. They are so many that none comes twice.
const NONCE: usize = 24;

/// Encrypts with a key that is derived from the instance's secret for one purpose only.
#[derive(Clone)]
pub struct Cipher(XChaCha20Poly1305);

impl Cipher {
    /// The cipher of an instance for a purpose; all instances with the same secret have the same key.
    pub fn new(secret: &Secret, purpose: &str) -> Cipher {
        Cipher(XChaCha20Poly1305::new(&secret.derive(purpose).into()))
    }

    /// Encrypts for this place, such as the row of an account: in another one it is good for nothing.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE] = random::bytes()?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was encrypted for this place; `None` when it was for another one, under another key, or was touched.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"twenty bytes of text";

    fn cipher(secret: &str, purpose: &str) -> Cipher {
        Cipher::new(&Secret::new(secret.to_owned()).unwrap(), purpose)
    }

    #[test]
    fn s23_s32_a_kept_secret_opens_for_its_own_account_under_its_own_key_and_untouched() {
        let (ours, others) = ("0123456789abcdef0123456789abcdef", "another secret that is long enough");
        let cipher_of_ours = cipher(ours, "second-factor");
        let sealed = cipher_of_ours.seal("ada", PLAIN).unwrap();
        assert_ne!(sealed, cipher_of_ours.seal("ada", PLAIN).unwrap());
        assert!(!sealed.windows(PLAIN.len()).any(|part| part == PLAIN));
        assert_eq!(cipher_of_ours.open("ada", &sealed).unwrap(), PLAIN);
        assert!(cipher_of_ours.open("bo", &sealed).is_none());
        assert!(cipher(others, "second-factor").open("ada", &sealed).is_none());
        assert!(cipher(ours, "passkeys").open("ada", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[place] ^= 1;
            assert!(cipher_of_ours.open("ada", &touched).is_none(), "byte {place}");
            assert!(cipher_of_ours.open("ada", &sealed[..place]).is_none());
        }
    }
}
