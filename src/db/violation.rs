//! Turns a database's refusal into the field that caused it.
//!
//! Both databases know which unique rule was broken, and say it differently: PostgreSQL names the constraint
//! (`tags_slug_key`), SQLite the columns (`UNIQUE constraint failed: tags.slug`).

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use crate::error::{Error, Rejection};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Error {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                unique_violation(&*information)
            }
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Error::Conflict(Rejection::anywhere(
                    "in_use",
                    "Something it refers to, or that refers to it, changed meanwhile. Try again.",
                ))
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction,
                information,
            ) => Error::Unavailable(information.message().to_owned()),
            DieselError::DatabaseError(_, information) if passes_by_itself(information.message()) => {
                Error::Unavailable(information.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Error::Unavailable(error.to_string()),
            other => Error::internal(other),
        }
    }
}

/// Whether a refusal says nothing about the request and will be gone when it comes again: waiting writers on PostgreSQL
/// (55P03, 40P01, 57014), a locked or full disk on SQLite. Diesel keeps their codes to itself, so their words have to do.
fn passes_by_itself(message: &str) -> bool {
    const WORDS: [&str; 7] = [
        "lock timeout",
        "deadlock detected",
        "statement timeout",
        "database is locked",
        "database or disk is full",
        "disk I/O error",
        "shutting down",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

/// 409 on the column that must be unique.
fn unique_violation(information: &dyn DatabaseErrorInformation) -> Error {
    let column = match information.constraint_name() {
        // PostgreSQL: {table}_{column}_key
        Some(constraint) => {
            let table = information.table_name().unwrap_or_default();
            let inner = constraint.strip_prefix(table).unwrap_or(constraint).trim_start_matches('_');
            inner.strip_suffix("_key").unwrap_or(inner).to_owned()
        }
        // SQLite: UNIQUE constraint failed: {table}.{column}
        None => information.message().rsplit('.').next().unwrap_or_default().to_owned(),
    };
    Error::taken(format!("/{column}"), format!("this {column} is already in use; choose another one"))
}
