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

/// Later than anything that this test waits for.
const FAR: &str = "2099-01-01T00:00:00Z";

/// A story that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Known {
    title: String,
    version: i64,
    /// The headline that readers see.
    live: Option<String>,
    scheduled: bool,
    held: bool,
    killed: bool,
}

/// What is known of a story, or `None` for one that is not there.
type State = Option<Known>;

/// A story: what was acknowledged, and what was asked for and never answered.
#[derive(Debug, Clone)]
struct Story {
    known: State,
    perhaps: Option<State>,
    /// Whether anything of it was ever published.
    published: bool,
}

/// The stories of one writer, by slug.
type Ledger = HashMap<String, Story>;

/// One request of a writer: what it leaves behind, and the answer.
fn act(client: &Client, slug: &str, story: &Story) -> (State, Option<Reply>) {
    let mut random = rand::rng();
    let place = format!("/v1/articles/{slug}");
    let any = client.if_match("*");
    let title = format!("{slug} {}", random.random::<u32>());
    let body = format!("{title} ").repeat(200);
    let Some(known) = story.known.clone() else {
        let new = json!({"title": title, "slug": slug, "body": body, "take_over": true, "tags": [{"name": "tag"}]});
        return (
            Some(Known { title, version: 1, ..Known::default() }),
            client.attempt("POST", "/v1/articles", Some(new)),
        );
    };
    let saved = Known { title: title.clone(), version: known.version + 1, ..known.clone() };
    let at_once = Known { live: Some(known.title.clone()), scheduled: false, killed: false, ..known.clone() };
    let (is_live, may_show) = (known.live.is_some(), !known.held);
    let post = |action: &str, json: Value| client.attempt("POST", &format!("{place}/{action}"), Some(json));
    match random.random_range(0..16) {
        0..=4 => (Some(saved), any.attempt("PATCH", &place, Some(json!({"title": title, "body": body})))),
        5..=7 if may_show => (Some(at_once), post("publish", json!({}))),
        8 if may_show => {
            let items = json!([
                {"action": "patch", "id": slug, "version": "*", "article": {"title": title, "body": body}},
                {"action": "publish", "id": slug},
            ]);
            let next = Known { live: Some(title), scheduled: false, killed: false, ..saved };
            (Some(next), client.attempt("POST", "/v1/articles/bulk", Some(json!({ "items": items }))))
        }
        9 if !known.killed => (Some(Known { scheduled: true, ..known }), post("publish", json!({ "at": FAR }))),
        10 if !(known.held || is_live && known.scheduled) => {
            let version = known.version + 1;
            let next = Known { version, live: None, scheduled: is_live || known.scheduled, held: true, ..known };
            (Some(next), any.attempt("PATCH", &place, Some(json!({ "embargo_until": FAR }))))
        }
        11 if known.held && !known.scheduled => {
            let next = Known { version: known.version + 1, held: false, ..known };
            (Some(next), any.attempt("PATCH", &place, Some(json!({ "embargo_until": null }))))
        }
        12 if story.published && !known.killed => {
            let next = Known { live: None, scheduled: false, killed: true, ..known };
            (Some(next), post("kill", json!({ "reason_public": "Gone." })))
        }
        13 if !is_live => (None, any.attempt("DELETE", &place, None)),
        _ if is_live || known.scheduled => {
            (Some(Known { live: None, scheduled: false, ..known }), post("unpublish", json!({})))
        }
        _ => (Some(saved), any.attempt("PATCH", &place, Some(json!({"title": title, "body": body})))),
    }
}

/// Writes until the server is gone, and notes everything.
fn write(client: &Client, ledger: &mut Ledger, writer: usize) {
    loop {
        let slug = format!("story-{writer}-{}", rand::rng().random_range(0..8));
        let new = Story { known: None, perhaps: None, published: false };
        let story = ledger.entry(slug.clone()).or_insert(new);
        let (next, reply) = act(client, &slug, story);
        let shown = next.as_ref().is_some_and(|known| known.live.is_some() || known.scheduled);
        let is_new = story.known.is_none();
        match reply {
            Some(reply) => {
                assert!(reply.status() < 300, "{slug}: {story:?} {}", reply.text());
                story.published = shown || (story.published && !is_new);
                story.known = next;
            }
            None => {
                // Perhaps it happened: then it can be killed, and otherwise it is not asked for.
                story.published = story.published && !is_new;
                story.perhaps = Some(next);
                return;
            }
        }
    }
}

/// What the server knows of a story.
fn read(client: &Client, reader: &Client, slug: &str) -> State {
    let place = format!("/v1/articles/{slug}");
    let text = |json: &Value, name: &str| json[name].as_str().unwrap().to_owned();
    let (copy, live) = (client.get(&place), reader.get(&place));
    if copy.status() != 200 {
        // One that was killed is told as killed in the trash, too.
        assert!(matches!(copy.status(), 404 | 410) && matches!(live.status(), 404 | 410), "{}", copy.text());
        return None;
    }
    let copy = copy.json();
    let title = text(&copy, "title");
    let body = text(&copy, "body");
    assert_eq!(body.trim_end(), format!("{title} ").repeat(200).trim_end(), "whole, and of one save");
    Some(Known {
        title,
        version: copy["version"].as_i64().unwrap(),
        live: (live.status() == 200).then(|| text(&live.json(), "title")),
        scheduled: !copy["scheduled_for"].is_null(),
        held: copy["embargo_until"].is_string(),
        killed: !copy["killed"].is_null(),
    })
}

/// Holds what the server knows against what was acknowledged; from now on, what it knows is known.
fn compare(ledger: &mut Ledger, client: &Client, reader: &Client) {
    for (slug, story) in ledger {
        let found = read(client, reader, slug);
        let is_expected = found == story.known || Some(&found) == story.perhaps.as_ref();
        assert!(is_expected, "{slug} is {found:?}, and should be {story:?}");
        let shown = found.as_ref().is_some_and(|known| known.live.is_some() || known.scheduled || known.killed);
        *story = Story { published: shown || (found.is_some() && story.published), known: found, perhaps: None };
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
    let rounds: usize = rounds.unwrap_or(50);
    let own = TestDatabase::empty(database);
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", own.text())
        .with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef")
        .with("DATELINE_LOG", "error")
        .with("DATELINE_RATE_LIMIT_CALLERS", "0");
    // Somebody who may bring back what was killed.
    let account = ["user", "add", "--email", "editor@example.org", "--role", "admin"];
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
