//! The log by itself: positions, chain, signatures.

use diesel::prelude::*;

use super::{BATCH, Counts, Finding};
use crate::db::AnyConnection;
use crate::db::schema::{event_head, events};
use crate::error::Result;
use crate::events::{Entry, Signer, chain};

/// Checks the whole log.
pub fn check(
    connection: &mut AnyConnection,
    signer: &Signer,
    counts: &mut Counts,
) -> Result<std::result::Result<(), Finding>> {
    let (mut position, mut hash, mut signed) = (0, chain::BEGINNING.to_owned(), true);
    loop {
        let entries: Vec<Entry> = events::table
            .filter(events::position.gt(position))
            .order(events::position.asc())
            .limit(BATCH)
            .select(Entry::as_select())
            .load(connection)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let finding = |what: &str| Ok(Err(Finding::new(format!("events, position {}", entry.position), what)));
            if entry.position != position + 1 {
                let what = format!("entries are missing: the one before it has position {position}");
                return finding(&what);
            }
            hash = chain::link(&hash, &chain::leaf(&entry)?)?;
            if hash != entry.hash {
                return finding("this entry, or the one before it, is not as it was written");
            }
            if let Some(signature) = &entry.signature {
                if !signer.is_ours(signature, (entry.position, &entry.hash, entry.at))? {
                    return finding("the checkpoint was not signed with the key of this instance (DATELINE_SECRET)");
                }
                counts.checkpoints += 1;
            }
            position = entry.position;
            signed = entry.signature.is_some();
            counts.entries += 1;
        }
    }
    let (newest, newest_hash): (i64, String) =
        event_head::table.select((event_head::position, event_head::hash)).first(connection)?;
    if (newest, newest_hash.as_str()) != (position, hash.as_str()) {
        let what = format!("the newest entry should have position {newest}; entries were removed or put in at the end");
        return Ok(Err(Finding::new(format!("events, position {position}"), what)));
    }
    if !signed {
        return Ok(Err(Finding::new(format!("events, position {position}"), "the end of the log is not signed")));
    }
    Ok(Ok(()))
}
