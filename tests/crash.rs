//! The real program under several writers, killed again and again at random moments: everything that was acknowledged is
//! there afterwards, whole. `TEST_CRASH_ROUNDS=1000 cargo test --test crash` goes on for longer.

#[path = "support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::env;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use rand::RngExt;
use rstest_reuse::apply;
use serde_json::{Value, json};

use support::client::{Client, Reply};
use support::database::TestDatabase;
use support::program::Program;
use support::{Database, PASSWORD, each_database};

/// Writers at the same time, each with stories of its own.
const WRITERS: usize = 4;

/// What is known of a story: title, version and what readers see, or `None` for a story that is not there.
type State = Option<(String, i64, Option<String>)>;

/// A story: what was acknowledged, and what was asked for and never answered.
#[derive(Debug, Clone)]
struct Story {
    known: State,
    perhaps: Option<State>,
}

/// The stories of one writer, by slug.
type Ledger = HashMap<String, Story>;

/// Writes until the server is gone, and notes everything.
fn write(client: &Client, ledger: &mut Ledger, writer: usize) {
    let mut random = rand::rng();
    loop {
        let slug = format!("story-{writer}-{}", random.random_range(0..8));
        let entry = ledger.entry(slug.clone()).or_insert(Story { known: None, perhaps: None });
        let place = format!("/v1/articles/{slug}");
        let any = client.if_match("*");
        let title = format!("{slug} {}", random.random::<u32>());
        let (next, reply) = match (&entry.known, random.random_range(0..10)) {
            (None, _) => {
                let body = format!("{title} ").repeat(200);
                let new = json!({"title": title, "slug": slug, "body": body, "take_over": true,
                    "tags": [{"name": format!("tag {writer}")}]});
                (Some((title, 1, None)), client.attempt("POST", "/v1/articles", Some(new)))
            }
            (Some((_, version, live)), 0..=4) => {
                let body = format!("{title} ").repeat(200);
                let next = Some((title.clone(), version + 1, live.clone()));
                (next, any.attempt("PATCH", &place, Some(json!({"title": title, "body": body}))))
            }
            (Some((title, version, _)), 5..=7) => {
                let next = Some((title.clone(), *version, Some(title.clone())));
                (next, client.attempt("POST", &format!("{place}/publish"), Some(json!({}))))
            }
            (Some((title, version, Some(_))), _) => {
                let next = Some((title.clone(), *version, None));
                (next, client.attempt("POST", &format!("{place}/unpublish"), None))
            }
            (Some((_, _, None)), _) => (None, any.attempt("DELETE", &place, None)),
        };
        match reply {
            Some(reply) => {
                assert!(reply.status() < 300, "{}", reply.text());
                entry.known = next;
            }
            None => {
                entry.perhaps = Some(next);
                return;
            }
        }
    }
}

/// What the server knows of a story.
fn read(client: &Client, reader: &Client, slug: &str) -> State {
    let place = format!("/v1/articles/{slug}");
    let text = |reply: &Reply, name: &str| reply.json()[name].as_str().unwrap().to_owned();
    let copy = client.get(&place);
    if copy.status() == 404 {
        assert_eq!(reader.get(&place).status(), 404);
        return None;
    }
    let title = text(&copy, "title");
    let body = text(&copy, "body");
    assert_eq!(body.trim_end(), format!("{title} ").repeat(200).trim_end(), "whole, and of one save");
    let live = reader.get(&place);
    let shown = (live.status() == 200).then(|| text(&live, "title"));
    Some((title, copy.json()["version"].as_i64().unwrap(), shown))
}

/// Holds what the server knows against what was acknowledged; from now on, what it knows is known.
fn compare(ledger: &mut Ledger, client: &Client, reader: &Client) {
    for (slug, story) in ledger {
        let found = read(client, reader, slug);
        let is_expected = found == story.known || Some(&found) == story.perhaps.as_ref();
        assert!(is_expected, "{slug} is {found:?}, and should be {story:?}");
        *story = Story { known: found, perhaps: None };
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What SQLite itself finds wrong with a file; nothing, when all is well.
fn faults(own: &TestDatabase) -> Vec<String> {
    let dateline::db::DatabaseUrl::Sqlite(path) = own.url() else { return Vec::new() };
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let mut ask = |question: &str| -> Vec<String> {
        #[expect(clippy::disallowed_methods, reason = "SQLite's own checks, which have no other words")]
        let asked = diesel::sql_query(question);
        let lines: Vec<Line> = asked.load(&mut connection).unwrap();
        lines.into_iter().map(|line| line.line).filter(|line| line != "ok").collect()
    };
    let mut faults = ask("SELECT integrity_check AS line FROM pragma_integrity_check");
    faults.extend(ask("SELECT \"table\" || ' ' || COALESCE(rowid, '') AS line FROM pragma_foreign_key_check"));
    faults
}

#[apply(each_database)]
fn what_was_acknowledged_survives_being_killed_at_any_moment(database: Database) {
    let rounds = env::var("TEST_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds: usize = rounds.unwrap_or(if database == Database::Sqlite { 50 } else { 15 });
    let own = TestDatabase::empty(database);
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", own.text())
        .with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef")
        .with("DATELINE_LOG", "error");
    let account = ["user", "add", "--email", "editor@example.org", "--role", "editor"];
    program.run_with(&account, &format!("{PASSWORD}\n")).expect_success();
    let mut ledgers: Vec<Ledger> = vec![Ledger::new(); WRITERS];
    let sign_in = json!({ "email": "editor@example.org", "password": PASSWORD });
    let mut token = Value::Null;
    let client = |address: SocketAddr, token: &Value| Client::new(address).bearer(token.as_str().unwrap());
    for round in 0..rounds {
        let serving = program.serve();
        // Good for a quarter of an hour, and through every restart.
        if round % 200 == 0 {
            token =
                serving.anonymous().post("/v1/auth/login", sign_in.clone()).expect(200).json()["access_token"].take();
        }
        let editor = client(serving.address(), &token);
        thread::scope(|scope| {
            for ledger in &mut ledgers {
                let (editor, reader) = (&editor, serving.anonymous());
                scope.spawn(move || compare(ledger, editor, &reader));
            }
        });
        thread::scope(|scope| {
            for (writer, ledger) in ledgers.iter_mut().enumerate() {
                let editor = &editor;
                scope.spawn(move || write(editor, ledger, writer));
            }
            thread::sleep(Duration::from_millis(rand::rng().random_range(10..150)));
            serving.kill();
        });
        if round % 10 == 9 {
            program.run(&["verify"]).expect_success();
            assert_eq!(faults(&own), [""; 0], "round {round}");
        }
    }
    let serving = program.serve();
    let editor = client(serving.address(), &token);
    let mut stories = 0;
    for ledger in &mut ledgers {
        compare(ledger, &editor, &serving.anonymous());
        stories += ledger.len();
    }
    assert!(stories > WRITERS, "nothing was written in {rounds} rounds");
    assert!(program.run(&["verify"]).expect_success().output.ends_with("ok\n"));
    assert_eq!(faults(&own), [""; 0]);
}
