//! Many changes in one request: the same as one by one.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, at_once, text};
use crate::support::{Database, TestApp, each_database};

fn outcome(reply: &Value) -> Vec<(u64, String)> {
    let results = reply["results"].as_array().unwrap().iter();
    let code = |result: &Value| {
        let (article, problem) = (&result["article"]["status"], &result["problem"]["code"]);
        article.as_str().or(problem.as_str()).unwrap_or_default().to_owned()
    };
    results.map(|result| (result["status"].as_u64().unwrap(), code(result))).collect()
}

#[apply(each_database)]
fn each_item_does_what_its_operation_does(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("tags", json!({"name": "Ferries"}));
    let stories: Vec<Value> =
        (0..5).map(|n| editor.begin(json!({"title": format!("story {n}"), "tags": [{"name": "Old"}]}))).collect();
    editor.publish(&stories[2], json!({}));
    let reply = editor.post(
        "/v1/articles/bulk",
        json!({ "items": [
            {"action": "patch", "id": "story-0", "version": 1, "article": {"title": "Zero", "note": "in bulk"}},
            {"action": "publish", "id": stories[1]["id"], "publication": {"at": app.later(60)}},
            {"action": "unpublish", "id": "story-2"},
            {"action": "trash", "id": "story-3", "version": "*"},
            {"action": "tag", "id": "story-4", "add": ["ferries", {"name": "New"}], "remove": ["old"]},
            {"action": "publish", "id": "story-4"},
        ]}),
    );
    let states = ["draft", "scheduled", "draft", "trashed", "draft", "published"];
    assert_eq!(outcome(&reply.expect(200).json()), states.map(|state| (200, state.to_owned())));
    let read = reader.get("/v1/articles/story-4").expect(200).json();
    let tags: Vec<&str> = read["tags"].as_array().unwrap().iter().map(|tag| text(&tag["slug"])).collect();
    assert_eq!(tags, ["ferries", "new"]);
    reader.get("/v1/articles/story-2").expect(404);
    assert_eq!(editor.get("/v1/articles/story-0").expect(200).json()["title"], "Zero");
    editor.get("/v1/articles/story-3").expect(404);
}

#[apply(each_database)]
fn all_is_done_or_nothing_and_every_obstacle_is_named(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "One"}));
    let items = json!([
        {"action": "patch", "id": "one", "version": 1, "article": {"title": "Two"}},
        {"action": "publish", "id": "one"},
        {"action": "patch", "id": "one", "version": 1, "article": {"title": "Three"}},
        {"action": "patch", "id": "one", "version": "*", "article": {"titel": "x", "urgency": 12}},
        {"action": "unpublish", "id": "nobody"},
        {"action": "trash", "id": "one"},
        {"action": "dance", "id": "one", "article": {}},
    ]);
    let whole = editor.post("/v1/articles/bulk", json!({"items": items})).expect(422);
    let expected = [
        "/items/2 version_mismatch",
        "/items/3/article/titel unknown_field",
        "/items/3/article/urgency out_of_range",
        "/items/4 not_found",
        "/items/5/version required",
        "/items/6/action invalid",
    ];
    assert_eq!(whole.refusals(), expected);
    let log =
        |app: &TestApp| app.editor().get("/v1/events?count=true&resource=article").expect(200).json()["total"].clone();
    assert_eq!((&editor.get(&address(&story)).expect(200).json()["title"], log(&app)), (&json!("One"), json!(1)));
    let each = editor.post("/v1/articles/bulk", json!({"atomic": false, "items": items})).expect(200).json();
    let codes: Vec<String> = outcome(&each).into_iter().map(|(_, code)| code).collect();
    let invalid = "invalid_fields";
    assert_eq!(codes, ["draft", "published", "version_mismatch", invalid, "not_found", invalid, invalid]);
    assert_eq!(outcome(&each).iter().map(|one| one.0).collect::<Vec<_>>(), [200, 200, 412, 422, 404, 422, 422]);
    assert_eq!(log(&app), json!(3), "what was refused is not in the log");
    assert_eq!(app.anonymous().get("/v1/articles/one").expect(200).json()["title"], "Two");
}

#[apply(each_database)]
fn s12_nobody_may_more_in_bulk_than_one_by_one(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let hidden = editor.begin(json!({"title": "Hidden"}));
    let shown = editor.published(json!({"title": "Shown"}));
    writer.begin(json!({"title": "Own"}));
    let items = json!([
        {"action": "patch", "id": "own", "version": 1, "article": {"title": "Mine"}},
        {"action": "publish", "id": "own"},
        {"action": "unpublish", "id": "shown"},
        {"action": "patch", "id": "shown", "version": "*", "article": {"title": "x"}},
        {"action": "patch", "id": hidden["id"], "version": "*", "article": {"title": "x"}},
        {"action": "trash", "id": "hidden", "version": "*"},
        {"action": "tag", "id": "hidden", "add": []},
        {"action": "patch", "id": "nobody", "version": "*", "article": {"title": "x"}},
        {"action": "tag", "id": "own", "add": [{"name": "Invented"}]},
    ]);
    let reply = writer.post("/v1/articles/bulk", json!({"atomic": false, "items": items})).expect(200).json();
    let statuses: Vec<u64> = outcome(&reply).iter().map(|one| one.0).collect();
    assert_eq!(statuses, [200, 403, 403, 403, 404, 404, 404, 404, 422]);
    let problem = |index: usize| reply["results"][index]["problem"].clone();
    assert_eq!(problem(4), problem(7), "hidden is missing");
    assert_eq!(app.anonymous().get(&address(&shown)).expect(200).json()["title"], "Shown");
}

#[apply(each_database)]
fn a_request_may_have_a_hundred_items_and_is_done_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let item =
        |n: usize| json!({"action": "patch", "id": format!("story-{n}"), "version": 1, "article": {"urgency": 2}});
    for n in 0..100 {
        editor.begin(json!({"title": format!("story {n}")}));
    }
    let items: Vec<Value> = (0..101).map(item).collect();
    assert_eq!(
        editor.post("/v1/articles/bulk", json!({"items": items})).expect(422).refusals(),
        ["/items out_of_range"]
    );
    assert_eq!(editor.post("/v1/articles/bulk", json!({"items": []})).expect(422).refusals(), ["/items out_of_range"]);
    let body = json!({"items": items[..100]});
    let dry = editor.post("/v1/articles/bulk?dry_run=true", body.clone()).expect(200);
    let keyed = editor.header("Idempotency-Key", "bulk-1");
    let once = keyed.post("/v1/articles/bulk", body.clone()).expect(200);
    let again = keyed.post("/v1/articles/bulk", body).expect(200);
    assert_eq!((dry.json(), again.json()), (once.json(), once.json()));
    assert_eq!(again.header("Idempotent-Replayed"), Some("true"));
    assert!(outcome(&once.json()).iter().all(|one| one.0 == 200));
}

#[apply(each_database)]
fn who_changes_the_same_stories_in_another_order_waits_and_is_served(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let stories = ["Ferry", "Harbour"].map(|title| editor.begin(json!({"title": title, "body": "The same words."})));
    let all = |stories: &[&Value]| {
        let items: Vec<Value> = stories.iter().map(|story| json!({"action": "publish", "id": story["id"]})).collect();
        editor.post("/v1/articles/bulk", json!({ "items": items })).status()
    };
    let [ferry, harbour] = &stories;
    for _ in 0..8 {
        let statuses = at_once(4, |number| match number {
            0 => all(&[ferry, harbour]),
            1 => all(&[harbour, ferry]),
            2 => editor.post(&format!("{}/publish", address(ferry)), json!({})).status(),
            _ => editor.post(&format!("{}/publish", address(harbour)), json!({})).status(),
        });
        assert_eq!(statuses, [200; 4]);
    }
}
