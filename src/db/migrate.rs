//! Brings the database to the shape this program expects, and refuses what it cannot serve.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{self, Access, AnyConnection, DatabaseUrl};
use super::execute;

/// The two trees have the same folder names; `tests/migrations.rs` compares them.
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// SQLite before this had a bug that could corrupt the file when a write met a checkpoint
/// (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

/// Name of PostgreSQL's advisory lock that lets one instance migrate while the others wait.
const MIGRATION_LOCK: i64 = 0x6461_7465_6c69_6e65;

/// Why the database cannot be used; each is one line for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file cannot be opened or the server does not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The database was made by a newer program; an older one could damage it.
    #[error(
        "the database is newer than this program: it has migration {0}, which this version does not know. Start the \
         newer version again, or restore a backup from before the upgrade."
    )]
    NewerSchema(String),
    /// Migrations are waiting and were not asked for.
    #[error("{0} migrations are waiting. Run: dateline migrate up")]
    Pending(usize),
    /// The SQLite that was linked is too old to be safe.
    #[error("this SQLite is {0}; at least {oldest} is needed, because older ones can corrupt the file", oldest = OLDEST_SQLITE.1)]
    OldSqlite(String),
    /// A migration failed; the database is as it was before that migration.
    #[error("a migration failed and was rolled back: {0}")]
    Migration(String),
}

/// One migration and whether it was applied.
#[derive(Debug)]
pub struct Step {
    /// The name of its folder.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Refuses a SQLite that may corrupt the file.
pub fn assert_safe_sqlite() -> Result<(), StartError> {
    #[expect(unsafe_code, reason = "a plain number from the linked library; nothing is passed in")]
    let version = unsafe { libsqlite3_sys::sqlite3_libversion_number() };
    if version < OLDEST_SQLITE.0 {
        let text = format!("{}.{}.{}", version / 1_000_000, version / 1000 % 1000, version % 1000);
        return Err(StartError::OldSqlite(text));
    }
    Ok(())
}

/// Applies every migration that is waiting, oldest first, each in a transaction of its own, and gives their names.
/// Instances that start together wait for each other.
pub fn up(url: &DatabaseUrl) -> Result<Vec<String>, StartError> {
    with_lock(url, |connection| {
        refuse_newer(connection)?;
        let applied = match connection {
            AnyConnection::Sqlite(connection) => connection.run_pending_migrations(SQLITE),
            AnyConnection::Postgres(connection) => connection.run_pending_migrations(POSTGRES),
        };
        let applied = applied.map_err(|error| StartError::Migration(error.to_string()))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// Takes back the newest migration and gives its name, or `None` when there is none.
pub fn down(url: &DatabaseUrl) -> Result<Option<String>, StartError> {
    with_lock(url, |connection| {
        refuse_newer(connection)?;
        if !list(connection)?.iter().any(|step| step.applied) {
            return Ok(None);
        }
        let reverted = match connection {
            AnyConnection::Sqlite(connection) => connection.revert_last_migration(SQLITE),
            AnyConnection::Postgres(connection) => connection.revert_last_migration(POSTGRES),
        };
        reverted.map(|version| Some(version.to_string())).map_err(|error| StartError::Migration(error.to_string()))
    })
}

/// Every migration this program knows, oldest first, and whether the database has it.
pub fn status(url: &DatabaseUrl) -> Result<Vec<Step>, StartError> {
    let mut connection = connection::open(url, Access::Write)?;
    refuse_newer(&mut connection)?;
    list(&mut connection)
}

/// Checks that the database has exactly the migrations of this program.
pub fn check(url: &DatabaseUrl) -> Result<(), StartError> {
    match status(url)?.iter().filter(|step| !step.applied).count() {
        0 => Ok(()),
        waiting => Err(StartError::Pending(waiting)),
    }
}

fn list(connection: &mut AnyConnection) -> Result<Vec<Step>, StartError> {
    let applied = applied(connection)?;
    let step =
        |name: String, version: MigrationVersion<'_>| Step { applied: applied.contains(&version.to_string()), name };
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StartError::Migration(error.to_string());
    let mut steps: Vec<Step> = match connection {
        AnyConnection::Sqlite(_) => {
            let known: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().map_err(failed)?;
            known.iter().map(|one| step(one.name().to_string(), one.name().version())).collect()
        }
        AnyConnection::Postgres(_) => {
            let known: Vec<Box<dyn Migration<diesel::pg::Pg>>> = POSTGRES.migrations().map_err(failed)?;
            known.iter().map(|one| step(one.name().to_string(), one.name().version())).collect()
        }
    };
    steps.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(steps)
}

fn applied(connection: &mut AnyConnection) -> Result<Vec<String>, StartError> {
    let versions = match connection {
        AnyConnection::Sqlite(connection) => connection.applied_migrations(),
        AnyConnection::Postgres(connection) => connection.applied_migrations(),
    };
    let versions = versions.map_err(|error| StartError::Migration(error.to_string()))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

fn refuse_newer(connection: &mut AnyConnection) -> Result<(), StartError> {
    let known: Vec<String> =
        list(connection)?.iter().filter_map(|step| step.name.split('_').next().map(str::to_owned)).collect();
    match applied(connection)?.into_iter().find(|version| !known.contains(version)) {
        Some(unknown) => Err(StartError::NewerSchema(unknown)),
        None => Ok(()),
    }
}

/// Runs `work` while no other instance migrates: SQLite's own lock does it per migration, PostgreSQL is asked for one.
fn with_lock<T>(
    url: &DatabaseUrl,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, StartError>,
) -> Result<T, StartError> {
    let mut connection = connection::open(url, Access::Write)?;
    if matches!(connection, AnyConnection::Postgres(_)) {
        // The lock ends with the connection, also when this process dies.
        let lock = format!("SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})");
        execute(&mut connection, &lock).map_err(|error| StartError::Unreachable(error.to_string()))?;
    }
    let result = work(&mut connection);
    if matches!(connection, AnyConnection::Sqlite(_)) {
        let violations = execute(&mut connection, "PRAGMA foreign_key_check");
        violations.map_err(|error| StartError::Migration(error.to_string()))?;
    }
    result
}
