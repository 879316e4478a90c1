//! Killing a story: readers who knew it are told, everywhere else it is gone, and editors keep everything.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_killed_story_is_gone_everywhere_and_its_past_with_it(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Forged", "slug": "forged", "tags": [{"name": "Papers"}]}));
    let then = app.later(0);
    app.pass(800);
    editor.change(&story, json!({"slug": "forged-papers"}));
    editor.publish(&story, json!({}));
    app.pass(1);
    editor.publish(&story, json!({"at": app.later(100)}));
    let reasons = json!({"reason_public": "It rested on a forged document.", "reason_internal": "Lawyers wrote."});
    let killed = editor.post(&format!("{}/kill", address(&story)), reasons).expect(200).json();
    assert_eq!((&killed["status"], &killed["killed"]["reason_internal"]), (&json!("killed"), &json!("Lawyers wrote.")));
    app.pass(200);
    let editor = app.editor();
    for name in [address(&story), "/v1/articles/forged".to_owned(), "/v1/articles/forged-papers".to_owned()] {
        for query in [String::new(), format!("?as_of={then}"), "?as_of=2026-01-01T00:00:00Z".to_owned()] {
            let gone = reader.get(&format!("{name}{query}")).expect(410);
            assert_eq!(gone.code(), "killed");
            assert!(gone.text().contains("It rested on a forged document."));
            assert!(!gone.text().contains("Lawyers") && gone.header("Cache-Control") == Some("no-store"));
        }
        reader.get(&format!("{name}/history")).expect(410);
    }
    for list in ["", "?tag=papers", &format!("?as_of={then}")] {
        assert!(reader.slugs(&format!("/v1/articles{list}")).is_empty(), "{list}");
    }
    assert_eq!(editor.slugs("/v1/articles?status=killed"), ["forged-papers"]);
    assert!(editor.slugs("/v1/articles?status=draft").is_empty());
    assert_eq!(
        editor.get(&format!("{}/revisions", address(&story))).expect(200).json()["data"].as_array().unwrap().len(),
        2
    );
}

#[apply(each_database)]
fn only_an_admin_publishes_it_again(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, admin) = (app.editor(), app.anonymous(), app.admin());
    let story = editor.published(json!({"title": "Forged"}));
    let then = app.later(0);
    app.pass(10);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    assert_eq!(editor.post(&format!("{}/kill", address(&story)), json!({})).expect(409).refusals(), [" killed"]);
    editor.change(&story, json!({"summary": "Editors may work on it."}));
    editor.post(&format!("{}/publish", address(&story)), json!({})).expect(403);
    reader.get(&address(&story)).expect(410);
    admin.publish(&story, json!({}));
    reader.get(&address(&story)).expect(200);
    reader.get(&format!("{}?as_of={then}", address(&story))).expect(404);
    let log = admin.get(&format!("/v1/events?id={}&action=killed", story["id"].as_str().unwrap())).expect(200).json();
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
}

#[apply(each_database)]
fn what_was_killed_stays_out_of_sight_when_the_story_comes_back(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, admin) = (app.editor(), app.anonymous(), app.admin());
    let story =
        editor.published(json!({"title": "Libel", "slug": "first", "body": "Libel.", "tags": [{"name": "Papers"}]}));
    app.pass(10);
    editor.change(&story, json!({"body": "More libel."}));
    editor.publish(&story, json!({}));
    let notes = format!("{}/corrections", address(&story));
    editor.post(&notes, json!({"type": "correction", "text": "It was libel.", "publish": true})).expect(200);
    let then = app.later(0);
    app.pass(1);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    editor.change(&story, json!({"title": "Clean", "slug": "second", "body": "Clean."}));
    editor.post(&notes, json!({"type": "editors_note", "text": "Told anew.", "publish": false})).expect(200);
    // At the same moment, which is no way around it.
    admin.publish(&story, json!({}));
    let back = app.later(0);
    app.pass(10);
    let place = address(&story);
    for path in [
        place.clone(),
        "/v1/articles/first".to_owned(),
        format!("{place}/history?count=true"),
        format!("{place}/proof"),
        format!("{place}/proof?publication=1"),
        format!("{place}/proof?publication=2"),
        format!("{place}?as_of={then}"),
        format!("/v1/articles?as_of={then}&count=true"),
        format!("/v1/articles?as_of={then}&tag=papers&fields=title,body"),
        format!("/v1/articles/export?as_of={then}"),
        format!("/v1/calendar?as_of={then}"),
        "/v1/search?q=libel".to_owned(),
    ] {
        let told = reader.get(&path);
        assert!(matches!(told.status(), 200 | 301 | 404), "{path}");
        assert!(!told.text().to_lowercase().contains("libel"), "{path}: {}", told.text());
    }
    // The notes of what was killed went with it; the one that came since is told.
    let shown = reader.get(&place).expect(200).json();
    assert_eq!([&shown["published_at"], &shown["modified_at"]], [&json!(back); 2]);
    assert_eq!(shown["corrections"][0]["previous_publication"], Value::Null);
    let told: Vec<&str> = shown["corrections"].as_array().unwrap().iter().map(|note| text(&note["text"])).collect();
    assert_eq!(told, ["Told anew."]);
    let history = reader.get(&format!("{place}/history?count=true")).expect(200).json();
    assert_eq!((&history["total"], &history["data"][0]["number"]), (&json!(1), &json!(4)));
    reader.get(&format!("{place}/proof?publication=2")).expect(404);
    for (moment, total) in [(&then, 0), (&back, 1)] {
        let read = reader.get(&format!("/v1/articles?as_of={moment}&count=true")).expect(200).json();
        assert_eq!(read["total"], json!(total));
    }
    assert_eq!(reader.get("/v1/articles/first").expect(301).header("Location"), Some("/v1/articles/second"));
    // A second kill is about what came since, too.
    admin.post(&format!("{place}/kill"), json!({})).expect(200);
    app.pass(10);
    admin.publish(&story, json!({}));
    let history = reader.get(&format!("{place}/history")).expect(200).json();
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
}

#[apply(each_database)]
fn what_readers_never_saw_is_missing_to_them_and_not_killed(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let draft = editor.begin(json!({"title": "Draft"}));
    editor.post(&format!("{}/kill", address(&draft)), json!({})).expect(409);
    let held = editor.begin(json!({"title": "Held", "embargo_until": app.later(600)}));
    editor.publish(&held, json!({}));
    editor.post(&format!("{}/kill", address(&held)), json!({"reason_public": "Secret"})).expect(200);
    let planned = editor.begin(json!({"title": "Planned"}));
    editor.publish(&planned, json!({"at": app.later(60)}));
    editor.post(&format!("{}/kill", address(&planned)), json!({"reason_public": "Secret"})).expect(200);
    app.pass(700);
    for name in [address(&held), address(&planned), "/v1/articles/held".to_owned(), "/v1/articles/planned".to_owned()] {
        assert!(!reader.get(&name).expect(404).text().contains("Secret"));
        reader.get(&format!("{name}?as_of={}", app.later(0))).expect(404);
    }
}

#[apply(each_database)]
fn it_comes_back_at_once_or_not_at_all(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, admin) = (app.editor(), app.anonymous(), app.admin());
    let story = editor.published(json!({"title": "Forged"}));
    app.pass(10);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    let publish = format!("{}/publish", address(&story));
    assert_eq!(admin.post(&publish, json!({"at": app.later(60)})).expect(409).refusals(), ["/at killed"]);
    editor.change(&story, json!({"embargo_until": app.later(60)}));
    admin.post(&publish, json!({})).expect(409);
    reader.get(&address(&story)).expect(410);
    app.pass(60);
    admin.post(&publish, json!({})).expect(200);
    reader.get(&address(&story)).expect(200);
}
