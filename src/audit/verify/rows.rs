//! Rows that the log seals, whatever they are about: each is as the log says that it was written last, and everything that
//! was made and not deleted is there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::max;
use diesel::prelude::*;

use super::{BATCH, Checked, expect};
use crate::db::AnyConnection;
use crate::db::schema::events;
use crate::error::Result;
use crate::events::{Action, Resource, Sealed};

/// Checks the rows of one table, read in batches in the order of their ids, and gives how many there are.
macro_rules! check_table {
    ($connection:expr, $table:ident, $id:ident, $row:ty) => {{
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let rows = $table::table
                .filter($table::$id.gt(&after))
                .order($table::$id.asc())
                .limit($crate::audit::verify::BATCH)
                .select(<$row>::as_select())
                .load($connection);
            let rows: Vec<$row> = $crate::audit::verify::readable(stringify!($table), rows)?;
            let Some(last) = rows.last() else { break count };
            after = last.$id.clone();
            count += rows.len() as u64;
            $crate::audit::verify::rows::check($connection, stringify!($table), &rows)?;
        }
    }};
}

pub(super) use check_table;

/// What the log says of something last.
struct Newest {
    action: Action,
    digest: Option<String>,
}

/// The newest entry of each of these that seals it or ends it.
fn newest<'a>(
    connection: &mut AnyConnection,
    resource: Resource,
    ids: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Newest>> {
    let positions: Vec<Option<i64>> = events::table
        .filter(events::resource_kind.eq(resource))
        .filter(events::resource_id.eq_any(ids))
        .filter(events::digest.is_not_null().or(events::action.eq(Action::Deleted)))
        .group_by(events::resource_id)
        .select(max(events::position))
        .load(connection)?;
    let entries: Vec<(String, Action, Option<String>)> = events::table
        .filter(events::position.eq_any(positions.into_iter().flatten()))
        .select((events::resource_id, events::action, events::digest))
        .load(connection)?;
    Ok(entries.into_iter().map(|(id, action, digest)| (id, Newest { action, digest })).collect())
}

/// Each row says what was written last.
pub fn check<Row: Sealed>(connection: &mut AnyConnection, table: &str, rows: &[Row]) -> Checked {
    let newest = newest(connection, Row::RESOURCE, rows.iter().map(Row::id))?;
    for row in rows {
        let place = format!("{table}, id {}", row.id());
        let Some(newest) = newest.get(row.id()) else { return expect(false, place, "the log does not know it") };
        expect(newest.action != Action::Deleted, &place, "it was deleted and is here again")?;
        expect(newest.digest.as_ref() == Some(&row.seal(connection)?), place, "it is not what was saved")?;
    }
    Ok(())
}

/// Everything that was made and not deleted is there; `present` says which of some ids are.
pub fn check_present(
    connection: &mut AnyConnection,
    (table, resource): (&str, Resource),
    present: impl Fn(&mut AnyConnection, &[String]) -> QueryResult<Vec<String>>,
) -> Checked {
    let mut position = 0;
    loop {
        let made: Vec<(i64, String)> = events::table
            .filter(events::resource_kind.eq(resource))
            .filter(events::action.eq(Action::Created))
            .filter(events::position.gt(position))
            .order(events::position.asc())
            .limit(BATCH)
            .select((events::position, events::resource_id))
            .load(connection)?;
        let Some((last, _)) = made.last() else { return Ok(()) };
        position = *last;
        let newest = newest(connection, resource, made.iter().map(|(_, id)| id.as_str()))?;
        let kept = newest.into_iter().filter(|(_, newest)| newest.action != Action::Deleted);
        let kept: Vec<String> = kept.map(|(id, _)| id).collect();
        let there: BTreeSet<String> = present(connection, &kept)?.into_iter().collect();
        let missing = kept.into_iter().find(|id| !there.contains(id));
        expect(missing.is_none(), format!("{table}, id {}", missing.unwrap_or_default()), "it was removed by hand")?;
    }
}
