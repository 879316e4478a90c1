//! Statements that a connection prepares once and keeps, as diesel would not by itself.
//!
//! Diesel keeps no `UPDATE` and nothing with a list of values, because there could be texts of it without number. For
//! SQLite that is the dearest part of a small write: preparing looks at every index, trigger and foreign key of the
//! table. So whoever knows that the texts are few says it.
//!
//! What is kept is prepared anew all the same when its `LIMIT` is a value, because SQLite plans by that value. So the
//! one row of a unique key is asked for with `get_result`, and not with `first`, which has such a limit.

use diesel::RunQueryDsl;
use diesel::connection::{Connection, LoadConnection};
use diesel::expression::QueryMetadata;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

use super::{AnyConnection, Backend};

/// Runs a statement on the connection that there is, and not by way of the one that stands for both: that one puts the
/// text together anew each time, several times over, also of a statement whose type says all of it.
///
/// `directly!(connection, |connection| statement.load(connection))`. The statement is compiled once for each database,
/// so it may not be boxed for both.
macro_rules! directly {
    ($any:expr, |$connection:ident| $run:expr) => {
        match $any {
            $crate::db::AnyConnection::Postgres($connection) => $run,
            $crate::db::AnyConnection::Sqlite($connection) => $run,
        }
    };
}

pub(crate) use directly;

/// A statement with few texts.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Statement>(Statement);

/// Says of a statement that it has few texts: always the same columns, and lists of values only as [`in_few_lengths`].
///
/// It has to give rows, be it by `returning`: of what gives none, diesel does not ask whether it may be kept.
pub trait Prepare: Query + Sized {
    /// The statement, to be prepared once for each connection.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Statement: Query> Prepare for Statement {}

impl<Statement> Prepared<Statement>
where
    Statement: Query + QueryFragment<Backend>,
    Backend: QueryMetadata<Statement::SqlType>,
{
    /// Runs it, and says how many rows it met.
    pub fn run(self, connection: &mut AnyConnection) -> QueryResult<usize> {
        let mut met = 0;
        for row in LoadConnection::load(connection, self)? {
            row?;
            met += 1;
        }
        Ok(met)
    }
}

impl<Statement: QueryFragment<Any>, Any: diesel::backend::Backend> QueryFragment<Any> for Prepared<Statement> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Any>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Any) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Kept by its text: a type can have several.
impl<Statement> QueryId for Prepared<Statement> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Statement: Query> Query for Prepared<Statement> {
    type SqlType = Statement::SqlType;
}

impl<Statement, C: Connection> RunQueryDsl<C> for Prepared<Statement> {}

/// The values with the last one repeated until they are 1, 2, 4, 8, …: so the lists of a statement have few lengths, and
/// say the same.
pub fn in_few_lengths<T: Clone>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths_and_say_the_same() {
        assert_eq!(in_few_lengths(Vec::<u8>::new()), [0; 0]);
        assert_eq!(in_few_lengths([1]), [1]);
        assert_eq!(in_few_lengths([1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(in_few_lengths(0..300).len(), 512);
    }
}
