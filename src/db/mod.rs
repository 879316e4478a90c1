//! The only folder that knows there are two databases.
//!
//! Everything else sees one connection type and two doors: [`Db::read`] and [`Db::write`]. A write has been committed
//! when its future gives `Ok`; nothing less.

mod connection;
pub mod fulltext;
pub mod functions;
pub mod integrity;
pub mod keyset;
pub mod listing;
pub mod migrate;
mod moments;
mod off_thread;
mod prepared;
#[allow(missing_docs, reason = "the migrations say what each column means")]
pub mod schema;
pub mod statistics;
mod transaction;
pub mod types;
mod violation;
pub mod vocabulary;
mod waiting;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::r2d2::{Pool, PooledConnection, R2D2Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub use connection::{AnyConnection, Backend, DatabaseUrl, NotADatabaseUrl};
pub(crate) use prepared::directly;
pub use prepared::{Prepare, Prepared, in_few_lengths};
pub use waiting::{Named, Turn, hold_for_good, hold_named, take_turns};

use crate::error::{Error, Result};
use crate::panics;
use connection::{Access, Manager};
use off_thread::OffThread;
use writer::Writer;

/// Longest wait for a connection; after that the caller gets 503, within two seconds of asking, and may come back.
const CHECKOUT: Duration = Duration::from_millis(1500);

/// How many connections to SQLite there may be for each one that reads: the others take the place of those whose read
/// outlived its limit, which cannot be used before it ends.
const PLACES: u32 = 2;

/// The database: many readers, and one door for writing. Clones share the same connections.
#[derive(Clone)]
pub struct Db {
    url: DatabaseUrl,
    access: Access,
    readers: Pool<Manager>,
    /// One for each connection that may work at the same time. Whoever waits for one holds no thread.
    turns: Arc<Semaphore>,
    /// Longest time for a read, where the database cannot see to it itself.
    watch: Option<Duration>,
    writer: WriteDoor,
}

/// How writes reach the database.
#[derive(Clone)]
enum WriteDoor {
    /// SQLite has one writer: a thread that owns its connection and commits in groups.
    OneThread(Writer),
    /// PostgreSQL keeps writers apart by itself: each write takes a connection of the pool.
    Pool,
}

impl Db {
    /// Opens the database with up to `connections` readers, and `limit` for each of their statements. Fails at once,
    /// with a line for the person who started the program, when it cannot be reached; creates nothing but a SQLite file
    /// that does not exist yet.
    pub fn open(url: &DatabaseUrl, connections: u32, limit: Option<Duration>) -> Result<Db, migrate::StartError> {
        // The file is made and switched to WAL by a connection that may write; the readers may not.
        let writing = connection::open(url, Access::Write)?;
        let writer = match url {
            DatabaseUrl::Sqlite(_) => WriteDoor::OneThread(Writer::start(url.clone(), writing)?),
            DatabaseUrl::Postgres(_) => WriteDoor::Pool,
        };
        let (access, most, watch) = match url {
            DatabaseUrl::Sqlite(_) => (Access::Read, connections.saturating_mul(PLACES), limit),
            DatabaseUrl::Postgres(_) => (Access::Write, connections, None),
        };
        let readers = Pool::builder()
            .max_size(most)
            .min_idle(Some(1))
            .connection_timeout(CHECKOUT)
            // SQLite files do not go away; a server does, and a dead connection must not cost a user's request.
            .test_on_check_out(matches!(url, DatabaseUrl::Postgres(_)))
            .build(Manager::new(url.clone(), access, limit))
            .map_err(|error| migrate::StartError::Unreachable(error.to_string()))?;
        let turns = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Db { url: url.clone(), access, readers, turns, watch, writer })
    }

    /// A connection of its own, for reading, that nobody else waits for.
    ///
    /// Errors: [`Error::Unavailable`] when the database cannot be reached.
    pub fn connect(&self) -> Result<AnyConnection> {
        connection::open(&self.url, self.access).map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Runs `work` on a reading connection, off the threads that answer requests.
    ///
    /// PostgreSQL ends a statement that takes too long by itself. SQLite would need a hook that diesel does not offer,
    /// so there the read is left alone: its caller is answered, its turn goes to the next one, and its connection comes
    /// back to the pool when it ends. As many such reads as there are connections cost processor time and no other
    /// reader's turn; twice as many make readers get 503 until one ends.
    ///
    /// Errors: [`Error::Unavailable`] when no connection is to be had within two seconds, when the server went away, and
    /// when it took too long.
    pub fn read<T, F>(&self, work: F) -> impl Future<Output = Result<T>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.read_in_turn(Box::new(work))
    }

    async fn read_in_turn<T: Send + 'static>(&self, work: Work<T>) -> Result<T> {
        let turn = self.turn().await?;
        let readers = self.readers.clone();
        let read = move || {
            let mut connection = check_out(&readers)?;
            work(&mut connection).map_err(|error| unavailable_if_gone(&mut connection, error))
        };
        match self.watch {
            None => OffThread::start(Some(turn), read).outcome().await,
            Some(limit) => OffThread::start(None, read).outcome_within(limit, turn).await,
        }
    }

    /// Runs `work` like [`Db::read`], for a few rows that are found by their keys. On SQLite it runs where it is asked
    /// for, because another thread costs more than that little reading. There it has no limit, and nothing else happens
    /// on that thread meanwhile, also while the disk or another process is waited for: what could take long does not
    /// belong here. When no connection is free, it waits for one like any other read.
    ///
    /// Errors: those of [`Db::read`].
    pub async fn look_up<T, F>(&self, work: F) -> Result<T>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        if let DatabaseUrl::Sqlite(_) = self.url
            && let Ok(_turn) = self.turns.try_acquire()
            && let Some(mut connection) = self.readers.try_get()
        {
            return panics::caught(move || work(&mut connection));
        }
        self.read(work).await
    }

    /// Runs `work` in one transaction and commits it: `Ok` means that it is on disk. `Err` from `work` undoes all of
    /// it and reaches nobody else's write.
    ///
    /// Errors: what `work` gives, or [`Error::Unavailable`] when the commit did not succeed.
    pub fn write<T, F>(&self, work: F) -> impl Future<Output = Result<T>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let work: Work<T> = Box::new(work);
        self.write_around(work, (|value| value, |value| value))
    }

    /// The same, with something to be done around the commit: `before` with what `work` gave, when everything that is
    /// committed together is done, and `after` with what that gave, right behind the commit and before anybody hears of
    /// it: also when the caller has gone away. Neither may take time, for the next write waits, nor panic: the caller
    /// would be told of a fault although the write may stand.
    ///
    /// Errors: those of [`Db::write`]; then `after` is not run, and what `before` gave is dropped.
    pub async fn write_around<T, V, U, F, B, A>(&self, work: F, (before, after): (B, A)) -> Result<U>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
        B: FnOnce(T) -> V + Send + 'static,
        A: FnOnce(V) -> U + Send + 'static,
        T: Send + 'static,
        V: Send + 'static,
        U: Send + 'static,
    {
        match &self.writer {
            WriteDoor::OneThread(writer) => writer.write(work, (before, after)).await,
            WriteDoor::Pool => {
                let turn = self.turn().await?;
                let pool = self.readers.clone();
                let write = move || {
                    let mut connection = check_out(&pool)?;
                    transaction::write(&mut connection, |connection| work(connection).map(before))
                        .map(after)
                        .map_err(|error| unavailable_if_gone(&mut connection, error))
                };
                OffThread::start(Some(turn), write).outcome().await
            }
        }
    }

    /// Waits for one of the connections to be free.
    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        match timeout(CHECKOUT, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable("every connection was busy for too long".to_owned())),
        }
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        self.read(|connection| connection.ping().map_err(|error| Error::Unavailable(error.to_string()))).await
    }

    /// Moves what SQLite still holds in its log into the file; for a clean end of the program.
    pub async fn checkpoint(&self) -> Result<()> {
        match &self.writer {
            WriteDoor::OneThread(writer) => writer.finish().await,
            WriteDoor::Pool => Ok(()),
        }
    }
}

/// What is done with a connection. In a box, so that the way there is compiled once for each kind of outcome, and not for
/// each of all the questions that are asked.
type Work<T> = Box<dyn FnOnce(&mut AnyConnection) -> Result<T> + Send>;

/// A connection from the pool, or 503 after two seconds.
fn check_out(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
    pool.get().map_err(|error| Error::Unavailable(error.to_string()))
}

/// A fault on a connection that no longer answers is the server's absence, not ours.
fn unavailable_if_gone(connection: &mut AnyConnection, error: Error) -> Error {
    match error {
        Error::Internal(cause) if connection.ping().is_err() => Error::Unavailable(cause),
        other => other,
    }
}

/// Runs `work` on the database as it is at one moment, whatever is written meanwhile.
pub fn snapshot<T>(connection: &mut AnyConnection, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
    connection.transaction(|connection| {
        if matches!(connection, AnyConnection::Postgres(_)) {
            execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        }
        work(connection)
    })
}

/// Inserts rows of one kind, many in one statement. They must say every column, because SQLite knows no default among
/// many rows.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {{
        let (connection, mut rows): (&mut $crate::db::AnyConnection, Vec<_>) = ($connection, $rows);
        let mut inserted = Ok(0);
        while inserted.is_ok() && !rows.is_empty() {
            // Both databases allow some ten thousand values in a statement.
            let some: Vec<_> = rows.drain(..rows.len().min($crate::db::MOST_ROWS)).collect();
            let insert = diesel::insert_into($table).values(some);
            inserted = $crate::db::directly!(connection, |connection| insert.execute(connection));
        }
        inserted
    }};
}

pub(crate) use insert_all;

/// Most rows of one statement.
pub(crate) const MOST_ROWS: usize = 500;

/// Runs statements that take no parameters; for this folder only.
fn execute(connection: &mut AnyConnection, statements: &str) -> diesel::QueryResult<()> {
    connection.batch_execute(statements)
}
