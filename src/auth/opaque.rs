//! A secret that is opaque to whoever holds it: a prefix that says what it is for, 192 random bits in hexadecimal, and a
//! checksum of 32 bits. A typo, or a text that only looks like one, is recognised without asking the database, by us and
//! by secret scanners; and one kind never passes for another, because the checksum is of the prefix, too.
//!
//! For what people keep for weeks and paste somewhere: API tokens, preview links. What programs hand back after minutes or
//! days, unseen, is an [opaque token](super::opaque_token), which is shorter for more random bits.

use std::marker::PhantomData;

use secrecy::{ExposeSecret, SecretString};

use crate::auth::random;
use crate::error::Result;
use crate::hash::{hexadecimal, sha256};

/// Random bytes in a secret.
const RANDOM: usize = 24;

/// Characters of the checksum.
const CHECKSUM: usize = 8;

/// What a kind of secret is for.
pub trait Purpose {
    /// What every secret of this kind begins with.
    const PREFIX: &'static str;
}

/// A whole secret. Cannot be printed, serialised or compared; it is looked up by its hash.
pub struct OpaqueSecret<P> {
    text: SecretString,
    purpose: PhantomData<P>,
}

impl<P: Purpose> OpaqueSecret<P> {
    /// A fresh secret from the operating system's random numbers.
    pub fn make() -> Result<OpaqueSecret<P>> {
        let random: [u8; RANDOM] = random::bytes()?;
        let body = format!("{}{}", P::PREFIX, hexadecimal(&random));
        Ok(OpaqueSecret { text: format!("{body}{}", checksum(&body)).into(), purpose: PhantomData })
    }

    /// A secret as somebody sent it, when its shape and its checksum are right.
    pub fn parse(text: &str) -> Option<OpaqueSecret<P>> {
        let digits = text.strip_prefix(P::PREFIX)?;
        let well_formed = digits.len() == RANDOM * 2 + CHECKSUM
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
        (well_formed && checksum(body) == sum).then(|| OpaqueSecret { text: text.into(), purpose: PhantomData })
    }

    /// What is stored: SHA-256 in hexadecimal. The secret is random, so a slow hash would add nothing.
    pub fn hash(&self) -> String {
        sha256(self.text.expose_secret().as_bytes())
    }

    /// Its last four characters, by which a person tells it from another one. They are of the checksum.
    pub fn hint(&self) -> String {
        let text = self.text.expose_secret();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }

    /// For the one answer that shows it.
    pub fn into_text(self) -> String {
        self.text.expose_secret().to_owned()
    }
}

/// The checksum of everything before it: the beginning of its SHA-256.
fn checksum(body: &str) -> String {
    sha256(body.as_bytes()).chars().take(CHECKSUM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Door {}

    impl Purpose for Door {
        const PREFIX: &'static str = "door_";
    }

    enum Gate {}

    impl Purpose for Gate {
        const PREFIX: &'static str = "gate_";
    }

    #[test]
    fn s32_a_secret_is_random_and_known_by_its_hash_only() {
        let (one, other) = (OpaqueSecret::<Door>::make().unwrap(), OpaqueSecret::<Door>::make().unwrap());
        assert_ne!(one.hash(), other.hash());
        let (hash, text) = (one.hash(), one.into_text());
        assert_eq!(OpaqueSecret::<Door>::parse(&text).unwrap().hash(), hash);
        assert!(!hash.contains(&text[5..53]));
    }

    #[test]
    fn a_typo_is_noticed_without_the_database() {
        let text = OpaqueSecret::<Door>::make().unwrap().into_text();
        for index in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[index] = if typo[index] == b'0' { b'1' } else { b'0' };
            assert!(OpaqueSecret::<Door>::parse(&String::from_utf8(typo).unwrap()).is_none(), "character {index}");
        }
        for wrong in ["", "door_", "door_é", &text[1..], &text.to_uppercase(), &format!("{text}0"), &"é".repeat(40)] {
            assert!(OpaqueSecret::<Door>::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn s23_a_secret_of_one_kind_is_none_of_another_even_under_its_prefix() {
        let text = OpaqueSecret::<Door>::make().unwrap().into_text();
        assert!(OpaqueSecret::<Gate>::parse(&text).is_none());
        assert!(OpaqueSecret::<Gate>::parse(&text.replace("door_", "gate_")).is_none());
    }
}
