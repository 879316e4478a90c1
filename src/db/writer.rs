//! SQLite's one writer: a thread that owns its connection and commits in groups.
//!
//! A commit that survives a power cut costs a flush of the disk, whatever it carries. So the thread takes every write
//! that is waiting, runs each in a savepoint of its own inside one transaction, commits once, and only then answers
//! them all. Durable writes get faster under load instead of slower, and a write that fails rolls back to its
//! savepoint and hurts no other. A write that nobody shares the transaction with needs no savepoint.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use diesel::connection::{Connection, TransactionManager};
use diesel::result::{Error as DieselError, QueryResult};
use tokio::sync::oneshot;

use super::connection::{self, Access, AnyConnection, DatabaseUrl};
use super::execute;
use super::migrate::StartError;
use super::transaction::{Manager, begin};
use crate::error::{Error, Result};
use crate::panics;

/// Most writes that share one commit; more would make the first of them wait too long.
const LARGEST_GROUP: usize = 256;

/// Most writes that may wait; past that a caller gets 503 instead of a place in an endless queue.
const LONGEST_QUEUE: usize = 4096;

/// How deep a transaction is nested when a group of writes begins and when it ends.
const GROUP: u32 = 1;

/// The door to the writer's thread. Clones lead to the same thread, which ends when the last one is dropped.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the thread with a connection that is already open; `url` is for opening another one when it breaks.
    pub fn start(url: DatabaseUrl, connection: AnyConnection) -> Result<Writer, StartError> {
        let (queue, jobs) = sync_channel(LONGEST_QUEUE);
        thread::Builder::new()
            .name("dateline-writer".to_owned())
            .spawn(move || run(&url, connection, &jobs))
            .map_err(|error| StartError::Unreachable(error.to_string()))?;
        Ok(Writer { queue })
    }

    /// Runs `work` in the next group, and `before` when the whole group has run. `Ok` means committed and flushed to
    /// the disk, and `after` has run.
    pub async fn write<T, V, U, F, B, A>(&self, work: F, (before, after): (B, A)) -> Result<U>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
        B: FnOnce(T) -> V + Send + 'static,
        A: FnOnce(V) -> U + Send + 'static,
        T: Send + 'static,
        V: Send + 'static,
        U: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let stage = Stage::Waiting { work, before };
        let job = WriteJob { stage, after, reply, span: tracing::Span::current() };
        self.queue.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => Error::Unavailable("the queue of writes is full".to_owned()),
            TrySendError::Disconnected(_) => Error::Unavailable("the writer has stopped".to_owned()),
        })?;
        answer.await.map_err(|_| Error::Unavailable("the writer stopped before it answered".to_owned()))?
    }

    /// Waits for every write that was queued before, then moves SQLite's log into the file.
    pub async fn finish(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.clone();
        let sent = tokio::task::spawn_blocking(move || queue.send(Box::new(Checkpoint { reply: Some(reply) }))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(Error::Unavailable("the writer has stopped".to_owned()));
        }
        answer.await.map_err(|_| Error::Unavailable("the writer stopped before it answered".to_owned()))
    }
}

/// What a write that fails undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undoes {
    /// The whole transaction, which it has for itself. For a long write that matters: SQLite remembers every page that
    /// changes while a savepoint is open, in memory, and goes through all of them whenever another savepoint inside it ends.
    Transaction,
    /// What it did itself: others share the transaction.
    Savepoint,
}

/// A write that waits for its turn.
trait Job: Send {
    /// Runs inside the group's transaction, keeps the outcome, and says whether the transaction may be committed.
    fn run(&mut self, connection: &mut AnyConnection, undoes: Undoes) -> bool;
    /// The whole group has run: on to the next stage, with what precedes the commit if it stands.
    fn expect_commit(&mut self);
    /// Runs after the commit and tells the caller. `committed` says what became of the group.
    fn answer(self: Box<Self>, committed: &QueryResult<()>, connection: &mut AnyConnection);
}

/// One caller's write.
struct WriteJob<T, V, U, F, B, A> {
    stage: Stage<T, V, F, B>,
    after: A,
    reply: oneshot::Sender<Result<U>>,
    span: tracing::Span,
}

/// How far a write is.
enum Stage<T, V, F, B> {
    /// It has not run.
    Waiting { work: F, before: B },
    /// It has run, and the rest of its group may not have.
    Ran { outcome: Result<T>, before: B },
    /// Its group has run.
    Expecting(Result<V>),
    /// Nobody waits for it any more, or it is on its way to the next stage.
    Left,
}

impl<T, V, U, F, B, A> Job for WriteJob<T, V, U, F, B, A>
where
    F: FnOnce(&mut AnyConnection) -> Result<T> + Send,
    B: FnOnce(T) -> V + Send,
    A: FnOnce(V) -> U + Send,
    T: Send,
    V: Send,
    U: Send,
{
    fn run(&mut self, connection: &mut AnyConnection, undoes: Undoes) -> bool {
        let Stage::Waiting { work, before } = std::mem::replace(&mut self.stage, Stage::Left) else { return true };
        // A caller who has gone away (a closed connection, a timeout) was told nothing, so nothing need happen.
        if self.reply.is_closed() {
            return true;
        }
        let _entered = self.span.enter();
        let ran = catch_unwind(AssertUnwindSafe(|| match undoes {
            Undoes::Transaction => work(connection),
            Undoes::Savepoint => connection.transaction(work),
        }));
        let outcome = ran.unwrap_or_else(|_| {
            // The panic flew past the end of its savepoint; what it wrote must not ride along with the others.
            while depth(connection) > GROUP && Manager::rollback_transaction(connection).is_ok() {}
            Err(Error::internal("a write panicked"))
        });
        let stands = outcome.is_ok() || undoes == Undoes::Savepoint;
        self.stage = Stage::Ran { outcome, before };
        stands
    }

    fn expect_commit(&mut self) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Left) {
            Stage::Ran { outcome, before } => {
                Stage::Expecting(outcome.and_then(|value| panics::caught(|| Ok(before(value)))))
            }
            other => other,
        };
    }

    fn answer(self: Box<Self>, committed: &QueryResult<()>, _: &mut AnyConnection) {
        let WriteJob { stage, after, reply, .. } = *self;
        let outcome = match (stage, committed) {
            // A panic behind the commit must not end the thread that everybody writes through.
            (Stage::Expecting(outcome), Ok(())) => outcome.and_then(|value| panics::caught(|| Ok(after(value)))),
            // Whatever it was: none of this group was stored, and coming back is the right thing to do. A full disk ends
            // the transaction under a write, which then says more about it than the commit.
            (Stage::Ran { outcome: Err(cause), .. } | Stage::Expecting(Err(cause)), Err(error)) => {
                Err(Error::Unavailable(format!("{cause}; then the commit failed: {error}")))
            }
            (_, Err(error)) => Err(Error::Unavailable(format!("the commit failed: {error}"))),
            (_, Ok(())) => return,
        };
        // The caller may have left; the write stands either way.
        let _ = reply.send(outcome);
    }
}

/// Moves SQLite's log into the file, outside any transaction.
struct Checkpoint {
    reply: Option<oneshot::Sender<()>>,
}

impl Job for Checkpoint {
    fn run(&mut self, _: &mut AnyConnection, _: Undoes) -> bool {
        true
    }

    fn expect_commit(&mut self) {}

    fn answer(mut self: Box<Self>, _: &QueryResult<()>, connection: &mut AnyConnection) {
        if let Err(error) = execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the log could not be moved into the database file; the next start will do it");
        }
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(());
        }
    }
}

/// The thread: takes groups until the last door is dropped.
fn run(url: &DatabaseUrl, mut connection: AnyConnection, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < LARGEST_GROUP {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        while !group.is_empty() {
            let (ran, committed) = commit_group(&mut connection, &mut group);
            // What did not run, because the transaction ended under it, goes into the next one.
            let rest = group.split_off(ran);
            for job in std::mem::replace(&mut group, rest) {
                job.answer(&committed, &mut connection);
            }
            if let Err(error) = committed {
                tracing::error!(%error, "a group of writes was not committed");
                reopen(url, &mut connection);
            }
        }
    }
}

/// After a failed commit the state of a connection is anybody's guess; a fresh one's is not.
fn reopen(url: &DatabaseUrl, connection: &mut AnyConnection) {
    match connection::open(url, Access::Write) {
        Ok(fresh) => *connection = fresh,
        Err(error) => tracing::error!(%error, "the database file cannot be opened again"),
    }
}

/// Runs the group in one transaction, and says how many of it ran and what became of them. `BEGIN IMMEDIATE` takes the
/// write lock before the first read, so that another process that writes the same file (an import beside a running
/// server) is waited for instead of failing half way.
///
/// A full disk ends the whole transaction in the middle of a job. What is run after that would be committed by itself,
/// so the group stops there; it is committed only when it still stands exactly where it began.
fn commit_group(connection: &mut AnyConnection, group: &mut [Box<dyn Job>]) -> (usize, QueryResult<()>) {
    if let Err(error) = begin(connection, "BEGIN IMMEDIATE") {
        return (group.len(), Err(error));
    }
    let undoes = if group.len() == 1 { Undoes::Transaction } else { Undoes::Savepoint };
    let (mut ran, mut stands) = (0, true);
    for job in group.iter_mut() {
        stands &= job.run(connection, undoes);
        ran += 1;
        if depth(connection) != GROUP {
            return (ran, Err(DieselError::BrokenTransactionManager));
        }
    }
    group.iter_mut().for_each(|job| job.expect_commit());
    if !stands {
        // This fails when the transaction has ended under the write already.
        return (ran, Manager::rollback_transaction(connection));
    }
    let committed = Manager::commit_transaction(connection);
    if committed.is_err() {
        let _ = Manager::rollback_transaction(connection);
    }
    (ran, committed)
}

/// How deep transactions are nested on this connection: 0 for none, 1 for the group's, more for savepoints.
fn depth(connection: &mut AnyConnection) -> u32 {
    match Manager::transaction_manager_status_mut(connection).transaction_depth() {
        Ok(Some(depth)) => depth.get(),
        Ok(None) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use tempfile::TempDir;

    use super::*;

    diesel::table! {
        kept (name) {
            name -> Text,
        }
    }

    fn count(connection: &mut AnyConnection) -> i64 {
        kept::table.count().get_result(connection).unwrap()
    }

    fn keep(name: &'static str) -> impl FnOnce(&mut AnyConnection) -> Result<()> + Send {
        move |connection| {
            connection.batch_execute(&format!("INSERT INTO kept VALUES ('{name}')"))?;
            Ok(())
        }
    }

    fn job<F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<()>>)
    where
        F: FnOnce(&mut AnyConnection) -> Result<()> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        (Box::new(around(work, (|()| (), |()| ()), reply)), answer)
    }

    /// A write with something to be done before and after its commit.
    fn around<F, B, A>(
        work: F,
        (before, after): (B, A),
        reply: oneshot::Sender<Result<()>>,
    ) -> WriteJob<(), (), (), F, B, A>
    where
        F: FnOnce(&mut AnyConnection) -> Result<()> + Send + 'static,
    {
        WriteJob { stage: Stage::Waiting { work, before }, after, reply, span: tracing::Span::none() }
    }

    /// Runs these in one group, and says how many rows another connection then finds.
    fn one_group(jobs: Vec<Box<dyn Job>>) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        one_group_in(&folder, jobs)
    }

    fn one_group_in(folder: &TempDir, jobs: Vec<Box<dyn Job>>) -> i64 {
        let url = url_in(folder);
        let mut connection = connection::open(&url, Access::Write).unwrap();
        connection.batch_execute("CREATE TABLE kept (name TEXT)").unwrap();
        let (queue, waiting) = sync_channel(16);
        for job in jobs {
            queue.send(job).unwrap();
        }
        drop(queue);
        run(&url, connection, &waiting);
        count(&mut connection::open(&url, Access::Write).unwrap())
    }

    fn url_in(folder: &TempDir) -> DatabaseUrl {
        DatabaseUrl::Sqlite(folder.path().join("kept.db"))
    }

    #[test]
    fn s74_a_panic_in_one_write_hurts_no_other() {
        let (first, mut first_told) = job(keep("first"));
        let (panics, mut panic_told) = job(|connection| {
            keep("half")(connection)?;
            connection.transaction::<(), Error, _>(|_| panic!("in a savepoint"))
        });
        let (last, mut last_told) = job(keep("last"));
        assert_eq!(one_group(vec![first, panics, last]), 2);
        assert!(first_told.try_recv().unwrap().is_ok());
        assert!(matches!(panic_told.try_recv().unwrap(), Err(Error::Internal(_))));
        assert!(last_told.try_recv().unwrap().is_ok());
    }

    #[test]
    fn a_write_that_ends_the_whole_transaction_is_told_and_the_next_ones_run_again() {
        let (first, mut first_told) = job(keep("first"));
        // What SQLite does by itself when the disk is full.
        let (ends, mut end_told) = job(|connection| {
            connection.batch_execute("ROLLBACK")?;
            Err(Error::internal("the disk is full"))
        });
        let (last, mut last_told) = job(keep("last"));
        assert_eq!(one_group(vec![first, ends, last]), 1);
        assert!(matches!(first_told.try_recv().unwrap(), Err(Error::Unavailable(_))));
        assert!(matches!(end_told.try_recv().unwrap(), Err(Error::Unavailable(_))));
        assert!(last_told.try_recv().unwrap().is_ok());
    }

    #[test]
    fn s74_a_write_that_fails_alone_undoes_all_of_it_and_is_told_why() {
        let (refused, mut refused_told) = job(|connection| {
            keep("half")(connection)?;
            Err(Error::NotFound("article"))
        });
        assert_eq!(one_group(vec![refused]), 0);
        assert!(matches!(refused_told.try_recv().unwrap(), Err(Error::NotFound("article"))));
        let (panics, mut panic_told) = job(|connection| {
            keep("half")(connection)?;
            connection.transaction::<(), Error, _>(|_| panic!("in a savepoint"))
        });
        assert_eq!(one_group(vec![panics]), 0);
        assert!(matches!(panic_told.try_recv().unwrap(), Err(Error::Internal(_))));
    }

    #[test]
    fn after_a_write_that_failed_alone_the_next_one_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connection::open(&url_in(&folder), Access::Write).unwrap();
        connection.batch_execute("CREATE TABLE kept (name TEXT)").unwrap();
        let panics = |connection: &mut AnyConnection| {
            keep("half")(connection)?;
            connection.transaction::<(), Error, _>(|_| panic!("in a savepoint"))
        };
        for (work, rows) in [
            (Box::new(panics) as Box<dyn FnOnce(&mut AnyConnection) -> Result<()> + Send>, 0),
            (Box::new(keep("next")), 1),
        ] {
            let (job, _told) = job(work);
            let (ran, ended) = commit_group(&mut connection, &mut [job]);
            assert_eq!((ran, ended.is_ok(), depth(&mut connection), count(&mut connection)), (1, true, 0, rows));
        }
    }

    #[test]
    fn a_write_alone_on_a_full_disk_is_told_to_come_again_and_why() {
        let fill = |connection: &mut AnyConnection| {
            connection.batch_execute("PRAGMA max_page_count = 8")?;
            diesel::insert_into(kept::table).values(kept::name.eq("x".repeat(100_000))).execute(connection)?;
            Ok(())
        };
        let (fills, mut told) = job(fill);
        assert_eq!(one_group(vec![fills]), 0);
        let Err(Error::Unavailable(why)) = told.try_recv().unwrap() else { panic!("not told to come again") };
        assert!(why.contains("full"), "{why}");
    }

    #[test]
    fn only_who_shares_a_transaction_has_a_savepoint() {
        let depths = Arc::new(Mutex::new(Vec::new()));
        let noting = || {
            let depths = Arc::clone(&depths);
            job(move |connection| {
                depths.lock().unwrap().push(depth(connection));
                Ok(())
            })
        };
        let [alone, one, other] = [noting(), noting(), noting()];
        one_group(vec![alone.0]);
        one_group(vec![one.0, other.0]);
        assert_eq!(*depths.lock().unwrap(), [GROUP, GROUP + 1, GROUP + 1]);
    }

    /// A write that notes whether what follows its commit was done; its caller leaves while it runs.
    fn left_alone<F>(work: F) -> (Box<dyn Job>, Arc<AtomicBool>)
    where
        F: FnOnce(&mut AnyConnection) -> Result<()> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let done = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&done);
        let work = move |connection: &mut AnyConnection| {
            drop(answer);
            work(connection)
        };
        let after = move |()| noted.store(true, Ordering::Release);
        (Box::new(around(work, (|()| (), after), reply)), done)
    }

    #[test]
    fn what_follows_a_commit_is_done_though_the_caller_left_and_only_after_a_commit() {
        let (kept, was_done) = left_alone(keep("kept"));
        assert_eq!(one_group(vec![kept]), 1);
        assert!(was_done.load(Ordering::Acquire));
        let (refused, was_done) = left_alone(|_| Err(Error::NotFound("article")));
        assert_eq!(one_group(vec![refused]), 0);
        assert!(!was_done.load(Ordering::Acquire));
        let (lost, was_done) = left_alone(|connection| Ok(connection.batch_execute("ROLLBACK")?));
        assert_eq!(one_group(vec![lost]), 0);
        assert!(!was_done.load(Ordering::Acquire));
    }

    #[test]
    fn what_precedes_a_commit_is_done_when_all_of_the_group_ran_and_only_for_what_succeeded() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let told = |name: &'static str, outcome: fn() -> Result<()>| {
            // What anybody else sees meanwhile.
            let (url, log) = (url_in(&folder), Arc::clone(&log));
            let note = move |when: &'static str| {
                let mut others = connection::open(&url, Access::Read).unwrap();
                log.lock().unwrap().push((when, name, count(&mut others)));
            };
            let (before, after) = (note.clone(), note.clone());
            let work = move |connection: &mut AnyConnection| {
                keep(name)(connection)?;
                note("ran");
                outcome()
            };
            let (reply, answer) = oneshot::channel();
            (
                Box::new(around(work, (move |()| before("before"), move |()| after("after")), reply)) as Box<dyn Job>,
                answer,
            )
        };
        let (first, _first) = told("first", || Ok(()));
        let (fails, _fails) = told("fails", || Err(Error::NotFound("nothing")));
        let (last, _last) = told("last", || Ok(()));
        assert_eq!(one_group_in(&folder, vec![first, fails, last]), 2);
        let expected = [
            ("ran", "first", 0),
            ("ran", "fails", 0),
            ("ran", "last", 0),
            ("before", "first", 0),
            ("before", "last", 0),
            ("after", "first", 2),
            ("after", "last", 2),
        ];
        assert_eq!(*log.lock().unwrap(), expected);
    }

    fn fall_over((): ()) {
        panic!("behind the commit");
    }

    #[test]
    fn s74_a_panic_behind_a_commit_undoes_nothing_and_stops_nobody() {
        let (reply, mut told) = oneshot::channel();
        let first = Box::new(around(keep("first"), (|()| (), fall_over as fn(())), reply));
        let (last, mut last_told) = job(keep("last"));
        assert_eq!(one_group(vec![first as Box<dyn Job>, last]), 2);
        assert!(matches!(told.try_recv().unwrap(), Err(Error::Internal(_))));
        assert!(last_told.try_recv().unwrap().is_ok());
    }
}
