//! `/v1/sources`: what only sources have. What they share with tags and authors is in `taxonomy.rs`.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::address;
use crate::support::{Database, TestApp, each_database};

/// A source of which everything is known.
fn whole() -> Value {
    json!({
        "name": "Coastline Press Agency", "slug": "coastline", "kind": "agency",
        "homepage_url": "https://coastline.example/", "feed_url": "https://coastline.example/feed.xml",
        "country": "de", "language": "PT-br", "credit_line": "Coastline/CPA", "usage_terms": "Not for resale.",
        "logo_url": "https://coastline.example/logo.png",
    })
}

#[apply(each_database)]
fn a_source_keeps_every_field(database: Database) {
    let app = TestApp::start(database);
    let source = app.editor().make("sources", whole());
    for (name, value) in whole().as_object().unwrap() {
        let expected = match name.as_str() {
            "country" => json!("DE"),
            "language" => json!("pt-BR"),
            _ => value.clone(),
        };
        assert_eq!(source[name], expected, "{name}");
    }
    assert_eq!(app.anonymous().get("/v1/sources/coastline").expect(200).json(), source);
}

#[apply(each_database)]
fn a_change_keeps_what_it_does_not_name_and_a_replacement_clears_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let source = editor.make("sources", whole());
    let optional = ["homepage_url", "feed_url", "country", "language", "credit_line", "usage_terms", "logo_url"];
    let mut expected = source.clone();
    for name in optional {
        expected[name] = json!(null);
        let changed = editor.patch("/v1/sources/coastline", json!({ name: null })).expect(200).json();
        assert_eq!(changed, expected, "{name}");
    }
    assert_eq!(editor.put("/v1/sources/coastline", whole()).expect(200).json(), source);
    expected["kind"] = json!("publisher");
    let replaced = editor.put("/v1/sources/coastline", json!({"name": "Coastline Press Agency"})).expect(200).json();
    assert_eq!(replaced, expected);
}

#[apply(each_database)]
fn every_wrong_field_of_a_source_is_named_at_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let wrong = json!({
        "name": "two\nlines", "slug": "-", "kind": "rumour", "homepage_url": "javascript:alert(1)",
        "feed_url": "//coastline.example", "country": "DEU", "language": "english language",
        "credit_line": "c".repeat(301), "usage_terms": "u".repeat(5001),
        "logo_url": format!("https://coastline.example/{}", "x".repeat(2000)),
    });
    let expected = [
        "/country invalid_country",
        "/credit_line too_long",
        "/feed_url invalid_url",
        "/homepage_url invalid_url",
        "/kind invalid",
        "/language invalid_language",
        "/logo_url too_long",
        "/name control_character",
        "/slug invalid_slug",
        "/usage_terms too_long",
    ];
    assert_eq!(editor.post("/v1/sources", wrong).expect(422).refusals(), expected);
    for url in ["ftp://a.example", "https://", "data:text/html,x", "a.example", "file:///etc/passwd", "http:///x y"] {
        let refused = editor.post("/v1/sources", json!({"name": "x", "homepage_url": url}));
        assert_eq!(refused.expect(422).refusals(), ["/homepage_url invalid_url"], "{url}");
    }
}

#[apply(each_database)]
fn sources_are_filtered_by_kind_and_country(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for (name, kind, country) in [("A", "agency", "DE"), ("B", "blog", "DE"), ("C", "agency", "FR")] {
        editor.make("sources", json!({"name": name, "kind": kind, "country": country}));
    }
    editor.make("sources", json!({"name": "D", "kind": "agency"}));
    assert_eq!(reader.slugs("/v1/sources?kind=agency"), ["a", "c", "d"]);
    assert_eq!(reader.slugs("/v1/sources?country=de,FR"), ["a", "b", "c"]);
    assert_eq!(reader.slugs("/v1/sources?country=de&kind=agency,broadcaster"), ["a"]);
    assert_eq!(reader.get("/v1/sources?country=DEU").expect(400).refusals(), ["country invalid_country"]);
}

#[apply(each_database)]
fn a_story_is_credited_as_its_source_wishes_unless_it_says_otherwise(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("sources", json!({"name": "Plain Paper"}));
    editor.make("sources", whole());
    let credit = |members: Value| editor.begin(members)["credit_line"].clone();
    assert_eq!(credit(json!({"title": "x", "source": "plain-paper"})), "Plain Paper");
    assert_eq!(credit(json!({"title": "x", "source": "coastline"})), "Coastline/CPA");
    assert_eq!(credit(json!({"title": "x", "source": "coastline", "credit_line": "With CPA"})), "With CPA");
    assert_eq!(credit(json!({"title": "x"})), json!(null));
}

#[apply(each_database)]
fn published_stories_keep_the_printed_credit_of_a_source_that_was_deleted_by_force(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("sources", whole());
    let public = editor.published(json!({"title": "Public", "source": "coastline"}));
    let draft = editor.begin(json!({"title": "Draft", "source": "coastline"}));
    let refused = editor.delete("/v1/sources/coastline").expect(409);
    assert_eq!(refused.code(), "in_use");
    assert!(refused.text().contains("2 articles"), "{}", refused.text());
    editor.delete("/v1/sources/coastline?force=true").expect(204);
    let read = reader.get("/v1/articles/public").expect(200).json();
    assert_eq!((&read["source"], &read["credit_line"]), (&json!(null), &json!("Coastline/CPA")));
    assert_eq!(reader.get("/v1/articles").expect(200).json()["data"][0]["credit_line"], "Coastline/CPA");
    let working = editor.get(&address(&draft)).expect(200).json();
    assert_eq!((&working["source"], &working["credit_line"]), (&json!(null), &json!(null)));
    // The story goes on: it can be corrected and published again.
    editor.change(&public, json!({"title": "Corrected"}));
    editor.publish(&public, json!({}));
    assert_eq!(reader.get("/v1/articles/public").expect(200).json()["title"], "Corrected");
}
