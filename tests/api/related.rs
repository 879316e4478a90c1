//! What to read next.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

fn related(client: &Client, name: &str) -> Vec<String> {
    client.slugs(&format!("/v1/articles/{name}/related?limit=20"))
}

fn story(title: &str, tags: &[&str], section: Option<&str>) -> Value {
    json!({"title": title, "tags": tags, "section": section})
}

/// Tags `rare` and `common`, of which the second is on many stories, and two sections.
fn newsroom(app: &TestApp) -> Client {
    let editor = app.editor();
    for name in ["Rare", "Common"] {
        editor.make("tags", json!({ "name": name }));
    }
    for name in ["World", "Sport"] {
        editor.make("tags", json!({"name": name, "kind": "section"}));
    }
    for number in 0..12 {
        editor.published(story(&format!("filler {number}"), &["common"], Some("sport")));
    }
    editor
}

#[apply(each_database)]
fn rare_tags_say_more_than_common_ones_and_the_section_helps(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (newsroom(&app), app.anonymous());
    editor.published(story("subject", &["rare", "common"], Some("world")));
    editor.published(story("nothing", &[], None));
    editor.published(story("only section", &[], Some("world")));
    editor.published(story("only common", &["common"], None));
    editor.published(story("only rare", &["rare"], None));
    editor.published(story("rare and section", &["rare"], Some("world")));
    editor.published(story("both tags", &["rare", "common"], None));
    let found = related(&reader, "subject");
    assert_eq!(found[..3], ["both-tags", "rare-and-section", "only-rare"]);
    let place = |slug: &str| found.iter().position(|one| one == slug);
    assert!(place("only-section").is_some() && place("only-common").is_some());
    assert!(place("nothing").is_none() && place("subject").is_none());
    assert_eq!(found.len(), 5 + 12);
    assert_eq!(related(&reader, "subject"), found, "the order is steady");
    assert!(related(&reader, "nothing").is_empty());
    let page = reader.get("/v1/articles/subject/related").expect(200);
    assert_eq!((page.json()["data"].as_array().unwrap().len(), &page.json()["next"]), (5, &json!(null)));
    reader.header("If-None-Match", &page.etag()).get("/v1/articles/subject/related").expect(304);
    for wrong in ["0", "21", "x", ""] {
        let refused = reader.get(&format!("/v1/articles/subject/related?limit={wrong}")).expect(400);
        assert_eq!(refused.refusals(), ["limit out_of_range"], "{wrong}");
    }
}

#[apply(each_database)]
fn newer_stories_come_before_older_ones(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "Rare"}));
    for title in ["oldest", "older"] {
        editor.published(story(title, &["rare"], None));
        app.pass(800);
    }
    app.pass(200 * 24 * 3600);
    let editor = app.editor();
    editor.published(story("subject", &["rare"], None));
    editor.published(story("newest", &["rare"], None));
    editor.published(json!({"title": "far but new", "tags": [{"name": "Other"}, "rare"]}));
    let reader = app.anonymous();
    assert_eq!(related(&reader, "subject"), ["far-but-new", "newest", "older", "oldest"]);
}

#[apply(each_database)]
fn only_what_readers_see_is_related_and_relates(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (newsroom(&app), app.anonymous());
    let subject = editor.published(story("subject", &["rare"], None));
    let renamed = editor.published(story("seen", &["rare"], None));
    let draft = editor.begin(story("draft", &["rare"], None));
    let planned = editor.begin(story("planned", &["rare"], None));
    editor.publish(&planned, json!({"at": app.later(100)}));
    let mut held = story("held", &["rare"], None);
    held["embargo_until"] = json!(app.later(200));
    let held = editor.begin(held);
    editor.publish(&held, json!({}));
    // What a working copy says is nobody's business: this one is about something else by now.
    editor.change(&renamed, json!({"tags": ["common"]}));
    for client in [&reader, &editor, &app.partner()] {
        assert_eq!(related(client, "subject"), ["seen"]);
        for hidden in [&draft, &planned, &held] {
            client.get(&format!("{}/related", address(hidden))).expect(404);
        }
    }
    app.pass(1);
    editor.change(&subject, json!({"slug": "subject-matter"}));
    editor.publish(&subject, json!({}));
    let moved = reader.get("/v1/articles/subject/related").expect(301);
    assert_eq!(moved.header("Location"), Some("/v1/articles/subject-matter/related"));
    app.pass(99);
    assert_eq!(related(&reader, "subject-matter"), ["planned", "seen"]);
    app.pass(100);
    assert_eq!(related(&reader, "subject-matter"), ["held", "planned", "seen"]);
    let editor = app.editor();
    editor.post(&format!("{}/kill", address(&planned)), json!({})).expect(200);
    assert_eq!(related(&reader, text(&subject["id"])), ["held", "seen"]);
    reader.get("/v1/articles/planned/related").expect(410);
    reader.get("/v1/articles/nobody/related").expect(404);
}
