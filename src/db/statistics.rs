//! What PostgreSQL takes for granted about how much there is.

use super::{AnyConnection, execute};
use crate::error::Result;

/// Every table here that may be looked at and that nobody else looks at just now: nothing is waited for.
const LOOK_AT_EVERY_TABLE: &str = "DO $$ BEGIN EXECUTE (\
    SELECT coalesce('ANALYZE (SKIP_LOCKED) ' || string_agg(format('%I.%I', schemaname, tablename), ', '), '') \
    FROM pg_tables WHERE schemaname = current_schema() AND pg_has_role(tableowner, 'USAGE')); END $$";

/// Has PostgreSQL look at its tables again, in the middle of a transaction that writes a lot.
///
/// It plans a statement by what it knew when it first ran, keeps that plan, and learns by itself only what others have
/// committed: in a new newsroom it goes on as if every table were empty, and reads whole tables and indexes for one row.
/// SQLite's plans do not depend on how much there is; there nothing happens.
pub fn renew(connection: &mut AnyConnection) -> Result<()> {
    if matches!(connection, AnyConnection::Postgres(_)) {
        execute(connection, LOOK_AT_EVERY_TABLE)?;
    }
    Ok(())
}
