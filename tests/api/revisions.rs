//! Every accepted save can be read, compared and brought back.

use dateline::db::schema::revisions;
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

fn numbers(client: &Client, story: &Value, query: &str) -> Vec<i64> {
    let page = client.get(&format!("{}/revisions{query}", address(story))).expect(200).json();
    page["data"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()).collect()
}

#[apply(each_database)]
fn every_save_is_kept_with_who_when_and_why(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "One", "body": "First.", "note": "as dictated"}));
    app.pass(60);
    editor.change(&story, json!({"title": "Two", "body": "Second.", "note": "the desk asked"}));
    editor.change(&story, json!({"title": "Two"}));
    assert_eq!(numbers(&editor, &story, ""), [2, 1], "a save that changes nothing is none");
    let page = editor.get(&format!("{}/revisions?count=true", address(&story))).expect(200).json();
    let (newest, me) = (&page["data"][0], editor.get("/v1/auth/me").expect(200).json());
    assert_eq!((text(&newest["title"]), text(&newest["note"])), ("Two", "the desk asked"));
    assert_eq!((&newest["saved_by"], text(&newest["saved_at"])), (&me["id"], &*app.later(0)));
    assert_eq!((&page["total"], newest.get("article")), (&json!(2), None));
    let first = editor.get(&format!("{}/revisions/1", address(&story))).expect(200).json();
    assert_eq!((&first["article"]["body"], &first["note"]), (&json!("First."), &json!("as dictated")));
    for missing in ["0", "3", "99999999999", "one"] {
        editor.get(&format!("{}/revisions/{missing}", address(&story))).expect(404);
    }
}

#[apply(each_database)]
fn pages_go_on_where_they_ended(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "1"}));
    for number in 2..=40 {
        editor.change(&story, json!({"title": number.to_string()}));
    }
    let mut page = editor.get(&format!("{}/revisions?limit=15", address(&story))).expect(200).json();
    let mut seen: Vec<String> = Vec::new();
    loop {
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| text(&row["title"]).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        page = editor.get(&format!("{}/revisions?limit=15&cursor={next}", address(&story))).expect(200).json();
    }
    let expected: Vec<String> = (1..=40).rev().map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    for number in [1, 16, 17, 33, 40] {
        let revision = editor.get(&format!("{}/revisions/{number}", address(&story))).expect(200).json();
        assert_eq!(revision["article"]["title"], number.to_string());
    }
}

#[apply(each_database)]
fn two_revisions_are_compared_word_by_word(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Vote on Tuesday", "tags": [{"name": "NATO"}], "body": "It is at noon."}));
    editor.change(&story, json!({"title": "Vote on Wednesday", "tags": [], "urgency": 3}));
    let difference = editor.get(&format!("{}/revisions/1/diff/2", address(&story))).expect(200).json();
    let changes = difference["changes"].as_array().unwrap();
    assert_eq!(changes.iter().map(|one| text(&one["field"])).collect::<Vec<_>>(), ["title", "tags", "urgency"]);
    assert_eq!(changes[0]["text"], "Vote on [-Tuesday-]{+Wednesday+}");
    assert_eq!(changes[0]["words"][1], json!({"op": "removed", "text": "Tuesday"}));
    assert_eq!((text(&changes[1]["before"][0]["name"]), &changes[1]["after"]), ("NATO", &json!([])));
    let back = editor.get(&format!("{}/revisions/2/diff/1", address(&story))).expect(200).json();
    assert_eq!(back["changes"][0]["text"], "Vote on [-Wednesday-]{+Tuesday+}");
    assert_eq!(editor.get(&format!("{}/revisions/2/diff/2", address(&story))).expect(200).json()["changes"], json!([]));
}

#[apply(each_database)]
fn restoring_brings_everything_back_in_order_as_a_new_revision(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.begin(json!({
        "title": "One", "body": "*First*.", "authors": [{"name": "Zoe", "role": "reporter"}, {"name": "Ana"}],
        "tags": [{"name": "C"}, {"name": "A"}, {"name": "B"}], "source": {"name": "Coastline"},
        "section": {"name": "World"}, "editor_note": "Call again."
    }));
    editor.publish(&story, json!({}));
    let wiped = json!({"title": "Two", "slug": "two"});
    let second = editor.if_match("*").put(&address(&story), wiped).expect(200);
    let place = format!("{}/revisions/1/restore", address(&story));
    editor.post(&place, json!({})).expect(428);
    editor.if_match("\"1-x\"").post(&place, json!({})).expect(412);
    let restored = editor.if_match(&second.etag()).post(&place, json!({})).expect(200).json();
    for member in ["title", "body", "body_html", "authors", "tags", "source", "section", "editor_note"] {
        assert_eq!(restored[member], story[member], "{member}");
    }
    assert_eq!((text(&restored["slug"]), &restored["version"]), ("two", &json!(3)));
    assert_eq!(numbers(&editor, &story, ""), [3, 2, 1]);
    let newest = editor.get(&format!("{}/revisions?limit=1", address(&story))).expect(200).json();
    assert_eq!(newest["data"][0]["note"], "restored from revision 1");
    assert_eq!(editor.slugs("/v1/articles?tag=b&author=ana"), ["two"]);
    assert_eq!(reader.get(&address(&story)).expect(200).json()["title"], "One");
}

#[apply(each_database)]
fn what_no_longer_exists_is_left_out(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({
        "title": "One", "authors": [{"name": "Zoe"}], "tags": [{"name": "A"}, {"name": "B"}], "source": {"name": "Coastline"}
    }));
    editor.change(&story, json!({"tags": [], "authors": [], "source": null}));
    for gone in ["/v1/tags/a", "/v1/sources/coastline"] {
        editor.if_match("*").delete(gone).expect(204);
    }
    let restored =
        editor.if_match("*").post(&format!("{}/revisions/1/restore", address(&story)), json!({})).expect(200).json();
    assert_eq!((&restored["source"], restored["tags"].as_array().unwrap().len()), (&json!(null), 1));
    assert_eq!(text(&restored["authors"][0]["slug"]), "zoe");
}

#[apply(each_database)]
fn a_public_note_survives_every_restore(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "One"}));
    let note = json!({"type": "correction", "text": "It was two.", "publish": true});
    editor.post(&format!("{}/corrections", address(&story)), note).expect(200);
    let restored =
        editor.if_match("*").post(&format!("{}/revisions/1/restore", address(&story)), json!({})).expect(200).json();
    assert_eq!(restored["corrections_count"], 1);
}

/// A story of about 5 kB as people write it, in its `number`th version.
fn prose(number: usize) -> String {
    let words = include_str!("../../README.md").split_whitespace().skip(40);
    let mut words: Vec<String> = words.take(820).map(str::to_owned).collect();
    for step in 0..5 {
        let place = (number * 131 + step * 17) % words.len();
        words[place] = format!("word{number}");
    }
    words.chunks(70).map(|paragraph| paragraph.join(" ")).collect::<Vec<_>>().join("\n\n")
}

#[apply(each_database)]
fn a_hundred_saves_of_a_story_take_little_room(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let named = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
    let story = editor.begin(json!({
        "title": "A long story", "body": prose(0), "authors": named(&["Zoe", "Ana", "Tomas"]),
        "tags": named(&["A", "B", "C", "D", "E", "F", "G", "H"]), "source": {"name": "Coastline"}
    }));
    assert!((4_500..6_500).contains(&text(&story["body"]).len()), "{}", text(&story["body"]).len());
    for number in 1..100 {
        editor.change(&story, json!({"body": prose(number), "note": format!("edit {number}")}));
    }
    /// A revision as it is stored: content, title, who and why.
    type Stored = (Vec<u8>, String, Option<String>, Option<String>);
    let sizes: Vec<Stored> = app.ask(|connection| {
        let columns = (revisions::content, revisions::title, revisions::saved_by, revisions::note);
        Ok(revisions::table.select(columns).load(connection)?)
    });
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    // What is not loaded: two numbers, the id of the story, a time, and what a row costs.
    let rest = 36 + 27 + 16 + 32;
    let row = |(content, title, by, note): &Stored| content.len() + title.len() + length(by) + length(note) + rest;
    let bytes: usize = sizes.iter().map(row).sum();
    println!("100 revisions take {bytes} bytes");
    assert!(sizes.len() == 100 && bytes < 150_000, "{bytes} bytes");
}
