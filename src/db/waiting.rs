//! Waiting for each other where neither a row that both change nor a unique index makes two transactions do it.
//!
//! SQLite has one writer, so there nobody waits for anything here. On PostgreSQL whoever waits for several things does so in
//! this order, so that no two wait for each other: the turns for translations and for names, stories, the turn for what the
//! clock did, the end of the log. About accounts the order is: the role, all admins where one of them may be the last, the
//! account, its identity at the provider of single sign-on or its passkeys, the end of the log.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::{AnyConnection, execute};
use crate::error::Result;

/// Something that only one transaction at a time may do, because no unique index can tell what two of them would make
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Making a story a translation of another one.
    Translating,
    /// Making an author, a source or a tag because its name was not found.
    MakingByName,
    /// Putting a tag below another one, or deleting one that others may stand below.
    MovingTags,
    /// Saying in the log what the clock did to many stories, or changing many of them.
    Announcing,
    /// Giving access tokens another key.
    RotatingKeys,
    /// Making a role, of which only so many are kept.
    MakingRoles,
    /// Making a preview link, of which an article has only so many.
    MakingPreviewLinks,
}

/// Waits until no other transaction has this turn, and keeps it until this one ends. What was read before is to be read
/// again.
pub fn take_turns(connection: &mut AnyConnection, turn: Turn) -> Result<()> {
    let statement = match turn {
        Turn::MakingByName => "SELECT pg_advisory_xact_lock(7265001)",
        Turn::MovingTags => "SELECT pg_advisory_xact_lock(7265002)",
        Turn::Announcing => "SELECT pg_advisory_xact_lock(7265003)",
        Turn::RotatingKeys => "SELECT pg_advisory_xact_lock(7265004)",
        Turn::Translating => "SELECT pg_advisory_xact_lock(7265005)",
        Turn::MakingRoles => "SELECT pg_advisory_xact_lock(7265006)",
        Turn::MakingPreviewLinks => "SELECT pg_advisory_xact_lock(7265007)",
    };
    match connection {
        AnyConnection::Postgres(_) => Ok(execute(connection, statement)?),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// A table whose rows have an id and a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// `articles`
    Articles,
    /// `authors`
    Authors,
    /// `sources`
    Sources,
    /// `tags`
    Tags,
}

impl Named {
    fn table(self) -> &'static str {
        match self {
            Named::Articles => "articles",
            Named::Authors => "authors",
            Named::Sources => "sources",
            Named::Tags => "tags",
        }
    }
}

/// Waits for whoever is changing these rows, in one order, and holds them until the transaction ends.
pub fn hold_named(connection: &mut AnyConnection, table: Named, ids_or_slugs: &[&str]) -> Result<()> {
    hold(connection, (table, "FOR NO KEY UPDATE"), ids_or_slugs)
}

/// Holds a row until the transaction ends, also against those who only want to refer to it. A foreign key makes them wait
/// for this and for no weaker hold; so what is counted after it stays counted, until the row is deleted or left alone.
pub fn hold_for_good(connection: &mut AnyConnection, table: Named, id: &str) -> Result<()> {
    hold(connection, (table, "FOR UPDATE"), &[id])
}

#[expect(clippy::disallowed_methods, reason = "diesel locks rows for one database only; every value is bound")]
fn hold(connection: &mut AnyConnection, (table, lock): (Named, &str), ids_or_slugs: &[&str]) -> Result<()> {
    if let AnyConnection::Postgres(connection) = connection {
        let table = table.table();
        let statement = format!("SELECT FROM {table} WHERE id = ANY ($1) OR slug = ANY ($1) ORDER BY id {lock}");
        diesel::sql_query(statement).bind::<Array<Text>, _>(ids_or_slugs).execute(connection)?;
    }
    Ok(())
}
