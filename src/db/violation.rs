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
            DieselError::BrokenTransactionManager => Error::Unavailable(error.to_string()),
            other => Error::internal(other),
        }
    }
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
