//! The keys that there are: one signs, and what others signed is accepted for a while.

use jsonwebtoken::Header;

use super::key::{AccessKey, Term};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::{Error, Result};

/// Every key, in the order in which they sign.
pub struct Keyring {
    keys: Vec<AccessKey>,
}

impl Keyring {
    /// The keys with these terms, in this order.
    pub fn new(secret: &Secret, terms: &[Term]) -> Keyring {
        Keyring { keys: terms.iter().map(|term| AccessKey::derive(secret, term.clone())).collect() }
    }

    /// Whether these are the terms of its keys.
    pub fn has(&self, terms: &[Term]) -> bool {
        self.keys.iter().map(AccessKey::term).eq(terms)
    }

    /// The keys whose tokens are accepted, those included that will sign.
    pub fn trusted(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &AccessKey> {
        self.keys.iter().filter(move |key| key.is_trusted(now))
    }

    /// The key that signs at this moment: the newest one that may.
    ///
    /// Errors: [`Error::Internal`] when somebody deleted them all.
    pub fn signing(&self, now: Timestamp) -> Result<&AccessKey> {
        let newest = self.keys.iter().rev().find(|key| key.may_sign(now));
        newest.ok_or_else(|| Error::internal("there is no key that signs access tokens"))
    }

    /// The key that writes exactly this header. A header that names keys, compression or extensions is none of ours,
    /// whatever its `kid`.
    pub fn that_writes(&self, header: &Header, now: Timestamp) -> Option<&AccessKey> {
        self.trusted(now).find(|key| key.header == *header)
    }
}
