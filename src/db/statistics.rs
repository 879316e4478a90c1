//! What PostgreSQL takes for granted about how much there is.

use diesel::Connection;

use super::{AnyConnection, execute};
use crate::error::Error;

/// What is written, or looked through, when a story is stored and published.
const TABLES: &str = "articles, article_authors, article_tags, authors, publications, publication_authors, \
                      publication_tags, revisions, search_entries, search_vocabulary, sources, tags";

/// Has PostgreSQL look at its tables again, in the middle of a transaction that stored this many stories, unless it knew
/// of as many before.
///
/// It plans a statement by what it knew when it first ran, keeps that plan, and learns by itself only what others have
/// committed: in a new newsroom it goes on as if every table were empty, and reads whole tables and indexes for one row.
/// SQLite's plans do not depend on how much there is; there nothing happens.
///
/// Until the transaction ends, nobody else looks at these tables or tidies them up. What somebody else looks at just now
/// is left out, and a fault ends nothing: the statements are slower then.
pub fn renew(connection: &mut AnyConnection, stored: usize) {
    if matches!(connection, AnyConnection::Sqlite(_)) {
        return;
    }
    let look_again = format!(
        "DO $$ BEGIN IF (SELECT reltuples FROM pg_class WHERE oid = 'articles'::regclass) < {stored} THEN \
         ANALYZE (SKIP_LOCKED) {TABLES}; END IF; END $$"
    );
    let looked = connection.transaction::<_, Error, _>(|connection| Ok(execute(connection, &look_again)?));
    if let Err(error) = looked {
        tracing::warn!(%error, "PostgreSQL did not look at its tables again; the import may take longer");
    }
}
