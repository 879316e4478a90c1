//! The secret of an API token: `dl_`, 192 random bits in hexadecimal, and a checksum of 32 bits. A typo, or a text that
//! only looks like a token, is recognised without asking the database, by us and by secret scanners.

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};
use crate::hash::{hexadecimal, sha256};

/// What every API token begins with.
pub const PREFIX: &str = "dl_";

/// Random bytes in a token.
const RANDOM: usize = 24;

/// Characters of the checksum.
const CHECKSUM: usize = 8;

/// A whole token. Cannot be printed, serialised or compared; it is looked up by its hash.
pub struct ApiTokenSecret(SecretString);

impl ApiTokenSecret {
    /// A fresh token from the operating system's random numbers.
    pub fn make() -> Result<ApiTokenSecret> {
        let mut random = [0_u8; RANDOM];
        SysRng.try_fill_bytes(&mut random).map_err(Error::internal)?;
        let body = format!("{PREFIX}{}", hexadecimal(&random));
        Ok(ApiTokenSecret(format!("{body}{}", checksum(&body)).into()))
    }

    /// A token as somebody sent it, when its shape and its checksum are right.
    pub fn parse(text: &str) -> Option<ApiTokenSecret> {
        let digits = text.strip_prefix(PREFIX)?;
        let well_formed = digits.len() == RANDOM * 2 + CHECKSUM
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
        (well_formed && checksum(body) == sum).then(|| ApiTokenSecret(text.into()))
    }

    /// What is stored: SHA-256 in hexadecimal. The token is random, so a slow hash would add nothing.
    pub fn hash(&self) -> String {
        sha256(self.0.expose_secret().as_bytes())
    }

    /// Its last four characters, by which a person tells it from another one. They are of the checksum.
    pub fn hint(&self) -> String {
        let text = self.0.expose_secret();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }

    /// For the one answer that shows it.
    pub fn into_text(self) -> String {
        self.0.expose_secret().to_owned()
    }
}

/// The checksum of everything before it: the beginning of its SHA-256.
fn checksum(body: &str) -> String {
    sha256(body.as_bytes()).chars().take(CHECKSUM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s32_a_token_is_random_and_known_by_its_hash_only() {
        let (one, other) = (ApiTokenSecret::make().unwrap(), ApiTokenSecret::make().unwrap());
        assert_ne!(one.hash(), other.hash());
        let (hash, text) = (one.hash(), one.into_text());
        assert_eq!(ApiTokenSecret::parse(&text).unwrap().hash(), hash);
        assert!(!hash.contains(&text[3..51]));
    }

    #[test]
    fn a_typo_is_noticed_without_the_database() {
        let text = ApiTokenSecret::make().unwrap().into_text();
        for index in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[index] = if typo[index] == b'0' { b'1' } else { b'0' };
            assert!(ApiTokenSecret::parse(&String::from_utf8(typo).unwrap()).is_none(), "character {index}");
        }
        for wrong in ["", "dl_", "dl_é", &text[1..], &text.to_uppercase(), &format!("{text}0"), &"é".repeat(40)] {
            assert!(ApiTokenSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
