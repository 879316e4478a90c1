//! Preview links: one working copy for somebody without an account.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

const DAY: u64 = 24 * 60 * 60;

/// Makes a link of a story.
fn link(maker: &Client, story: &Value, asked: Value) -> Value {
    maker.post(&format!("{}/preview-links", address(story)), asked).expect(201).json()
}

fn preview(app: &TestApp, link: &Value) -> Reply {
    app.anonymous().get(text(&link["address"]))
}

fn place(story: &Value, link: &Value) -> String {
    format!("{}/preview-links/{}", address(story), text(&link["id"]))
}

/// What happened to links, as the log has it.
fn logged(app: &TestApp) -> Vec<String> {
    let log = app.admin().get("/v1/events?resource=preview_link").expect(200).json();
    log["data"].as_array().unwrap().iter().map(|entry| text(&entry["action"]).to_owned()).collect()
}

#[apply(each_database)]
fn s65_a_link_shows_the_working_copy_as_it_is_and_nothing_that_is_for_colleagues(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("authors", json!({ "name": "Zoë Lindqvist", "contact_email": "zoe@example.org" }));
    let story = editor.published(json!({
        "title": "Ferry returns", "body": "**Eleven** weeks.", "editor_note": "Call the ministry.",
        "authors": ["zoe-lindqvist"], "custom": { "layout": "wide" }
    }));
    editor.change(&story, json!({ "title": "Ferry returns at last" }));
    let fresh = link(&editor, &story, json!({ "label": "the lawyers" }));
    let reply = preview(&app, &fresh).expect(200);
    assert_eq!(reply.header("Cache-Control"), Some("private, no-store"));
    assert_eq!(reply.header("X-Robots-Tag"), Some("noindex"));
    assert_eq!(reply.header("Referrer-Policy"), Some("no-referrer"));
    assert!(reply.header("Vary").unwrap().contains("authorization"));
    let shown = reply.json();
    assert_eq!(shown["title"], "Ferry returns at last");
    assert_eq!(shown["body_html"], "<p><strong>Eleven</strong> weeks.</p>\n");
    assert_eq!((&shown["id"], &shown["custom"]), (&story["id"], &json!({ "layout": "wide" })));
    assert_eq!(shown["preview_expires_at"], fresh["expires_at"]);
    // Every member is one that readers get, but for the end of the preview.
    let published = reader.get(&address(&story)).expect(200).json();
    let only_here: Vec<&String> =
        shown.as_object().unwrap().keys().filter(|name| published.get(name.as_str()).is_none()).collect();
    assert_eq!(only_here, ["preview_expires_at"]);
    let account = editor.get("/v1/auth/me").expect(200).json();
    for private in ["Call the ministry", "@example.org", "the lawyers", text(&account["id"])] {
        assert!(!reply.text().contains(private), "{private} is in {}", reply.text());
    }
    // It follows the working copy, and readers' addresses know nothing of it.
    editor.change(&story, json!({ "title": "Ferry is back" }));
    assert_eq!(preview(&app, &fresh).expect(200).json()["title"], "Ferry is back");
    assert_eq!(reader.get(&address(&story)).expect(200).json()["title"], "Ferry returns");
    let draft = editor.begin(json!({ "title": "Not yet" }));
    preview(&app, &link(&editor, &draft, json!({}))).expect(200);
    reader.get(&address(&draft)).expect(404);
    assert_eq!(reader.slugs("/v1/articles"), ["ferry-returns"]);
}

#[apply(each_database)]
fn a_link_is_good_for_a_week_or_as_long_as_was_asked(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({ "title": "Draft" }));
    let usual = link(&editor, &story, json!({}));
    assert_eq!(text(&usual["expires_at"]), app.later(7 * DAY));
    let longest = link(&editor, &story, json!({ "expires_at": app.later(30 * DAY) }));
    let links = format!("{}/preview-links", address(&story));
    for wrong in [0, 30 * DAY + 1] {
        let refused = editor.post(&links, json!({ "expires_at": app.later(wrong) })).expect(422);
        assert_eq!(refused.refusals(), ["/expires_at out_of_range"]);
    }
    let wrong = json!({ "label": "x".repeat(121), "token": "dlp_", "made_by": "me" });
    assert_eq!(editor.post(&links, wrong).expect(422).refusals().len(), 3);
    app.pass(7 * DAY - 1);
    preview(&app, &usual).expect(200);
    app.pass(1);
    preview(&app, &usual).expect(404);
    preview(&app, &longest).expect(200);
}

#[apply(each_database)]
fn s32_s33_the_secret_is_shown_once_and_a_revoked_link_shows_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({ "title": "Draft" }));
    let [first, second] = ["one", "two"].map(|label| link(&editor, &story, json!({ "label": label })));
    let secret = text(&first["token"]);
    assert!(secret.starts_with("dlp_") && secret.len() == 60 && secret.ends_with(text(&first["hint"])), "{secret}");
    assert_eq!(text(&first["address"]), format!("/v1/previews/{secret}"));
    let list = editor.get(&format!("{}/preview-links?count=true", address(&story))).expect(200);
    let listed = list.json();
    let labels: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|link| &link["label"]).collect();
    assert_eq!(labels, ["two", "one"]);
    let one = editor.get(&place(&story, &first)).expect(200);
    let log = app.admin().get("/v1/events?resource=preview_link").expect(200);
    for answer in [&list, &one, &log] {
        assert!(!answer.text().contains(&secret[4..40]), "{}", answer.text());
    }
    assert_eq!(log.json()["data"][0]["note"], format!("article {}: one", text(&story["id"])));
    editor.delete(&place(&story, &first)).expect(204);
    preview(&app, &first).expect(404);
    preview(&app.beside(), &first).expect(404);
    preview(&app, &second).expect(200);
    editor.delete(&place(&story, &first)).expect(404);
    assert_eq!(logged(&app), ["created", "created", "deleted"]);
    // Trying stores nothing.
    editor.post(&format!("{}/preview-links?dry_run=true", address(&story)), json!({})).expect(201);
    assert_eq!(logged(&app).len(), 3);
}

#[test]
fn s32_the_secret_is_nowhere_in_the_database_even_when_a_request_came_twice() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor().header("Idempotency-Key", "once");
    let story = app.editor().begin(json!({ "title": "Draft" }));
    let fresh = link(&editor, &story, json!({}));
    link(&editor, &story, json!({}));
    preview(&app, &fresh).expect(200);
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(&app.app().config().data_dir).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let has = |text: &str| stored.windows(text.len()).any(|piece| piece == text.as_bytes());
    assert!(has(text(&fresh["id"])), "these are the right files");
    assert!(!has(&text(&fresh["token"])[4..]), "the secret is in the database");
}

#[apply(each_database)]
fn what_is_deleted_killed_or_purged_is_shown_to_nobody(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    let trashed = editor.begin(json!({ "title": "Trashed" }));
    let killed = editor.published(json!({ "title": "Killed" }));
    let links = [&trashed, &killed].map(|story| link(&editor, story, json!({})));
    app.pass(1);
    editor.if_match("*").delete(&address(&trashed)).expect(204);
    editor.post(&format!("{}/kill", address(&killed)), json!({})).expect(200);
    let unknown = app.anonymous().get(&format!("/v1/previews/dlp_{}", "0".repeat(56))).expect(404).json();
    for link in &links {
        let refused = preview(&app, link).expect(404).json();
        assert_eq!((&refused["code"], &refused["detail"]), (&unknown["code"], &unknown["detail"]));
    }
    assert_eq!(
        editor.post(&format!("{}/preview-links", address(&killed)), json!({})).expect(409).refusals(),
        [" killed"]
    );
    editor.post(&format!("{}/restore", address(&trashed)), json!({})).expect(200);
    preview(&app, &links[0]).expect(200);
    admin.if_match("*").delete(&format!("{}?purge=true", address(&trashed))).expect(204);
    preview(&app, &links[0]).expect(404);
}

#[apply(each_database)]
fn a_link_shows_no_more_than_its_maker_may_read_at_that_moment(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    let ana = app.signed_in("ana@example.org", "viewer");
    let account = format!("/v1/users/{}", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
    let story = editor.begin(json!({ "title": "Draft" }));
    let of_ana = link(&ana, &story, json!({}));
    preview(&app, &of_ana).expect(200);
    // A writer does not see what others write.
    admin.patch(&account, json!({ "role": "writer" })).expect(200);
    preview(&app, &of_ana).expect(404);
    admin.patch(&account, json!({ "role": "viewer" })).expect(200);
    preview(&app, &of_ana).expect(200);
    // A locked account's links do not come back with it.
    admin.patch(&account, json!({ "active": false })).expect(200);
    preview(&app, &of_ana).expect(404);
    admin.patch(&account, json!({ "active": true })).expect(200);
    preview(&app, &of_ana).expect(404);
    assert_eq!(logged(&app), ["created", "deleted"]);
    let ana = app.signed_in("ana@example.org", "viewer");
    let [second, third] = [0, 1].map(|_| link(&ana, &story, json!({})));
    let change = json!({ "current_password": PASSWORD, "new_password": "seven quiet rivers at dawn" });
    ana.put("/v1/auth/password", change).expect(204);
    preview(&app, &second).expect(404);
    let sign_in = json!({ "email": "ana@example.org", "password": "seven quiet rivers at dawn" });
    let tokens = app.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let fourth = link(&app.anonymous().bearer(text(&tokens["access_token"])), &story, json!({}));
    admin.if_match("*").delete(&account).expect(204);
    for gone in [&third, &fourth] {
        preview(&app, gone).expect(404);
    }
    assert_eq!(logged(&app).iter().filter(|action| *action == "deleted").count(), 4);
}

#[apply(each_database)]
fn a_link_that_a_token_made_ends_with_the_token(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({ "title": "Draft" }));
    let make = |expires_at: String| {
        editor.make("tokens", json!({ "name": "x", "scopes": ["articles:read_drafts"], "expires_at": expires_at }))
    };
    let (revoked, expired) = (make(app.later(DAY)), make(app.later(60)));
    let [first, second] = [&revoked, &expired].map(|token| {
        let script = app.anonymous().bearer(text(&token["token"]));
        link(&script, &story, json!({}))
    });
    let by_hand = link(&editor, &story, json!({}));
    // A script revokes what it made, and not what its owner made.
    let script = app.anonymous().bearer(text(&revoked["token"]));
    script.delete(&place(&story, &by_hand)).expect(403);
    let made = link(&script, &story, json!({}));
    script.delete(&place(&story, &made)).expect(204);
    preview(&app, &first).expect(200);
    editor.delete(&format!("/v1/tokens/{}", text(&revoked["id"]))).expect(204);
    preview(&app, &first).expect(404);
    preview(&app, &second).expect(200);
    app.pass(60);
    preview(&app, &second).expect(404);
    preview(&app, &by_hand).expect(200);
}

#[apply(each_database)]
fn s04_a_link_is_found_only_at_its_own_article_and_by_those_who_may_read_that(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer, viewer) = (app.editor(), app.writer(), app.viewer());
    let theirs = editor.begin(json!({ "title": "Theirs" }));
    let own = writer.begin(json!({ "title": "Own" }));
    let secret = link(&editor, &theirs, json!({}));
    let links = format!("{}/preview-links", address(&theirs));
    writer.post(&links, json!({})).expect(404);
    writer.get(&links).expect(404);
    writer.get(&place(&theirs, &secret)).expect(404);
    writer.delete(&place(&theirs, &secret)).expect(404);
    // By way of a story that they may read.
    writer.get(&place(&own, &secret)).expect(404);
    writer.delete(&place(&own, &secret)).expect(404);
    app.partner().get(&links).expect(403);
    viewer.delete(&place(&theirs, &secret)).expect(403);
    let of_viewer = link(&viewer, &theirs, json!({}));
    viewer.delete(&place(&theirs, &of_viewer)).expect(204);
    preview(&app, &secret).expect(200);
}

#[apply(each_database)]
fn an_article_has_fifty_links_at_most(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({ "title": "Draft" }));
    let first = link(&editor, &story, json!({ "expires_at": app.later(60) }));
    for _ in 1..50 {
        link(&editor, &story, json!({}));
    }
    let links = format!("{}/preview-links", address(&story));
    assert_eq!(editor.post(&links, json!({})).expect(409).code(), "too_many_preview_links");
    app.pass(60);
    link(&editor, &story, json!({}));
    let page = editor.get(&format!("{links}?limit=30")).expect(200).json();
    let rest = editor.get(&format!("{links}?limit=30&cursor={}", text(&page["next"]))).expect(200).json();
    let count = |page: &Value| page["data"].as_array().unwrap().len();
    assert_eq!((count(&page), count(&rest), &rest["next"]), (30, 21, &Value::Null));
    assert_eq!(rest["data"][20]["id"], first["id"], "why it stopped is still to be seen");
}

#[apply(each_database)]
fn s25_an_account_that_is_locked_meanwhile_is_left_with_no_link(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    for round in 0..4 {
        let ana = app.signed_in(&format!("ana-{round}@example.org"), "viewer");
        let account = format!("/v1/users/{}", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
        let story = editor.begin(json!({ "title": format!("Story {round}") }));
        let links = format!("{}/preview-links", address(&story));
        let replies = at_once(5, |number| match number {
            2 => admin.patch(&account, json!({ "active": false })),
            _ => ana.post(&links, json!({})),
        });
        assert!(statuses(&replies).iter().all(|(status, _)| [200, 201, 401].contains(status)));
        assert_eq!(editor.get(&links).expect(200).json()["data"], json!([]), "round {round}");
    }
}

#[test]
fn the_address_begins_with_the_public_one_and_never_with_what_a_caller_sends() {
    let app = TestApp::start_with(Database::Sqlite, |config| {
        config.public_url = Some("https://news.example.org/api".to_owned());
    });
    let editor = app.editor().header("Host", "evil.example").header("X-Forwarded-Host", "evil.example");
    let fresh = link(&editor, &app.editor().begin(json!({ "title": "Draft" })), json!({}));
    let expected = format!("https://news.example.org/api/v1/previews/{}", text(&fresh["token"]));
    assert_eq!(text(&fresh["address"]), expected);
}
