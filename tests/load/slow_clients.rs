//! Clients that dribble their request or do not take their answer.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use rstest_reuse::apply;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::desk::at_once;
use crate::support::program::Program;
use crate::support::{Database, each_database};

/// Slow clients of each kind.
const SLOW: usize = 250;

/// What they may cost, in MB, with everything else.
const MOST_MEMORY: u64 = 400;

/// Answers that one of them asks for and does not take: more than fits into the buffers in between.
const NOT_TAKEN: usize = 16;

fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(bytes.as_bytes()).expect("the first bytes are taken");
    stream
}

#[apply(each_database)]
fn five_hundred_slow_clients_keep_nobody_from_being_served(database: Database) {
    let database = TestDatabase::migrated(database);
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", database.text())
        .with("DATELINE_SECRET", "a secret that is only good for tests")
        .with("DATELINE_LOG", "error")
        .with("DATELINE_RATE_LIMIT_CALLERS", "0")
        .with("DATELINE_WORKERS", "1")
        .with("DATELINE_DATABASE_CONNECTIONS", "2");
    let story = json!({"title": "Long", "slug": "long", "body": "word ".repeat(20_000), "status": "published"});
    program.file("long.ndjson", story.to_string());
    program.run(&["import", "long.ndjson"]).expect_success();
    let serving = program.serve();
    let head = "GET /v1/articles/long HTTP/1.1\r\nHost: localhost\r\n";
    let mut dribbling: Vec<TcpStream> = (0..SLOW).map(|_| connect(serving.address(), head)).collect();
    let questions = format!("{head}\r\n").repeat(NOT_TAKEN);
    let not_taking: Vec<TcpStream> = (0..SLOW).map(|_| connect(serving.address(), &questions)).collect();
    let anonymous = serving.anonymous();
    for round in 0..5 {
        for stream in &mut dribbling {
            // The server may have had enough of it.
            let _ = stream.write_all(format!("X-Slow-{round}: 1\r\n").as_bytes());
        }
        let replies = at_once(8, |_| (anonymous.get("/v1/articles").status(), anonymous.get("/v1/tags").status()));
        assert!(replies.iter().all(|statuses| *statuses == (200, 200)), "{replies:?}");
    }
    if let Some(memory) = serving.most_memory() {
        assert!(memory < MOST_MEMORY, "{memory} MB");
    }
    drop((dribbling, not_taking));
    anonymous.get("/v1/articles/long").expect(200);
}
