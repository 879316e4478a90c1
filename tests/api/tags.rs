//! `/v1/tags`: what only tags have. What they share with sources and authors is in `taxonomy.rs`.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::{address, at_once};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_tag_keeps_every_field(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let parent = editor.make("tags", json!({"name": "Alliances"}));
    let tag = editor.make(
        "tags",
        json!({
            "name": "  NATO ", "slug": "nato", "kind": "organisation", "description": "The alliance.\nSince 1949.  ",
            "parent": "alliances", "code": "medtop:20000639",
        }),
    );
    assert_eq!(tag["name"], "NATO", "a line is trimmed");
    assert_eq!(tag["description"], "The alliance.\nSince 1949.");
    assert_eq!(tag["kind"], "organisation");
    assert_eq!(tag["code"], "medtop:20000639");
    assert_eq!(tag["parent"], json!({"id": parent["id"], "slug": "alliances", "name": "Alliances"}));
    assert_eq!(app.anonymous().get("/v1/tags/nato").expect(200).json(), tag);
}

#[apply(each_database)]
fn a_change_keeps_what_it_does_not_name_and_a_replacement_clears_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "Alliances"}));
    let whole = json!({
        "name": "NATO", "slug": "the-alliance", "kind": "organisation", "description": "d", "parent": "alliances",
        "code": "c",
    });
    let tag = editor.make("tags", whole.clone());
    let place = format!("/v1/tags/{}", tag["id"].as_str().unwrap());
    let changed = editor.patch(&place, json!({"description": null})).expect(200).json();
    assert_eq!(changed, with(&tag, json!({"description": null})));
    let changed = editor.patch(&place, json!({"parent": null, "code": "d", "kind": null})).expect(200).json();
    let expected = json!({"description": null, "parent": null, "code": "d", "kind": "topic"});
    assert_eq!(changed, with(&tag, expected), "null sets a kind back to the usual one");
    editor.put(&place, whole).expect(200);
    let replaced = editor.put(&place, json!({"name": "NATO"})).expect(200).json();
    let cleared = json!({"description": null, "parent": null, "code": null, "kind": "topic"});
    assert_eq!(replaced, with(&tag, cleared), "the slug stays, because addresses depend on it");
}

/// The same thing with other members.
fn with(thing: &serde_json::Value, members: serde_json::Value) -> serde_json::Value {
    let mut thing = thing.clone();
    for (name, value) in members.as_object().expect("an object") {
        thing[name] = value.clone();
    }
    thing
}

#[apply(each_database)]
fn every_wrong_field_of_a_tag_is_named_at_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let wrong = json!({
        "name": "n".repeat(121), "slug": "Not A Slug", "kind": "animal", "description": "\u{7}", "code": "",
        "parent": 5, "colour": "red",
    });
    let refused = editor.post("/v1/tags", wrong).expect(422);
    let expected = [
        "/code empty",
        "/colour unknown_field",
        "/description control_character",
        "/kind invalid",
        "/name too_long",
        "/parent invalid",
        "/slug invalid_slug",
    ];
    assert_eq!(refused.refusals(), expected);
    assert_eq!(editor.post("/v1/tags", json!({})).expect(422).refusals(), ["/name required"]);
    assert_eq!(editor.post("/v1/tags", json!({"name": " "})).expect(422).refusals(), ["/name empty"]);
    let tag = editor.make("tags", json!({"name": "n".repeat(120)}));
    let place = format!("/v1/tags/{}", tag["id"].as_str().unwrap());
    assert_eq!(editor.patch(&place, json!({"name": null})).expect(422).refusals(), ["/name required"]);
    assert_eq!(editor.put(&place, json!({"kind": "topic"})).expect(422).refusals(), ["/name required"]);
    for slug in ["", "-a", "a-", "a--b", "ä", "a/b", &"a".repeat(201), "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"] {
        let refused = editor.post("/v1/tags", json!({"name": "x", "slug": slug})).expect(422);
        assert_eq!(refused.refusals(), ["/slug invalid_slug"], "{slug}");
    }
}

#[apply(each_database)]
fn a_tag_cannot_stand_below_itself(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "Top"}));
    editor.make("tags", json!({"name": "Middle", "parent": "top"}));
    editor.make("tags", json!({"name": "Bottom", "parent": "middle"}));
    for below in ["top", "middle", "bottom"] {
        let refused = editor.patch("/v1/tags/top", json!({"parent": below})).expect(422);
        assert_eq!(refused.refusals(), ["/parent circular"], "{below}");
    }
    for nobody in ["nobody", "Not A Slug", "", "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"] {
        let refused = editor.patch("/v1/tags/top", json!({"parent": nobody})).expect(422);
        assert_eq!(refused.refusals(), ["/parent unknown_reference"], "{nobody}");
    }
    // The other way round is fine, and children of a deleted tag have no parent.
    editor.patch("/v1/tags/bottom", json!({"parent": "top"})).expect(200);
    editor.delete("/v1/tags/top").expect(204);
    for orphan in ["middle", "bottom"] {
        assert_eq!(editor.get(&format!("/v1/tags/{orphan}")).expect(200).json()["parent"], json!(null));
    }
}

#[apply(each_database)]
fn two_tags_that_are_put_below_each_other_at_once_do_not_make_a_circle(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for round in 0..5 {
        let names = [format!("left-{round}"), format!("right-{round}")];
        for name in &names {
            editor.make("tags", json!({ "name": name }));
        }
        let replies = at_once(2, |number| {
            editor.patch(&format!("/v1/tags/{}", names[number]), json!({"parent": names[1 - number]}))
        });
        assert!(replies.iter().all(|reply| matches!(reply.status(), 200 | 422)), "{}", replies[0].text());
        let parent = |name: &String| editor.get(&format!("/v1/tags/{name}")).expect(200).json()["parent"].is_object();
        assert_eq!(names.iter().filter(|name| parent(name)).count(), 1);
    }
}

#[apply(each_database)]
fn tags_are_filtered_by_kind_and_parent(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("tags", json!({"name": "Europe", "kind": "place"}));
    editor.make("tags", json!({"name": "Kosovo", "kind": "place", "parent": "europe"}));
    editor.make("tags", json!({"name": "Vučić", "kind": "person", "parent": "europe"}));
    editor.make("tags", json!({"name": "Sport", "kind": "section"}));
    assert_eq!(reader.slugs("/v1/tags?kind=person,section"), ["sport", "vucic"]);
    assert_eq!(reader.slugs("/v1/tags?parent=europe"), ["kosovo", "vucic"]);
    assert_eq!(reader.slugs("/v1/tags?parent=europe&kind=place"), ["kosovo"]);
    editor.patch("/v1/tags/europe", json!({"slug": "old-world"})).expect(200);
    assert_eq!(reader.slugs("/v1/tags?parent=europe"), ["kosovo", "vucic"], "a former slug still names it");
    for nobody in ["nobody", "%20", "%27%20OR%201%3D1%20--"] {
        assert!(reader.slugs(&format!("/v1/tags?parent={nobody}")).is_empty(), "{nobody}");
    }
    let refused = reader.get("/v1/tags?kind=animal&limit=0").expect(400);
    assert_eq!(refused.refusals(), ["kind invalid", "limit out_of_range"]);
}

#[apply(each_database)]
fn a_tag_that_stories_use_is_deleted_only_by_force(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("tags", json!({"name": "World", "kind": "section"}));
    let public = editor.published(json!({"title": "Public", "tags": ["nato"], "section": "world"}));
    editor.change(&public, json!({"tags": [], "section": null}));
    let draft = editor.begin(json!({"title": "Draft", "tags": ["nato"], "section": "world"}));
    let trashed = editor.begin(json!({"title": "Trashed", "tags": ["nato"]}));
    editor.if_match("*").delete(&address(&trashed)).expect(204);
    // The trash counts: what is there comes back with its tags.
    for (tag, uses) in [("nato", "3 articles"), ("world", "2 articles")] {
        let refused = editor.delete(&format!("/v1/tags/{tag}")).expect(409);
        assert_eq!(refused.code(), "in_use");
        assert!(refused.text().contains(uses), "{}", refused.text());
        editor.delete(&format!("/v1/tags/{tag}?force=false")).expect(409);
        editor.delete(&format!("/v1/tags/{tag}?force=true")).expect(204);
        reader.get(&format!("/v1/tags/{tag}")).expect(404);
    }
    for story in [reader.get("/v1/articles/public"), editor.get(&address(&draft))] {
        let story = story.expect(200).json();
        assert_eq!((&story["tags"], &story["section"]), (&json!([]), &json!(null)));
    }
    // A new tag of the old name is another tag.
    editor.make("tags", json!({"name": "NATO"}));
    assert!(reader.slugs("/v1/articles?tag=nato").is_empty());
}
