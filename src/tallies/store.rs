//! Tallies in the database.

use std::collections::HashMap;

use diesel::dsl::{min, sum};
use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::tallies;
use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::http::cache::Freshness;

text_enum! {
    /// As what a story names something.
    pub enum Role {
        /// As a tag.
        Tag = "tag",
        /// As the section it stands in.
        Section = "section",
        /// As an author.
        Author = "author",
        /// As its source.
        Source = "source",
    }
}

/// How many rows of one name may lie behind before they are added up into one.
const CROWD: i64 = 32;

/// Most rows that are added up in one transaction: other writers should not wait for long.
const MOST_AT_ONCE: i64 = 2000;

/// How many stories readers see under each name; a name that is not in it has none.
#[derive(Debug, Default)]
pub struct Counts(HashMap<(Role, String), i64>);

impl From<Vec<(Role, String, Option<i64>)>> for Counts {
    fn from(rows: Vec<(Role, String, Option<i64>)>) -> Counts {
        Counts(rows.into_iter().map(|(role, id, count)| ((role, id), count.unwrap_or(0))).collect())
    }
}

impl Counts {
    /// How many there are under this name.
    pub fn get(&self, role: Role, id: &str) -> i64 {
        self.0.get(&(role, id.to_owned())).copied().unwrap_or(0)
    }
}

/// How many stories readers see at this moment under each of these names, in each of these roles: one query.
pub fn of(connection: &mut AnyConnection, roles: &[Role], names: Vec<&str>, now: Timestamp) -> Result<Counts> {
    if names.is_empty() {
        return Ok(Counts::default());
    }
    let rows = tallies::table
        .filter(tallies::role.eq_any(roles))
        .filter(tallies::name_id.eq_any(names))
        .filter(tallies::at.le(now))
        .group_by((tallies::role, tallies::name_id))
        .select((tallies::role, tallies::name_id, sum(tallies::delta)));
    Ok(Counts::from(rows.load(connection)?))
}

/// The same under every name.
pub fn of_all(connection: &mut AnyConnection, roles: &[Role], now: Timestamp) -> Result<Counts> {
    let rows = tallies::table
        .filter(tallies::role.eq_any(roles))
        .filter(tallies::at.le(now))
        .group_by((tallies::role, tallies::name_id))
        .select((tallies::role, tallies::name_id, sum(tallies::delta)));
    Ok(Counts::from(rows.load(connection)?))
}

/// How long these counts stay true: until somebody changes something, or a story begins or ends by itself.
pub fn freshness(connection: &mut AnyConnection, now: Timestamp) -> Result<Freshness> {
    let ahead = tallies::table.filter(tallies::at.gt(now));
    let next: Option<Timestamp> = ahead.select(min(tallies::at)).first(connection)?;
    Ok(Freshness::of_anything().until(next.unwrap_or(Timestamp::FOREVER)))
}

/// Adds up what lies behind, one name at a time, and says how many rows that removed: none when there is nothing to do.
/// Counts are the same before and after, also when two servers do it at once: each adds up what it removed itself.
pub fn fold(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let crowded: Option<(Role, String)> = tallies::table
        .filter(tallies::at.le(now))
        .group_by((tallies::role, tallies::name_id))
        .having(diesel::dsl::count_star().gt(CROWD))
        .select((tallies::role, tallies::name_id))
        .first(connection)
        .optional()?;
    let Some((role, name)) = crowded else { return Ok(0) };
    let behind: Vec<i64> = tallies::table
        .filter(tallies::role.eq(role))
        .filter(tallies::name_id.eq(&name))
        .filter(tallies::at.le(now))
        .order(tallies::at.asc())
        .limit(MOST_AT_ONCE)
        .select(tallies::id)
        .load(connection)?;
    let removed: Vec<(Timestamp, i32)> = diesel::delete(tallies::table.filter(tallies::id.eq_any(behind)))
        .returning((tallies::at, tallies::delta))
        .get_results(connection)?;
    let Some(newest) = removed.iter().map(|(at, _)| *at).max() else { return Ok(0) };
    let together: i64 = removed.iter().map(|(_, delta)| i64::from(*delta)).sum();
    let columns = (
        tallies::role.eq(role),
        tallies::name_id.eq(name),
        tallies::at.eq(newest),
        tallies::delta.eq(i32::try_from(together).map_err(Error::internal)?),
    );
    diesel::insert_into(tallies::table).values(columns).execute(connection)?;
    Ok(removed.len())
}
