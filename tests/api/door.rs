//! The door: many editors, several servers whose clocks differ, and one story that stays whole.

use dateline::events::Actor;
use dateline::http::query::WriteOptions;
use dateline::jobs;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, at_once, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

/// What readers of a server see of one story: headline, and the headlines in the list with its count.
#[track_caller]
fn seen(reader: &Client, story: &Value) -> (String, Vec<String>, Value) {
    let title = |row: &Value| text(&row["title"]).to_owned();
    let read = reader.get(&address(story)).expect(200).json();
    let list = reader.get("/v1/articles?count=true").expect(200).json();
    (title(&read), list["data"].as_array().unwrap().iter().map(title).collect(), list["total"].clone())
}

#[apply(each_database)]
fn whatever_is_done_to_one_story_at_once_leaves_it_whole(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    let story = editor.published(json!({"title": "Wanted by all", "tags": [{"name": "A"}]}));
    let place = address(&story);
    let any = editor.if_match("*");
    for round in 0..12 {
        app.pass(1);
        let replies = at_once(10, |number| match (number + round) % 10 {
            0 | 1 => admin.post(&format!("{place}/publish"), json!({})),
            2 => editor.post(&format!("{place}/publish"), json!({"at": app.later(30), "until": app.later(60)})),
            3 | 4 => editor.send("POST", &format!("{place}/unpublish"), None),
            5 => editor.post(&format!("{place}/kill"), json!({"reason_public": format!("round {round}")})),
            6 => any.patch(&place, json!({"embargo_until": app.later(40)})),
            7 => any.patch(&place, json!({"embargo_until": null})),
            8 => editor.send("POST", &format!("{place}/unschedule"), None),
            _ => {
                let note = json!({"type": "update", "text": format!("round {round}"), "publish": round % 2 == 0});
                editor.post(&format!("{place}/corrections"), note)
            }
        });
        for reply in replies {
            assert!(matches!(reply.status(), 200 | 403 | 409 | 412 | 422), "{}", reply.text());
        }
        assert_untouched(&app);
    }
    app.pass(1);
    any.patch(&place, json!({"embargo_until": null})).expect(200);
    admin.post(&format!("{place}/publish"), json!({})).expect(200);
    app.anonymous().get(&place).expect(200);
    assert_untouched(&app);
}

#[apply(each_database)]
fn of_a_kill_and_a_publish_at_once_the_kill_stands(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for round in 0..8 {
        let story = editor.published(json!({"title": format!("Forged {round}")}));
        app.pass(1);
        let replies = at_once(6, |number| match number {
            0 => editor.post(&format!("{}/kill", address(&story)), json!({})),
            _ => editor.post(&format!("{}/publish", address(&story)), json!({})),
        });
        assert_eq!(replies[0].status(), 200);
        reader.get(&address(&story)).expect(410);
    }
    assert_untouched(&app);
}

#[apply(each_database)]
fn a_server_whose_clock_is_behind_sees_the_old_version_and_never_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "Old"}));
    app.pass(100);
    let behind = app.beside_behind(5);
    let reader = behind.anonymous();
    let old = ("Old".to_owned(), vec!["Old".to_owned()], json!(1));
    editor.change(&story, json!({"title": "New", "slug": "new"}));
    editor.publish(&story, json!({}));
    assert_eq!(seen(&reader, &story), old);
    reader.get("/v1/articles/old").expect(200);
    assert_eq!(seen(&app.anonymous(), &story).0, "New");
    let note = json!({"type": "correction", "text": "It was wrong.", "publish": true});
    app.pass(1);
    editor.post(&format!("{}/corrections", address(&story)), note).expect(200);
    assert_eq!(seen(&reader, &story), old);
    behind.pass(6);
    assert_eq!(seen(&reader, &story), ("New".to_owned(), vec!["New".to_owned()], json!(1)));
    assert_untouched(&app);
    // Long after, what was replaced is put away, and nothing changes for anybody.
    app.pass(700);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ledger = app.app().ledger();
    let put_away = runtime.block_on(ledger.write(Actor::Clock, WriteOptions::default(), jobs::tidy)).unwrap();
    assert!(put_away >= 2, "{put_away}");
    assert_eq!(seen(&app.anonymous(), &story).0, "New");
    assert_eq!(app.editor().get(&address(&story)).expect(200).json()["status"], "published");
    assert_untouched(&app);
}

#[apply(each_database)]
fn what_is_taken_down_is_gone_at_once_whatever_a_clock_says(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let stories: Vec<Value> =
        ["Down", "Killed", "Held"].iter().map(|title| editor.published(json!({"title": title}))).collect();
    app.pass(100);
    let behind = app.beside_behind(5);
    let reader = behind.anonymous();
    editor.change(&stories[1], json!({"title": "Killed, too"}));
    editor.publish(&stories[1], json!({}));
    editor.unpublish(&stories[0]);
    editor.post(&format!("{}/kill", address(&stories[1])), json!({})).expect(200);
    editor.change(&stories[2], json!({"embargo_until": app.later(600)}));
    let statuses: Vec<u16> = stories.iter().map(|story| reader.get(&address(story)).status()).collect();
    assert_eq!(statuses, [404, 410, 404]);
    assert_eq!(reader.get("/v1/articles?count=true").expect(200).json()["total"], 0);
    // Partners go on reading what is held back, without a gap.
    behind.partner().get(&address(&stories[2])).expect(200);
    assert_untouched(&app);
}

#[apply(each_database)]
fn an_editor_on_a_server_whose_clock_is_behind_comes_after_what_was_done(database: Database) {
    // What another server did is in no answer from memory; how fast that is noticed is a matter of its own.
    let app = TestApp::start_with(database, |config| config.cache_bytes = 0);
    let editor = app.editor();
    app.pass(100);
    let behind = app.beside_behind(5);
    let late = behind.editor();
    let story = editor.published(json!({"title": "One"}));
    editor.change(&story, json!({"title": "Two"}));
    late.publish(&story, json!({}));
    late.unpublish(&story);
    late.publish(&story, json!({}));
    assert_untouched(&app);
    app.pass(1);
    assert_eq!(seen(&app.anonymous(), &story).0, "Two");
    late.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    app.anonymous().get(&address(&story)).expect(410);
    assert_untouched(&app);
}
