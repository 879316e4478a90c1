//! One connection type for both databases, chosen by the scheme of the address and by nothing else.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::sqlite::SqliteConnection;
use url::Url;

use super::migrate::StartError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL 13 or newer.
    Postgres(PgConnection),
    /// The SQLite that is compiled into this program.
    Sqlite(SqliteConnection),
}

/// The backend that queries are written for: both at once.
pub type Backend = <AnyConnection as Connection>::Backend;

/// Where the data lives.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL address, with its password.
    Postgres(String),
}

/// Why a text is not a database address.
#[derive(Debug, thiserror::Error)]
#[error("must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE{0}")]
pub struct NotADatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = NotADatabaseUrl;

    /// Takes `sqlite:PATH`, `postgres://…` and `postgresql://…`; anything else is refused, because a mistyped scheme
    /// must never become a fresh, empty SQLite file.
    fn from_str(text: &str) -> Result<DatabaseUrl, NotADatabaseUrl> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(NotADatabaseUrl("; this has no scheme".to_owned()));
        };
        match scheme {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() || path.contains(['?', '\0']) || path == ":memory:" {
                    return Err(NotADatabaseUrl("; sqlite: needs the path of a file".to_owned()));
                }
                Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
            }
            "postgres" | "postgresql" => match Url::parse(text) {
                Ok(url) if rest.starts_with("//") => Ok(DatabaseUrl::Postgres(with_timeouts(url))),
                _ => Err(NotADatabaseUrl("; this is not a valid postgres:// address".to_owned())),
            },
            other => Err(NotADatabaseUrl(format!("; {other:?} is neither"))),
        }
    }
}

/// A server that went silent must cost two seconds, not the operating system's two hours. What the address says wins.
fn with_timeouts(mut url: Url) -> String {
    let defaults = [
        ("connect_timeout", "2"),
        ("tcp_user_timeout", "2000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "1"),
        ("keepalives_count", "3"),
        ("application_name", "dateline"),
    ];
    for (name, value) in defaults {
        if !url.query_pairs().any(|(given, _)| given == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url.into()
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for DatabaseUrl {
    /// The address without its password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            DatabaseUrl::Postgres(text) => match Url::parse(text) {
                Ok(url) => write!(
                    formatter,
                    "postgres://{}{}{}",
                    url.host_str().unwrap_or("localhost"),
                    url.port().map(|port| format!(":{port}")).unwrap_or_default(),
                    url.path()
                ),
                Err(_) => formatter.write_str("postgres://…"),
            },
        }
    }
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read; SQLite refuses anything else on this connection.
    Read,
    /// Read and write.
    Write,
}

/// Opens one connection and prepares it.
pub fn open(url: &DatabaseUrl, access: Access) -> Result<AnyConnection, StartError> {
    let refuse = |error: &dyn fmt::Display| StartError::Unreachable(format!("{url}: {error}"));
    match url {
        DatabaseUrl::Sqlite(path) => {
            let path = path.to_str().ok_or_else(|| refuse(&"the path is not valid Unicode"))?;
            if access == Access::Write {
                make_private(path);
            }
            let mut connection = SqliteConnection::establish(path).map_err(|error| refuse(&error))?;
            connection.batch_execute(sqlite_pragmas(access)).map_err(|error| refuse(&error))?;
            Ok(AnyConnection::Sqlite(connection))
        }
        DatabaseUrl::Postgres(address) => {
            let mut connection = PgConnection::establish(address).map_err(|error| refuse(&one_line(&error)))?;
            // A story's text must mean the same bytes and times on every server, whatever its defaults are.
            connection
                .batch_execute("SET TIME ZONE 'UTC'; SET standard_conforming_strings = on; SET lock_timeout = '5s'")
                .map_err(|error| refuse(&error))?;
            Ok(AnyConnection::Postgres(connection))
        }
    }
}

/// Makes a new file that only this user can read, before SQLite would make one that everybody can: it holds addresses
/// and password hashes. A file that is there, or a folder that is not, is SQLite's to speak of.
fn make_private(path: &str) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// libpq explains itself over several lines; a start error is one.
fn one_line(error: &dyn fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `busy_timeout` comes first, so that even the switch to WAL waits its turn; `synchronous = FULL` is what makes a 2xx
/// survive a power cut; foreign keys are off in SQLite unless each connection asks. SQLite's log is moved into the file
/// when it has 4,000 pages (16 MB) instead of 1,000: a new story writes some fifty, the same ones of every index again and
/// again, and however often a page is in the log, it is moved once. Asking for the schema's version reads the file, so that
/// one that is no database is noticed here, where its name is known. What a connection does not keep is a call of the
/// operating system: each reader keeps 4 MiB of pages instead of 2, and the writer 16, because a publication touches a
/// page for each of its words and for every index, mostly those that the one before it touched.
fn sqlite_pragmas(access: Access) -> &'static str {
    match access {
        Access::Write => {
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384;"
        }
        Access::Read => {
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA query_only = ON; PRAGMA schema_version;"
        }
    }
}

/// Makes connections for the pool. Diesel's own manager would try each database in turn, and open a SQLite file named
/// like the address when a PostgreSQL server is away.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
    limit: Option<Duration>,
}

impl Manager {
    /// A manager of connections to `url` with the given access, on which no statement outside a write runs longer than
    /// `limit`, as far as the database itself can see to it; see [`super::Db::read`] for SQLite.
    pub fn new(url: DatabaseUrl, access: Access, limit: Option<Duration>) -> Manager {
        Manager { url, access, limit }
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = StartError;

    fn connect(&self) -> Result<AnyConnection, StartError> {
        let mut connection = open(&self.url, self.access)?;
        if let (AnyConnection::Postgres(postgres), Some(limit)) = (&mut connection, self.limit) {
            let statement = format!("SET statement_timeout = {}", limit.as_millis());
            postgres.batch_execute(&statement).map_err(|error| StartError::Unreachable(error.to_string()))?;
        }
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), StartError> {
        connection.ping().map_err(|error| StartError::Unreachable(error.to_string()))
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_schemes_are_understood() {
        assert_eq!("sqlite:data/news.db".parse::<DatabaseUrl>().unwrap(), DatabaseUrl::Sqlite("data/news.db".into()));
        assert!(matches!("postgres://u:p@h/d".parse(), Ok(DatabaseUrl::Postgres(_))));
        for wrong in ["postgress://h/d", "mysql://h/d", "data/news.db", "sqlite:", "postgres:h", "", "sqlite::memory:"]
        {
            assert!(wrong.parse::<DatabaseUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn s33_a_password_is_never_printed() {
        let url: DatabaseUrl = "postgres://editor:hunter2@db.example:5433/news".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5433/news");
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
