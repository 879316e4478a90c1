//! Many times more readers than there are connections to the database.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rstest_reuse::apply;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::desk::at_once;
use crate::support::program::{Program, Serving};
use crate::support::{Database, each_database};

/// Connections to the database, and readers at the same time.
const CONNECTIONS: usize = 2;
const READERS: usize = 40;

/// How often each of them asks.
const QUESTIONS: usize = 4;

/// What the program may use in the end, in MB: without a bound, every waiting answer would add to it.
const MOST_MEMORY: u64 = 300;

/// Until when it must have recovered. It takes no moment; this is for machines that have other things to do.
const RECOVERY: Duration = Duration::from_secs(10);

const SECRET: &str = "a secret that is only good for tests";

/// The program on this database, with stories in it.
fn serve(database: &TestDatabase) -> (Program, Serving) {
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", database.text())
        .with("DATELINE_SECRET", SECRET)
        .with("DATELINE_LOG", "error")
        .with("DATELINE_RATE_LIMIT_CALLERS", "0")
        .with("DATELINE_WORKERS", "1")
        .with("DATELINE_DATABASE_CONNECTIONS", CONNECTIONS.to_string());
    let story = |number: usize| {
        let story = json!({"title": format!("Story {number}"), "body": "word ".repeat(600), "status": "published",
            "summary": "In short.", "tags": [{"name": format!("Tag {}", number % 7)}]});
        story.to_string()
    };
    let stories: Vec<String> = (0..300).map(story).collect();
    program.file("stories.ndjson", stories.join("\n"));
    program.run(&["import", "stories.ndjson"]).expect_success();
    let serving = program.serve();
    (program, serving)
}

#[apply(each_database)]
fn a_flood_of_readers_gets_200_or_503_and_leaves_nothing_behind(database: Database) {
    let database = TestDatabase::migrated(database);
    let (_program, serving) = serve(&database);
    let anonymous = serving.anonymous();
    // Hardly two questions are the same, so that none is answered from memory.
    let ask = |reader: usize| {
        let question = |number: usize| {
            let limit = 100 - (reader + number * READERS) % 90;
            anonymous.get(&format!("/v1/articles?limit={limit}&page={}&count=true", 1 + reader % 3)).status()
        };
        (0..QUESTIONS).map(question).collect::<Vec<_>>()
    };
    let mut statuses = BTreeMap::new();
    for status in at_once(READERS, ask).into_iter().flatten() {
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert!(statuses.keys().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert!(statuses.get(&200).is_some_and(|answered| *answered > READERS), "{statuses:?}");
    let begun = Instant::now();
    while anonymous.get("/v1/articles?limit=100").status() != 200 {
        assert!(begun.elapsed() < RECOVERY, "not served again within {RECOVERY:?}");
    }
    (0..20).for_each(|_| drop(anonymous.get("/v1/articles").expect(200)));
    if let Some(memory) = serving.most_memory() {
        assert!(memory < MOST_MEMORY, "{memory} MB");
    }
}
