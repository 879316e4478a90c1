//! Whether SQLite's file is whole: every index says what its table says, every value is one that its column allows, and
//! nothing refers to what is not there. PostgreSQL sees to that by itself.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::AnyConnection;
use crate::error::Result;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What is wrong with the file, in SQLite's words, or `None`. Reads all of it.
#[expect(clippy::disallowed_methods, reason = "fixed questions, with nobody's words in them")]
pub fn fault(connection: &mut AnyConnection) -> Result<Option<String>> {
    let AnyConnection::Sqlite(connection) = connection else { return Ok(None) };
    let damage = "SELECT integrity_check AS line FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1";
    let astray = "SELECT \"table\" || ', row ' || coalesce(rowid, '?') || ' refers to nothing in ' || parent AS line \
                  FROM pragma_foreign_key_check LIMIT 1";
    for question in [damage, astray] {
        if let Some(Line { line }) = diesel::sql_query(question).load(connection)?.pop() {
            return Ok(Some(line));
        }
    }
    Ok(None)
}
