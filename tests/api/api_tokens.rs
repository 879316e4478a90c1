//! `/v1/tokens`: API tokens for scripts and front ends.

use std::thread;
use std::time::Duration;

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, at_once, slugs_of, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

const DAY: u64 = 24 * 60 * 60;

/// A fresh token as the answer shows it.
fn make(owner: &Client, members: Value) -> Value {
    owner.post("/v1/tokens", members).expect(201).json()
}

fn bearer(app: &TestApp, token: &Value) -> Client {
    app.anonymous().bearer(text(&token["token"]))
}

#[apply(each_database)]
fn t45_a_token_is_shown_once_used_and_revoked_at_once(database: Database) {
    let app = TestApp::start(database);
    let (editor, other) = (app.editor(), app.beside());
    let fresh = make(&editor, json!({ "name": "import", "scopes": ["articles:write", "events:read"] }));
    let secret = text(&fresh["token"]);
    assert!(secret.starts_with("dl_") && secret.len() == 59, "{secret}");
    assert!(secret.ends_with(text(&fresh["hint"])));
    let place = format!("/v1/tokens/{}", text(&fresh["id"]));
    for answer in [editor.get(&place).expect(200), editor.get("/v1/tokens").expect(200)] {
        assert!(!answer.text().contains(&secret[3..40]), "{}", answer.text());
    }
    let script = bearer(&app, &fresh);
    let begun = script.begin(json!({ "title": "From a script" }));
    assert_eq!(begun["created_by"], fresh["user_id"]);
    script.get("/v1/events").expect(200);
    assert_eq!(script.get("/v1/auth/me").expect(200).json()["id"], fresh["user_id"]);
    let refused = script.post(&format!("{}/publish", address(&begun)), json!({})).expect(403).json();
    assert_eq!(refused["detail"], "This API token does not have the scope articles:publish.");
    bearer(&other, &fresh).get("/v1/events").expect(200);
    editor.delete(&place).expect(204);
    script.get("/v1/events").expect(401);
    bearer(&other, &fresh).get("/v1/articles").expect(401);
    editor.delete(&place).expect(404);
    let log = editor.get("/v1/events?resource=token").expect(200).json();
    let actions: Vec<&str> = log["data"].as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["created", "deleted"]);
    let by_script = editor.get(&format!("/v1/events?actor={}", text(&fresh["id"]))).expect(200).json();
    assert_eq!(by_script["data"][0]["actor"], json!({ "kind": "token", "id": fresh["id"] }));
}

#[apply(each_database)]
fn p12_a_token_lives_ninety_days_or_as_long_as_was_asked(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let usual = make(&editor, json!({ "name": "usual", "scopes": ["articles:read_drafts"] }));
    assert_eq!(text(&usual["expires_at"]), app.later(90 * DAY));
    let short = make(&editor, json!({ "name": "short", "scopes": ["events:read"], "expires_at": app.later(60) }));
    bearer(&app, &short).get("/v1/events").expect(200);
    for wrong in [0, 367 * DAY] {
        let asked = json!({ "name": "wrong", "scopes": ["events:read"], "expires_at": app.later(wrong) });
        assert_eq!(editor.post("/v1/tokens", asked).expect(422).refusals(), ["/expires_at out_of_range"]);
    }
    app.pass(60);
    bearer(&app, &short).get("/v1/events").expect(401);
    app.pass(90 * DAY - 61);
    bearer(&app, &usual).get("/v1/auth/me").expect(200);
    app.pass(1);
    bearer(&app, &usual).get("/v1/auth/me").expect(401);
}

#[apply(each_database)]
fn t45_a_token_may_never_more_than_its_owner(database: Database) {
    let app = TestApp::start(database);
    let (admin, writer) = (app.admin(), app.writer());
    let greedy =
        json!({ "name": "x", "scopes": ["articles:write", "articles:publish", "users:manage", "account:own"] });
    let refused = writer.post("/v1/tokens", greedy).expect(422).refusals();
    assert_eq!(refused, ["/scopes/2 not_grantable", "/scopes/3 not_grantable"]);
    let asked = json!({ "name": "x", "scopes": ["articles:write", "articles:publish"] });
    assert_eq!(writer.post("/v1/tokens", asked).expect(422).refusals(), ["/scopes/1 not_yours"]);
    let ana = app.signed_in("ana@example.org", "editor");
    let token = bearer(&app, &make(&ana, json!({ "name": "x", "scopes": ["articles:publish", "taxonomy:write"] })));
    token.make("tags", json!({ "name": "NATO" }));
    let other = writer.begin(json!({ "title": "Somebody else's" }));
    token.post(&format!("{}/publish", address(&other)), json!({})).expect(200);
    // What the owner's role loses, the token loses.
    let account = admin.get("/v1/users?role=editor").expect(200).json();
    let place = format!("/v1/users/{}", text(&account["data"][0]["id"]));
    admin.patch(&place, json!({ "role": "writer" })).expect(200);
    token.post("/v1/tags", json!({ "name": "EU" })).expect(403);
    token.post(&format!("{}/unpublish", address(&other)), json!({})).expect(403);
    // No token makes tokens, ends sessions or changes a password.
    let member = json!({ "name": "y", "scopes": ["articles:write"] });
    token.post("/v1/tokens", member).expect(403);
    let change = json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" });
    token.delete("/v1/auth/sessions").expect(403);
    token.put("/v1/auth/password", change).expect(403);
    token.send("POST", "/v1/auth/logout", None).expect(403);
}

#[apply(each_database)]
fn a_token_reaches_only_the_sections_and_sources_it_was_made_for(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for section in ["Sport", "Politics"] {
        editor.make("tags", json!({ "name": section, "kind": "section" }));
    }
    let asked = json!({ "name": "sport", "scopes": ["articles:write", "articles:publish"], "sections": ["sport"] });
    let fresh = make(&editor, asked);
    let token = bearer(&app, &fresh);
    let match_report = editor.begin(json!({ "title": "Match", "section": "sport" }));
    let cabinet = editor.begin(json!({ "title": "Cabinet", "section": "politics" }));
    assert_eq!(slugs_of(&token.get("/v1/articles?view=draft").expect(200).json()), ["match"]);
    token.post(&format!("{}/publish", address(&match_report)), json!({})).expect(200);
    token.post(&format!("{}/publish", address(&cabinet)), json!({})).expect(404);
    token.if_match("*").patch(&address(&match_report), json!({ "section": "politics" })).expect(403);
    let wrong = json!({ "name": "x", "scopes": ["taxonomy:write"], "sections": ["sport"] });
    assert_eq!(editor.post("/v1/tokens", wrong).expect(422).refusals(), ["/scopes/0 not_limitable"]);
    let unknown = json!({ "name": "x", "scopes": ["articles:write"], "sources": ["nobody"] });
    assert_eq!(editor.post("/v1/tokens", unknown).expect(422).refusals(), ["/sources/0 unknown_reference"]);
}

#[apply(each_database)]
fn s08_people_see_and_revoke_their_own_tokens_and_admins_everybodys(database: Database) {
    let app = TestApp::start(database);
    let (admin, ana, ben) = (app.admin(), app.editor(), app.writer());
    let of_ana = make(&ana, json!({ "name": "ana's", "scopes": ["articles:write"] }));
    let of_ben = make(&ben, json!({ "name": "ben's", "scopes": ["articles:write"] }));
    let names = |caller: &Client, query: &str| -> Vec<String> {
        let list = caller.get(&format!("/v1/tokens{query}")).expect(200).json();
        list["data"].as_array().unwrap().iter().map(|token| text(&token["name"]).to_owned()).collect()
    };
    assert_eq!(names(&ana, ""), ["ana's"]);
    assert_eq!(names(&ben, &format!("?user={}", text(&of_ben["user_id"]))), ["ben's"]);
    assert_eq!(names(&admin, "?everybody=true"), ["ben's", "ana's"]);
    assert_eq!(names(&admin, &format!("?user={}", text(&of_ana["user_id"]))), ["ana's"]);
    ana.get("/v1/tokens?everybody=true").expect(403);
    ana.get(&format!("/v1/tokens?user={}", text(&of_ben["user_id"]))).expect(403);
    // S08: somebody else's id is like one that does not exist.
    let place = format!("/v1/tokens/{}", text(&of_ben["id"]));
    ana.get(&place).expect(404);
    ana.delete(&place).expect(404);
    bearer(&app, &of_ben).get("/v1/auth/me").expect(200);
    admin.delete(&place).expect(204);
    bearer(&app, &of_ben).get("/v1/auth/me").expect(401);
}

#[apply(each_database)]
fn s25_an_account_that_is_locked_meanwhile_is_left_with_no_token(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    for round in 0..5 {
        let ana = app.signed_in(&format!("ana-{round}@example.org"), "editor");
        let id = text(&ana.get("/v1/auth/me").expect(200).json()["id"]).to_owned();
        at_once(6, |number| match number {
            3 => admin.patch(&format!("/v1/users/{id}"), json!({ "active": false })).status(),
            _ => ana.post("/v1/tokens", json!({ "name": "x", "scopes": ["articles:write"] })).status(),
        });
        let left = admin.get(&format!("/v1/tokens?user={id}")).expect(200).json();
        assert_eq!(left["data"], json!([]), "round {round}");
    }
}

#[apply(each_database)]
fn s25_another_password_ends_the_tokens_that_were_made_with_the_old_one(database: Database) {
    let app = TestApp::start(database);
    let ana = app.signed_in("ana@example.org", "editor");
    let token = bearer(&app, &make(&ana, json!({ "name": "x", "scopes": ["articles:write"] })));
    token.get("/v1/auth/me").expect(200);
    let change = json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" });
    ana.put("/v1/auth/password", change).expect(204);
    token.get("/v1/auth/me").expect(401);
}

#[apply(each_database)]
fn s25_whoever_may_no_longer_sign_in_has_no_tokens_either(database: Database) {
    let app = TestApp::start(database);
    let (admin, ana) = (app.admin(), app.signed_in("ana@example.org", "editor"));
    let place = format!("/v1/users/{}", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
    let token = bearer(&app, &make(&ana, json!({ "name": "x", "scopes": ["articles:write"] })));
    token.get("/v1/auth/me").expect(200);
    admin.patch(&place, json!({ "active": false })).expect(200);
    token.get("/v1/auth/me").expect(401);
    admin.patch(&place, json!({ "active": true })).expect(200);
    token.get("/v1/auth/me").expect(401);
}

#[apply(each_database)]
fn the_last_use_of_a_token_is_noted_within_a_minute(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let fresh = make(&editor, json!({ "name": "x", "scopes": ["events:read"] }));
    assert_eq!(fresh["last_used_at"], Value::Null);
    let last_use = |expected: &str| {
        for _ in 0..200 {
            let token = editor.get(&format!("/v1/tokens/{}", text(&fresh["id"]))).expect(200).json();
            if token["last_used_at"] == expected {
                return token;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the use at {expected} was not noted")
    };
    bearer(&app, &fresh).get("/v1/events").expect(200);
    let first = app.later(0);
    assert_eq!(last_use(&first)["last_used_from"], "127.0.0.1");
    app.pass(59);
    bearer(&app, &fresh).get("/v1/events").expect(200);
    last_use(&first);
    app.pass(1);
    bearer(&app, &fresh).get("/v1/events").expect(200);
    last_use(&app.later(0));
}

#[test]
fn s32_the_secret_is_nowhere_in_the_database_even_when_a_request_came_twice() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor().header("Idempotency-Key", "once");
    let fresh = make(&editor, json!({ "name": "x", "scopes": ["events:read"] }));
    make(&editor, json!({ "name": "x", "scopes": ["events:read"] }));
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(&app.app().config().data_dir).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let has = |text: &str| stored.windows(text.len()).any(|piece| piece == text.as_bytes());
    assert!(has(text(&fresh["id"])), "these are the right files");
    assert!(!has(&text(&fresh["token"])[3..]), "the secret is in the database");
}

#[test]
fn a_mistyped_token_is_told_from_an_unknown_one() {
    let app = TestApp::start(Database::Sqlite);
    let secret = text(&make(&app.editor(), json!({ "name": "x", "scopes": ["events:read"] }))["token"]).to_owned();
    let detail = |token: &str| app.anonymous().bearer(token).get("/v1/articles").expect(401).json()["detail"].clone();
    let mistyped = detail(&secret[..58]);
    assert!(text(&mistyped).contains("checksum"), "{mistyped}");
    assert_eq!(detail("dl_"), mistyped);
    assert!(!text(&detail(&secret.replacen("dl_", "dlr_", 1))).contains("checksum"));
}

#[apply(each_database)]
fn a_token_is_not_given_the_answer_that_its_owner_was_given(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let token = bearer(&app, &make(&editor, json!({ "name": "x", "scopes": ["articles:write"] })));
    let once = |caller: &Client| {
        let caller = caller.header("Idempotency-Key", "once");
        caller.post("/v1/articles", json!({ "title": "Once" })).expect(201).json()["id"].clone()
    };
    let (of_owner, of_token) = (once(&editor), once(&token));
    assert_ne!(of_owner, of_token);
    assert_eq!((once(&editor), once(&token)), (of_owner, of_token));
}
