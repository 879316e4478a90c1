//! `/v1/roles`: what the roles may do, roles that admins make, and the question what one may do.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, slugs_of, text};
use crate::support::{Database, TestApp, each_database};

/// A role with these permissions, and somebody who has it.
fn holder(app: &TestApp, name: &str, permissions: Value) -> Client {
    app.admin().make("roles", json!({ "name": name, "permissions": permissions }));
    app.signed_in(&format!("{name}@example.org"), name)
}

fn can(caller: &Client, action: &str, id: &str) -> bool {
    let answer = caller.get(&format!("/v1/auth/can?action={action}&id={id}")).expect(200).json();
    answer["allowed"].as_bool().unwrap()
}

#[apply(each_database)]
fn a_role_is_made_read_changed_and_deleted(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    admin.make("tags", json!({ "name": "Sport", "kind": "section" }));
    let role = json!({
        "name": "sports-desk", "description": "Sport.",
        "permissions": [{ "action": "articles:write", "sections": ["sport"], "languages": ["EN-gb"] }]
    });
    let made = admin.post("/v1/roles", role.clone()).expect(201);
    assert_eq!(made.header("Location"), Some("/v1/roles/sports-desk"));
    let permission = json!({
        "action": "articles:write", "own": false, "unpublished": false, "sections": ["sport"], "sources": null,
        "languages": ["en-GB"]
    });
    assert_eq!(made.json()["permissions"], json!([permission]));
    admin.post("/v1/roles", role).expect(409);
    let read = app.writer().get("/v1/roles/sports-desk").expect(200);
    assert_eq!(read.json(), made.json());
    let changed = admin.if_match(&read.etag()).patch("/v1/roles/sports-desk", json!({ "description": null }));
    assert_eq!(changed.expect(200).json()["version"], 2);
    admin.if_match(&read.etag()).patch("/v1/roles/sports-desk", json!({ "description": "Late." })).expect(412);
    admin.patch("/v1/roles/sports-desk", json!({ "name": "desk" })).expect(422);
    app.make_account("ana@example.org", "sports-desk");
    assert_eq!(admin.delete("/v1/roles/sports-desk").expect(409).code(), "in_use");
    let ana = admin.get("/v1/users?role=sports-desk").expect(200).json();
    admin.delete(&format!("/v1/users/{}", text(&ana["data"][0]["id"]))).expect(204);
    admin.delete("/v1/roles/sports-desk").expect(204);
    admin.get("/v1/roles/sports-desk").expect(404);
    let log = admin.get("/v1/events?resource=role&limit=100").expect(200).json();
    let actions: Vec<&str> = log["data"].as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["created", "updated", "deleted"]);
}

#[apply(each_database)]
fn the_list_of_roles_takes_no_parameters(database: Database) {
    let app = TestApp::start(database);
    let refused = app.viewer().unchecked().get("/v1/roles?limit=3&name=editor").expect(400);
    assert_eq!(refused.refusals(), ["limit unknown_parameter", "name unknown_parameter"]);
}

#[apply(each_database)]
fn the_built_in_roles_are_listed_and_stay_as_they_are(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let list = app.viewer().get("/v1/roles").expect(200).json();
    let names: Vec<&str> = list["data"].as_array().unwrap().iter().map(|role| text(&role["name"])).collect();
    assert_eq!(names, ["admin", "editor", "writer", "contributor", "partner", "viewer"]);
    assert_eq!(list["data"][0]["accounts"], 1);
    assert_eq!(admin.patch("/v1/roles/viewer", json!({ "description": "x" })).expect(409).code(), "built_in");
    assert_eq!(admin.delete("/v1/roles/admin").expect(409).code(), "built_in");
    assert_eq!(admin.post("/v1/roles", json!({ "name": "editor", "permissions": [] })).expect(409).code(), "taken");
}

#[test]
fn a_role_that_makes_no_sense_is_refused_with_every_reason() {
    let app = TestApp::start(Database::Sqlite);
    let admin = app.admin();
    let refusals = |permissions: Value| {
        let role = json!({ "name": "desk", "permissions": permissions });
        admin.post("/v1/roles", role).expect(422).refusals()
    };
    assert_eq!(
        refusals(json!([
            { "action": "users:manage" }, { "action": "events:read", "own": true },
            { "action": "articles:write", "sections": [] }
        ])),
        ["/permissions/0/action not_grantable", "/permissions/1 not_limitable", "/permissions/2/sections out_of_range"]
    );
    assert_eq!(refusals(json!([{ "action": "articles:eat" }])), ["/permissions/0/action invalid"]);
    assert_eq!(
        refusals(json!([{ "action": "articles:write", "sections": ["nowhere"], "sources": ["nobody"] }])),
        ["/permissions/0/sections/0 unknown_reference", "/permissions/0/sources/0 unknown_reference"]
    );
    let account =
        json!({ "email": "a@example.org", "name": "A", "role": "writter", "password": crate::support::PASSWORD });
    let refused = admin.post("/v1/users", account).expect(422).json();
    assert_eq!(refused["errors"][0]["code"], "unknown_role");
    assert!(text(&refused["errors"][0]["detail"]).contains("did you mean writer?"), "{refused}");
}

#[apply(each_database)]
fn s07_lists_items_and_the_question_what_one_may_do_know_the_same_limits(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    for section in ["Sport", "Politics"] {
        admin.make("tags", json!({ "name": section, "kind": "section" }));
    }
    admin.make("sources", json!({ "name": "Agency" }));
    let limits = [
        json!({ "own": true }),
        json!({ "unpublished": true }),
        json!({ "sections": ["sport"] }),
        json!({ "sections": ["sport", "politics"], "languages": ["en"] }),
        json!({ "sources": ["agency"], "unpublished": true }),
        json!({ "languages": ["de", "en-GB"] }),
    ];
    let mut holders: Vec<Client> = Vec::new();
    for (number, limit) in limits.into_iter().enumerate() {
        let mut read = limit;
        read["action"] = json!("articles:read_drafts");
        let permissions = json!([read, { "action": "articles:write", "own": true }]);
        holders.push(holder(&app, &format!("role-{number}"), permissions));
    }
    let mut stories = Vec::new();
    for (number, (section, source, language)) in [
        (Some("sport"), None, "en"),
        (Some("sport"), Some("agency"), "de"),
        (Some("politics"), Some("agency"), "en-GB"),
        (Some("politics"), None, "enm"),
        (None, Some("agency"), "de-AT"),
        (None, None, "en"),
    ]
    .into_iter()
    .enumerate()
    {
        let members =
            json!({ "title": format!("Story {number}"), "section": section, "source": source, "language": language });
        stories.push(editor.begin(members.clone()));
        stories.push(editor.published(members));
    }
    let mut shown = 0;
    for (number, caller) in holders.iter().enumerate() {
        stories.push(caller.begin(json!({ "title": format!("Own {number}") })));
        let listed = slugs_of(&caller.get("/v1/articles?view=draft&limit=100").expect(200).json());
        shown += listed.len();
        for story in &stories {
            let is_listed = listed.iter().any(|slug| slug == text(&story["slug"]));
            let allowed = can(caller, "articles:read_drafts", text(&story["id"]));
            assert_eq!(is_listed, allowed, "role-{number} and {}", story["slug"]);
            let status = caller.get(&format!("{}?view=draft", address(story))).status();
            assert_eq!(status == 200, allowed, "role-{number} and {}: {status}", story["slug"]);
        }
    }
    assert!(shown > 20, "only {shown}");
}

#[apply(each_database)]
fn nobody_begins_a_story_out_of_their_reach_or_moves_one_there(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    for section in ["Sport", "Politics"] {
        admin.make("tags", json!({ "name": section, "kind": "section" }));
    }
    let desk = holder(&app, "desk", json!([{ "action": "articles:write", "sections": ["sport"] }]));
    desk.post("/v1/articles", json!({ "title": "No section" })).expect(403);
    desk.post("/v1/articles", json!({ "title": "Politics", "section": "politics" })).expect(403);
    let story = desk.begin(json!({ "title": "Match", "section": "sport" }));
    let at = desk.if_match("*");
    at.patch(&address(&story), json!({ "section": "politics" })).expect(403);
    at.patch(&address(&story), json!({ "section": null })).expect(403);
    at.put(&address(&story), json!({ "title": "Match" })).expect(403);
    assert_eq!(editor.get(&address(&story)).expect(200).json()["version"], 1);
    at.patch(&address(&story), json!({ "title": "Match report" })).expect(200);
    // An earlier revision that lies elsewhere is no way out either.
    let moved = editor.change(&story, json!({ "section": "politics" }));
    editor.change(&moved, json!({ "section": "sport" }));
    at.post(&format!("{}/revisions/3/restore", address(&story)), json!({})).expect(403);
    // S05: no copy of what one may not read.
    let hidden = editor.begin(json!({ "title": "Cabinet", "section": "politics" }));
    desk.post(&format!("{}/duplicate", address(&hidden)), json!({})).expect(404);
}

#[apply(each_database)]
fn s25_a_changed_role_holds_from_the_next_request_on_every_instance(database: Database) {
    let app = TestApp::start(database);
    let other = app.beside();
    let reader = holder(&app, "auditor", json!([{ "action": "events:read" }]));
    reader.get("/v1/events").expect(200);
    other.admin().patch("/v1/roles/auditor", json!({ "permissions": [] })).expect(200);
    reader.get("/v1/events").expect(403);
    reader.get("/v1/auth/me").expect(200);
}

#[apply(each_database)]
fn a_front_end_can_ask_what_to_offer(database: Database) {
    let app = TestApp::start(database);
    let (writer, editor, contributor) = (app.writer(), app.editor(), app.contributor());
    let own = writer.begin(json!({ "title": "Own" }));
    let hidden = editor.begin(json!({ "title": "Hidden" }));
    let live = editor.published(json!({ "title": "Live" }));
    let ask = |caller: &Client, query: &str| caller.get(&format!("/v1/auth/can{query}")).expect(200).json();
    assert!(can(&writer, "articles:write", text(&own["id"])));
    assert!(can(&writer, "articles:write", text(&own["slug"])));
    assert!(!can(&writer, "articles:publish", text(&own["id"])));
    assert!(!can(&writer, "articles:write", text(&live["id"])));
    let (of_hidden, of_nothing) = (
        ask(&writer, &format!("?id={}", text(&hidden["id"]))),
        ask(&writer, "?id=01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40"),
    );
    assert_eq!(of_hidden, of_nothing, "a hidden story answers like a missing one");
    let all = ask(&editor, "");
    let allowed: Vec<&str> = all["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["allowed"] == true)
        .map(|one| text(&one["action"]))
        .collect();
    let expected = [
        "articles:read_drafts",
        "articles:write",
        "articles:review",
        "articles:publish",
        "events:read",
        "taxonomy:write",
    ];
    assert_eq!(allowed[..6], expected);
    assert_eq!(all["allowed"], false);
    assert_eq!(ask(&app.admin(), "")["allowed"], true, "an admin may do everything");
    let begun = contributor.begin(json!({ "title": "Mine" }));
    assert!(can(&contributor, "articles:write", text(&begun["id"])));
    editor.publish(&begun, json!({}));
    assert!(!can(&contributor, "articles:write", text(&begun["id"])));
    writer.get("/v1/auth/can?action=articles:fly").expect(400);
    app.anonymous().get("/v1/auth/can").expect(401);
}

#[apply(each_database)]
fn nobody_moves_a_published_story_under_their_own_door(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    for name in ["Sport", "World"] {
        admin.make("tags", json!({ "name": name, "kind": "section" }));
    }
    let permissions = json!([{ "action": "articles:write" }, { "action": "articles:publish", "sections": ["sport"] }]);
    admin.make("roles", json!({ "name": "wall", "permissions": permissions }));
    let wall = app.signed_in("wall@example.org", "wall");
    let held = editor.begin(json!({ "title": "Held", "section": "world", "embargo_until": app.later(600) }));
    editor.publish(&held, json!({}));
    let read = editor.published(json!({ "title": "Read", "section": "world" }));
    for (story, change) in [
        (&held, json!({ "embargo_until": null })),
        (&held, json!({ "embargo_until": null, "section": "sport" })),
        (&held, json!({ "section": "sport" })),
        (&read, json!({ "section": "sport" })),
    ] {
        wall.if_match("*").patch(&address(story), change).expect(403);
    }
    // Nor by way of a revision that stood there.
    let moved = editor.begin(json!({ "title": "Moved", "section": "sport" }));
    editor.change(&moved, json!({ "section": "world" }));
    editor.publish(&moved, json!({}));
    wall.if_match("*").post(&format!("{}/revisions/1/restore", address(&moved)), json!({})).expect(403);
    // What they may do besides: write it where it is, and publish what readers do not know yet.
    wall.change(&read, json!({ "summary": "Shorter." }));
    let draft = editor.begin(json!({ "title": "Draft", "section": "world" }));
    wall.change(&draft, json!({ "section": "sport" }));
    wall.publish(&draft, json!({}));
    editor.change(&read, json!({ "section": "sport" }));
    wall.publish(&read, json!({}));
}
