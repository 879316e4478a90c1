//! Brings the database to the shape this program expects, and refuses what it cannot serve.

use std::path::PathBuf;

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::{QueryDsl, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{self, Access, AnyConnection, DatabaseUrl};
use super::execute;
use super::schema::event_head;

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
    /// The database was made while Dateline was being built.
    #[error(
        "the database was made by a version from before the first release, and its log is not a signed chain; start \
         with an empty one, and bring its stories in with dateline import"
    )]
    BeforeFirstRelease,
    /// The database was made by a newer program; an older one could damage it.
    #[error(
        "the database is newer than this program: it has migration {0}, which this version does not know. Start the \
         newer version again, or restore a backup from before the upgrade."
    )]
    NewerSchema(String),
    /// Migrations are waiting and were not asked for.
    #[error("migrations are waiting: {0}. Run: dateline migrate up")]
    Pending(usize),
    /// A SQLite file that has to be there is not.
    #[error("there is no database at {}. dateline migrate up makes one; another place is given with --database-url", .0.display())]
    Missing(PathBuf),
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
        let waiting = steps(connection)?.into_iter().filter(|step| !step.applied);
        let applied = match connection {
            AnyConnection::Sqlite(connection) => connection.run_pending_migrations(SQLITE).map(drop),
            AnyConnection::Postgres(connection) => connection.run_pending_migrations(POSTGRES).map(drop),
        };
        applied.map_err(|error| StartError::Migration(error.to_string()))?;
        Ok(waiting.map(|step| step.name).collect())
    })
}

/// Takes back the newest migration and gives its name, or `None` when there is none.
pub fn down(url: &DatabaseUrl) -> Result<Option<String>, StartError> {
    if is_missing_file(url) {
        return Ok(None);
    }
    let reverted = with_lock(url, |connection| {
        let Some(newest) = steps(connection)?.into_iter().rfind(|step| step.applied) else { return Ok(Vec::new()) };
        let reverted = match connection {
            AnyConnection::Sqlite(connection) => connection.revert_last_migration(SQLITE).map(drop),
            AnyConnection::Postgres(connection) => connection.revert_last_migration(POSTGRES).map(drop),
        };
        reverted.map_err(|error| StartError::Migration(error.to_string()))?;
        Ok(vec![newest.name])
    })?;
    Ok(reverted.into_iter().next())
}

/// Every migration this program knows, oldest first, and whether the database has it. Only looks: a SQLite file that
/// is not there is not made.
pub fn status(url: &DatabaseUrl) -> Result<Vec<Step>, StartError> {
    if is_missing_file(url) {
        let name = |one: &dyn Migration<diesel::sqlite::Sqlite>| one.name().to_string();
        let mut names: Vec<String> = known(&SQLITE)?.iter().map(|one| name(&**one)).collect();
        names.sort();
        return Ok(names.into_iter().map(|name| Step { name, applied: false }).collect());
    }
    steps(&mut connection::open(url, Access::Read)?)
}

/// Checks that the database has exactly the migrations of this program.
pub fn check(url: &DatabaseUrl) -> Result<(), StartError> {
    if let DatabaseUrl::Sqlite(path) = url
        && !path.exists()
    {
        return Err(StartError::Missing(path.clone()));
    }
    match status(url)?.iter().filter(|step| !step.applied).count() {
        0 => Ok(()),
        waiting => Err(StartError::Pending(waiting)),
    }
}

/// Whether something was written to a newsroom in this database already.
pub fn has_begun(url: &DatabaseUrl) -> Result<bool, StartError> {
    if !status(url)?.first().is_some_and(|step| step.applied) {
        return Ok(false);
    }
    let position =
        event_head::table.select(event_head::position).first::<i64>(&mut connection::open(url, Access::Read)?);
    Ok(position.map_err(|error| StartError::Unreachable(error.to_string()))? > 0)
}

fn is_missing_file(url: &DatabaseUrl) -> bool {
    matches!(url, DatabaseUrl::Sqlite(path) if !path.exists())
}

fn known<DB: diesel::backend::Backend>(
    tree: &impl MigrationSource<DB>,
) -> Result<Vec<Box<dyn Migration<DB>>>, StartError> {
    tree.migrations().map_err(|error| StartError::Migration(error.to_string()))
}

/// Every migration this program knows, oldest first. Errors: [`StartError::NewerSchema`] when the database has others.
fn steps(connection: &mut AnyConnection) -> Result<Vec<Step>, StartError> {
    let applied = applied(connection)?;
    let step = |name: String, version: MigrationVersion<'_>| {
        let version = version.to_string();
        (Step { applied: applied.contains(&version), name }, version)
    };
    let mut steps: Vec<(Step, String)> = match connection {
        AnyConnection::Sqlite(_) => known::<diesel::sqlite::Sqlite>(&SQLITE)?
            .iter()
            .map(|one| step(one.name().to_string(), one.name().version()))
            .collect(),
        AnyConnection::Postgres(_) => known::<diesel::pg::Pg>(&POSTGRES)?
            .iter()
            .map(|one| step(one.name().to_string(), one.name().version()))
            .collect(),
    };
    if !applied.is_empty() && !has_chained_log(connection)? {
        return Err(StartError::BeforeFirstRelease);
    }
    if let Some(unknown) = applied.iter().find(|version| !steps.iter().any(|(_, known)| known == *version)) {
        return Err(StartError::NewerSchema(unknown.clone()));
    }
    steps.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(steps.into_iter().map(|(step, _)| step).collect())
}

/// Whether the log of this database is a chain of hashes. Databases that were made while Dateline was being built are
/// older than that, and their migrations have the same numbers.
fn has_chained_log(connection: &mut AnyConnection) -> Result<bool, StartError> {
    let question = match connection {
        AnyConnection::Sqlite(_) => "SELECT name AS text FROM pragma_table_info('events') WHERE name = 'hash'",
        AnyConnection::Postgres(_) => {
            "SELECT column_name::text AS text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = 'events' AND column_name = 'hash'"
        }
    };
    #[expect(clippy::disallowed_methods, reason = "a fixed question about the shape of the database")]
    let question = diesel::sql_query(question);
    let found = question.load::<Text>(connection).map_err(|error| StartError::Unreachable(error.to_string()))?;
    Ok(!found.is_empty())
}

/// A text that a query of ours gives.
#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The versions that the database has. Diesel's own question would make the table that it asks.
fn applied(connection: &mut AnyConnection) -> Result<Vec<String>, StartError> {
    let there = match connection {
        AnyConnection::Sqlite(_) => "SELECT name AS text FROM sqlite_schema WHERE name = '__diesel_schema_migrations'",
        AnyConnection::Postgres(_) => {
            "SELECT name AS text FROM (SELECT to_regclass('__diesel_schema_migrations')::text AS name) AS found \
             WHERE name IS NOT NULL"
        }
    };
    let mut ask = |question: &str| -> Result<Vec<Text>, StartError> {
        #[expect(clippy::disallowed_methods, reason = "two fixed questions, asked before there is any table of ours")]
        let question = diesel::sql_query(question);
        question.load(connection).map_err(|error| StartError::Unreachable(error.to_string()))
    };
    if ask(there)?.is_empty() {
        return Ok(Vec::new());
    }
    let versions = ask("SELECT version AS text FROM __diesel_schema_migrations ORDER BY version")?;
    Ok(versions.into_iter().map(|row| row.text).collect())
}

/// Waits until no other process migrates this SQLite file. SQLite's own lock is not enough: what is waiting is looked up
/// before it is taken.
fn lock_file(url: &DatabaseUrl) -> Result<Option<std::fs::File>, StartError> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(None) };
    let locked = std::fs::File::open(path).and_then(|file| file.lock().map(|()| file));
    locked.map(Some).map_err(|error| StartError::Unreachable(format!("{url}: {error}")))
}

/// Runs `work`, which gives the names of the migrations that it applied or took back, while no other instance migrates: the
/// file is locked, PostgreSQL is asked for a lock.
fn with_lock(
    url: &DatabaseUrl,
    work: impl FnOnce(&mut AnyConnection) -> Result<Vec<String>, StartError>,
) -> Result<Vec<String>, StartError> {
    let mut connection = connection::open(url, Access::Write)?;
    if matches!(connection, AnyConnection::Postgres(_)) {
        // The lock ends with the connection, also when this process dies.
        let lock = format!("SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})");
        execute(&mut connection, &lock).map_err(|error| StartError::Unreachable(error.to_string()))?;
    }
    let sqlite = matches!(connection, AnyConnection::Sqlite(_));
    let file = lock_file(url)?;
    if sqlite {
        // Rebuilding a table with them on would silently delete the rows that refer to it, and the switch does nothing
        // inside the transaction of a migration.
        execute(&mut connection, "PRAGMA foreign_keys = OFF")
            .map_err(|error| StartError::Migration(error.to_string()))?;
    }
    let done = work(&mut connection)?;
    // That reads the whole file, which no start has to wait for when nothing was done.
    let broken = if sqlite && !done.is_empty() { broken_references(&mut connection) } else { Ok(0) };
    // In this order: closing any handle on a file lets go of the locks that SQLite itself holds on it.
    drop(connection);
    drop(file);
    match broken {
        Ok(0) => Ok(done),
        Ok(rows) => Err(StartError::Migration(format!("{rows} rows refer to something that is not there"))),
        Err(error) => Err(StartError::Migration(error.to_string())),
    }
}

/// How many rows of a SQLite database refer to something that is not there.
fn broken_references(connection: &mut AnyConnection) -> diesel::QueryResult<i64> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    #[expect(clippy::disallowed_methods, reason = "a question that only SQLite understands, with nobody's words in it")]
    let counted = diesel::sql_query("SELECT count(*) AS rows FROM pragma_foreign_key_check");
    counted.get_result::<Count>(connection).map(|count| count.rows)
}
