//! `dateline verify`: nobody touches what was written without being found out.

use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params};
use dateline::audit::verify::{Check, Outcome};
use dateline::auth::access_keys;
use dateline::error::Error;
use dateline::events::Actor;
use dateline::http::query::WriteOptions;
use dateline::jobs;
use diesel::connection::SimpleConnection;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, at_once, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// A newsroom in which everything was done that can be done to a story.
fn busy(app: &TestApp) {
    let (editor, admin, writer) = (app.editor(), app.admin(), app.writer());
    let names = json!([{ "name": "Zoe" }, { "name": "Ana" }]);
    editor.make("tags", json!({"name": "Unused"}));
    // What stood below a tag that is deleted is at the top now.
    editor.make("tags", json!({"name": "Above"}));
    editor.make("tags", json!({"name": "Below", "parent": "above"}));
    editor.if_match("*").delete("/v1/tags/above").expect(204);
    let whole = json!({"title": "First", "body": "Text.", "tags": [{"name": "B"}, {"name": "A"}], "authors": names,
        "section": {"name": "World"}, "source": {"name": "Coastline"}});
    let first = editor.published(whole);
    app.pass(1);
    editor.change(&first, json!({"title": "First, changed", "slug": "first-changed"}));
    editor.publish(&first, json!({"at": app.later(10)}));
    editor.send("POST", &format!("{}/unschedule", address(&first)), None).expect(200);
    editor.publish(&first, json!({"until": app.later(100)}));
    app.pass(1);
    let note = json!({"type": "correction", "text": "It was wrong.", "publish": true});
    editor.post(&format!("{}/corrections", address(&first)), note).expect(200);
    editor.publish(&first, json!({"at": app.later(10), "until": app.later(50)}));
    let held = editor.begin(json!({"title": "Held", "embargo_until": app.later(50)}));
    editor.publish(&held, json!({}));
    app.partner().get(&address(&held)).expect(200);
    editor.change(&held, json!({"embargo_until": app.later(60)}));
    let shown = editor.published(json!({"title": "Shown, then held"}));
    app.pass(1);
    editor.change(&shown, json!({"embargo_until": app.later(60)}));
    editor.change(&shown, json!({"embargo_until": null}));
    let hidden = editor.published(json!({"title": "Hidden"}));
    app.pass(1);
    editor.change(&hidden, json!({"embargo_until": app.later(9000)}));
    let killed = editor.published(json!({"title": "Killed"}));
    app.pass(1);
    editor
        .post(&format!("{}/kill", address(&killed)), json!({"reason_public": "Forged.", "reason_internal": "Lawyers."}))
        .expect(200);
    let lifted = editor.published(json!({"title": "Lifted"}));
    app.pass(1);
    editor.post(&format!("{}/kill", address(&lifted)), json!({})).expect(200);
    admin.publish(&lifted, json!({}));
    let trashed = editor.published(json!({"title": "Trashed"}));
    app.pass(1);
    editor.unpublish(&trashed);
    editor.if_match("*").delete(&address(&trashed)).expect(204);
    let back = writer.begin(json!({"title": "Back"}));
    writer.if_match("*").delete(&address(&back)).expect(204);
    writer.begin(json!({"title": "Back"}));
    writer.post(&format!("{}/restore", address(&back)), json!({"slug": "back-again"})).expect(200);
    let purged = editor.published(json!({"title": "Purged"}));
    app.pass(1);
    editor.unpublish(&purged);
    admin.if_match("*").delete(&format!("{}?purge=true", address(&purged))).expect(204);
    editor.if_match("*").post(&format!("{}/revisions/1/restore", address(&first)), json!({})).expect(200);
    let items = json!([
        {"action": "tag", "id": "first-changed", "add": ["b"]}, {"action": "publish", "id": "nobody"},
        {"action": "publish", "id": "back-again"},
    ]);
    editor.post("/v1/articles/bulk", json!({"atomic": false, "items": items})).expect(200);
    // What was printed stays as it was when an embargo publishes it once more.
    let named =
        json!({"title": "Named", "tags": [{"name": "Old name"}, {"name": "Let go"}], "authors": [{"name": "Gone"}]});
    let named = editor.published(named);
    app.pass(1);
    editor.if_match("*").patch("/v1/tags/old-name", json!({"name": "New name", "slug": "new-name"})).expect(200);
    editor.if_match("*").delete("/v1/tags/let-go?force=true").expect(204);
    editor.if_match("*").delete("/v1/authors/gone?force=true").expect(204);
    editor.change(&named, json!({"embargo_until": app.later(60)}));
    editor.make("tags", json!({"name": "Renamed"}));
    editor.if_match("*").patch("/v1/tags/renamed", json!({"slug": "renamed-since"})).expect(200);
    let submitted = writer.begin(json!({"title": "Submitted"}));
    writer.post(&format!("{}/submit", address(&submitted)), json!({"note": "Ready."})).expect(200);
    editor.post(&format!("{}/request-changes", address(&submitted)), json!({"note": "Who says so?"})).expect(200);
    let taken_back = writer.begin(json!({"title": "Taken back"}));
    writer.post(&format!("{}/submit", address(&taken_back)), json!({})).expect(200);
    writer.post(&format!("{}/unsubmit", address(&taken_back)), json!({})).expect(200);
    given_out(app, &submitted);
    app.pass(200);
    app.announce();
}

/// Everything was done that can be done to accounts, and to what is given out in their names.
fn given_out(app: &TestApp, story: &Value) {
    let (admin, editor) = (app.admin(), app.editor());
    let role = json!({"name": "desk", "permissions": [{"action": "articles:write"}]});
    for _ in 0..2 {
        admin.post("/v1/roles", role.clone()).expect(201);
        admin.if_match("*").delete("/v1/roles/desk").expect(204);
    }
    admin.post("/v1/roles", role).expect(201);
    admin.if_match("*").patch("/v1/roles/desk", json!({"description": "All of it."})).expect(200);
    let account = |name: &str| json!({"email": format!("{name}@example.org"), "name": name, "role": "desk"});
    let ids = ["kept", "gone"].map(|name| text(&admin.make("users", account(name))["id"]).to_owned());
    admin.if_match("*").patch(&format!("/v1/users/{}", ids[0]), json!({"name": "Kept"})).expect(200);
    admin.if_match("*").delete(&format!("/v1/users/{}", ids[1])).expect(204);
    let token = |name: &str| editor.make("tokens", json!({"name": name, "scopes": ["articles:read_drafts"]}));
    let (_, revoked) = (token("kept"), token("revoked"));
    editor.delete(&format!("/v1/tokens/{}", text(&revoked["id"]))).expect(204);
    editor.post(&format!("{}/preview-links", address(story)), json!({"label": "The lawyer"})).expect(201);
    app.signed_in("partner@example.org", "partner").send("POST", "/v1/auth/logout", None).expect(204);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rotate = |connection: &mut _, journal: &mut _| access_keys::rotate(connection, journal, false);
    runtime.block_on(app.app().ledger().write(Actor::Operator, WriteOptions::default(), rotate)).unwrap();
}

pub fn check(app: &TestApp) -> Check {
    Check { signer: app.app().signer().clone(), now: app.clock().now(), kept: None }
}

pub fn verify(app: &TestApp) -> Outcome {
    let check = check(app);
    app.ask(move |connection| check.run(connection))
}

/// Nothing was touched that was written.
#[track_caller]
pub fn assert_untouched(app: &TestApp) {
    if let Err(finding) = verify(app) {
        panic!("{}", finding.text);
    }
}

/// What is found when somebody changes the database by hand; the change is taken back.
pub fn touched(app: &TestApp, by: &'static str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let check = check(app);
    let (tell, told) = std::sync::mpsc::channel();
    let undone = runtime.block_on(app.app().db().write(move |connection| {
        connection.batch_execute(by).map_err(|error| Error::internal(format!("{by}: {error}")))?;
        tell.send(check.run_inside(connection)?).map_err(Error::internal)?;
        Err::<(), _>(Error::internal("undone"))
    }));
    told.recv().unwrap_or_else(|_| panic!("{undone:?}"))
}

#[apply(each_database)]
fn whatever_is_changed_by_hand_is_found_and_named(database: Database) {
    let app = TestApp::start(database);
    busy(&app);
    let counts = verify(&app).unwrap_or_else(|finding| panic!("{}", finding.text));
    let of_accounts = (counts.accounts, counts.roles, counts.tokens, counts.preview_links);
    assert!(of_accounts == (5, 1, 1, 1) && counts.sessions > 4, "{counts:?}");
    assert!(
        counts.stories == 12 && counts.purged == 1 && counts.publications > 12 && counts.checkpoints > 20,
        "{counts:?}"
    );
    let first = "(SELECT id FROM articles WHERE slug = 'first-changed')";
    let of_first = |text: &str| -> &'static str { text.replace("FIRST", first).leak() };
    let cases = [
        ("UPDATE events SET note = 'x' WHERE position = 7", "events, position 7"),
        ("UPDATE events SET actor_id = 'x' WHERE position = 9", "events, position 9"),
        ("UPDATE events SET at = (SELECT at FROM events WHERE position = 1) WHERE position = 20", "events, position 20"),
        ("DELETE FROM events WHERE position = 8", "events, position 9: entries are missing"),
        ("DELETE FROM events WHERE position = (SELECT position FROM event_head)", "entries were removed"),
        ("UPDATE event_head SET position = position - 1", "removed or put in"),
        (
            "INSERT INTO events (position, id, at, actor_kind, action, resource_kind, resource_id, hash)
             SELECT position + 1, 'x', at, 'operator', 'published', 'article', resource_id, hash FROM events
             WHERE position = (SELECT position FROM event_head)",
            "this entry, or the one before it",
        ),
        (
            "UPDATE events SET position = 1000003 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4;
             UPDATE events SET position = 4 WHERE position = 1000003",
            "events, position 3",
        ),
        (
            "UPDATE events SET signature = NULL WHERE position = (SELECT position FROM event_head)",
            "the end of the log is not signed",
        ),
        (
            "UPDATE events SET signature = (SELECT signature FROM events WHERE position = (SELECT position FROM event_head))
             WHERE position = 1",
            "not signed with the key",
        ),
        (of_first("UPDATE articles SET body = 'Lies.' WHERE id = FIRST"), "the working copy is not what was saved"),
        (
            of_first(
                "UPDATE revisions SET content = (SELECT content FROM revisions WHERE article_id = FIRST AND number = 1)
                 WHERE article_id = FIRST AND number = 2",
            ),
            "number 2: its content, or what it says of the save, is not",
        ),
        (
            of_first("UPDATE revisions SET saved_by = 'x' WHERE article_id = FIRST AND number = 2"),
            "number 2: its content, or what it says of the save, is not",
        ),
        (
            of_first("UPDATE revisions SET note = 'Lies.' WHERE article_id = FIRST AND number = 3"),
            "number 3: its content, or what it says of the save, is not",
        ),
        (
            of_first(
                "UPDATE revisions SET saved_at = (SELECT MIN(saved_at) FROM revisions)
                 WHERE article_id = FIRST AND number = 2",
            ),
            "number 2: its content, or what it says of the save, is not",
        ),
        (
            of_first("UPDATE articles SET created_by = (SELECT MAX(id) FROM users) WHERE id = FIRST"),
            "it is not the draft of whoever began it",
        ),
        (of_first("UPDATE articles SET created_by = NULL WHERE id = FIRST"), "it is not the draft of whoever began it"),
        (of_first("DELETE FROM revisions WHERE article_id = FIRST AND number = 2"), "number 2: it was removed by hand"),
        (
            of_first(
                "INSERT INTO revisions (article_id, number, title, content, saved_at)
                 SELECT article_id, 99, title, content, saved_at FROM revisions WHERE article_id = FIRST AND number = 1",
            ),
            "number 99: the log does not know it",
        ),
        (of_first("UPDATE publications SET body = 'Lies.' WHERE article_id = FIRST AND number = 1"), "number 1: it is not"),
        (of_first("UPDATE publications SET body_html = '<p>Lies.</p>' WHERE article_id = FIRST AND number = 3"), "number 3"),
        (of_first("UPDATE publications SET live_until = expires_at WHERE article_id = FIRST"), "its interval is not"),
        ("UPDATE publications SET superseded = NOT superseded WHERE slug = 'killed'", "number 1: its interval"),
        ("UPDATE publications SET superseded = NOT superseded WHERE slug = 'lifted' AND number = 2", "number 2: its interval"),
        (of_first("UPDATE publications SET title = 'Lies' WHERE article_id = FIRST AND number = 1"), "columns"),
        ("UPDATE publications SET expires_at = live_until", "it is not what was published"),
        ("DELETE FROM publications WHERE slug = 'killed'", "number 1: it was removed by hand"),
        (
            "DELETE FROM publication_tags WHERE publication_id IN (SELECT id FROM publications WHERE number = 1)",
            "its links are not what was published",
        ),
        (of_first("UPDATE articles SET body_html = '<p>Lies.</p>' WHERE id = FIRST"), "the working copy is not what"),
        (of_first("UPDATE articles SET embargo_until = NULL; UPDATE articles SET embargo_until = created_at WHERE id = FIRST"), "the working copy is not what"),
        (
            of_first("UPDATE articles SET corrections = REPLACE(corrections, 'It was wrong.', 'Lies.') WHERE id = FIRST"),
            "the working copy is not what",
        ),
        (of_first("UPDATE articles SET corrections = '[]' WHERE id = FIRST"), "the working copy is not what"),
        (
            of_first("UPDATE articles SET corrections = REPLACE(corrections, '\"publication\":', '\"publication\":9') WHERE id = FIRST"),
            "its public notes are not those",
        ),
        (of_first("UPDATE articles SET section_id = NULL WHERE id = FIRST"), "the columns beside the document"),
        (
            of_first("UPDATE articles SET section_id = (SELECT id FROM tags WHERE slug = 'a') WHERE id = FIRST"),
            "the columns beside the document",
        ),
        (of_first("UPDATE articles SET source_id = NULL WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET title = 'Lies' WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET language = 'de' WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET featured = NOT featured WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET translation_of = 'x' WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET created_at = updated_at WHERE id = FIRST"), "the columns beside the document"),
        (of_first("UPDATE articles SET publication_number = 1 WHERE id = FIRST"), "its dates or its seal"),
        (of_first("UPDATE articles SET publication_hash = NULL WHERE id = FIRST"), "its dates or its seal"),
        (of_first("UPDATE articles SET first_published_at = updated_at WHERE id = FIRST"), "its dates or its seal"),
        (of_first("UPDATE publications SET revision = revision + 1 WHERE article_id = FIRST AND number = 1"), "number 1: it is not"),
        (of_first("UPDATE publications SET section_slug = 'lies' WHERE article_id = FIRST AND number = 1"), "columns"),
        (of_first("UPDATE publications SET source_slug = NULL WHERE article_id = FIRST AND number = 1"), "columns"),
        ("UPDATE publication_tags SET slug = 'lies' WHERE slug = 'a'", "its links are not"),
        ("UPDATE publication_authors SET slug = 'lies' WHERE slug = 'ana'", "its links are not"),
        ("UPDATE publications SET kind = 'lies' WHERE slug = 'killed'", "number 1: it cannot be read"),
        ("UPDATE publications SET document = 'lies' WHERE slug = 'killed'", "number 1: it cannot be read"),
        ("UPDATE articles SET document = 'lies' WHERE slug = 'killed'", "the working copy is not what"),
        ("UPDATE articles SET kind = 'lies' WHERE slug = 'killed'", "it cannot be read"),
        ("UPDATE withdrawals SET reason_public = 'Lies.' WHERE kind = 'killed'", "what was killed, or why"),
        ("UPDATE withdrawals SET reason_internal = NULL WHERE kind = 'killed'", "what was killed, or why"),
        ("UPDATE withdrawals SET up_to = up_to - 1 WHERE kind = 'killed'", "what was killed, or why"),
        ("UPDATE withdrawals SET begun_at = ended_at WHERE kind = 'killed'", "what was killed, or why"),
        ("UPDATE withdrawals SET kind = 'lies'", "it cannot be read"),
        ("DELETE FROM withdrawals WHERE kind = 'embargoed'", "out of sight under embargo"),
        ("DELETE FROM search_entries", "the search index does not have it"),
        ("UPDATE search_entries SET head = 'lies'", "the search index says something else"),
        ("UPDATE search_entries SET live_until = live_from", "the search index says something else"),
        ("DELETE FROM search_words", "the search index says something else"),
        ("UPDATE articles SET killed_at = NULL", "whether it is killed"),
        ("UPDATE articles SET passed_at = '9998-01-01T00:00:00.000000Z'", "its door was passed later"),
        (
            "UPDATE withdrawals SET ended_at = (SELECT MAX(live_until) FROM publications WHERE live_until <
             (SELECT MAX(live_until) FROM publications)) WHERE kind = 'killed'",
            "in the trash is not what the log says",
        ),
        (
            "INSERT INTO withdrawals (id, article_id, kind, begun_at, ended_at, up_to)
             SELECT 'zzz', article_id, 'trashed', begun_at, begun_at, up_to FROM withdrawals
             WHERE article_id = (SELECT id FROM articles WHERE slug = 'killed')",
            "in the trash is not what the log says",
        ),
        ("DELETE FROM withdrawals WHERE kind = 'trashed'", "in the trash is not what the log says"),
        ("DELETE FROM articles WHERE slug = 'back'", "this story was removed by hand"),
        ("UPDATE tags SET name = 'Lies' WHERE slug = 'a'", "it is not what was saved"),
        ("UPDATE sources SET credit_line = 'Lies'", "it is not what was saved"),
        ("UPDATE authors SET links = 'lies' WHERE slug = 'ana'", "it is not what was saved"),
        ("UPDATE sources SET kind = 'lies'", "sources: it cannot be read"),
        ("INSERT INTO authors (id, slug, name, links, version, created_at, updated_at)
          SELECT 'zzz', 'invented', name, links, version, created_at, updated_at FROM authors WHERE slug = 'ana'",
            "authors, id zzz: the log does not know it"),
        ("DELETE FROM tags WHERE slug = 'unused'", "it was removed by hand"),
        ("DELETE FROM former_slugs WHERE slug = 'renamed'", "it is not what was saved"),
        (
            "UPDATE former_slugs SET resource_id = (SELECT id FROM tags WHERE slug = 'b') WHERE slug = 'renamed'",
            "it is not what was saved",
        ),
        ("UPDATE former_slugs SET resource_id = 'zzz'", "it is not what was saved"),
        (
            "INSERT INTO former_slugs (kind, slug, resource_id, retired_at)
             SELECT kind, 'invented', 'zzz', retired_at FROM former_slugs WHERE slug = 'renamed'",
            "former_slugs, slug invented: it leads to nothing",
        ),
        ("UPDATE articles SET review_step = 'approved' WHERE slug = 'submitted'", "where its review stands"),
        ("UPDATE articles SET review_note = NULL WHERE slug = 'submitted'", "where its review stands"),
        ("UPDATE articles SET review_step = NULL, review_version = NULL, review_by = NULL, review_at = NULL,
          review_note = NULL, submitted_by = NULL WHERE slug = 'submitted'", "where its review stands"),
        ("UPDATE articles SET review_step = 'approved', review_version = 1 WHERE slug = 'taken-back'", "where its review stands"),
        ("UPDATE users SET role = 'admin' WHERE email_key = 'writer@example.org'", "it is not what was saved"),
        ("UPDATE users SET email_key = 'x' WHERE email_key = 'writer@example.org'", "it is not what was saved"),
        (
            "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email_key = 'writer@example.org')
             WHERE email_key = 'admin@example.org'",
            "it is not what was saved",
        ),
        ("UPDATE users SET active = NOT active WHERE email_key = 'partner@example.org'", "it is not what was saved"),
        ("UPDATE users SET invited = NOT invited WHERE email_key = 'kept@example.org'", "it is not what was saved"),
        ("DELETE FROM users WHERE email_key = 'kept@example.org'", "it was removed by hand"),
        (
            "INSERT INTO users (id, email, email_key, name, role, password_hash, active, version, created_at, updated_at)
             SELECT 'zzz', 'zzz', 'zzz', name, role, password_hash, active, version, created_at, updated_at FROM users
             WHERE email_key = 'admin@example.org'",
            "users, id zzz: the log does not know it",
        ),
        ("UPDATE roles SET permissions = '[]'", "roles, id desk: it is not what was saved"),
        ("DELETE FROM roles", "roles, id desk: it was removed by hand"),
        ("UPDATE api_tokens SET scopes = '[]'", "it is not what was saved"),
        ("UPDATE api_tokens SET hash = 'zzz'", "it is not what was saved"),
        ("UPDATE api_tokens SET expires_at = (SELECT MAX(trusted_until) FROM access_keys)", "it is not what was saved"),
        ("DELETE FROM api_tokens", "it was removed by hand"),
        ("UPDATE sessions SET user_id = (SELECT MAX(id) FROM users)", "it is not what was saved"),
        (
            "INSERT INTO sessions (id, user_id, created_at, expires_at, last_used_at)
             SELECT 'zzz', user_id, created_at, expires_at, last_used_at FROM sessions
             WHERE id = (SELECT MAX(id) FROM sessions)",
            "sessions, id zzz: the log does not know it",
        ),
        ("UPDATE sessions SET ended_at = NULL", "it was ended and goes on"),
        ("UPDATE preview_links SET made_by = (SELECT MAX(id) FROM users)", "it is not what was saved"),
        ("DELETE FROM access_keys WHERE id <> 'first'", "access_keys: the keys are not those"),
        ("UPDATE access_keys SET signs_from = trusted_until WHERE id = 'first'", "access_keys: the keys are not those"),
        (
            "UPDATE access_keys SET trusted_until = (SELECT MAX(trusted_until) FROM access_keys)",
            "access_keys: the keys are not those",
        ),
        (
            "INSERT INTO access_keys (id, signs_from, trusted_until)
             SELECT 'zzz', signs_from, trusted_until FROM access_keys WHERE id <> 'first'",
            "access_keys: the keys are not those",
        ),
        (
            "INSERT INTO articles SELECT 'zzz', 'invented', slug_taken_over, version, title, language, kind, featured,
             has_image, section_id, source_id, document, body, body_html, editor_note, embargo_until, translation_of, corrections,
             created_by, created_at, updated_at, published_at, first_published_at, publication_number, publication_hash,
             killed_at, deleted_at, passed_at, review_step, review_version, review_by, review_at, review_note,
             submitted_by FROM articles WHERE slug = 'back'",
            "the log does not know this story",
        ),
    ];
    for (by, found) in cases {
        match touched(&app, by) {
            Ok(_) => panic!("not found: {by}"),
            Err(finding) => assert!(finding.text.contains(found), "{by}\n{}", finding.text),
        }
    }
    assert_eq!(verify(&app), Ok(counts), "everything was taken back");
}

#[apply(each_database)]
fn what_goes_with_something_else_goes_with_an_entry_of_its_own(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    for round in 0..12 {
        let above = editor.make("tags", json!({"name": format!("Above {round}")}));
        let email = format!("ana{round}@example.org");
        let ana = app.signed_in(&email, "writer");
        let account = format!("/v1/users/{}", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
        at_once(4, |number| match number {
            0 => editor.if_match("*").delete(&format!("/v1/tags/{}", text(&above["slug"]))),
            1 => editor.post("/v1/tags", json!({"name": format!("Below {round}"), "parent": above["id"]})),
            2 => admin.if_match("*").delete(&account),
            _ => ana.post("/v1/tokens", json!({"name": "x", "scopes": ["articles:read_drafts"]})),
        });
        assert_untouched(&app);
    }
}

#[apply(each_database)]
fn a_hash_that_is_made_stronger_at_sign_in_is_in_the_log(database: Database) {
    let app = TestApp::start(database);
    app.make_account("ana@example.org", "writer");
    let weak = Argon2::from(Params::new(8, 1, 1, None).unwrap());
    let weak: PasswordHash = weak.hash_password(PASSWORD.as_bytes()).unwrap();
    let by_hand = format!("UPDATE users SET password_hash = '{weak}'");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let write = app.app().db().write(move |connection| Ok(connection.batch_execute(&by_hand)?));
    runtime.block_on(write).unwrap();
    assert!(finding(verify(&app)).starts_with("users, id "));
    app.signed_in("ana@example.org", "writer");
    assert_untouched(&app);
    let entries = app.admin().get("/v1/events?action=password_rehashed").expect(200).json();
    assert_eq!(entries["data"].as_array().unwrap().len(), 1, "{entries}");
}

#[apply(each_database)]
fn a_token_that_is_put_away_is_in_the_log(database: Database) {
    let app = TestApp::start(database);
    let token = app.editor().make("tokens", json!({"name": "Old", "scopes": ["articles:read_drafts"]}));
    let days = |days: u64| days * 24 * 60 * 60;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tidy = || {
        let ledger = app.app().ledger();
        runtime.block_on(ledger.write(Actor::Clock, WriteOptions::default(), jobs::tidy)).unwrap();
    };
    app.pass(days(119));
    tidy();
    app.admin().get(&format!("/v1/tokens/{}", text(&token["id"]))).expect(200);
    app.pass(days(2));
    tidy();
    app.admin().get(&format!("/v1/tokens/{}", text(&token["id"]))).expect(404);
    assert_untouched(&app);
    let entries = app.admin().get("/v1/events?action=deleted&resource=token").expect(200).json();
    assert_eq!((&entries["data"][0]["note"], &entries["data"][1]), (&json!("expired"), &Value::Null), "{entries}");
}

/// What is wrong, as it is told.
#[track_caller]
pub fn finding(outcome: Outcome) -> String {
    outcome.expect_err("something is found").text
}

#[apply(each_database)]
fn a_server_whose_clock_is_ahead_raises_no_alarm(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "Budget"}));
    app.pass(10);
    editor.change(&story, json!({"embargo_until": app.later(600)}));
    app.pass(10);
    editor.change(&story, json!({"embargo_until": null}));
    let behind = Check { now: app.clock().now().before(Duration::from_secs(15)), ..check(&app) };
    let outcome = app.ask(move |connection| behind.run(connection));
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn what_the_columns_of_sqlite_forbid_and_what_refers_to_nothing_is_found() {
    let app = TestApp::start(Database::Sqlite);
    app.editor().published(json!({"title": "Budget", "featured": true}));
    // A truth that no list finds: to the program it is true, and to the index of what is true it is not.
    let forbidden = "PRAGMA ignore_check_constraints = ON; UPDATE publications SET featured = 2;
        PRAGMA ignore_check_constraints = OFF";
    let found = finding(touched(&app, forbidden));
    assert!(found.starts_with("the database file: CHECK constraint failed in publications"), "{found}");
    let astray = "PRAGMA defer_foreign_keys = ON;
        INSERT INTO article_tags (article_id, tag_id) SELECT id, 'no tag' FROM articles";
    let found = finding(touched(&app, astray));
    assert!(found.starts_with("the database file: article_tags, row ") && found.ends_with("in tags"), "{found}");
    assert_untouched(&app);
}
