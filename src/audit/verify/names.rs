//! Tags, authors and sources, with the former slugs that lead to them.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::rows::{check_present, check_table};
use super::{Checked, Counts, expect};
use crate::authors::AuthorRow;
use crate::db::AnyConnection;
use crate::db::schema::{authors, former_slugs, names, sources, tags};
use crate::events::Resource;
use crate::sources::SourceRow;
use crate::tags::TagRow;

/// Holds every tag, author and source against the log, and the log against them.
pub fn check(connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
    counts.names += check_table!(connection, tags, id, TagRow);
    counts.names += check_table!(connection, authors, id, AuthorRow);
    counts.names += check_table!(connection, sources, id, SourceRow);
    for (table, resource) in [("tags", Resource::Tag), ("authors", Resource::Author), ("sources", Resource::Source)] {
        check_present(connection, (table, resource), |connection, ids| {
            names::table.filter(names::id.eq_any(ids)).select(names::id).load(connection)
        })?;
    }
    refuse_astray(connection)
}

/// Refuses former slugs that lead nowhere. Those that lead somewhere are sealed with what they lead to.
fn refuse_astray(connection: &mut AnyConnection) -> Checked {
    let target =
        names::table.filter(names::id.eq(former_slugs::resource_id)).filter(names::kind.eq(former_slugs::kind));
    let astray = former_slugs::table.filter(not(exists(target))).select(former_slugs::slug);
    match astray.first::<String>(connection).optional()? {
        Some(slug) => expect(false, format!("former_slugs, slug {slug}"), "it leads to nothing that the log knows"),
        None => Ok(()),
    }
}
