//! A question to the database that takes too long costs its caller 503, and nobody else anything.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use dateline::db::{AnyConnection, DatabaseUrl, Db};
use dateline::error::{Error, Result};
use diesel::prelude::*;
use diesel::sql_query;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::client::Client;
use crate::support::desk::at_once;
use crate::support::{Database, TestApp, each_database};

/// Connections of the server in these tests.
const CONNECTIONS: usize = 2;

/// Longest that anything here may take; a bound against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(30);

/// Seconds that PostgreSQL would need, if it were left to. Longer than anybody here waits.
const MUCH_TOO_LONG: u32 = 120;

/// Keeps slow reads of SQLite going until it is dropped.
struct Going(#[expect(dead_code, reason = "held for its drop, which ends the reads")] Vec<Sender<()>>);

fn start(database: Database, limit: Duration) -> TestApp {
    let app = TestApp::start_with(database, |config| {
        config.database_connections = CONNECTIONS as u32;
        config.statement_timeout = Some(limit);
        // Every answer is to come from the database.
        config.cache_bytes = 0;
    });
    app.editor().make("tags", json!({"name": "KFOR"}));
    app
}

fn sleep(connection: &mut AnyConnection, seconds: u32) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "no address of the API is slow enough")]
    let query = sql_query(format!("SELECT CAST(pg_sleep({seconds}) AS text)"));
    Ok(query.execute(connection).map(drop)?)
}

/// A statement that does not end by itself: PostgreSQL sleeps, and on SQLite, which cannot, the thread does.
fn hang(connection: &mut AnyConnection, going: &Receiver<()>) -> Result<()> {
    match connection {
        AnyConnection::Postgres(_) => sleep(connection, MUCH_TOO_LONG),
        AnyConnection::Sqlite(_) => {
            until_dropped(going);
            Ok(())
        }
    }
}

/// Waits for the other end to go: nothing is ever sent.
fn until_dropped(going: &Receiver<()>) {
    assert!(going.recv().is_err());
}

/// Work on the database beside the server, on a thread of its own.
fn beside<T: Send + 'static>(
    app: &TestApp,
    work: impl AsyncFnOnce(Db) -> Result<T> + Send + 'static,
) -> JoinHandle<Result<T>> {
    let db = app.app().db().clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let outcome = runtime.block_on(work(db));
        // A read that was left alone goes on; nobody waits for it.
        runtime.shutdown_background();
        outcome
    })
}

/// Hangs on every connection, until what it gives first is dropped or the limit is over.
fn hang_everywhere(app: &TestApp) -> (Going, Vec<JoinHandle<Result<()>>>) {
    let mut going = Vec::new();
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (end, ended) = channel();
        going.push(end);
        callers.push(beside(app, async move |db| db.read(move |connection| hang(connection, &ended)).await));
    }
    (Going(going), callers)
}

/// Waits until each of them was told 503.
fn refused(callers: Vec<JoinHandle<Result<()>>>) {
    for caller in callers {
        let error = caller.join().expect("no panic").expect_err("it would never have ended");
        assert!(matches!(&error, Error::Unavailable(_)), "{error}");
        assert_eq!(error.status(), 503);
    }
}

/// Asks until there is an answer; nothing but 503 comes before it.
fn served(client: &Client, path: &str) {
    let begun = Instant::now();
    loop {
        let reply = client.get(path);
        match reply.status() {
            200 => return,
            _ => assert_eq!(reply.status(), 503, "{}", reply.text()),
        }
        assert!(begun.elapsed() < PATIENCE, "{path} is not served");
    }
}

#[apply(each_database)]
fn s70_a_slow_read_is_refused_and_every_other_one_is_served(database: Database) {
    let app = start(database, Duration::from_secs(1));
    let (going, callers) = hang_everywhere(&app);
    // Everybody else waits for them at most, and is served then.
    served(&app.anonymous(), "/v1/tags/kfor");
    served(&app.anonymous(), "/v1/articles");
    refused(callers);
    // Where they cannot be ended, they are still there.
    served(&app.anonymous(), "/v1/tags/kfor");
    drop(going);
    served(&app.anonymous(), "/v1/tags/kfor");
}

#[apply(each_database)]
fn there_is_a_bound_to_the_reads_that_are_left_alone(database: Database) {
    let app = start(database, Duration::from_secs(1));
    let mut all_going = Vec::new();
    for _ in 0..2 {
        let (going, callers) = hang_everywhere(&app);
        all_going.push(going);
        refused(callers);
    }
    // PostgreSQL ended them. SQLite cannot, and no third connection takes the place of the second.
    if matches!(app.app().config().database, DatabaseUrl::Sqlite(_)) {
        let reply = app.anonymous().get("/v1/tags/kfor");
        assert_eq!(reply.status(), 503, "{}", reply.text());
        assert!(reply.header("Retry-After").is_some());
    }
    drop(all_going);
    served(&app.anonymous(), "/v1/tags/kfor");
}

#[apply(each_database)]
fn a_write_takes_the_time_it_takes(database: Database) {
    let app = start(database, Duration::from_millis(500));
    let slow = |connection: &mut AnyConnection| match connection {
        AnyConnection::Postgres(_) => sleep(connection, 2),
        AnyConnection::Sqlite(_) => {
            thread::sleep(Duration::from_secs(2));
            Ok(())
        }
    };
    let read = beside(&app, async move |db| db.read(slow).await).join().expect("no panic");
    assert!(matches!(read, Err(Error::Unavailable(_))), "slow enough to be refused as a read");
    let written = beside(&app, async move |db| db.write(slow).await).join().expect("no panic");
    written.expect("a write is not limited");
}

#[apply(each_database)]
fn s73_s75_t49_while_every_connection_is_busy_the_answer_is_503_and_then_it_is_right_again(database: Database) {
    let app = start(database, PATIENCE);
    let (begun, all_begun) = channel();
    let mut going = Vec::new();
    for _ in 0..CONNECTIONS {
        let ((end, ended), begun) = (channel::<()>(), begun.clone());
        going.push(end);
        let busy = move |_: &mut AnyConnection| {
            begun.send(()).expect("the test waits");
            until_dropped(&ended);
            Ok(())
        };
        beside(&app, async move |db| db.read(busy).await);
    }
    (0..CONNECTIONS).for_each(|_| all_begun.recv().expect("a connection is taken"));
    let anonymous = app.anonymous();
    for reply in at_once(10 * CONNECTIONS, |_| anonymous.get("/v1/tags/kfor")) {
        assert_eq!(reply.status(), 503, "{}", reply.text());
        assert!(reply.header("Retry-After").is_some());
    }
    // What is asked of the program alone needs no database.
    let replies = at_once(200, |_| anonymous.get("/health/live").status());
    assert!(replies.iter().all(|status| *status == 200), "{replies:?}");
    drop(going);
    served(&anonymous, "/v1/tags/kfor");
}
