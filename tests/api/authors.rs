//! `/v1/authors`: what only authors have. What they share with tags and sources is in `taxonomy.rs`.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::address;
use crate::support::{Database, TestApp, each_database};

/// An author of whom everything is known.
fn whole() -> Value {
    json!({
        "name": "Zoë Lindqvist", "slug": "zoe", "job_title": "Harbour correspondent",
        "bio": "Writes about ships.\n\nAnd tides.", "contact_email": "zoe@packet.example",
        "image_url": "https://packet.example/zoe.jpg",
        "links": [
            { "label": "Mastodon", "url": "https://social.example/@zoe" },
            { "label": "Homepage", "url": "https://zoe.example/" },
        ],
    })
}

#[apply(each_database)]
fn an_author_keeps_every_field(database: Database) {
    let app = TestApp::start(database);
    let author = app.editor().make("authors", whole());
    for (name, value) in whole().as_object().unwrap() {
        assert_eq!(author[name], *value, "{name}");
    }
    assert_eq!(app.anonymous().get("/v1/authors/zoe").expect(200).json(), author);
}

#[apply(each_database)]
fn a_change_keeps_what_it_does_not_name_and_a_replacement_clears_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let author = editor.make("authors", whole());
    let mut expected = author.clone();
    for name in ["job_title", "bio", "contact_email", "image_url", "links"] {
        expected[name] = if name == "links" { json!([]) } else { json!(null) };
        let changed = editor.patch("/v1/authors/zoe", json!({ name: null })).expect(200).json();
        assert_eq!(changed, expected, "{name}");
    }
    assert_eq!(editor.put("/v1/authors/zoe", whole()).expect(200).json(), author);
    let replaced = editor.put("/v1/authors/zoe", json!({"name": "Zoë Lindqvist"})).expect(200).json();
    assert_eq!(replaced, expected);
}

#[apply(each_database)]
fn every_wrong_field_of_an_author_is_named_at_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let wrong = json!({
        "name": "n".repeat(201), "slug": "Zoë", "job_title": "j".repeat(201), "bio": "b".repeat(5001),
        "contact_email": "Zoë <zoe@packet.example>", "image_url": "zoe.jpg",
        "links": [{ "label": "ok", "url": "https://ok.example" }, { "label": "", "url": "https://ok.example" }],
    });
    let expected = [
        "/bio too_long",
        "/contact_email invalid_email",
        "/image_url invalid_url",
        "/job_title too_long",
        "/links/1/label empty",
        "/name too_long",
        "/slug invalid_slug",
    ];
    assert_eq!(editor.post("/v1/authors", wrong).expect(422).refusals(), expected);
    let link = json!({ "label": "x", "url": "https://x.example" });
    let refused = editor.post("/v1/authors", json!({"name": "x", "links": vec![link.clone(); 21]})).expect(422);
    assert_eq!(refused.refusals(), ["/links too_many"]);
    editor.make("authors", json!({"name": "x", "links": vec![link; 20]}));
    let unsafe_link = json!([{ "label": "x", "url": "javascript:alert(1)" }]);
    let refused = editor.post("/v1/authors", json!({"name": "x", "links": unsafe_link})).expect(422);
    assert_eq!(refused.refusals(), ["/links/0/url invalid_url"]);
    let more = json!([{ "label": "x", "url": "https://x.example", "icon": "x" }]);
    let refused = editor.post("/v1/authors", json!({"name": "x", "links": more})).expect(422);
    assert!(refused.refusals()[0].starts_with("/links/0"), "{:?}", refused.refusals());
}

#[apply(each_database)]
fn an_author_of_stories_is_deleted_only_by_force(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("authors", whole());
    editor.make("authors", json!({"name": "Tomáš Reyl"}));
    editor.published(json!({"title": "Public", "authors": ["zoe", "tomas-reyl"]}));
    let draft = editor.begin(json!({"title": "Draft", "authors": ["zoe"]}));
    let refused = editor.delete("/v1/authors/zoe").expect(409);
    assert_eq!(refused.code(), "in_use");
    assert!(refused.text().contains("2 articles"), "{}", refused.text());
    editor.delete("/v1/authors/zoe?force=true").expect(204);
    let read = reader.get("/v1/articles/public").expect(200).json();
    let names: Vec<&Value> = read["authors"].as_array().unwrap().iter().map(|author| &author["name"]).collect();
    assert_eq!(names, ["Tomáš Reyl"]);
    assert_eq!(editor.get(&address(&draft)).expect(200).json()["authors"], json!([]));
    editor.delete("/v1/authors/tomas-reyl").expect(409);
}
