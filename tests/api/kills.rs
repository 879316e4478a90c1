//! Killing a story: readers who knew it are told, everywhere else it is gone, and editors keep everything.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::address;
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
    reader.get(&format!("{}?as_of={then}", address(&story))).expect(200);
    let log = admin.get(&format!("/v1/events?id={}&action=killed", story["id"].as_str().unwrap())).expect(200).json();
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
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
