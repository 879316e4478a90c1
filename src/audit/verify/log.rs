//! The log by itself: positions, chain, signatures.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::Deserialize;

use super::{BATCH, Checked, Counts, expect, readable};
use crate::db::AnyConnection;
use crate::db::schema::{event_head, events};
use crate::error::Error;
use crate::events::{Action, BETWEEN_CHECKPOINTS, Entry, PublicKey, Signer, chain, checkpoint_text, key_name, keys};

/// Checks the whole log.
pub fn check(connection: &mut AnyConnection, signer: &Signer, counts: &mut Counts) -> Checked {
    let keys = keys::all(connection)?;
    let (mut position, mut hash, mut signed) = (0, chain::BEGINNING.to_owned(), true);
    // The key of the newest checkpoint vouches for everything before it, whoever signed that.
    let mut newest_is_ours = true;
    let (mut introduced, mut signed_with) = (HashSet::new(), HashSet::new());
    loop {
        let entries = batch(connection, position)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let place = format!("events, position {}", entry.position);
            let missing = format!("entries are missing: the one before it has position {position}");
            expect(entry.position == position + 1, &place, missing)?;
            hash = readable(&place, chain::leaf(&entry).and_then(|leaf| chain::link(&hash, &leaf)))?;
            expect(hash == entry.hash, &place, "this entry, or the one before it, is not as it was written")?;
            let is_due = entry.position % BETWEEN_CHECKPOINTS == 0;
            expect(!is_due || entry.signature.is_some(), &place, "its checkpoint was removed")?;
            let what =
                "the server found the end of the log before this entry unsigned or cut off: somebody else was there";
            expect(entry.action != Action::UnsignedEnd.as_str(), &place, what)?;
            if entry.action == Action::KeyChanged.as_str() {
                introduced.insert(entry.resource_id.clone());
            }
            if let Some(signature) = &entry.signature {
                newest_is_ours = is_ours(&entry, signature, (signer, &keys))?;
                let kid = readable(&place, key_name(signature))?.to_owned();
                // The first key needs no introduction.
                let is_known = counts.checkpoints == 0 || introduced.contains(&kid) || signed_with.contains(&kid);
                expect(is_known, &place, "the log does not say that this key signs from here on")?;
                signed_with.insert(kid);
                counts.checkpoints += 1;
                counts.former += u64::from(!newest_is_ours);
            }
            position = entry.position;
            signed = entry.signature.is_some();
            counts.entries += 1;
        }
    }
    let (newest, newest_hash): (i64, String) =
        event_head::table.select((event_head::position, event_head::hash)).first(connection)?;
    let place = format!("events, position {position}");
    let what = format!("the newest entry should have position {newest}; entries were removed or put in at the end");
    expect((newest, newest_hash.as_str()) == (position, hash.as_str()), &place, what)?;
    expect(signed, &place, "the end of the log is not signed")?;
    let what = "the newest checkpoint was not signed with the key that comes of this DATELINE_SECRET: either it is not the \
                one that the server runs with, or somebody else signed. Only when it was changed on purpose, start the \
                server once, so that the new key vouches for the log";
    expect(newest_is_ours, place, what)
}

/// Whether the present key of this instance made a checkpoint; a former one may have, too.
fn is_ours(entry: &Entry, signature: &str, (signer, keys): (&Signer, &HashMap<String, PublicKey>)) -> Checked<bool> {
    let place = format!("events, position {}", entry.position);
    let text = checkpoint_text(entry.position, &entry.hash, entry.at)?;
    if signer.public_key().signed(signature, &text) {
        return Ok(true);
    }
    let former = keys.get(readable(&place, key_name(signature))?);
    let known = former.is_some_and(|key| key.signed(signature, &text));
    expect(
        known,
        place,
        "the checkpoint was not signed with the key of this instance (DATELINE_SECRET), nor a former one",
    )?;
    Ok(false)
}

/// Holds a checkpoint that somebody kept against the log: it must still have that hash at that position.
pub fn check_kept(connection: &mut AnyConnection, signer: &Signer, kept: &Kept) -> Checked {
    let place = "the kept checkpoint";
    let keys = keys::all(connection)?;
    let key = if kept.kid == signer.public_key().kid { Some(signer.public_key()) } else { keys.get(&kept.kid) };
    let ours = key.is_some_and(|key| key.signed(&format!("{}.{}", kept.kid, kept.signature), &kept.text));
    expect(ours, place, "it was not signed with a key of this instance")?;
    let Seen { position, hash } = readable(place, serde_json::from_str(&kept.text).map_err(Error::internal))?;
    let there: Option<String> = events::table.find(position).select(events::hash).first(connection).optional()?;
    let place = format!("events, position {position}");
    match there {
        None => expect(false, place, "the kept checkpoint has seen it, and it is not there: the log was rolled back"),
        Some(there) => expect(there == hash, place, "the log that the kept checkpoint has seen is another one"),
    }
}

/// A checkpoint that somebody kept, as the API gives it.
#[derive(Debug, Clone, Deserialize)]
pub struct Kept {
    text: String,
    signature: String,
    kid: String,
}

/// What a checkpoint says.
#[derive(Deserialize)]
struct Seen {
    position: i64,
    hash: String,
}

/// The entries after a position; when they cannot be read, which one it is.
fn batch(connection: &mut AnyConnection, after: i64) -> Checked<Vec<Entry>> {
    let following = || events::table.filter(events::position.gt(after)).order(events::position.asc()).limit(BATCH);
    let entries = following().select(Entry::as_select()).load(connection).map_err(Error::from);
    let Err(Error::Internal(cause)) = entries else { return Ok(entries?) };
    let positions: Vec<i64> = following().select(events::position).load(connection)?;
    for position in positions {
        let entry = events::table.find(position).select(Entry::as_select()).first(connection);
        readable(format!("events, position {position}"), entry)?;
    }
    Err(Error::Internal(cause).into())
}
