//! Transactions that begin with words of their own.

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::result::QueryResult;

use super::AnyConnection;
use crate::error::Result;

/// Begins and ends transactions on either database.
pub type Manager = <AnyConnection as Connection>::TransactionManager;

/// Begins a transaction with this statement.
pub fn begin(connection: &mut AnyConnection, statement: &str) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, statement),
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(postgres, statement),
    }
}

/// Runs one caller's write on PostgreSQL and commits it. The limit of statements is for readers: a write takes the time
/// it takes, and only its waiting for other writers has an end. Both words go to the server together, because a write
/// should not pay for one more way there and back.
pub fn write<T>(connection: &mut AnyConnection, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
    begin(connection, "BEGIN; SET LOCAL statement_timeout = 0")?;
    match work(connection) {
        Ok(value) => {
            Manager::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            // A connection that cannot even do this is found broken when it goes back to the pool.
            let _ = Manager::rollback_transaction(connection);
            Err(error)
        }
    }
}
