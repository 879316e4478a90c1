//! The proof of one version: what a reader needs to check, alone and later, that this was published then. docs/proof.md
//! describes how.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::seal::{self, Printing};
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{events, publications};
use crate::error::{Error, Result};
use crate::events::{Action, Entry, PublicKey, Resource, chain, checkpoint_text, key_name, keys};

/// The proof of one version.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// Always `dateline-proof-1`.
    pub format: &'static str,
    /// What was published, as it was hashed: JSON in its canonical form (RFC 8785), as a text.
    pub publication: String,
    /// SHA-256 of `publication`.
    pub hash: String,
    /// The entry of the log that says so, as it was hashed; its `digest` is `hash`.
    pub event: String,
    /// The hash of the log before that entry.
    pub previous_event_hash: String,
    /// The hashes of the entries from there to the checkpoint.
    pub following: Vec<String>,
    /// What was signed.
    pub checkpoint: Checkpoint,
}

/// How far the log went, signed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checkpoint {
    /// What was signed: JSON in its canonical form (RFC 8785), with the position and the hash of the log there.
    pub text: String,
    /// The Ed25519 signature of the text, in base64url without padding.
    pub signature: String,
    /// The name of the key.
    pub kid: String,
    /// The key.
    #[schema(required)]
    pub key: Option<PublicKey>,
}

/// The proof of a version that readers saw; of the newest one without a number.
///
/// Errors: 404 when there is no such version.
pub fn find(connection: &mut AnyConnection, (article, number): (&str, Option<i32>), now: Timestamp) -> Result<Proof> {
    let mut read = store::ever_read(article, now);
    if let Some(number) = number {
        read = read.filter(publications::number.eq(number));
    }
    let newest = read.order(publications::number.desc()).select(Printing::as_select()).first(connection).optional()?;
    let printing: Printing = newest.ok_or(Error::NotFound("publication"))?;
    let event = announced(connection, &printing)?;
    let signed = first_signed(connection, event.position)?;
    let between: Vec<Entry> = events::table
        .filter(events::position.gt(event.position))
        .filter(events::position.le(signed.position))
        .order(events::position.asc())
        .select(Entry::as_select())
        .load(connection)?;
    Ok(Proof {
        format: "dateline-proof-1",
        publication: seal::text(&printing)?,
        hash: printing.hash,
        event: chain::public_text(&event)?,
        previous_event_hash: hash_before(connection, event.position)?,
        following: between.iter().map(chain::leaf).collect::<Result<_>>()?,
        checkpoint: Checkpoint::of(connection, &signed)?,
    })
}

impl Checkpoint {
    /// The checkpoint in a signed entry.
    pub fn of(connection: &mut AnyConnection, entry: &Entry) -> Result<Checkpoint> {
        let unsigned = || Error::internal("a checkpoint is not signed");
        let signature = entry.signature.as_deref().ok_or_else(unsigned)?;
        let kid = key_name(signature)?;
        Ok(Checkpoint {
            text: checkpoint_text(entry.position, &entry.hash, entry.at)?,
            signature: signature.split_once('.').map_or("", |(_, signature)| signature).to_owned(),
            key: keys::all(connection)?.remove(kid),
            kid: kid.to_owned(),
        })
    }
}

/// The entry of the log that says that this was published.
fn announced(connection: &mut AnyConnection, printing: &Printing) -> Result<Entry> {
    let entry = events::table
        .filter(events::resource_kind.eq(Resource::Article))
        .filter(events::resource_id.eq(&printing.article_id))
        .filter(events::action.eq_any([Action::Published, Action::Embargoed]))
        .filter(events::digest.eq(&printing.hash))
        .select(Entry::as_select())
        .first(connection);
    entry.optional()?.ok_or_else(|| Error::internal("a publication is not in the log; run dateline verify"))
}

/// The first checkpoint from this position on.
fn first_signed(connection: &mut AnyConnection, position: i64) -> Result<Entry> {
    let signed = events::table
        .filter(events::position.ge(position))
        .filter(events::signature.is_not_null())
        .order(events::position.asc())
        .select(Entry::as_select());
    Ok(signed.first(connection)?)
}

/// The newest checkpoint of the log, when it has begun.
pub fn newest_checkpoint(connection: &mut AnyConnection) -> Result<Option<Checkpoint>> {
    let newest: Option<Entry> =
        events::table.order(events::position.desc()).select(Entry::as_select()).first(connection).optional()?;
    newest.map(|entry| Checkpoint::of(connection, &entry)).transpose()
}

fn hash_before(connection: &mut AnyConnection, position: i64) -> Result<String> {
    let before = events::table.find(position - 1).select(events::hash).first(connection).optional()?;
    Ok(before.unwrap_or_else(|| chain::BEGINNING.to_owned()))
}

impl Proof {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "format": "dateline-proof-1",
            "publication": "{\"article\":\"01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40\",\"body\":\"…\",\"…\":\"…\"}",
            "hash": "9b74c9897bac770ffc029102a200c5de1f3c6d2c4b7d1a5e6f8090a1b2c3d4e5",
            "event": "{\"action\":\"published\",\"at\":\"2026-03-04T18:30:00Z\",\"digest\":\"9b74…\",\"…\":\"…\"}",
            "previous_event_hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "following": [],
            "checkpoint": Checkpoint::sample(),
        })
    }
}

impl Checkpoint {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "text": "{\"at\":\"2026-03-04T18:30:00Z\",\"format\":\"dateline-checkpoint-1\",\"hash\":\"5e88…\",\"position\":412}",
            "signature": "kR2vXy0aQ1…",
            "kid": "21fe31dfa154a261",
            "key": { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "21fe31dfa154a261" }
        })
    }
}
