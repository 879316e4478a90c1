//! The trash: out of sight, and back with everything; or gone for good.

use dateline::db::schema::{articles, idempotency_keys, publications, revisions};
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::{address, at_once, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

#[apply(each_database)]
fn what_is_in_the_trash_is_seen_only_there_and_comes_back_whole(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({
        "title": "Old news", "tags": [{"name": "B"}, {"name": "A"}], "authors": [{"name": "Zoe"}], "body": "Text."
    }));
    let then = app.later(0);
    app.pass(10);
    let refused = editor.if_match("*").delete(&address(&story)).expect(409);
    assert_eq!(refused.code(), "is_published");
    let down = editor.unpublish(&story);
    editor.if_match("*").delete(&address(&story)).expect(204);
    for name in [address(&story), "/v1/articles/old-news".to_owned()] {
        for query in ["", "?view=draft", "?view=live", &format!("?as_of={then}")] {
            editor.get(&format!("{name}{query}")).expect(404);
        }
        reader.get(&name).expect(404);
        reader.get(&format!("{name}?as_of={then}")).expect(404);
        reader.get(&format!("{name}?status=trashed")).expect(400);
        let trashed = editor.get(&format!("{name}?status=trashed")).expect(200).json();
        assert_eq!((&trashed["status"], text(&trashed["trashed_at"])), (&json!("trashed"), &*app.later(0)));
    }
    assert!(editor.slugs("/v1/articles").is_empty() && reader.slugs(&format!("/v1/articles?as_of={then}")).is_empty());
    assert_eq!(editor.slugs("/v1/articles?status=trashed&tag=a"), ["old-news"]);
    assert_eq!(editor.get("/v1/articles?status=trashed,draft").expect(400).refusals(), ["status trashed_alone"]);
    let back = editor.post(&format!("{}/restore", address(&story)), json!({})).expect(200).json();
    assert_eq!(back, editor.get(&address(&story)).expect(200).json());
    for member in ["tags", "authors", "body", "slug", "version", "status"] {
        assert_eq!(back[member], down[member], "{member}");
    }
    assert_eq!(editor.slugs("/v1/articles?tag=a&author=zoe"), ["old-news"]);
    reader.get(&format!("{}?as_of={then}", address(&story))).expect(200);
    assert_eq!(editor.post(&format!("{}/restore", address(&story)), json!({})).expect(409).code(), "not_trashed");
}

#[apply(each_database)]
fn a_slug_that_was_taken_meanwhile_is_asked_for_anew(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Ferry"}));
    editor.if_match("*").delete(&address(&story)).expect(204);
    editor.begin(json!({"title": "Ferry"}));
    let place = format!("{}/restore", address(&story));
    assert_eq!(editor.post(&place, json!({})).expect(409).refusals(), ["/slug taken"]);
    let back = editor.post(&place, json!({"slug": "ferry-again"})).expect(200).json();
    assert_eq!(back["slug"], "ferry-again");
}

#[apply(each_database)]
fn writers_trash_and_restore_their_own_and_nothing_that_is_scheduled(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let own = writer.begin(json!({"title": "Own"}));
    editor.publish(&own, json!({"at": app.later(60)}));
    writer.if_match("*").delete(&address(&own)).expect(403);
    editor.send("POST", &format!("{}/unschedule", address(&own)), None).expect(200);
    writer.if_match("*").delete(&address(&own)).expect(204);
    assert_eq!(writer.slugs("/v1/articles?status=trashed"), ["own"]);
    writer.post(&format!("{}/restore", address(&own)), json!({})).expect(200);
    let other = editor.begin(json!({"title": "Other"}));
    editor.if_match("*").delete(&address(&other)).expect(204);
    writer.get(&format!("{}?status=trashed", address(&other))).expect(404);
    writer.post(&format!("{}/restore", address(&other)), json!({})).expect(404);
    // One of somebody else's under the same slug does not stand before their own.
    let twin = writer.begin(json!({"title": "Other"}));
    writer.if_match("*").delete(&address(&twin)).expect(204);
    let later = editor.begin(json!({"title": "Other"}));
    app.pass(1);
    editor.if_match("*").delete(&address(&later)).expect(204);
    assert_eq!(editor.get("/v1/articles/other?status=trashed").expect(200).json()["id"], later["id"]);
    assert_eq!(writer.get("/v1/articles/other?status=trashed").expect(200).json()["id"], twin["id"]);
    writer.post("/v1/articles/other/restore", json!({})).expect(200);
    assert!(writer.slugs("/v1/articles?status=trashed").is_empty());
}

#[apply(each_database)]
fn what_is_purged_leaves_nothing_but_its_entry_in_the_log(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    let new = json!({"title": "Purge me", "body": "zanzibar", "note": "zanzibar"});
    let story = editor.header("Idempotency-Key", "once").post("/v1/articles", new.clone()).expect(201).json();
    editor.publish(&story, json!({}));
    let place = format!("{}?purge=true", address(&story));
    app.pass(1);
    admin.if_match("*").delete(&place).expect(409);
    editor.unpublish(&story);
    editor.if_match("*").delete(&place).expect(403);
    editor.if_match("*").delete(&address(&story)).expect(204);
    admin.if_match("*").delete(&format!("{place}&dry_run=true")).expect(204);
    admin.if_match("*").delete(&place).expect(204);
    admin.if_match("*").delete(&place).expect(404);
    let rows: [i64; 4] = app.ask(|connection| {
        Ok([
            articles::table.count().get_result(connection)?,
            revisions::table.count().get_result(connection)?,
            publications::table.count().get_result(connection)?,
            idempotency_keys::table.filter(idempotency_keys::body.ne("")).count().get_result(connection)?,
        ])
    });
    assert_eq!(rows, [0; 4]);
    // Its key is known, so that a caller who was not sure does not make it anew.
    let again = editor.header("Idempotency-Key", "once").post("/v1/articles", new);
    assert_eq!(again.expect(409).code(), "answer_withheld");
    let log = admin.get(&format!("/v1/events?id={}", text(&story["id"]))).expect(200).json();
    let actions: Vec<&str> = log["data"].as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["created", "published", "unpublished", "deleted", "purged"]);
    editor.begin(json!({"title": "Purge me"}));
}

#[apply(each_database)]
fn a_name_means_the_living_story_unless_the_trash_is_asked_for(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin().if_match("*"));
    let trashed = |slug: &str| {
        let story = editor.begin(json!({"title": slug, "slug": slug}));
        editor.if_match("*").delete(&address(&story)).expect(204);
        story
    };
    let old = trashed("ferry");
    let living = editor.begin(json!({"title": "Ferry", "slug": "ferry"}));
    let only = editor.if_match("*").delete("/v1/articles/ferry?status=trashed").expect(400);
    assert_eq!(only.refusals(), ["status not_here"]);
    admin.delete("/v1/articles/ferry?purge=true&status=trashed").expect(204);
    editor.get(&format!("{}?status=trashed", address(&old))).expect(404);
    editor.get(&address(&living)).expect(200);
    admin.delete("/v1/articles/ferry?purge=true&status=trashed").expect(404);
    let old = trashed("choir");
    let living = editor.begin(json!({"title": "Choir", "slug": "choir"}));
    admin.delete("/v1/articles/choir?purge=true").expect(204);
    editor.get(&address(&living)).expect(404);
    admin.delete("/v1/articles/choir?purge=true").expect(204);
    editor.get(&format!("{}?status=trashed", address(&old))).expect(404);
}

#[apply(each_database)]
fn of_many_who_purge_and_restore_at_once_one_wins_whole(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin().if_match("*"));
    for round in 0..8 {
        let story = editor.published(json!({"title": format!("story {round}"), "tags": [{"name": "A"}]}));
        app.pass(1);
        editor.unpublish(&story);
        editor.if_match("*").delete(&address(&story)).expect(204);
        let replies = at_once(6, |number| match number % 3 {
            0 => editor.post(&format!("{}/restore", address(&story)), json!({})),
            _ => admin.delete(&format!("{}?purge=true&status=trashed", address(&story))),
        });
        let won = |status: u16| replies.iter().filter(|reply| reply.status() == status).count();
        assert!(replies.iter().all(|reply| matches!(reply.status(), 200 | 204 | 404 | 409)), "{round}");
        assert_eq!(won(200) + won(204), 1, "round {round}");
        let log = editor.get(&format!("/v1/events?id={}&action=purged&count=true", text(&story["id"]))).expect(200);
        assert_eq!(log.json()["total"], won(204));
        editor.get(&address(&story)).expect(if won(200) == 1 { 200 } else { 404 });
        assert_untouched(&app);
    }
}
