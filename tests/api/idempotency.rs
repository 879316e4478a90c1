//! `Idempotency-Key` and `dry_run`: writes that happen once, and writes that do not happen.

use std::thread;
use std::time::Duration;

use rstest_reuse::apply;
use serde_json::json;

use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_request_that_comes_again_gets_the_first_answer_and_happens_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor().header("Idempotency-Key", "9f6c2f0e");
    let story = json!({"title": "Ferry returns", "body": "It is back."});
    let first = editor.post("/v1/articles", story.clone()).expect(201);
    let again = editor.post("/v1/articles", story).expect(201);
    assert_eq!(again.text(), first.text());
    assert_eq!(again.etag(), first.etag());
    assert_eq!(again.header("Location"), first.header("Location"));
    assert_eq!((first.header("Idempotent-Replayed"), again.header("Idempotent-Replayed")), (None, Some("true")));
    assert_eq!(app.editor().get("/v1/articles?count=true").json()["total"], 1);
}

#[apply(each_database)]
fn a_key_belongs_to_one_request_of_one_caller_for_a_day(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor().header("Idempotency-Key", "k");
    editor.post("/v1/tags", json!({"name": "One"})).expect(201);
    assert_eq!(editor.post("/v1/tags", json!({"name": "Two"})).expect(409).code(), "key_reused");
    assert_eq!(editor.post("/v1/sources", json!({"name": "One"})).expect(409).code(), "key_reused");
    app.admin().header("Idempotency-Key", "k").post("/v1/tags", json!({"name": "Two"})).expect(201);
    app.clock().advance(Duration::from_secs(24 * 3600 + 1));
    app.editor().header("Idempotency-Key", "k").post("/v1/tags", json!({"name": "Three"})).expect(201);
}

#[apply(each_database)]
fn a_refused_request_does_not_use_its_key_up(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor().header("Idempotency-Key", "k");
    editor.post("/v1/tags", json!({})).expect(422);
    editor.post("/v1/tags", json!({"name": "Now complete"})).expect(201);
}

#[apply(each_database)]
fn of_many_at_once_one_happens_and_all_get_its_answer(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor().header("Idempotency-Key", "k");
    let post = || editor.post("/v1/articles", json!({"title": "Ferry returns"})).expect(201).text();
    let answers: Vec<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..10).map(|_| scope.spawn(post)).collect();
        callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(app.editor().get("/v1/articles?count=true").json()["total"], 1);
}

#[apply(each_database)]
fn a_key_that_cannot_be_one_is_refused(database: Database) {
    let app = TestApp::start(database);
    let long = "x".repeat(256);
    for key in ["", long.as_str()] {
        let reply = app.editor().header("Idempotency-Key", key).post("/v1/tags", json!({"name": "One"})).expect(400);
        assert_eq!(reply.json()["errors"][0]["header"], "Idempotency-Key");
    }
}

#[apply(each_database)]
fn a_dry_run_checks_everything_and_stores_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.post("/v1/tags?dry_run=true", json!({"name": "Ferries"})).expect(201);
    app.anonymous().get("/v1/tags/ferries").expect(404);
    editor.post("/v1/tags", json!({"name": "Ferries"})).expect(201);
    let taken = json!({"name": "Other", "slug": "ferries"});
    editor.post("/v1/tags?dry_run=true", taken).expect(409);
    let story = json!({"title": "Ferry returns", "tags": [{"name": "Made by a dry run"}]});
    editor.post("/v1/articles?dry_run=true", story).expect(201);
    assert_eq!(app.anonymous().get("/v1/tags?count=true").json()["total"], 1);
}
