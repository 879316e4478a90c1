//! The log by itself: positions, chain, signatures.

use diesel::prelude::*;

use super::{BATCH, Checked, Counts, expect, readable};
use crate::db::AnyConnection;
use crate::db::schema::{event_head, events};
use crate::error::Error;
use crate::events::{BETWEEN_CHECKPOINTS, Entry, Signer, chain};

/// Checks the whole log.
pub fn check(connection: &mut AnyConnection, signer: &Signer, counts: &mut Counts) -> Checked {
    let (mut position, mut hash, mut signed) = (0, chain::BEGINNING.to_owned(), true);
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
            if let Some(signature) = &entry.signature {
                let ours = signer.is_ours(signature, (entry.position, &entry.hash, entry.at))?;
                let what = "the checkpoint was not signed with the key of this instance (DATELINE_SECRET)";
                expect(ours, &place, what)?;
                counts.checkpoints += 1;
            }
            let is_due = entry.position % BETWEEN_CHECKPOINTS == 0;
            expect(!is_due || entry.signature.is_some(), &place, "its checkpoint was removed")?;
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
    expect(signed, place, "the end of the log is not signed")
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
