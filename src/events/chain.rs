//! The chain of the log: what is hashed, and how. docs/proof.md describes the same for whoever writes a verifier.
//!
//! Each entry has a public and a private part. The public part holds the hash of the private one, so that a reader can
//! check an entry without learning who did it; the entry's random id keeps that hash from being guessed.

use serde::Serialize;

use super::store::Entry;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::hash::sha256;

/// What stands before the first entry.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The part of an entry that a proof shows.
#[derive(Serialize)]
struct Public<'a> {
    position: i64,
    at: Timestamp,
    action: &'a str,
    resource: &'a str,
    resource_id: &'a str,
    digest: Option<&'a str>,
    private: String,
}

/// The part of an entry that stays in the house.
#[derive(Serialize)]
struct Private<'a> {
    id: &'a str,
    actor_kind: &'a str,
    actor_id: Option<&'a str>,
    version_before: Option<i32>,
    version_after: Option<i32>,
    note: Option<&'a str>,
}

/// The public part of an entry, as it is hashed: JSON in its canonical form (RFC 8785).
pub fn public_text(entry: &Entry) -> Result<String> {
    let private = Private {
        id: &entry.id,
        actor_kind: &entry.actor_kind,
        actor_id: entry.actor_id.as_deref(),
        version_before: entry.version_before,
        version_after: entry.version_after,
        note: entry.note.as_deref(),
    };
    canonical(&Public {
        position: entry.position,
        at: entry.at,
        action: &entry.action,
        resource: &entry.resource_kind,
        resource_id: &entry.resource_id,
        digest: entry.digest.as_deref(),
        private: sha256(canonical(&private)?.as_bytes()),
    })
}

/// The hash of an entry by itself.
pub fn leaf(entry: &Entry) -> Result<String> {
    Ok(sha256(public_text(entry)?.as_bytes()))
}

/// The hash of the log up to an entry: of the hash before it and of the entry's own, both as bytes.
pub fn link(before: &str, leaf: &str) -> Result<String> {
    Ok(sha256(&[bytes(before)?, bytes(leaf)?].concat()))
}

/// JSON in its canonical form (RFC 8785).
pub fn canonical(value: &impl Serialize) -> Result<String> {
    serde_json_canonicalizer::to_string(value).map_err(Error::internal)
}

/// The hash of a value: of its canonical form.
pub fn digest(value: &impl Serialize) -> Result<String> {
    Ok(sha256(canonical(value)?.as_bytes()))
}

/// The bytes of a hash.
fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    let byte = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
    digits.map(byte).collect::<Option<_>>().ok_or_else(|| Error::internal("a stored hash is not hexadecimal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            position: 7,
            id: "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40".to_owned(),
            at: Timestamp::from_microseconds(0).unwrap(),
            actor_kind: "user".to_owned(),
            actor_id: Some("ada".to_owned()),
            action: "published".to_owned(),
            resource_kind: "article".to_owned(),
            resource_id: "story".to_owned(),
            version_before: None,
            version_after: Some(3),
            note: Some("at last".to_owned()),
            digest: Some("d".to_owned()),
            hash: String::new(),
            signature: None,
        }
    }

    #[test]
    fn a_proof_shows_what_was_done_and_not_by_whom_or_why() {
        let text = public_text(&entry()).unwrap();
        assert!(
            text.starts_with(
                r#"{"action":"published","at":"1970-01-01T00:00:00Z","digest":"d","position":7,"private":""#
            )
        );
        assert!(!text.contains("ada") && !text.contains("at last") && !text.contains(&entry().id));
    }

    #[test]
    fn every_member_changes_the_hash() {
        let changes: [fn(&mut Entry); 11] = [
            |entry| entry.position = 8,
            |entry| entry.id = "other".to_owned(),
            |entry| entry.at = Timestamp::from_microseconds(1).unwrap(),
            |entry| entry.actor_kind = "operator".to_owned(),
            |entry| entry.actor_id = None,
            |entry| entry.action = "killed".to_owned(),
            |entry| entry.resource_kind = "tag".to_owned(),
            |entry| entry.resource_id = "other".to_owned(),
            |entry| entry.version_after = Some(4),
            |entry| entry.note = None,
            |entry| entry.digest = None,
        ];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(leaf(&changed).unwrap(), leaf(&entry()).unwrap(), "{changed:?}");
        }
    }

    #[test]
    fn the_chain_is_made_of_bytes_and_in_order() {
        let (one, two) = (sha256(b"one"), sha256(b"two"));
        assert_eq!(one, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
        assert_ne!(link(&one, &two).unwrap(), link(&two, &one).unwrap());
        assert!(link("no hash", &two).is_err());
    }
}
