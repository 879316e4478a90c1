//! What only the server sets is refused by every operation that reads a body, and nothing changes. Articles have a test
//! of their own, with every member.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// What only the server sets, here or in other systems.
const OWNED: [&str; 26] = [
    "id",
    "version",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
    "published_at",
    "deleted_at",
    "status",
    "user_id",
    "actor",
    "author_id",
    "password_hash",
    "email_key",
    "lock_until",
    "failed_sign_ins",
    "confirmed",
    "is_admin",
    "token",
    "token_hash",
    "hash",
    "hint",
    "secret",
    "last_used_at",
    "built_in",
    "live_count",
];

/// Sends the body once for each of these members, and expects each to be refused by its name.
#[track_caller]
fn refused(body: &Value, send: impl Fn(Value) -> Reply) {
    for name in OWNED {
        let mut body = body.clone();
        body[name] = json!("01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10");
        let refusals = send(body).expect(422).refusals();
        let expected = [format!("/{name} read_only"), format!("/{name} unknown_field")];
        assert!(refusals.len() == 1 && expected.contains(&refusals[0]), "{refusals:?}");
    }
}

/// A room: making one is refused with each of these members, and so is every change of the one that there is.
fn refused_in(room: &str, caller: &Client, body: &Value, replaces: bool) {
    let made = caller.make(room, body.clone());
    let place = format!("/v1/{room}/{}", text(made.get("id").unwrap_or(&made["name"])));
    let before = caller.get(&format!("/v1/{room}")).expect(200).text();
    refused(body, |body| caller.post(&format!("/v1/{room}"), body));
    refused(&json!({}), |body| caller.if_match("*").patch(&place, body));
    if replaces {
        refused(body, |body| caller.if_match("*").put(&place, body));
    }
    assert_eq!(caller.get(&place).expect(200).json(), made);
    assert_eq!(caller.get(&format!("/v1/{room}")).expect(200).text(), before);
}

#[apply(each_database)]
fn s03_t04_every_room_refuses_what_only_the_server_sets(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    for room in ["tags", "sources", "authors"] {
        refused_in(room, &editor, &json!({ "name": "Ferries" }), true);
    }
    let account = json!({ "email": "ana@example.org", "name": "Ana", "role": "writer", "password": PASSWORD });
    refused_in("users", &admin, &account, false);
    refused_in("roles", &admin, &json!({ "name": "desk", "permissions": [{ "action": "articles:write" }] }), false);
}

#[apply(each_database)]
fn s03_t04_every_action_refuses_what_only_the_server_sets(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let acting = editor.if_match("*");
    let story = editor.published(json!({ "title": "Ferry" }));
    let place = address(&story);
    editor.change(&story, json!({ "title": "Ferry returns" }));
    let before = editor.get(&place).expect(200).json();
    let act = |action: &str| format!("{place}/{action}");
    refused(&json!({}), |body| acting.post(&act("publish"), body));
    refused(&json!({}), |body| acting.post(&act("kill"), body));
    refused(&json!({}), |body| acting.post(&act("revisions/1/restore"), body));
    refused(&json!({}), |body| acting.post(&act("submit"), body));
    refused(&json!({}), |body| acting.post(&act("approve"), body));
    refused(&json!({ "note": "Shorter." }), |body| acting.post(&act("request-changes"), body));
    refused(&json!({}), |body| acting.post(&act("preview-links"), body));
    refused(&json!({ "type": "update", "text": "She sails." }), |body| acting.post(&act("corrections"), body));
    assert_eq!(editor.get(&place).expect(200).json(), before);
    let trashed = editor.begin(json!({ "title": "Tide" }));
    editor.if_match("*").delete(&address(&trashed)).expect(204);
    refused(&json!({}), |body| editor.post(&format!("{}/restore", address(&trashed)), body));
    refused(&json!({ "items": [] }), |mut body| {
        body["items"] = json!([{ "action": "unpublish", "id": story["id"] }]);
        editor.post("/v1/articles/bulk", body)
    });
    assert_eq!(editor.get(&place).expect(200).json(), before);
    // Nobody makes a token for somebody else, nor changes anything but the password with the password.
    refused(&json!({ "name": "mine", "scopes": ["articles:read_drafts"] }), |body| writer.post("/v1/tokens", body));
    assert_eq!(writer.get("/v1/tokens").expect(200).json()["data"], json!([]));
    let new = json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" });
    refused(&new, |body| writer.put("/v1/auth/password", body));
    writer.get("/v1/auth/me").expect(200);
}

#[apply(each_database)]
fn s11_an_id_counts_in_the_address_and_nowhere_else(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let (one, other) = (editor.begin(json!({ "title": "One" })), editor.begin(json!({ "title": "Other" })));
    let changing = editor.if_match("*");
    for query in ["id=2abc", "id[]=1", "ID=1"] {
        let refused = changing.patch(&format!("{}?{query}", address(&one)), json!({ "title": "x" })).expect(400);
        assert_eq!(refused.code(), "unknown_parameter");
    }
    for id in [other["id"].clone(), one["id"].clone(), json!(2), json!({}), json!(null)] {
        let refused = changing.patch(&address(&one), json!({ "id": id, "title": "x" })).expect(422);
        assert_eq!(refused.refusals(), ["/id read_only"]);
    }
    for nobody in [format!("{}abc", address(&one)), format!("{}%20", address(&one)), "/v1/articles/0".to_owned()] {
        changing.unchecked().patch(&nobody, json!({ "title": "x" })).expect(404);
    }
    for story in [&one, &other] {
        assert_eq!(editor.get(&address(story)).expect(200).json(), *story);
    }
}
