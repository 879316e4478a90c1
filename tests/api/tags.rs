//! `/v1/tags`

use rstest_reuse::apply;
use serde_json::json;

use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_tag_is_made_read_changed_and_deleted(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let made = editor.post("/v1/tags", json!({"name": "KFOR", "kind": "organisation"})).expect(201);
    let location = made.header("Location").expect("an address").to_owned();
    assert_eq!(made.json()["slug"], "kfor");
    let read = app.anonymous().get("/v1/tags/kfor").expect(200);
    assert_eq!(read.json(), made.json());
    editor.if_match(&read.etag()).patch(&location, json!({"description": "NATO’s force."})).expect(200);
    editor.if_match(&read.etag()).patch(&location, json!({"description": "Late."})).expect(412);
    editor.delete(&location).expect(204);
    app.anonymous().get(&location).expect(404);
}
