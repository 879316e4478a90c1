//! How long what readers see stays true: until somebody changes it, or until the clock does.

use diesel::dsl::{min, not};
use diesel::prelude::*;

use super::sight::Sight;
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::db::{AnyConnection, directly};
use crate::error::Result;
use crate::http::cache::Freshness;

/// A list of what readers see now: true until anything is published or taken down, or begins or ends by itself. What
/// was read at a moment that is over is not kept: what is hidden of it changes by other rules.
pub fn of_list(connection: &mut AnyConnection, sight: Sight) -> Result<Option<Freshness>> {
    let Sight::Readers(now) = sight else { return Ok(None) };
    let open = publications::table.filter(not(publications::superseded));
    let ends = open.filter(publications::live_until.gt(now)).select(min(publications::live_until));
    // In the words of the index by beginnings. The other condition would lead SQLite to the index of ends, and from there
    // to every row.
    let open = publications::table.filter(publications::superseded.eq(false));
    let begins = open.filter(publications::live_from.gt(now)).select(min(publications::live_from));
    let next = diesel::select((begins.single_value(), ends.single_value()));
    let (begins, ends): (Option<Timestamp>, Option<Timestamp>) =
        directly!(connection, |connection| next.get_result(connection))?;
    let next = begins.into_iter().chain(ends).min();
    Ok(Some(Freshness::of_anything().until(next.unwrap_or(Timestamp::FOREVER))))
}
