//! Tags, authors and sources: each as the log says that it was saved last.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;

use super::{BATCH, Checked, Counts, expect, readable};
use crate::authors::AuthorRow;
use crate::db::AnyConnection;
use crate::db::schema::{authors, events, names, sources, tags};
use crate::events::{Action, Resource, chain};
use crate::sources::SourceRow;
use crate::tags::TagRow;

/// Checks the rows of one table, read in batches by their ids.
macro_rules! check_table {
    ($connection:expr, $table:ident, $row:ty, $resource:expr) => {{
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let rows = $table::table
                .filter($table::id.gt(&after))
                .order($table::id.asc())
                .limit(BATCH)
                .select(<$row>::as_select())
                .load($connection);
            let rows: Vec<$row> = readable(stringify!($table), rows)?;
            let Some(last) = rows.last() else { break count };
            after.clone_from(&last.id);
            count += rows.len() as u64;
            let rows: Vec<(String, $row)> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
            check_rows($connection, (stringify!($table), $resource), &rows)?;
        }
    }};
}

/// Holds every tag, author and source against the log, and the log against them.
pub fn check(connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
    counts.names += check_table!(connection, tags, TagRow, Resource::Tag);
    counts.names += check_table!(connection, authors, AuthorRow, Resource::Author);
    counts.names += check_table!(connection, sources, SourceRow, Resource::Source);
    for (table, resource) in [("tags", Resource::Tag), ("authors", Resource::Author), ("sources", Resource::Source)] {
        check_present(connection, (table, resource))?;
    }
    Ok(())
}

/// Each row says what was saved last.
fn check_rows<Row: Serialize>(
    connection: &mut AnyConnection,
    (table, resource): (&str, Resource),
    rows: &[(String, Row)],
) -> Checked {
    let ids = rows.iter().map(|(id, _)| id.as_str());
    let entries: Vec<(String, String, Option<String>)> = events::table
        .filter(events::resource_kind.eq(resource))
        .filter(events::resource_id.eq_any(ids))
        .order(events::position.asc())
        .select((events::resource_id, events::action, events::digest))
        .load(connection)?;
    let newest: BTreeMap<String, (String, Option<String>)> =
        entries.into_iter().map(|(id, action, digest)| (id, (action, digest))).collect();
    for (id, row) in rows {
        let place = format!("{table}, id {id}");
        let Some((action, digest)) = newest.get(id) else { return expect(false, place, "the log does not know it") };
        expect(action != Action::Deleted.as_str(), &place, "it was deleted and is here again")?;
        expect(digest.as_ref() == Some(&chain::digest(row)?), place, "it is not what was saved")?;
    }
    Ok(())
}

/// Everything that was made and not deleted is there.
fn check_present(connection: &mut AnyConnection, (table, resource): (&str, Resource)) -> Checked {
    let of =
        |action: Action| events::table.filter(events::resource_kind.eq(resource)).filter(events::action.eq(action));
    let mut position = 0;
    loop {
        let made: Vec<(i64, String)> = of(Action::Created)
            .filter(events::position.gt(position))
            .order(events::position.asc())
            .limit(BATCH)
            .select((events::position, events::resource_id))
            .load(connection)?;
        let Some((last, _)) = made.last() else { return Ok(()) };
        position = *last;
        let ids: Vec<&str> = made.iter().map(|(_, id)| id.as_str()).collect();
        let deleted = of(Action::Deleted).filter(events::resource_id.eq_any(&ids)).select(events::resource_id);
        let mut known: BTreeSet<String> = deleted.load(connection)?.into_iter().collect();
        known.extend(names::table.filter(names::id.eq_any(&ids)).select(names::id).load::<String>(connection)?);
        let missing = ids.into_iter().find(|id| !known.contains(*id));
        expect(missing.is_none(), format!("{table}, id {}", missing.unwrap_or_default()), "it was removed by hand")?;
    }
}
