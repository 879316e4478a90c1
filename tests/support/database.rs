//! A database without a server, for tests below HTTP and for those that start the program.

use std::path::Path;

use dateline::db::DatabaseUrl;
use tempfile::TempDir;

use super::{Database, postgres, sqlite};

/// A database of its own; it is removed when this is dropped.
pub struct TestDatabase {
    url: DatabaseUrl,
    _own: Option<postgres::OwnDatabase>,
    folder: TempDir,
}

impl TestDatabase {
    /// With every table, and nothing in them.
    pub fn migrated(database: Database) -> TestDatabase {
        TestDatabase::make(database, postgres::Server::make_database, sqlite::copy)
    }

    /// Without any table; on SQLite without the file.
    pub fn empty(database: Database) -> TestDatabase {
        let file = |folder: &Path| DatabaseUrl::Sqlite(folder.join("dateline.db"));
        TestDatabase::make(database, postgres::Server::make_empty_database, file)
    }

    fn make(
        database: Database,
        on_postgres: fn(&'static postgres::Server) -> postgres::OwnDatabase,
        on_sqlite: fn(&Path) -> DatabaseUrl,
    ) -> TestDatabase {
        let folder = super::folder();
        let own = match database {
            Database::Postgres => postgres::server().map(on_postgres),
            Database::Sqlite => None,
        };
        let url = own.as_ref().map_or_else(|| on_sqlite(folder.path()), postgres::OwnDatabase::url);
        TestDatabase { url, _own: own, folder }
    }

    /// Its address.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Its address with everything in it, as the program takes it.
    pub fn text(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(text) => text.clone(),
        }
    }

    /// A folder that goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
