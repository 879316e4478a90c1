//! Public notes: tied to the publication that carries them, and never lost again.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, at_once, statuses};
use crate::support::{Database, TestApp, each_database};

#[track_caller]
fn correct(editor: &Client, story: &Value, note: Value) -> Value {
    editor.post(&format!("{}/corrections", address(story)), note).expect(200).json()
}

#[apply(each_database)]
fn a_note_goes_out_with_its_publication_and_stays(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.begin(json!({"title": "Vote on Tuesday"}));
    editor.publish(&story, json!({"until": app.later(9000)}));
    app.pass(60);
    editor.change(&story, json!({"title": "Vote on Wednesday"}));
    let waiting = correct(&editor, &story, json!({"type": "correction", "text": "It is Wednesday."}));
    assert_eq!((&waiting["status"], &waiting["corrections"][0]["published_at"]), (&json!("changed"), &json!(null)));
    assert_eq!(reader.get(&address(&story)).expect(200).json()["corrections"], json!([]));
    let told = correct(&editor, &story, json!({"type": "clarification", "text": "At noon.", "publish": true}));
    assert_eq!((&told["status"], &told["expires_at"]), (&json!("published"), &json!(app.later(8940))));
    let read = reader.get(&address(&story)).expect(200).json();
    let kinds: Vec<&Value> = read["corrections"].as_array().unwrap().iter().map(|note| &note["type"]).collect();
    assert_eq!(kinds, ["correction", "clarification"]);
    for note in read["corrections"].as_array().unwrap() {
        let (carrier, before) = (&note["publication"], &note["previous_publication"]);
        assert_eq!((&note["published_at"], carrier, before), (&json!(app.later(0)), &json!(2), &json!(1)));
    }
    assert_eq!(reader.get("/v1/articles").expect(200).json()["data"][0]["corrections_count"], 2);
    // No later edit, however thorough, takes a note away.
    app.pass(60);
    editor.if_match("*").put(&address(&story), json!({"title": "All new"})).expect(200);
    editor.publish(&story, json!({}));
    assert_eq!(reader.get(&address(&story)).expect(200).json()["corrections"], read["corrections"]);
    assert_eq!(
        reader.get(&format!("{}?as_of={}", address(&story), "2026-11-23T12:00:30Z")).expect(200).json()["corrections"],
        json!([])
    );
}

#[apply(each_database)]
fn a_retraction_stays_readable_and_is_marked(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Wrong"}));
    correct(&editor, &story, json!({"type": "retraction", "text": "None of it is true.", "publish": true}));
    assert_eq!(reader.get(&address(&story)).expect(200).json()["retracted"], true);
    assert_eq!(reader.get("/v1/articles").expect(200).json()["data"][0]["retracted"], true);
}

#[apply(each_database)]
fn a_note_whose_publication_is_cancelled_goes_out_with_the_next(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Vote"}));
    app.pass(5);
    correct(&editor, &story, json!({"type": "update", "text": "Postponed."}));
    let planned = editor.publish(&story, json!({"at": app.later(60)}));
    assert_eq!(planned["corrections"][0]["published_at"], app.later(60));
    let back = editor.send("POST", &format!("{}/unschedule", address(&story)), None).expect(200).json();
    assert_eq!((&back["corrections"][0]["publication"], &back["scheduled_for"]), (&json!(null), &json!(null)));
    app.pass(100);
    assert_eq!(reader.get(&address(&story)).expect(200).json()["corrections_count"], 0);
    editor.publish(&story, json!({"at": app.later(60)}));
    editor.publish(&story, json!({"at": app.later(30)}));
    app.pass(30);
    let note = reader.get(&address(&story)).expect(200).json()["corrections"][0].clone();
    assert_eq!((&note["published_at"], &note["previous_publication"]), (&json!(app.later(0)), &json!(1)));
}

#[apply(each_database)]
fn what_cannot_be_corrected_is_refused(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let draft = editor.begin(json!({"title": "Draft"}));
    let note = json!({"type": "correction", "text": "x"});
    let early = editor.post(&format!("{}/corrections", address(&draft)), note).expect(409);
    assert_eq!(early.code(), "not_published");
    let story = editor.published(json!({"title": "Vote"}));
    editor.publish(&story, json!({"at": app.later(60)}));
    let note = json!({"type": "correction", "text": "x", "publish": true});
    let lost = editor.post(&format!("{}/corrections", address(&story)), note).expect(409);
    assert_eq!(lost.refusals(), ["/publish scheduled"]);
    assert_eq!(editor.get(&address(&story)).expect(200).json()["corrections"], json!([]), "nothing was kept of it");
    app.pass(1);
    editor.unpublish(&story);
    let ended = editor.published(json!({"title": "Ended"}));
    editor.publish(&ended, json!({"until": app.later(5)}));
    app.pass(5);
    for over in [&story, &ended] {
        let note = json!({"type": "correction", "text": "x", "publish": true});
        let refused = editor.post(&format!("{}/corrections", address(over)), note).expect(409);
        assert_eq!(refused.refusals(), ["/publish not_published"]);
        app.anonymous().get(&address(over)).expect(404);
    }
    let empty = editor.post(&format!("{}/corrections", address(&story)), json!({"type": "apology"})).expect(422);
    assert_eq!(empty.refusals(), ["/text required", "/type invalid"]);
}

#[apply(each_database)]
fn notes_that_come_at_the_same_moment_are_all_kept_or_refused(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "Vote"}));
    let replies = at_once(12, |number| {
        let note = json!({"type": "update", "text": format!("note {number}"), "publish": number % 2 == 0});
        editor.post(&format!("{}/corrections", address(&story)), note)
    });
    let kept = replies.iter().filter(|reply| reply.status() == 200).count();
    assert!(kept >= 1 && replies.iter().all(|reply| matches!(reply.status(), 200 | 412)), "{:?}", statuses(&replies));
    editor.publish(&story, json!({}));
    let read = app.anonymous().get(&address(&story)).expect(200).json();
    assert_eq!(read["corrections"].as_array().unwrap().len(), kept);
}
