//! `Idempotency-Key` and `dry_run`: writes that happen once, and writes that do not happen.

use std::thread;
use std::time::Duration;

use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::text;
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

/// Whoever may see less than before, or asks for what was removed, is not told again; and nothing happens twice.
#[apply(each_database)]
fn an_answer_is_withheld_from_whoever_may_not_see_it_any_more(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let grants = |more: &[&str]| {
        let actions = ["articles:write", "articles:read_drafts"].iter().chain(more);
        json!(actions.map(|action| json!({ "action": action })).collect::<Vec<_>>())
    };
    admin.post("/v1/roles", json!({"name": "desk", "permissions": grants(&["articles:publish"])})).expect(201);
    let story = json!({"title": "Ferry returns", "editor_note": "canary"});
    for (email, role) in [("kept@example.org", "desk"), ("other@example.org", "editor")] {
        app.signed_in(email, role).header("Idempotency-Key", "k").post("/v1/articles", story.clone()).expect(201);
    }
    let withheld = |email: &str, role: &str| {
        let again = app.signed_in(email, role).header("Idempotency-Key", "k").post("/v1/articles", story.clone());
        let again = again.expect(409);
        assert_eq!(again.code(), "answer_withheld");
        assert!(!again.text().contains("canary"), "{}", again.text());
    };
    admin.patch("/v1/roles/desk", json!({"permissions": grants(&[])})).expect(200);
    withheld("kept@example.org", "desk");
    app.signed_in("other@example.org", "editor")
        .header("Idempotency-Key", "k")
        .post("/v1/articles", story.clone())
        .expect(201);
    let users = admin.get("/v1/users?limit=100").expect(200).json();
    let other = users["data"].as_array().unwrap().iter().find(|user| user["email"] == "other@example.org").unwrap();
    admin.patch(&format!("/v1/users/{}", text(&other["id"])), json!({"role": "writer"})).expect(200);
    withheld("other@example.org", "writer");
    assert_eq!(admin.get("/v1/articles?count=true").json()["total"], 2, "nothing happened twice");
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
