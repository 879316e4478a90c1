//! What will happen by itself: listed in order, and said in the log exactly once when it has happened.

use std::time::Duration;

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

fn told(page: &Value) -> Vec<(String, String, String)> {
    let one = |row: &Value| -> (String, String, String) {
        [&row["at"], &row["change"], &row["article"]["slug"]].map(|value| text(value).to_owned()).into()
    };
    page["data"].as_array().unwrap().iter().map(one).collect()
}

#[apply(each_database)]
fn everything_that_will_happen_is_listed_in_order(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let begin = |title: &str| editor.begin(json!({"title": title}));
    editor.publish(&begin("ends"), json!({"until": app.later(50)}));
    editor.publish(&begin("both"), json!({"at": app.later(30), "until": app.later(90)}));
    let replaced = begin("replaced");
    editor.publish(&replaced, json!({"until": app.later(70)}));
    editor.publish(&replaced, json!({"at": app.later(60)}));
    let held = editor.begin(json!({"title": "held", "embargo_until": app.later(40)}));
    editor.publish(&held, json!({}));
    let own = writer.begin(json!({"title": "own"}));
    editor.publish(&own, json!({"at": app.later(80)}));
    let cancelled = begin("cancelled");
    editor.publish(&cancelled, json!({"at": app.later(20)}));
    editor.unpublish(&cancelled);
    let all = [
        (30, "goes_live", "both"),
        (40, "goes_live", "held"),
        (50, "expires", "ends"),
        (60, "goes_live", "replaced"),
        (80, "goes_live", "own"),
        (90, "expires", "both"),
    ];
    let expected: Vec<_> = all.map(|(at, change, slug)| (app.later(at), change.to_owned(), slug.to_owned())).into();
    let page = editor.get("/v1/schedule").expect(200).json();
    assert_eq!(told(&page), expected);
    assert_eq!(page["data"].as_array().unwrap().iter().filter(|row| row["embargoed"] == true).count(), 1);
    let mut walked = Vec::new();
    let mut page = editor.get("/v1/schedule?limit=2").expect(200).json();
    loop {
        walked.extend(told(&page));
        let Some(next) = page["next"].as_str() else { break };
        page = editor.get(&with_cursor("/v1/schedule?limit=2", next)).expect(200).json();
    }
    assert_eq!(walked, expected);
    let numbered = editor.get("/v1/schedule?limit=2&page=2&count=true").expect(200).json();
    assert_eq!((told(&numbered), &numbered["total"]), (expected[2..4].to_vec(), &json!(expected.len())));
    assert_eq!(told(&writer.get("/v1/schedule").expect(200).json()), expected[4..5]);
    app.pass(55);
    assert_eq!(told(&editor.get("/v1/schedule").expect(200).json()), expected[3..]);
}

/// What the log says happened by itself: what, and to which story.
fn announced(app: &TestApp) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut page = app.editor().get("/v1/events?actor=clock&limit=100").expect(200).json();
    loop {
        let row = |row: &Value| (text(&row["action"]).to_owned(), text(&row["resource_id"]).to_owned());
        all.extend(page["data"].as_array().unwrap().iter().map(row));
        let Some(next) = page["next"].as_str() else { return all };
        page = app.editor().get(&with_cursor("/v1/events?actor=clock&limit=100", next)).expect(200).json();
    }
}

#[apply(each_database)]
fn what_happened_is_said_once_and_only_what_happened(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Planned"}));
    editor.publish(&story, json!({"at": app.later(10), "until": app.later(100)}));
    let moved = editor.begin(json!({"title": "Moved"}));
    editor.publish(&moved, json!({"at": app.later(10)}));
    editor.publish(&moved, json!({"at": app.later(20)}));
    let ended = editor.begin(json!({"title": "Ended by hand"}));
    editor.publish(&ended, json!({"until": app.later(30)}));
    editor.unpublish(&ended);
    app.announce();
    assert!(announced(&app).is_empty(), "none early");
    let id = |story: &Value| text(&story["id"]).to_owned();
    app.pass(10);
    app.announce();
    app.announce();
    let mut expected = vec![("went_live".to_owned(), id(&story))];
    assert_eq!(announced(&app), expected);
    app.pass(200);
    app.announce();
    expected.extend([("went_live".to_owned(), id(&moved)), ("expired".to_owned(), id(&story))]);
    assert_eq!(announced(&app), expected);
    app.anonymous().get(&address(&moved)).expect(200);
}

#[apply(each_database)]
fn what_the_clock_did_stands_in_the_log_before_what_was_done_then(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Planned"}));
    editor.publish(&story, json!({"at": app.later(10), "until": app.later(20)}));
    app.pass(30);
    // No job said anything yet.
    editor.publish(&story, json!({"until": app.later(100)}));
    app.pass(1);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    app.pass(200);
    app.announce();
    let log = app.editor().get(&format!("/v1/events?id={}", text(&story["id"]))).expect(200).json();
    let row = |entry: &Value| format!("{} {}", text(&entry["actor"]["kind"]), text(&entry["action"]));
    let said: Vec<String> = log["data"].as_array().unwrap().iter().map(row).collect();
    let expected =
        ["user created", "user published", "clock went_live", "clock expired", "user published", "user killed"];
    assert_eq!(said, expected);
}

#[test]
fn two_servers_on_one_database_say_it_once_between_them() {
    let app = TestApp::start(Database::Postgres);
    let other = app.beside();
    let editor = app.editor();
    for number in 0..200 {
        let story = editor.begin(json!({"title": format!("story {number}")}));
        editor.publish(&story, json!({"at": app.later(100 + number % 7)}));
    }
    let reader = other.anonymous();
    for second in 0..8 {
        app.clock().advance(Duration::from_secs(if second == 0 { 100 } else { 1 }));
        std::thread::scope(|scope| {
            for server in [&app, &other, &app, &other] {
                scope.spawn(|| server.announce());
            }
        });
        let live = reader.get("/v1/articles?count=true").expect(200).json()["total"].as_u64().unwrap();
        assert_eq!(announced(&app).len() as u64, live, "none early, none late, none twice");
    }
    let mut stories: Vec<String> = announced(&app).into_iter().map(|(_, story)| story).collect();
    stories.sort();
    stories.dedup();
    assert_eq!(stories.len(), 200);
}
