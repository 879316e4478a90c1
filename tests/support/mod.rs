//! A real server for each test: the same `App::build` and `Server` as the program, on a free port, with a database of
//! its own and a clock that stands still until the test moves it.

#![allow(dead_code, unused_macros, reason = "each test binary uses its own part of this")]

pub mod authenticator;
pub mod browser;
pub mod chromium;
pub mod client;
mod contract;
pub mod database;
pub mod desk;
pub mod device;
mod postgres;
pub mod program;
pub mod provider;
pub mod smtp;
mod sqlite;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dateline::app::App;
use dateline::auth::{Role, UserInput};
use dateline::clock::Clock;
use dateline::config::{Config, Secret};
use dateline::db::DatabaseUrl;
use dateline::events::Actor;
use dateline::http::forwarded::TrustedProxies;
use dateline::http::input::Complete;
use dateline::http::query::WriteOptions;
use dateline::http::sharing::Sharing;
use dateline::server::{Server, take_port};
use rstest_reuse::template;
use serde::Serialize;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;

use client::Client;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file, copied from a migrated template.
    Sqlite,
    /// A database of its own on a PostgreSQL server; see `postgres.rs` for where the server comes from.
    Postgres,
}

/// Runs a test on both databases: `#[apply(each_database)] fn name(database: Database) { … }`.
#[template]
#[rstest::rstest]
#[case::sqlite(crate::support::Database::Sqlite)]
#[case::postgres(crate::support::Database::Postgres)]
pub fn each_database(#[case] database: Database) {}

/// The password of every account of a test.
pub const PASSWORD: &str = "a sentence that is easy to keep";

/// When the clocks of all tests begin.
const BEGINNING: &str = "2026-11-23T12:00:00Z";

/// A running server. It stops, and its database is removed, when this is dropped.
pub struct TestApp {
    app: App,
    address: SocketAddr,
    clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // After the server in this list, so that it goes last.
    _database: OwnDatabase,
    _data: TempDir,
}

/// A folder for one test: in memory where there is such a place, because a disk that flushes every commit would be most
/// of what the suite waits for.
fn folder() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    let made = if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// Removes a test's database when dropped.
enum OwnDatabase {
    /// Goes with its folder, or is another server's to remove.
    Sqlite,
    Postgres(postgres::OwnDatabase),
}

impl TestApp {
    /// A server with the settings of a test.
    pub fn start(database: Database) -> TestApp {
        TestApp::start_with(database, |_| {})
    }

    /// A server with other settings.
    pub fn start_with(database: Database, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::start_by(Clock::standing_at(BEGINNING.parse().expect("a time")), database, change)
    }

    fn start_by(clock: Clock, database: Database, change: impl FnOnce(&mut Config)) -> TestApp {
        let data = folder();
        let (url, own) = match database {
            Database::Postgres => match postgres::server() {
                Some(server) => {
                    let own = server.make_database();
                    (own.url(), OwnDatabase::Postgres(own))
                }
                // Said loudly by `postgres::server`. Running the case again on SQLite keeps tests free of a way out.
                None => (sqlite::copy(data.path()), OwnDatabase::Sqlite),
            },
            Database::Sqlite => (sqlite::copy(data.path()), OwnDatabase::Sqlite),
        };
        let mut config = config(url, &data);
        change(&mut config);
        let (stop, thread, address, app) = run(config, clock.clone());
        TestApp { app, address, clock, stop: Some(stop), thread: Some(thread), _database: own, _data: data }
    }

    /// The same by the time that it is, for tests with somebody who has a clock of their own.
    pub fn start_by_real_time(database: Database, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::start_by(Clock::system(), database, change)
    }

    /// A second server on the same database and by the same clock.
    pub fn beside(&self) -> TestApp {
        self.beside_with(|_| {})
    }

    /// The same with other settings.
    pub fn beside_with(&self, change: impl FnOnce(&mut Config)) -> TestApp {
        self.beside_by(self.clock.clone(), change)
    }

    /// A second server on the same database, with another secret.
    pub fn beside_with_secret(&self, secret: &str) -> TestApp {
        let secret = Secret::new(secret.to_owned()).expect("a long secret");
        self.beside_with(|config| config.secret = secret)
    }

    /// A second server on the same database, whose clock stands some seconds behind.
    pub fn beside_behind(&self, seconds: u64) -> TestApp {
        let behind = self.clock.now().before(Duration::from_secs(seconds));
        self.beside_by(Clock::standing_at(behind), |_| {})
    }

    fn beside_by(&self, clock: Clock, change: impl FnOnce(&mut Config)) -> TestApp {
        let data = folder();
        let mut config = Config { data_dir: data.path().to_owned(), ..self.app.config().clone() };
        change(&mut config);
        let (stop, thread, address, app) = run(config, clock.clone());
        let database = OwnDatabase::Sqlite;
        TestApp { app, address, clock, stop: Some(stop), thread: Some(thread), _database: database, _data: data }
    }

    /// The time by which this server lives; `clock().advance(…)` moves it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where it listens, for tests that speak below HTTP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody who manages accounts.
    pub fn admin(&self) -> Client {
        self.signed_in("admin@example.org", Role::Admin)
    }

    /// Somebody who may do everything editorial.
    pub fn editor(&self) -> Client {
        self.signed_in("editor@example.org", Role::Editor)
    }

    /// Somebody who may read under embargo.
    pub fn partner(&self) -> Client {
        self.signed_in("partner@example.org", Role::Partner)
    }

    /// Somebody who writes until it is first published.
    pub fn contributor(&self) -> Client {
        self.signed_in("contributor@example.org", Role::Contributor)
    }

    /// Somebody who sees everything and changes nothing.
    pub fn viewer(&self) -> Client {
        self.signed_in("viewer@example.org", Role::Viewer)
    }

    /// Somebody who writes and does not publish.
    pub fn writer(&self) -> Client {
        self.signed_in("writer@example.org", Role::Writer)
    }

    /// Somebody who has just signed in, over HTTP, with an account that is made when it is not there yet.
    pub fn signed_in(&self, email: &str, role: impl Serialize) -> Client {
        self.make_account(email, role);
        let sign_in = json!({ "email": email, "password": PASSWORD });
        let tokens = self.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
        self.anonymous().bearer(tokens["access_token"].as_str().expect("a token"))
    }

    /// An account with this address and [`PASSWORD`], as the command line would make it.
    pub fn make_account(&self, email: &str, role: impl Serialize) {
        let accounts = self.app.accounts();
        let members = json!({ "email": email, "name": "Somebody", "role": role, "password": PASSWORD });
        let account = Complete::<UserInput>::from_value(members).expect("an account");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            if accounts.find(email).await.is_err() {
                let new = account.try_into().expect("an account");
                accounts.create(Actor::Operator, WriteOptions::default(), new).await.expect("an account is made");
            }
        });
    }

    /// The app behind the server, for what cannot be reached over HTTP.
    pub fn app(&self) -> &App {
        &self.app
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // A second panic while a failed test unwinds would hide the first.
            if !thread::panicking() {
                ended.expect("the server ends well");
            }
        }
    }
}

fn config(database: DatabaseUrl, data: &TempDir) -> Config {
    Config {
        database,
        database_connections: 4,
        statement_timeout: Some(Duration::from_secs(20)),
        data_dir: data.path().to_owned(),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        secret: Secret::new("a secret that is only good for tests".to_owned()).expect("a long secret"),
        public_url: None,
        account_url: None,
        mail: None,
        second_factor_roles: Vec::new(),
        single_sign_on: None,
        passkeys: None,
        cors_origins: Vec::new(),
        trusted_proxies: TrustedProxies::default(),
        workers: 1,
        // By a clock that stands still, a minute has no end.
        rate_limit_readers: 0,
        rate_limit_callers: 0,
        cache_bytes: 8 << 20,
        sharing: Sharing::default(),
        request_timeout: Duration::from_secs(30),
        docs: true,
    }
}

/// Starts the server in a thread with a runtime of its own.
fn run(config: Config, clock: Clock) -> (oneshot::Sender<()>, JoinHandle<()>, SocketAddr, App) {
    let (stop, stopped) = oneshot::channel::<()>();
    let (started, address) = mpsc::channel();
    let thread = thread::spawn(move || {
        let port = take_port(config.bind).expect("a free port");
        let app = App::build(config, clock).expect("an app");
        let shared = app.clone();
        actix_web::rt::System::new().block_on(async move {
            let server = Server::new(app, port).expect("a server");
            started.send((server.address(), shared)).expect("the test waits for the address");
            let stopped = async {
                let _ = stopped.await;
            };
            server.run_until(stopped, std::future::pending()).await.expect("a good end");
        });
    });
    let (address, app) = address.recv_timeout(Duration::from_secs(30)).expect("the server starts");
    (stop, thread, address, app)
}
