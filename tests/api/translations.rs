//! The same story in several languages, each published by itself.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, at_once, statuses};
use crate::support::{Database, TestApp, each_database};

fn languages(story: &Value) -> Vec<&str> {
    story["translations"].as_array().unwrap().iter().map(|one| one["language"].as_str().unwrap()).collect()
}

#[apply(each_database)]
fn live_translations_know_each_other(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let english = editor.published(json!({"title": "Talks", "language": "en"}));
    let german = editor.begin(json!({"title": "Gespräche", "language": "de", "translation_of": "talks"}));
    assert_eq!(german["translation_of"], english["id"]);
    assert!(languages(&reader.get(&address(&english)).expect(200).json()).is_empty());
    editor.publish(&german, json!({}));
    let french = editor.published(json!({"title": "Pourparlers", "language": "fr", "translation_of": german["id"]}));
    assert_eq!(french["translation_of"], english["id"], "a translation of a translation is one of the original");
    for (story, others) in [(&english, ["de", "fr"]), (&german, ["en", "fr"]), (&french, ["de", "en"])] {
        assert_eq!(languages(&reader.get(&address(story)).expect(200).json()), others);
    }
    editor.unpublish(&english);
    assert_eq!(languages(&reader.get(&address(&german)).expect(200).json()), ["fr"]);
    reader.get(&address(&english)).expect(404);
}

#[apply(each_database)]
fn what_cannot_be_a_translation_is_refused(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let original = editor.begin(json!({"title": "Talks"}));
    let translation = editor.begin(json!({"title": "Gespräche", "translation_of": "talks"}));
    let refuse = |story: &Value, of: &Value| {
        editor.if_match("*").patch(&address(story), json!({"translation_of": of})).expect(422).refusals()
    };
    assert_eq!(refuse(&original, &original["id"]), ["/translation_of own_translation"]);
    assert_eq!(refuse(&original, &translation["id"]), ["/translation_of own_translation"]);
    let third = editor.begin(json!({"title": "Third"}));
    assert_eq!(refuse(&original, &third["id"]), ["/translation_of has_translations"]);
    // A writer cannot find out by it what others are working on.
    for of in ["talks", "nobody"] {
        let refused = writer.post("/v1/articles", json!({"title": "x", "translation_of": of})).expect(422);
        assert_eq!(refused.refusals(), ["/translation_of unknown_reference"]);
    }
}

#[apply(each_database)]
fn a_partner_reads_ahead_each_translation_by_itself(database: Database) {
    let app = TestApp::start(database);
    let (editor, partner) = (app.editor(), app.partner());
    let english = editor.published(json!({"title": "Talks", "language": "en"}));
    let held = json!({"title": "Geheim", "language": "de", "translation_of": "talks", "embargo_until": app.later(600)});
    let german = editor.begin(held);
    editor.publish(&german, json!({}));
    // Unmarked, and without an entry in the log, nobody reads a headline under embargo.
    let read = partner.get(&address(&english)).expect(200);
    assert!(languages(&read.json()).is_empty() && !read.text().contains("Geheim"));
    assert_eq!(languages(&partner.get(&address(&german)).expect(200).json()), ["en"]);
    app.pass(600);
    assert_eq!(languages(&partner.get(&address(&english)).expect(200).json()), ["de"]);
}

#[apply(each_database)]
fn no_two_articles_are_translations_of_each_other(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    // Not by way of a revision.
    let first = editor.begin(json!({"title": "First"}));
    let second = editor.begin(json!({"title": "Second"}));
    let original = |story: &Value| editor.get(&address(story)).expect(200).json()["translation_of"].clone();
    editor.change(&first, json!({"translation_of": second["id"]}));
    editor.change(&first, json!({"translation_of": null}));
    editor.change(&second, json!({"translation_of": first["id"]}));
    editor.if_match("*").post(&format!("{}/revisions/2/restore", address(&first)), json!({})).expect(200);
    assert_eq!((original(&first), original(&second)), (Value::Null, first["id"].clone()));
    // Nor at the same moment.
    for round in 0..12 {
        let pair = ["one", "other"].map(|name| editor.begin(json!({"title": format!("{name} {round}")})));
        let replies = at_once(2, |number| {
            let other = json!({"translation_of": pair[1 - number]["id"]});
            editor.if_match("*").patch(&address(&pair[number]), other)
        });
        assert_eq!(statuses(&replies), [(200, 1), (422, 1)]);
    }
}
