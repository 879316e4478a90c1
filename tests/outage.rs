//! PostgreSQL goes away while we serve, and comes back.

#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use dateline::db::DatabaseUrl;
use serde_json::json;
use url::Url;

use support::client::{Client, Reply};
use support::{Database, TestApp};

/// Longest that anything here may take; a bound against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the proxy does with connections.
const OPEN: u8 = 0;
/// They end at once, old and new ones: the server was stopped.
const CUT: u8 = 1;
/// They stay and nothing comes through: the server hangs.
const SILENT: u8 = 2;

/// Stands between the program and its database, and can be in the way.
#[derive(Clone)]
struct Proxy {
    address: SocketAddr,
    state: Arc<AtomicU8>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

/// A connection to the real server, by network or by socket.
enum Upstream {
    Network(TcpStream),
    Socket(UnixStream),
}

impl Proxy {
    /// A proxy in front of the server of this address; gives the address behind it too.
    fn before(database: &DatabaseUrl) -> Option<(Proxy, DatabaseUrl)> {
        let DatabaseUrl::Postgres(text) = database else { return None };
        let mut url = Url::parse(text).unwrap();
        let (host, port) = (url.host_str().unwrap().replace("%2F", "/"), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy {
            address: listener.local_addr().unwrap(),
            state: Arc::new(AtomicU8::new(OPEN)),
            connections: Arc::default(),
        };
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        let accepting = proxy.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                accepting.accept(stream.unwrap(), &host, port);
            }
        });
        Some((proxy, url.as_str().parse().unwrap()))
    }

    fn accept(&self, stream: TcpStream, host: &str, port: u16) {
        if self.state.load(Ordering::SeqCst) == CUT {
            return;
        }
        let upstream = match host.starts_with('/') {
            true => Upstream::Socket(UnixStream::connect(format!("{host}/.s.PGSQL.{port}")).unwrap()),
            false => Upstream::Network(TcpStream::connect((host, port)).unwrap()),
        };
        self.connections.lock().unwrap().push(stream.try_clone().unwrap());
        let (down, up) = (stream.try_clone().unwrap(), stream);
        match upstream {
            Upstream::Network(server) => {
                self.pump(up, server.try_clone().unwrap());
                self.pump(server, down);
            }
            Upstream::Socket(server) => {
                self.pump(up, server.try_clone().unwrap());
                self.pump(server, down);
            }
        }
    }

    /// Carries bytes one way until either end closes, and keeps them while the line is silent.
    fn pump(&self, mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) {
        let state = Arc::clone(&self.state);
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(count) = from.read(&mut bytes) {
                while state.load(Ordering::SeqCst) == SILENT {
                    thread::sleep(Duration::from_millis(5));
                }
                if count == 0 || to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
        });
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
        if state == CUT {
            for connection in self.connections.lock().unwrap().drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
    }
}

/// Asks again until the answer has this status; a few others may come before it.
fn becomes(client: &Client, path: &str, status: u16, meanwhile: &[u16]) {
    let begun = Instant::now();
    loop {
        let reply = client.get(path);
        if reply.status() == status {
            return;
        }
        assert!(meanwhile.contains(&reply.status()), "{path}: {} {}", reply.status(), reply.text());
        assert!(begun.elapsed() < PATIENCE, "{path} did not become {status}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// One of the usual requests.
fn call(anonymous: &Client, editor: &Client, number: usize) -> Reply {
    match number % 5 {
        0 => anonymous.get("/v1/tags/kfor"),
        1 => anonymous.get("/v1/articles"),
        2 => editor.get("/v1/auth/me"),
        3 => editor.post("/v1/tags", json!({ "name": format!("Lost {number}") })),
        _ => anonymous.post("/v1/auth/refresh", json!({ "refresh_token": format!("dlr_{}", "a".repeat(43)) })),
    }
}

fn check_refusal(reply: &Reply) {
    assert_eq!(reply.status(), 503, "{}", reply.text());
    assert!(reply.header("Retry-After").is_some());
    for internal in ["postgres", "127.0.0.1", "SELECT", "connection", "dateline_test", "libpq"] {
        assert!(!reply.text().contains(internal), "{}", reply.text());
    }
}

/// A server behind a proxy, with one tag in its database.
fn stage() -> Option<(TestApp, Proxy, Client)> {
    let mut proxy = None;
    let app = TestApp::start_with(Database::Postgres, |config| {
        if let Some((made, behind)) = Proxy::before(&config.database) {
            config.database = behind;
            proxy = Some(made);
        }
        config.request_timeout = Duration::from_secs(4);
        // An answer from memory needs no database; how long it is trusted without one is a test of its own.
        config.cache_bytes = 0;
    });
    // Without PostgreSQL, said loudly by the support of these tests, there is nothing to cut.
    let proxy = proxy?;
    let editor = app.editor();
    editor.post("/v1/tags", json!({ "name": "KFOR" })).expect(201);
    Some((app, proxy, editor))
}

#[test]
fn s73_s75_t49_while_the_database_is_away_the_answer_is_503_and_afterwards_it_is_right_again() {
    let Some((app, proxy, editor)) = stage() else { return };
    let anonymous = &app.anonymous();
    let editor = &editor;
    for round in 0..2 {
        anonymous.get("/health/ready").expect(200);
        proxy.set(CUT);
        thread::scope(|scope| {
            // More than there are connections, so that some meet broken ones and some find none.
            let callers: Vec<_> = (0..20).map(|number| scope.spawn(move || call(anonymous, editor, number))).collect();
            anonymous.get("/health/live").expect(200);
            callers.into_iter().for_each(|caller| check_refusal(&caller.join().unwrap()));
        });
        // Readiness is looked at every few seconds of the clock.
        app.clock().advance(Duration::from_secs(4));
        anonymous.get("/health/ready").expect(503);
        anonymous.get("/health/live").expect(200);
        proxy.set(OPEN);
        becomes(anonymous, "/v1/tags/kfor", 200, &[503]);
        app.clock().advance(Duration::from_secs(4));
        becomes(anonymous, "/health/ready", 200, &[503]);
        editor.get("/v1/auth/me").expect(200);
        editor.post("/v1/tags", json!({ "name": format!("Kept {round}") })).expect(201);
    }
    let tags = anonymous.get("/v1/tags?count=true").expect(200).json();
    assert_eq!(tags["total"], 3, "what was answered with 503 was not stored: {tags}");
}

#[test]
fn s75_a_database_that_hangs_holds_nobody_for_ever_and_is_used_again_when_it_wakes() {
    let Some((app, proxy, _)) = stage() else { return };
    let anonymous = app.anonymous();
    proxy.set(SILENT);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| anonymous.get("/v1/tags/kfor").status())).collect();
        anonymous.get("/health/live").expect(200);
        for caller in callers {
            let status = caller.join().unwrap();
            assert!(matches!(status, 503 | 504), "{status}");
        }
    });
    proxy.set(OPEN);
    becomes(&anonymous, "/v1/tags/kfor", 200, &[503, 504]);
}
