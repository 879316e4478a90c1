//! How the secrets of authenticator apps are kept: encrypted, so that a copy of the database is no second factor.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRng;
use rand::rngs::SysRng;

use super::totp::{LENGTH, TotpSecret};
use crate::config::Secret;
use crate::error::{Error, Result};

/// Bytes of the random number in front of what is encrypted. They are so many that none comes twice.
const NONCE: usize = 24;

/// Encrypts with a key that is derived from the instance's secret for this purpose only.
#[derive(Clone)]
pub struct Cipher(XChaCha20Poly1305);

impl Cipher {
    /// The cipher of an instance; all instances with the same secret have the same key.
    pub fn new(secret: &Secret) -> Cipher {
        Cipher(XChaCha20Poly1305::new(&secret.derive("second-factor").into()))
    }

    /// Encrypts a secret for this account: in the row of another one it is good for nothing.
    pub fn seal(&self, user_id: &str, secret: &TotpSecret) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE];
        SysRng.try_fill_bytes(&mut nonce).map_err(Error::internal)?;
        let payload = Payload { msg: secret.bytes(), aad: user_id.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The secret of this account; `None` when it was encrypted for another one, under another key, or was touched.
    pub fn open(&self, user_id: &str, sealed: &[u8]) -> Option<TotpSecret> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: user_id.as_bytes() };
        let opened = self.0.decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some(TotpSecret::from_bytes(<[u8; LENGTH]>::try_from(opened).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(secret: &str) -> Cipher {
        Cipher::new(&Secret::new(secret.to_owned()).unwrap())
    }

    #[test]
    fn s23_s32_a_kept_secret_opens_for_its_own_account_under_its_own_key_and_untouched() {
        let cipher_of_ours = cipher("0123456789abcdef0123456789abcdef");
        let secret = TotpSecret::make().unwrap();
        let sealed = cipher_of_ours.seal("ada", &secret).unwrap();
        assert_ne!(sealed, cipher_of_ours.seal("ada", &secret).unwrap());
        assert!(!sealed.windows(LENGTH).any(|part| part == secret.bytes()));
        assert_eq!(cipher_of_ours.open("ada", &sealed).unwrap().base32(), secret.base32());
        assert!(cipher_of_ours.open("bo", &sealed).is_none());
        assert!(cipher("another secret that is long enough").open("ada", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[place] ^= 1;
            assert!(cipher_of_ours.open("ada", &touched).is_none(), "byte {place}");
            assert!(cipher_of_ours.open("ada", &sealed[..place]).is_none());
        }
    }
}
