//! The log in the database. Positions have no gaps and follow the order of commits: the row with the newest position is
//! taken by the writer and held until it commits, which a sequence of PostgreSQL would not be.

use std::ops::RangeInclusive;

use diesel::prelude::*;

use super::{Action, Actor, Journal, Resource, Signer, chain, keys};
use crate::clock::Timestamp;
use crate::db::schema::{event_head, events};
use crate::db::types::new_id;
use crate::db::{self, AnyConnection, Prepare};
use crate::error::Result;

/// Most entries between two checkpoints: a proof holds the hashes of those between its entry and the next one.
pub const BETWEEN_CHECKPOINTS: i64 = 256;

/// A row of the log.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct Entry {
    /// Where it stands: 1, 2, 3, … without gaps, in the order of commits.
    pub position: i64,
    /// Names it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor_kind: String,
    /// Which one, when there are several.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub resource_kind: String,
    /// To which one.
    pub resource_id: String,
    /// The version before, when there was one.
    pub version_before: Option<i32>,
    /// The version after, when there is one.
    pub version_after: Option<i32>,
    /// Why, for colleagues.
    pub note: Option<String>,
    /// The hash of what the change made.
    pub digest: Option<String>,
    /// The hash of the log up to here.
    pub hash: String,
    /// The checkpoint, at the end of a transaction.
    pub signature: Option<String>,
}

/// The positions of no entries.
#[expect(clippy::reversed_empty_ranges, reason = "no entries, no positions")]
const NONE: RangeInclusive<i64> = 1..=0;

/// Writes the journal's entries, and gives their positions; call it as the last step of a transaction.
pub fn append(connection: &mut AnyConnection, signer: &Signer, mut journal: Journal) -> Result<RangeInclusive<i64>> {
    if !signer.is_kept() {
        keys::keep(connection, signer, journal.now())?;
    } else if journal.entries.is_empty() {
        return Ok(NONE);
    }
    let recorded = i64::try_from(journal.entries.len()).unwrap_or(i64::MAX);
    let (mut newest, mut hash) = advance(connection, recorded)?;
    let end = newest - recorded;
    // What this process did not write itself is looked at before the log goes on from there.
    if !signer.wrote_end(end, &hash)
        && let Some(event) = keys::wrong_end(connection, signer, (end, &hash))?
    {
        journal.entries.insert(0, (journal.at, Actor::Clock, event));
        newest = advance(connection, 1)?.0;
    }
    if journal.entries.is_empty() {
        return Ok(NONE);
    }
    let added = newest - end;
    let mut rows = Vec::with_capacity(journal.entries.len());
    for ((at, actor, event), position) in journal.entries.into_iter().zip(newest - added + 1..) {
        let (actor_kind, actor_id) = actor.as_columns();
        let mut entry = Entry {
            position,
            id: new_id(),
            at,
            actor_kind: actor_kind.to_owned(),
            actor_id: actor_id.map(str::to_owned),
            action: event.action.as_str().to_owned(),
            resource_kind: event.resource.as_str().to_owned(),
            resource_id: event.id,
            version_before: event.before,
            version_after: event.after,
            note: event.note,
            digest: event.digest,
            hash: String::new(),
            signature: None,
        };
        hash = chain::link(&hash, &chain::leaf(&entry)?)?;
        entry.hash.clone_from(&hash);
        if position == newest || position % BETWEEN_CHECKPOINTS == 0 {
            entry.signature = Some(signer.sign(position, &hash, at)?);
        }
        rows.push(entry);
    }
    // Most changes have one entry, and that is a statement which the connection keeps.
    match <[Entry; 1]>::try_from(rows) {
        Ok([row]) => diesel::insert_into(events::table).values(row).execute(connection)?,
        Err(rows) => db::insert_all!(connection, events::table, rows)?,
    };
    signer.note_end(newest, &hash);
    Ok(newest - added + 1..=newest)
}

/// Takes this many positions, and holds the end of the log until the commit. Gives the newest of them, and the hash that
/// the log had before.
fn advance(connection: &mut AnyConnection, added: i64) -> Result<(i64, String)> {
    let head = diesel::update(event_head::table).set(event_head::position.eq(event_head::position + added));
    Ok(head.returning((event_head::position, event_head::hash)).prepared().get_result(connection)?)
}

/// How far the log goes.
pub fn newest_position(connection: &mut AnyConnection) -> Result<i64> {
    Ok(event_head::table.select(event_head::position).get_result(connection)?)
}

/// What looks different to readers after a stretch of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// How far the stretch goes.
    pub up_to: i64,
    /// Each change: where it stands, what it was done to, and its id.
    pub entries: Vec<(i64, Resource, String)>,
    /// Whether there was more than fits.
    pub is_cut: bool,
}

/// What looks different to readers after everything beyond a position, up to `most` entries.
pub fn changes_since(connection: &mut AnyConnection, position: i64, most: i64) -> Result<Changes> {
    let up_to = newest_position(connection)?;
    if up_to <= position {
        return Ok(Changes { up_to: position, ..Changes::default() });
    }
    let rows: Vec<(i64, String, String, String)> = events::table
        .filter(events::position.gt(position))
        .filter(events::position.le(up_to))
        .order(events::position.asc())
        .limit(most + 1)
        .select((events::position, events::action, events::resource_kind, events::resource_id))
        .load(connection)?;
    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) > most;
    let seen = |(position, action, resource, id): (i64, String, String, String)| {
        // What a later version of the program writes is not known here, and may be anything.
        let (Ok(action), Ok(resource)) = (action.parse::<Action>(), resource.parse::<Resource>()) else {
            return Some((position, Resource::Article, id));
        };
        action.is_seen_by_readers(resource).then_some((position, resource, id))
    };
    Ok(Changes { up_to, entries: rows.into_iter().filter_map(seen).collect(), is_cut })
}
