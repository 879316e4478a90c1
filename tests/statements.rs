//! How many SQL statements a request costs, whatever the history of the story: counted on every connection of the
//! server, in a program of its own.

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::Mutex;

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use serde_json::{Value, json};

use support::client::{Client, Reply};
use support::desk::address;
use support::{Database, TestApp};

/// Most statements of a write.
const MOST: usize = 12;

/// Most statements of a request that is two writes: a save, and a publication. With `If-Match: *` the first one waits for
/// others on PostgreSQL.
const MOST_OF_BOTH: usize = 20;

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The texts of the statements that some connection prepared and keeps.
static KEPT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What is not the request's own: opening a connection or looking whether it still lives, beginning and ending
/// transactions, who is calling, and the background's questions whether something is due or was changed by others.
fn is_counted(statement: &str) -> bool {
    let beside = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT 1", "PRAGMA"];
    let followed = ["event_head", "FROM `events`", "FROM \"events\"", "SELECT DISTINCT"];
    let is_followed = statement.starts_with("SELECT") && followed.iter().any(|word| statement.contains(word));
    let is_due = statement.starts_with("SELECT EXISTS") && statement.contains("announcements");
    let is_caller = statement.contains("sessions") || statement.contains("access_keys");
    let is_beside = beside.iter().any(|word| statement.starts_with(word)) || is_caller;
    !(is_beside || is_due || is_followed)
}

/// What `act` makes the server ask of the database.
fn statements(act: impl FnOnce() -> Reply) -> (Reply, Vec<String>) {
    STATEMENTS.lock().unwrap().clear();
    let reply = act();
    let counted = STATEMENTS.lock().unwrap().iter().filter(|statement| is_counted(statement)).cloned().collect();
    (reply, counted)
}

#[track_caller]
fn at_most(most: usize, what: &str, act: impl FnOnce() -> Reply) -> Value {
    let (reply, counted) = statements(act);
    assert!(reply.status() < 300, "{what}: {}", reply.text());
    println!("{what}: {} statements", counted.len());
    assert!(counted.len() <= most, "{what}: {} statements\n{}", counted.len(), counted.join("\n"));
    reply.json()
}

/// Refuses statements that SQLite has to prepare anew each time.
#[track_caller]
fn all_kept(what: &str, act: impl FnOnce() -> Reply) {
    let (reply, counted) = statements(act);
    assert!(reply.status() < 300, "{what}: {}", reply.text());
    let kept = KEPT.lock().unwrap();
    let text = |statement: &String| statement.split(" -- binds").next().unwrap_or_default().to_owned();
    let forgotten: Vec<String> = counted.iter().map(text).filter(|text| !kept.contains(text)).collect();
    assert!(forgotten.is_empty(), "{what} prepares anew\n{}", forgotten.join("\n"));
}

/// A story of 5 kB with three authors and eight tags.
fn typical(title: &str, number: usize) -> Value {
    let names = |kind: &str, count: usize| (0..count).map(|n| json!(format!("{kind}-{n}"))).collect::<Vec<_>>();
    json!({
        "title": title, "body": format!("word{number} ").repeat(620), "summary": "In short.", "urgency": 3,
        "authors": names("author", 3), "tags": names("tag", 8), "section": "world", "source": "coastline",
    })
}

fn newsroom(editor: &Client) {
    for number in 0..8 {
        editor.make("tags", json!({"name": format!("Tag {number}")}));
    }
    for number in 0..3 {
        editor.make("authors", json!({"name": format!("Author {number}")}));
    }
    editor.make("tags", json!({"name": "World", "kind": "section"}));
    editor.make("sources", json!({"name": "Coastline"}));
}

fn count_on(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin, reader) = (app.editor(), app.admin(), app.anonymous());
    newsroom(&editor);
    println!("{database:?}");
    let story = at_most(MOST, "create", || editor.post("/v1/articles", typical("Typical", 0)));
    let place = address(&story);
    let publish = || editor.post(&format!("{place}/publish"), json!({}));
    at_most(MOST, "publish for the first time", publish);
    if database == Database::Sqlite {
        app.pass(1);
        all_kept("create", || editor.post("/v1/articles", typical("Typical again", 1)));
        all_kept("save", || editor.if_match("*").patch(&place, json!({"summary": "At length."})));
        all_kept("publish again", publish);
    }
    // A long history changes nothing.
    for number in 1..100 {
        app.pass(1);
        editor.change(&story, json!({"body": format!("word{number} ").repeat(620)}));
        if number % 5 == 0 {
            publish().expect(200);
        }
    }
    app.pass(1);
    let any = editor.if_match("*");
    at_most(MOST, "save the text", || any.patch(&place, json!({"body": "other ".repeat(800)})));
    at_most(MOST, "save everything", || any.put(&place, typical("Typical, too", 2)));
    at_most(MOST, "publish again", publish);
    editor.change(&story, json!({"summary": "Shorter."}));
    let review = |step: &str, note: &str| editor.post(&format!("{place}/{step}"), json!({ "note": note }));
    at_most(MOST, "submit", || review("submit", "Ready."));
    at_most(MOST, "send back", || review("request-changes", "Who says so?"));
    at_most(MOST, "approve", || review("approve", "Good."));
    at_most(MOST, "save what is approved", || any.patch(&place, json!({"body": "new ".repeat(800)})));
    at_most(MOST, "take back from review", || review("unsubmit", "Wait."));
    review("submit", "Ready.").expect(200);
    at_most(5, "list what is in review", || editor.get("/v1/articles?status=in_review"));
    let later = json!({"at": app.later(60), "until": app.later(600)});
    // What runs gets shorter, and the log will have to say when that happens.
    at_most(MOST, "schedule", || editor.post(&format!("{place}/publish"), later));
    at_most(MOST, "unschedule", || editor.post(&format!("{place}/unschedule"), json!({})));
    let note = |publish: bool| json!({"type": "update", "text": "It went on.", "publish": publish});
    at_most(MOST, "correct", || editor.post(&format!("{place}/corrections"), note(false)));
    app.pass(1);
    at_most(MOST_OF_BOTH, "correct and publish", || editor.post(&format!("{place}/corrections"), note(true)));
    app.pass(1);
    let held = json!({"embargo_until": app.later(600)});
    at_most(MOST_OF_BOTH, "embargo what is read", || any.patch(&place, held));
    at_most(MOST_OF_BOTH, "lift the embargo", || any.patch(&place, json!({"embargo_until": null})));
    app.pass(1);
    at_most(MOST, "unpublish", || editor.post(&format!("{place}/unpublish"), json!({})));
    publish().expect(200);
    app.pass(1);
    at_most(MOST, "kill", || editor.post(&format!("{place}/kill"), json!({"reason_public": "Forged."})));
    // The notes that were killed with it go first, which is a save.
    at_most(MOST_OF_BOTH, "publish what was killed", || admin.post(&format!("{place}/publish"), json!({})));
    app.pass(1);
    at_most(4, "read the story", || reader.get(&place));
    at_most(0, "read it again", || reader.get(&place));
    at_most(4, "read a list", || reader.get("/v1/articles?tag=tag-1"));
    at_most(0, "read it again", || reader.get("/v1/articles?tag=tag-1"));
    at_most(4, "follow changes", || reader.get("/v1/articles?updated_after=2026-01-01T00:00:00Z"));
    at_most(3, "follow what is gone", || reader.get("/v1/articles?status=gone&updated_after=2026-01-01T00:00:00Z"));
    at_most(5, "list the stories of an author", || reader.get("/v1/authors/author-0/articles"));
    at_most(11, "what is related", || reader.get(&format!("{place}/related")));
    at_most(3, "the calendar", || reader.get("/v1/calendar"));
    for number in 0..20 {
        let permissions = json!([{ "action": "articles:write", "sections": ["world"], "sources": ["coastline"] }]);
        admin.make("roles", json!({ "name": format!("desk-{number}"), "permissions": permissions }));
    }
    at_most(1, "list accounts", || admin.get("/v1/users"));
    at_most(4, "list roles, however many", || admin.get("/v1/roles"));
    at_most(4, "tags with their counts", || reader.get("/v1/tags"));
    at_most(6, "tags by their counts", || reader.get("/v1/tags?sort=-live_count"));
    at_most(3, "authors with their counts", || reader.get("/v1/authors"));
    at_most(7, "search", || reader.get("/v1/search?q=typical+word2"));
    at_most(0, "search again", || reader.get("/v1/search?q=typical+word2"));
    at_most(9, "search with filters", || reader.get("/v1/search?q=typical&tag=tag-1&author=author-1"));
    at_most(12, "search in vain", || reader.get("/v1/search?q=tipycal+wodr2+shrot+"));
    at_most(6, "read a list by words", || reader.get("/v1/articles?q=typical&count=true"));
}

#[test]
fn a_write_takes_a_dozen_statements_at_most_whatever_the_history() {
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { query, .. } => STATEMENTS.lock().unwrap().push(query.to_string()),
            InstrumentationEvent::CacheQuery { sql, .. } => drop(KEPT.lock().unwrap().insert(sql.to_owned())),
            _ => {}
        }))
    })
    .expect("the first to set it");
    count_on(Database::Sqlite);
    count_on(Database::Postgres);
}
