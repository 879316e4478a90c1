//! Panics in the middle of the server's own work, on both databases: made by whatever watches its statements, in a program
//! of its own.

#[path = "support/mod.rs"]
mod support;

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use dateline::config::Config;
use dateline::smtp::MailSettings;
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use serde_json::{Value, json};

use support::client::Client;
use support::desk::{address, text};
use support::smtp::MailServer;
use support::{Database, TestApp};

/// Words of statements that panic, and how often each did.
static PANICS: Mutex<Vec<(&str, usize)>> = Mutex::new(Vec::new());

/// What each part of the server cannot do without: the schedule, the mail queue, following the log, a handler.
const PARTS: [&str; 4] = ["announcements", "letters", "event", "tags"];

/// How often something is looked at before the test fails; each part does its work every second.
const LOOKS: usize = 600;

fn panic_on_purpose(statement: &str) {
    let mut panics = PANICS.lock().unwrap();
    let hit = panics.iter_mut().find(|(word, _)| statement.contains(word));
    let is_hit = hit.map(|(_, times)| *times += 1).is_some();
    drop(panics);
    assert!(!is_hit, "on purpose");
}

#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen");
}

fn has_logged(editor: &Client, action: &str, id: &Value) -> bool {
    let asked = format!("/v1/events?action={action}&id={}", text(id));
    editor.get(&asked).expect(200).json()["data"].as_array().is_some_and(|entries| !entries.is_empty())
}

/// A letter that cannot be written keeps no other one waiting.
fn one_letter_panics(app: &TestApp, server: &MailServer) {
    let admin = app.admin();
    let invite = |email: &str| admin.make("users", json!({ "email": email, "name": "Somebody", "role": "editor" }));
    server.refuse(true);
    invite("broken@example.org");
    server.wait_for_refusals(1);
    *PANICS.lock().unwrap() = vec![("broken@example.org", 0)];
    server.refuse(false);
    until("the letter panicked", || {
        app.pass(61);
        PANICS.lock().unwrap().iter().all(|(_, times)| *times >= 1)
    });
    invite("good@example.org");
    assert_eq!(server.next().to, "good@example.org");
    PANICS.lock().unwrap().clear();
    let later = server.next_while(|| app.pass(10 * 60));
    assert_eq!(later.to, "broken@example.org");
}

fn survive_on(database: Database) {
    let server = MailServer::start();
    let mail = MailSettings::new(&server.url(), "News <news@example.org>").expect("settings");
    let app = TestApp::start_with(database, |config: &mut Config| {
        config.mail = Some(mail);
        config.public_url = Some("https://news.example.org".to_owned());
    });
    let (admin, editor, reader) = (app.admin(), app.editor(), app.anonymous());
    let beside = app.beside();
    let story = editor.make("articles", json!({ "title": "Harbour", "body": "Quiet." }));
    let place = address(&story);
    editor.post(&format!("{place}/publish"), json!({ "at": app.later(60) })).expect(200);

    *PANICS.lock().unwrap() = PARTS.map(|word| (word, 0)).to_vec();
    app.pass(61);
    // Readers see the story although the loop that says so in the log falls over again and again.
    until("every part panicked twice", || {
        reader.get("/v1/tags").expect(500);
        PANICS.lock().unwrap().iter().all(|(_, times)| *times >= 2)
    });
    editor.post("/v1/tags", json!({ "name": "Lost" })).expect(500);
    reader.get("/health/live").expect(200);
    PANICS.lock().unwrap().clear();

    until("the log says that the story went live", || has_logged(&editor, "went_live", &story["id"]));
    admin.make("users", json!({ "email": "ana@example.org", "name": "Ana Lund", "role": "editor" }));
    assert_eq!(server.next().to, "ana@example.org");
    assert_eq!(reader.get("/v1/tags").expect(200).json()["data"], json!([]));
    one_letter_panics(&app, &server);
    // What this server keeps finished is ended by what another one does, so the log is followed again.
    reader.get(&place).expect(200);
    let there = beside.editor();
    there.if_match("*").patch(&place, json!({ "title": "Port" })).expect(200);
    there.post(&format!("{place}/publish"), json!({})).expect(200);
    until("the other server's change is seen", || reader.get(&place).expect(200).json()["title"] == "Port");
}

#[test]
fn s74_a_panic_in_the_background_or_in_a_handler_ends_neither_server_nor_schedule_nor_mail() {
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                panic_on_purpose(&query.to_string());
            }
        }))
    })
    .expect("the first to set it");
    survive_on(Database::Sqlite);
    survive_on(Database::Postgres);
}
