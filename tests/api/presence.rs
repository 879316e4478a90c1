//! Who works on what: a hint that expires by itself and blocks nobody.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, at_once, statuses};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn colleagues_see_each_other_for_two_minutes(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin, reader) = (app.editor(), app.admin(), app.anonymous());
    let story = editor.published(json!({"title": "Busy"}));
    let place = format!("{}/editing", address(&story));
    let seen = |who: &crate::support::client::Client| who.get(&address(&story)).expect(200).json()["editing"].clone();
    assert_eq!(seen(&editor), json!(null));
    let first = editor.send("PUT", &place, None).expect(200).json();
    assert_eq!(
        (&first["data"][0]["since"], &first["data"][0]["expires_at"]),
        (&json!(app.later(0)), &json!(app.later(120)))
    );
    app.pass(60);
    admin.send("PUT", &place, None).expect(200);
    editor.send("PUT", &place, None).expect(200);
    let both = seen(&editor);
    assert_eq!(both.as_array().unwrap().len(), 2);
    assert_eq!(both[0]["since"], first["data"][0]["since"], "the longest first");
    // It blocks nobody, and readers learn nothing of it.
    admin.change(&story, json!({"title": "Busier"}));
    assert!(reader.get(&address(&story)).expect(200).json().get("editing").is_none());
    assert_eq!(editor.get("/v1/articles").expect(200).json()["data"][0].get("editing"), None::<&Value>);
    admin.delete(&place).expect(204);
    assert_eq!(seen(&admin).as_array().unwrap().len(), 1);
    app.pass(120);
    assert_eq!(seen(&admin), json!(null));
    let again = editor.send("PUT", &place, None).expect(200).json();
    assert_eq!(again["data"][0]["since"], app.later(0), "a new beginning");
}

#[apply(each_database)]
fn only_those_who_may_edit_it_can_say_so(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let hidden = editor.begin(json!({"title": "Hidden"}));
    writer.send("PUT", &format!("{}/editing", address(&hidden)), None).expect(404);
    let events =
        |app: &TestApp| app.editor().get("/v1/events?count=true&resource=article").expect(200).json()["total"].clone();
    let before = events(&app);
    editor.send("PUT", &format!("{}/editing", address(&hidden)), None).expect(200);
    assert_eq!(events(&app), before, "a sign of life is nothing for the log");
}

#[apply(each_database)]
fn s05_a_copy_is_a_draft_of_its_own(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let story = writer.begin(json!({
        "title": "Weekly", "body": "Text.", "summary": "Short.",
        "editor_note": "private", "embargo_until": app.later(600)
    }));
    editor.publish(&story, json!({}));
    let reply = writer.post(&format!("{}/duplicate", address(&story)), json!({})).expect(201);
    let copy = reply.json();
    assert_eq!(reply.header("Location"), Some(&*address(&copy)));
    assert_eq!((&copy["title"], &copy["body"], &copy["slug"]), (&json!("Weekly"), &json!("Text."), &json!("weekly-2")));
    assert_eq!((&copy["status"], &copy["editor_note"]), (&json!("draft"), &json!(null)));
    // What must not be read yet is the text: publishing the copy shows nothing.
    assert_eq!(copy["embargo_until"], story["embargo_until"]);
    editor.publish(&copy, json!({}));
    app.anonymous().get(&address(&copy)).expect(404);
    assert_eq!((&copy["version"], &copy["created_by"]), (&json!(1), &story["created_by"]));
    let hidden = editor.begin(json!({"title": "Hidden"}));
    writer.post(&format!("{}/duplicate", address(&hidden)), json!({})).expect(404);
}

#[apply(each_database)]
fn only_an_admin_takes_up_what_was_killed(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    let story = editor.published(json!({"title": "Forged"}));
    app.pass(1);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    editor.post(&format!("{}/duplicate", address(&story)), json!({})).expect(403);
    admin.post(&format!("{}/duplicate", address(&story)), json!({})).expect(201);
}

#[apply(each_database)]
fn two_first_signs_of_life_at_once_are_both_taken(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for round in 0..6 {
        let story = editor.begin(json!({"title": format!("story {round}")}));
        let replies = at_once(4, |_| editor.send("PUT", &format!("{}/editing", address(&story)), None));
        assert_eq!(statuses(&replies), [(200, 4)]);
        assert_eq!(replies[0].json()["data"].as_array().unwrap().len(), 1);
    }
}
