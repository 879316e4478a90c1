//! How a story names its authors, source, section and tags.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn long_names_of_what_a_story_refers_to_can_be_sent_back(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let name = "n".repeat(200);
    editor.make("sources", json!({"name": name, "slug": "long"}));
    let story = editor.begin(json!({"title": "x", "source": "long", "authors": [{ "name": name }]}));
    let same = editor.if_match("*").put(
        &address(&story),
        json!({
            "title": "x", "source": story["source"], "authors": story["authors"], "credit_line": story["credit_line"],
        }),
    );
    assert_eq!(same.expect(200).json()["source"], story["source"]);
}

#[apply(each_database)]
fn references_are_ids_slugs_former_slugs_or_names(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let section = editor.make("tags", json!({"name": "World", "kind": "section"}));
    let tag = editor.make("tags", json!({"name": "NATO"}));
    let source = editor.make("sources", json!({"name": "Coastline"}));
    let author = editor.make("authors", json!({"name": "Zoë"}));
    for (room, slug) in [("tags", "nato"), ("tags", "world"), ("sources", "coastline"), ("authors", "zoe")] {
        editor.patch(&format!("/v1/{room}/{slug}"), json!({"slug": format!("new-{slug}")})).expect(200);
    }
    let ways = |thing: &Value, slug: &str| {
        let id = &thing["id"];
        [
            id.clone(),
            json!(text(id).to_uppercase()),
            json!(format!("new-{slug}")),
            json!(slug),
            json!({ "id": id }),
            json!({ "slug": slug }),
            json!({ "name": thing["name"] }),
            json!({ "id": id, "slug": "else", "name": "Else" }),
        ]
    };
    let all = (ways(&section, "world"), ways(&tag, "nato"), ways(&source, "coastline"), ways(&author, "zoe"));
    for way in 0..all.0.len() {
        let story = editor.begin(json!({
            "title": "x", "section": all.0[way], "tags": [all.1[way]], "source": all.2[way], "authors": [all.3[way]],
        }));
        let found = [&story["section"], &story["tags"][0], &story["source"], &story["authors"][0]];
        for (found, expected) in found.into_iter().zip([&section, &tag, &source, &author]) {
            assert_eq!(found["id"], expected["id"], "way {way}");
        }
    }
}

#[apply(each_database)]
fn references_that_lead_nowhere_are_all_named_and_nothing_is_made(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "NATO"}));
    let nobody = "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10";
    let wrong = json!({
        "title": "x", "section": "nobody", "source": nobody, "tags": ["nato", "nobody", "Not A Slug", {"name": "Made"}],
        "authors": [nobody, {"name": "Made"}, {"slug": ""}],
    });
    let refused = editor.post("/v1/articles", wrong).expect(422);
    let expected = [
        "/authors/0 unknown_reference",
        "/authors/2 unknown_reference",
        "/section unknown_reference",
        "/source unknown_reference",
        "/tags/1 unknown_reference",
        "/tags/2 unknown_reference",
    ];
    assert_eq!(refused.refusals(), expected);
    assert_eq!(editor.slugs("/v1/tags"), ["nato"], "a refused story makes nothing");
    assert!(editor.slugs("/v1/authors").is_empty() && editor.slugs("/v1/articles").is_empty());
    let refused = editor.post("/v1/articles", json!({"title": "x", "section": "nato"})).expect(422);
    assert_eq!(refused.refusals(), ["/section not_a_section"]);
    let refused = editor.post("/v1/articles", json!({"title": "x", "tags": [{"name": "T", "role": "x"}]})).expect(422);
    assert_eq!(refused.refusals(), ["/tags/0 unknown_field"]);
    // A writer names what is there, and makes nothing.
    let writer = app.writer();
    writer.begin(json!({"title": "x", "tags": [{"name": "nato"}]}));
    let wish =
        json!({"title": "x", "tags": [{"name": "New"}], "source": {"name": "New"}, "authors": [{"name": "New"}]});
    let refused = writer.post("/v1/articles", wish).expect(422);
    let expected = ["/authors/0 unknown_reference", "/source unknown_reference", "/tags/0 unknown_reference"];
    assert_eq!(refused.refusals(), expected);
}

#[apply(each_database)]
fn a_tag_twice_is_one_tag_and_an_author_twice_is_a_mistake(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("authors", json!({"name": "Zoë"}));
    let story =
        editor.begin(json!({"title": "x", "tags": ["nato", {"name": "Nato"}, {"name": "New"}, {"name": "new"}]}));
    let slugs: Vec<&Value> = story["tags"].as_array().unwrap().iter().map(|tag| &tag["slug"]).collect();
    assert_eq!(slugs, ["nato", "new"]);
    let refused = editor.post("/v1/articles", json!({"title": "x", "authors": ["zoe", {"name": "ZOË"}]})).expect(422);
    assert_eq!(refused.refusals(), ["/authors/1 duplicate"]);
}
