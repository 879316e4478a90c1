//! Appends to the log. Positions have no gaps and follow the order of commits: the row with the newest position is
//! taken by the writer and held until it commits, which a sequence of PostgreSQL would not be.

use diesel::prelude::*;

use super::Journal;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{event_head, events};
use crate::db::types::new_id;
use crate::error::Result;

#[derive(Insertable)]
#[diesel(table_name = events)]
struct Row<'a> {
    id: String,
    position: i64,
    at: Timestamp,
    actor_kind: &'a str,
    actor_id: Option<&'a str>,
    action: &'a str,
    resource_kind: &'a str,
    resource_id: &'a str,
    version_before: Option<i32>,
    version_after: Option<i32>,
}

/// Writes the journal's entries; call it as the last step of a transaction.
pub fn append(connection: &mut AnyConnection, journal: &Journal) -> Result<()> {
    let count = i64::try_from(journal.entries.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let newest: i64 = diesel::update(event_head::table)
        .set(event_head::position.eq(event_head::position + count))
        .returning(event_head::position)
        .get_result(connection)?;
    let (actor_kind, actor_id) = journal.actor.as_columns();
    for (entry, position) in journal.entries.iter().zip(newest - count + 1..) {
        let row = Row {
            id: new_id(),
            position,
            at: journal.at,
            actor_kind,
            actor_id,
            action: entry.action.as_str(),
            resource_kind: entry.resource.as_str(),
            resource_id: &entry.id,
            version_before: entry.before,
            version_after: entry.after,
        };
        diesel::insert_into(events::table).values(row).execute(connection)?;
    }
    Ok(())
}
