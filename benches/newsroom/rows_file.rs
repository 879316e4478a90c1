//! Finished answers in a SQLite file, one row each, by slug.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::Result;
use super::http::Answer;

/// Everything that can be had from SQLite for reading: no copy of pages, no checks that a reader may leave out.
const FOR_READING: &str = "PRAGMA query_only = ON; PRAGMA mmap_size = 4294967296; PRAGMA cache_size = -65536;";

/// The same settings as Dateline's writer: what is committed survives a power cut.
const FOR_DURABLE_WRITING: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

/// Makes the file anew from these answers.
pub fn write<'a>(path: &Path, answers: impl Iterator<Item = Result<(&'a str, Answer)>>) -> Result<()> {
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE finished (slug TEXT PRIMARY KEY, etag TEXT, json BLOB) WITHOUT ROWID",
    )?;
    let transaction = connection.transaction()?;
    for answer in answers {
        let (slug, answer) = answer?;
        let row = (slug, answer.header("etag").unwrap_or_default(), &answer.body);
        transaction.execute("INSERT INTO finished VALUES (?, ?, ?)", row)?;
    }
    Ok(transaction.commit()?)
}

/// One finished answer: its entity tag and its JSON.
pub fn read(path: &Path, slug: &str) -> Result<Option<(String, Vec<u8>)>> {
    thread_local! {
        static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
    }
    CONNECTION.with_borrow_mut(|slot| {
        let connection = match slot {
            Some(connection) => connection,
            None => {
                let connection = Connection::open(path)?;
                connection.execute_batch(FOR_READING)?;
                slot.insert(connection)
            }
        };
        let mut statement = connection.prepare_cached("SELECT etag, json FROM finished WHERE slug = ?")?;
        Ok(statement.query_row([slug], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    })
}

/// A table for rows that are written one by one, each flushed before the next.
pub struct Inserts(Connection);

impl Inserts {
    /// In a new file.
    pub fn new(path: &Path) -> Result<Inserts> {
        let connection = Connection::open(path)?;
        connection.execute_batch(FOR_DURABLE_WRITING)?;
        connection.execute_batch("CREATE TABLE stories (slug TEXT PRIMARY KEY, json TEXT NOT NULL)")?;
        Ok(Inserts(connection))
    }

    /// Inserts one row and waits for the disk.
    pub fn insert(&self, number: u64, json: &str) -> Result<()> {
        let mut statement = self.0.prepare_cached("INSERT INTO stories VALUES (?, ?)")?;
        statement.execute((format!("a-story-of-the-reference-{number}"), json))?;
        Ok(())
    }
}
