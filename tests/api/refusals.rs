//! Whoever may not do something learns nothing by trying: not whether it is there, and not whose it is.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::desk::{address, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// What was answered, without what differs from request to request.
fn said(reply: &Reply) -> (u16, Value) {
    let mut problem = reply.json();
    problem.as_object_mut().expect("an object").remove("request_id").expect("a request id");
    (reply.status(), problem)
}

#[apply(each_database)]
fn s12_s16_whoever_manages_no_accounts_changes_none_and_learns_no_name(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let account = json!({ "email": "canary@example.org", "name": "Canary", "role": "writer", "password": PASSWORD });
    let made = admin.post("/v1/users", account).expect(201).json();
    let closed = admin.patch(&format!("/v1/users/{}", text(&made["id"])), json!({ "active": false })).expect(200);
    let there = format!("/v1/users/{}", text(&made["id"]));
    let nobody = "/v1/users/01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40";
    for caller in [app.editor(), app.writer(), app.contributor(), app.partner(), app.viewer()] {
        let tries = |place: &str| {
            [
                caller.get(place),
                // To let somebody in again is to change their account.
                caller.patch(place, json!({ "active": true })),
                caller.patch(place, json!({ "password": "seven quiet rivers at dawn" })),
                caller.delete(place),
                caller.get(&format!("{place}/sessions")),
                caller.delete(&format!("{place}/sessions")),
            ]
        };
        for (refused, missing) in tries(&there).iter().zip(tries(nobody)) {
            assert_eq!(said(refused), said(&missing));
            assert_eq!(refused.status(), 403, "{}", refused.text());
            assert!(!refused.text().to_lowercase().contains("canary"), "{}", refused.text());
        }
        caller.get("/v1/users").expect(403);
        caller.get("/v1/users?role=writer&count=true").expect(403);
        let me = caller.get("/v1/auth/me").expect(200).json();
        caller.patch(&format!("/v1/users/{}", text(&me["id"])), json!({ "role": "admin" })).expect(403);
        caller.post("/v1/roles", json!({ "name": "desk", "permissions": [] })).expect(403);
    }
    assert_eq!(admin.get(&there).expect(200).json(), closed.json());
}

#[apply(each_database)]
fn s06_t25_a_revision_is_found_below_its_own_story_only(database: Database) {
    let app = TestApp::start(database);
    let writer = app.writer();
    let (one, other) = (writer.begin(json!({ "title": "One" })), writer.begin(json!({ "title": "Other" })));
    for title in ["Two", "Three"] {
        writer.change(&one, json!({ "title": title }));
    }
    let below = |story: &Value, rest: &str| format!("{}/revisions/{rest}", address(story));
    assert_eq!(writer.get(&below(&one, "3")).expect(200).json()["title"], "Three");
    for rest in ["3", "1/diff/3", "3/diff/1"] {
        writer.get(&below(&other, rest)).expect(404);
    }
    writer.if_match("*").post(&below(&other, "3/restore"), json!({})).expect(404);
    assert_eq!(writer.get(&address(&other)).expect(200).json(), other);
    // And below a story of somebody else there is nothing.
    let hidden = app.editor().begin(json!({ "title": "Hidden" }));
    for rest in ["1", "1/diff/1"] {
        writer.get(&below(&hidden, rest)).expect(404);
    }
    writer.if_match("*").post(&below(&hidden, "1/restore"), json!({})).expect(404);
    assert_eq!(app.editor().get(&address(&hidden)).expect(200).json(), hidden);
}
