//! Review: a story is submitted, looked at, and approved or sent back. Row ids are those of the security checks.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

impl Client {
    /// Takes a step of a review, with a note.
    fn step(&self, story: &Value, step: &str, note: &str) -> Reply {
        self.post(&format!("{}/{step}", address(story)), json!({ "note": note }))
    }

    fn id(&self) -> Value {
        self.get("/v1/auth/me").expect(200).json()["id"].clone()
    }
}

/// Where the review of a story stands, and the version that its last step was about.
#[track_caller]
fn stands(caller: &Client, story: &Value) -> (String, Value) {
    let review = &caller.get(&address(story)).expect(200).json()["review"];
    (text(&review["state"]).to_owned(), review["version"].clone())
}

#[track_caller]
fn is_at(caller: &Client, story: &Value, state: &str, version: Value) {
    assert_eq!(stands(caller, story), (state.to_owned(), version));
}

#[apply(each_database)]
fn a_contributor_submits_an_editor_sends_back_and_approves_and_publishing_ends_it(database: Database) {
    let app = TestApp::start(database);
    let (contributor, editor) = (app.contributor(), app.editor());
    let story = contributor.begin(json!({ "title": "Harbour fire" }));
    let none = json!({
        "state": "none", "version": null, "approval_void": false, "submitted_by": null, "by": null, "at": null, "note": null
    });
    assert_eq!(story["review"], none);
    let submitted = contributor.step(&story, "submit", "Ready.").expect(200).json();
    let expected = json!({
        "state": "in_review", "version": 1, "approval_void": false, "submitted_by": contributor.id(),
        "by": contributor.id(), "at": app.later(0), "note": "Ready."
    });
    assert_eq!((&submitted["review"], &submitted["version"]), (&expected, &json!(1)));
    assert_eq!(editor.slugs("/v1/articles?status=in_review"), ["harbour-fire"]);
    app.pass(1);
    let back = editor.step(&story, "request-changes", "Who says so?").expect(200).json();
    let expected = json!({
        "state": "changes_requested", "version": 1, "approval_void": false, "submitted_by": contributor.id(),
        "by": editor.id(), "at": app.later(0), "note": "Who says so?"
    });
    assert_eq!(back["review"], expected);
    // Whoever wrote it reads why, and nothing is locked.
    assert_eq!(contributor.get(&address(&story)).expect(200).json()["review"], expected);
    contributor.change(&story, json!({ "body": "The fire chief says so." }));
    is_at(&contributor, &story, "changes_requested", json!(1));
    contributor.step(&story, "submit", "Now.").expect(200);
    is_at(&editor, &story, "in_review", json!(2));
    editor.send("POST", &format!("{}/approve", address(&story)), None).expect(200);
    is_at(&contributor, &story, "approved", json!(2));
    assert_eq!(editor.slugs("/v1/articles?status=approved"), ["harbour-fire"]);
    let published = editor.publish(&story, json!({}));
    assert_eq!((&published["review"], &published["status"]), (&none, &json!("published")));
    let log = editor.get(&format!("/v1/events?id={}&limit=100", text(&story["id"]))).expect(200).json();
    let said = |entry: &Value| format!("{} {}", text(&entry["action"]), entry["note"].as_str().unwrap_or("-"));
    let said: Vec<String> = log["data"].as_array().unwrap().iter().map(said).collect();
    let expected = [
        "created -",
        "submitted Ready.",
        "changes_requested Who says so?",
        "updated -",
        "submitted Now.",
        "approved -",
        "published -",
    ];
    assert_eq!(said, expected);
    assert_eq!(log["data"][2]["actor"]["id"], editor.id());
    assert_eq!(log["data"][5]["version_after"], 2);
    assert_untouched(&app);
}

#[apply(each_database)]
fn an_edit_leaves_a_submission_in_review_and_makes_an_approval_void(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor) = (app.writer(), app.editor());
    let story = writer.begin(json!({ "title": "Budget" }));
    writer.step(&story, "submit", "Ready.").expect(200);
    writer.change(&story, json!({ "summary": "Shorter." }));
    is_at(&editor, &story, "in_review", json!(1));
    // The newer version is handed in by submitting again.
    writer.step(&story, "submit", "Shorter now.").expect(200);
    is_at(&editor, &story, "in_review", json!(2));
    // An approval is of what was read.
    editor.if_match("\"1\"").step(&story, "approve", "Good.").expect(412);
    editor.step(&story, "approve", "Good.").expect(200);
    is_at(&editor, &story, "approved", json!(2));
    // Saying what it says already is no edit.
    writer.change(&story, json!({ "summary": "Shorter." }));
    is_at(&editor, &story, "approved", json!(2));
    let changed = writer.change(&story, json!({ "summary": "Another one." }));
    assert_eq!(changed["review"]["state"], "in_review");
    assert_eq!(changed["review"]["approval_void"], true);
    assert_eq!((&changed["review"]["version"], &changed["review"]["note"]), (&json!(2), &json!("Good.")));
    assert_eq!(editor.slugs("/v1/articles?status=in_review"), ["budget"]);
    assert!(editor.slugs("/v1/articles?status=approved").is_empty());
    assert_eq!(editor.step(&story, "approve", "Still good.").expect(200).json()["review"]["version"], 3);
    // So does whatever else makes another version of it.
    editor.if_match("*").post(&format!("{}/revisions/1/restore", address(&story)), json!({})).expect(200);
    is_at(&editor, &story, "in_review", json!(3));
}

#[apply(each_database)]
fn a_step_that_makes_no_sense_is_refused_and_says_why(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor, admin) = (app.writer(), app.editor(), app.admin());
    let story = writer.begin(json!({ "title": "Budget" }));
    for step in ["approve", "request-changes", "unsubmit"] {
        assert_eq!(editor.step(&story, step, "?").expect(409).code(), "not_submitted", "{step}");
    }
    writer.step(&story, "submit", "Ready.").expect(200);
    assert_eq!(writer.step(&story, "submit", "Again.").expect(409).code(), "in_review");
    let changes = format!("{}/request-changes", address(&story));
    assert_eq!(editor.send("POST", &changes, None).expect(422).refusals(), ["/note required"]);
    assert_eq!(editor.post(&changes, json!({ "note": null })).expect(422).refusals(), ["/note required"]);
    assert_eq!(editor.post(&changes, json!({ "note": "" })).expect(422).refusals(), ["/note empty"]);
    let long = json!({ "note": "x".repeat(5001), "why": 1 });
    assert_eq!(editor.post(&changes, long).expect(422).refusals(), ["/note too_long", "/why unknown_field"]);
    editor.step(&story, "approve", "Good.").expect(200);
    assert_eq!(editor.step(&story, "approve", "Good.").expect(409).code(), "approved");
    assert_eq!(writer.step(&story, "submit", "Again.").expect(409).code(), "approved");
    // An approval can be taken back, and a story that was sent back approved after all.
    editor.step(&story, "request-changes", "Wait.").expect(200);
    editor.step(&story, "approve", "After all.").expect(200);
    writer.step(&story, "unsubmit", "Not yet.").expect(200);
    is_at(&writer, &story, "none", Value::Null);
    editor.publish(&story, json!({ "at": app.later(60) }));
    assert_eq!(writer.step(&story, "submit", "Ready.").expect(409).code(), "published", "it is scheduled");
    writer.change(&story, json!({ "summary": "Longer." }));
    writer.step(&story, "submit", "Ready.").expect(200);
    editor.publish(&story, json!({}));
    app.pass(1);
    editor.change(&story, json!({ "summary": "Once more." }));
    writer.step(&story, "submit", "Ready.").expect(200);
    let killed = editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200).json();
    assert_eq!(killed["review"]["state"], "none");
    assert_eq!(writer.step(&story, "submit", "Ready.").expect(409).code(), "killed");
    admin.publish(&story, json!({}));
    assert_untouched(&app);
}

#[apply(each_database)]
fn a_review_outlives_unpublishing_and_the_trash(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({ "title": "Budget" }));
    editor.change(&story, json!({ "summary": "Longer." }));
    editor.step(&story, "submit", "Ready.").expect(200);
    assert_eq!(editor.unpublish(&story)["review"]["state"], "in_review");
    editor.if_match("*").delete(&address(&story)).expect(204);
    assert!(editor.slugs("/v1/articles?status=in_review").is_empty());
    editor.step(&story, "approve", "Good.").expect(404);
    editor.send("POST", &format!("{}/restore", address(&story)), None).expect(200);
    is_at(&editor, &story, "in_review", json!(2));
    // A copy is nobody's submission.
    let copy = editor.send("POST", &format!("{}/duplicate", address(&story)), None).expect(201).json();
    assert_eq!(copy["review"]["state"], "none");
}

#[apply(each_database)]
fn s07_lists_know_where_a_review_stands_and_of_nobody_elses(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor) = (app.writer(), app.editor());
    let begin = |caller: &Client, title: &str, steps: &[&str]| {
        app.pass(1);
        let story = caller.begin(json!({ "title": title }));
        for step in steps {
            editor.step(&story, step, "x").expect(200);
        }
        story
    };
    begin(&editor, "Draft", &[]);
    begin(&editor, "One", &["submit"]);
    begin(&writer, "Two", &["submit", "approve"]);
    let void = begin(&writer, "Three", &["submit", "approve"]);
    begin(&editor, "Four", &["submit", "request-changes"]);
    let deleted = begin(&editor, "Five", &["submit"]);
    app.pass(1);
    writer.change(&void, json!({ "summary": "Longer." }));
    editor.if_match("*").delete(&address(&deleted)).expect(204);
    let list = |caller: &Client, status: &str| {
        let mut slugs = caller.walk(&format!("/v1/articles?limit=1&status={status}"));
        slugs.sort();
        slugs
    };
    assert_eq!(editor.slugs("/v1/articles?status=in_review"), ["three", "one"], "newest first");
    assert_eq!(editor.slugs("/v1/articles?status=in_review&sort=title"), ["one", "three"]);
    for (status, all, own) in [
        ("in_review", vec!["one", "three"], vec!["three"]),
        ("approved", vec!["two"], vec!["two"]),
        ("changes_requested", vec!["four"], vec![]),
        ("in_review,approved", vec!["one", "three", "two"], vec!["three", "two"]),
        ("approved,draft", vec!["draft", "four", "one", "three", "two"], vec!["three", "two"]),
        ("changes_requested,published", vec!["four"], vec![]),
    ] {
        assert_eq!(list(&editor, status), all, "{status}");
        assert_eq!(list(&writer, status), own, "{status}");
        let total = editor.get(&format!("/v1/articles?count=true&status={status}")).expect(200).json()["total"].clone();
        assert_eq!(total, all.len(), "{status}");
    }
    let row = editor.get("/v1/articles?status=approved&fields=slug,review.state").expect(200).json()["data"][0].clone();
    assert_eq!(row, json!({ "slug": "two", "review": { "state": "approved" } }));
    let wrong = editor.get("/v1/articles?status=in_revue").expect(400);
    assert!(wrong.refusals() == ["status invalid"] && wrong.text().contains("in_review"), "{}", wrong.text());
    assert_eq!(editor.get("/v1/articles?status=none").expect(400).refusals(), ["status invalid"]);
    app.anonymous().get("/v1/articles?status=in_review").expect(400);
    assert_eq!(app.anonymous().get("/v1/articles?fields=review").expect(400).refusals(), ["fields not_for_readers"]);
}

#[apply(each_database)]
fn s16_nobody_reviews_what_they_began_or_submitted_unless_they_may_publish_it(database: Database) {
    let app = TestApp::start(database);
    let (admin, writer) = (app.admin(), app.writer());
    let permissions = json!([{ "action": "articles:write" }, { "action": "articles:review" }]);
    admin.make("roles", json!({ "name": "copy-desk", "permissions": permissions }));
    let (ana, bo) = (app.signed_in("ana@example.org", "copy-desk"), app.signed_in("bo@example.org", "copy-desk"));
    let can = |caller: &Client, story: &Value| {
        let asked = format!("/v1/auth/can?action=articles:review&id={}", text(&story["id"]));
        caller.get(&asked).expect(200).json()["allowed"].as_bool().unwrap()
    };
    let own = ana.begin(json!({ "title": "Own" }));
    bo.step(&own, "submit", "For Ana.").expect(200);
    let others = writer.begin(json!({ "title": "Another's" }));
    ana.step(&others, "submit", "For the writer.").expect(200);
    for story in [&own, &others] {
        for step in ["approve", "request-changes"] {
            let refused = ana.step(story, step, "Mine.").expect(403);
            assert!(refused.text().contains("somebody else reviews it"), "{}", refused.text());
        }
        assert!(!can(&ana, story));
    }
    bo.step(&own, "approve", "Mine, too.").expect(403);
    assert!(can(&bo, &others));
    bo.step(&others, "approve", "Good.").expect(200);
    // Somebody who publishes needs nobody's approval; a token of theirs that may only review does.
    let editor = app.editor();
    let mine = editor.begin(json!({ "title": "Mine" }));
    editor.step(&mine, "submit", "Ready.").expect(200);
    let asked = json!({ "name": "review", "scopes": ["articles:review"] });
    let token = app.anonymous().bearer(text(&editor.make("tokens", asked)["token"]));
    token.step(&mine, "approve", "Good.").expect(403);
    assert!(!can(&token, &mine) && can(&editor, &mine));
    token.step(&own, "approve", "Good.").expect(200);
    editor.step(&mine, "approve", "Good.").expect(200);
}

#[apply(each_database)]
fn s04_s05_s06_nobody_takes_a_step_with_a_story_that_is_not_theirs(database: Database) {
    let app = TestApp::start(database);
    let (contributor, writer, editor) = (app.contributor(), app.writer(), app.editor());
    let hidden = editor.begin(json!({ "title": "Hidden" }));
    editor.step(&hidden, "submit", "Ready.").expect(200);
    let own = contributor.begin(json!({ "title": "Own" }));
    for caller in [&contributor, &writer] {
        for (step, status) in [("submit", 404), ("unsubmit", 404), ("approve", 403), ("request-changes", 403)] {
            caller.step(&hidden, step, "Mine.").expect(status);
        }
        caller.get(&format!("{}?view=draft", address(&hidden))).expect(404);
        caller.send("POST", &format!("{}/duplicate", address(&hidden)), None).expect(404);
        caller.get(&format!("{}/revisions", address(&hidden))).expect(404);
    }
    writer.step(&own, "submit", "Mine.").expect(404);
    // Their own story they hand in and take back, until it is published.
    contributor.step(&own, "submit", "Ready.").expect(200);
    contributor.step(&own, "approve", "Good.").expect(403);
    contributor.step(&own, "unsubmit", "Wait.").expect(200);
    editor.publish(&own, json!({}));
    contributor.step(&own, "submit", "Again.").expect(403);
    is_at(&editor, &hidden, "in_review", json!(1));
    // What tells of it is the log, which is not theirs either.
    writer.get("/v1/events?action=submitted").expect(403);
}

#[apply(each_database)]
fn a_step_is_tried_and_repeated_like_every_other_write(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor) = (app.writer(), app.editor());
    let story = writer.begin(json!({ "title": "Budget" }));
    let submit = format!("{}/submit", address(&story));
    let tried = writer.post(&format!("{submit}?dry_run=true"), json!({})).expect(200).json();
    assert_eq!(tried["review"]["state"], "in_review");
    is_at(&writer, &story, "none", Value::Null);
    let once = writer.header("Idempotency-Key", "submit-budget");
    let first = once.post(&submit, json!({ "note": "Ready." })).expect(200);
    assert_eq!(once.post(&submit, json!({ "note": "Ready." })).expect(200).json(), first.json());
    let log = editor.get("/v1/events?action=submitted").expect(200).json();
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
    // Who reads it under the old tag is told that something changed, and who saves under it is not held up.
    let etag = first.etag();
    editor.step(&story, "approve", "Good.").expect(200);
    editor.header("If-None-Match", &etag).get(&address(&story)).expect(200);
    writer.if_match(&etag).patch(&address(&story), json!({ "summary": "Longer." })).expect(200);
}

#[apply(each_database)]
fn of_an_approval_and_an_edit_at_once_nothing_is_approved_that_nobody_read(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor) = (app.writer(), app.editor());
    for round in 0..8 {
        let story = writer.begin(json!({ "title": format!("Budget {round}") }));
        writer.step(&story, "submit", "Ready.").expect(200);
        let replies = at_once(2, |number| match number {
            0 => editor.if_match("\"1\"").step(&story, "approve", "Good."),
            _ => writer.if_match("\"1\"").patch(&address(&story), json!({ "summary": "Longer." })),
        });
        assert!(matches!(replies[0].status(), 200 | 412), "{}", replies[0].text());
        assert_eq!(replies[1].status(), 200);
        is_at(&editor, &story, "in_review", json!(1));
    }
    let story = writer.begin(json!({ "title": "Wanted" }));
    let replies = at_once(6, |_| writer.step(&story, "submit", "Ready."));
    assert_eq!(statuses(&replies), [(200, 1), (409, 5)]);
}

#[apply(each_database)]
fn many_are_reviewed_in_one_request(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor) = (app.writer(), app.editor());
    for title in ["One", "Two", "Three"] {
        writer.begin(json!({ "title": title }));
    }
    let bulk = |caller: &Client, items: Value| {
        caller.post("/v1/articles/bulk", json!({ "items": items, "atomic": false })).expect(200).json()["results"]
            .clone()
    };
    let states = |results: &Value| -> Vec<String> {
        let of_one = |result: &Value| {
            let (state, code) = (&result["article"]["review"], &result["problem"]["code"]);
            state.as_str().or(code.as_str()).unwrap_or_default().to_owned()
        };
        results.as_array().unwrap().iter().map(of_one).collect()
    };
    let submit = json!([
        { "action": "submit", "id": "one" }, { "action": "submit", "id": "two", "note": "Ready.", "version": 1 },
        { "action": "submit", "id": "three", "version": 2 }, { "action": "submit", "id": "three" },
        { "action": "approve", "id": "one" }
    ]);
    let results = bulk(&writer, submit);
    assert_eq!(states(&results), ["in_review", "in_review", "version_mismatch", "in_review", "forbidden"]);
    let review = json!([
        { "action": "approve", "id": "one", "note": "Good." }, { "action": "request_changes", "id": "two" },
        { "action": "request_changes", "id": "two", "note": "Why?" }, { "action": "unsubmit", "id": "three" },
        { "action": "publish", "id": "one", "note": "?" }
    ]);
    let results = bulk(&editor, review);
    assert_eq!(states(&results), ["approved", "invalid_fields", "changes_requested", "none", "invalid_fields"]);
    assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "/items/1/note");
    assert_eq!(results[4]["problem"]["errors"][0]["pointer"], "/items/4/note");
}
