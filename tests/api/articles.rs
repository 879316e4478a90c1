//! `/v1/articles`: the working copy, its fields and what it refers to.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, TestApp, each_database};

/// What only the server sets.
const READ_ONLY: [&str; 19] = [
    "id",
    "body_html",
    "status",
    "version",
    "first_published_at",
    "published_at",
    "modified_at",
    "created_at",
    "updated_at",
    "created_by",
    "scheduled_for",
    "expires_at",
    "corrections",
    "corrections_count",
    "killed",
    "retracted",
    "trashed_at",
    "editing",
    "review",
];

/// A story of which everything is known, in a newsroom that knows what it refers to.
fn whole(editor: &Client) -> Value {
    editor.make("tags", json!({"name": "World", "kind": "section"}));
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("tags", json!({"name": "Kosovo", "kind": "place"}));
    editor.make("authors", json!({"name": "Zoë Lindqvist"}));
    editor.make("authors", json!({"name": "Tomáš Reyl"}));
    editor.make("sources", json!({"name": "Coastline"}));
    json!({
        "title": "Vučić in Niš: “Enough”", "slug": "vucic-enough", "summary": "Short.\nAnd clear.",
        "body": "# One\n\n“Two” — *three*.\n", "language": "sr-Latn", "type": "analysis", "featured": true,
        "section": "world", "authors": [{ "slug": "tomas-reyl", "role": "photographer" }, "zoe-lindqvist"],
        "byline": "By our staff", "source": "coastline", "source_url": "https://coastline.example/1",
        "credit_line": "With Coastline", "usage_terms": "Ask.", "canonical_url": "https://packet.example/1",
        "tags": ["nato", { "slug": "kosovo" }], "dateline": "NIŠ", "urgency": 1,
        "image": { "url": "https://packet.example/1.jpg", "alt": "A", "caption": "B\nC", "credit": "D" },
        "custom": { "a": [1, 2.5, null, { "ß": "€" }], "big": 9007199254740991_i64 }, "editor_note": "Call first.",
    })
}

/// What can be sent back of an answer.
fn writable(story: &Value) -> Value {
    let mut story = story.clone();
    let members = story.as_object_mut().expect("an object");
    members.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    story
}

#[apply(each_database)]
fn one_token_begins_reads_changes_replaces_and_deletes(database: Database) {
    let app = TestApp::start(database);
    for writing in [app.editor(), app.writer()] {
        let begun = writing.post("/v1/articles", json!({"title": "Harbour opens"})).expect(201);
        let place = begun.header("Location").expect("an address").to_owned();
        assert_eq!(place, address(&begun.json()));
        let read = writing.get(&place).expect(200);
        assert_eq!((read.json(), read.etag()), (begun.json(), begun.etag()));
        let changed = writing.if_match(&read.etag()).patch(&place, json!({"title": "Harbour shuts"})).expect(200);
        assert_eq!((&changed.json()["title"], &changed.json()["version"]), (&json!("Harbour shuts"), &json!(2)));
        let replaced = writing.if_match(&changed.etag()).put(&place, json!({"title": "Harbour"})).expect(200);
        writing.if_match(&replaced.etag()).delete(&place).expect(204);
        assert_eq!(writing.get(&place).expect(404).code(), "not_found");
        writing.if_match("*").patch(&place, json!({})).expect(404);
        writing.if_match("*").delete(&place).expect(404);
    }
}

#[apply(each_database)]
fn a_story_that_only_has_a_title_has_sensible_everything_else(database: Database) {
    let app = TestApp::start(database);
    let story = app.editor().begin(json!({"title": "  Harbour opens "}));
    let mut expected = json!({
        "title": "Harbour opens", "slug": "harbour-opens", "summary": null, "body": "", "body_html": "",
        "language": "en", "type": "report", "featured": false, "section": null, "authors": [], "byline": null, "corrections": [], "corrections_count": 0, "killed": null, "retracted": false, "trashed_at": null,
            "translation_of": null,
        "source": null, "source_url": null, "credit_line": null, "usage_terms": null, "canonical_url": null,
        "tags": [], "dateline": null, "urgency": null, "image": null, "custom": {}, "editor_note": null,
        "status": "draft", "version": 1, "first_published_at": null, "published_at": null, "modified_at": null,
        "scheduled_for": null, "expires_at": null, "created_at": app.later(0), "updated_at": app.later(0),
    });
    expected["review"] = json!({
        "state": "none", "version": null, "approval_void": false, "submitted_by": null, "by": null, "at": null, "note": null,
    });
    let mut rest = story.clone();
    rest.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "id" | "created_by"));
    assert_eq!(rest, expected);
    assert_eq!(story["created_by"], app.editor().get("/v1/auth/me").expect(200).json()["id"]);
}

#[apply(each_database)]
fn every_field_comes_back_as_it_was_sent_and_can_be_sent_again(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let sent = whole(&editor);
    let story = editor.begin(sent.clone());
    let embedded = ["section", "authors", "source", "tags"];
    for (name, value) in sent.as_object().unwrap().iter().filter(|(name, _)| !embedded.contains(&name.as_str())) {
        assert_eq!(story[name], *value, "{name}");
    }
    let slugs =
        |list: &Value| list.as_array().unwrap().iter().map(|one| text(&one["slug"]).to_owned()).collect::<Vec<_>>();
    assert_eq!(slugs(&story["authors"]), ["tomas-reyl", "zoe-lindqvist"], "in order");
    assert_eq!((&story["authors"][0]["role"], &story["authors"][1]["role"]), (&json!("photographer"), &json!(null)));
    assert_eq!(slugs(&story["tags"]), ["nato", "kosovo"], "in order");
    assert_eq!(story["section"]["name"], "World");
    assert_eq!(story["source"]["name"], "Coastline");
    assert_eq!(story["body_html"], "<h1>One</h1>\n<p>“Two” — <em>three</em>.</p>\n");
    // Sent back as it came, it is the same story in the same version.
    let place = address(&story);
    assert_eq!(editor.if_match("*").put(&place, writable(&story)).expect(200).json(), story);
    assert_eq!(editor.if_match("*").patch(&place, writable(&story)).expect(200).json(), story);
    let mut copy = writable(&story);
    copy["slug"] = json!("a-copy");
    let copy = editor.begin(copy);
    for name in sent.as_object().unwrap().keys().filter(|name| *name != "slug") {
        assert_eq!(copy[name], story[name], "{name}");
    }
}

#[apply(each_database)]
fn a_change_keeps_what_it_does_not_name_and_clears_what_is_null(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let sent = whole(&editor);
    let story = editor.begin(sent.clone());
    let cleared = |name: &str| match name {
        "body" | "body_html" => json!(""),
        "language" => json!("en"),
        "type" => json!("report"),
        "featured" => json!(false),
        "authors" | "tags" => json!([]),
        "custom" => json!({}),
        // Without a line of its own, the story is credited as its source wishes.
        "credit_line" => json!("Coastline"),
        _ => json!(null),
    };
    for name in sent.as_object().unwrap().keys().filter(|name| !matches!(name.as_str(), "title" | "slug")) {
        let changed = editor.change(&story, json!({ name: null }));
        assert_eq!(changed[name], cleared(name), "{name}");
        let back = editor.change(&story, json!({ name: writable(&story)[name] }));
        assert_eq!(writable(&back), writable(&story), "{name}: the rest stays as it was");
    }
    let place = address(&story);
    let refused = editor.if_match("*").patch(&place, json!({"title": null})).expect(422);
    assert_eq!(refused.refusals(), ["/title required"]);
    // A replacement clears what it does not name, except the slug, which addresses depend on.
    let replaced = editor.if_match("*").put(&place, json!({"title": "Bare"})).expect(200).json();
    let bare = editor.begin(json!({"title": "Bare", "slug": "bare"}));
    let mut expected = writable(&bare);
    expected["slug"] = json!("vucic-enough");
    assert_eq!(writable(&replaced), expected);
}

#[apply(each_database)]
fn every_wrong_field_is_named_at_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let wrong = json!({
        "title": "", "slug": "A", "summary": "s".repeat(2001), "body": 5, "language": "x_y", "type": "rumour",
        "featured": "yes", "section": {}, "authors": "zoe", "byline": "b".repeat(301), "source": [], "source_url": "x",
        "credit_line": " ", "usage_terms": "\u{0}", "canonical_url": "ftp://a.example", "tags": [1], "dateline": "a\tb",
        "urgency": 0, "image": {"url": "x"}, "custom": [], "editor_note": "e".repeat(5001), "tittle": "x",
    });
    let nul_first = editor.post("/v1/articles", wrong.clone()).expect(422);
    assert_eq!(nul_first.refusals(), ["/usage_terms control_character"]);
    let mut wrong = wrong;
    wrong["usage_terms"] = json!("u".repeat(5001));
    let refused = editor.post("/v1/articles", wrong).expect(422).refusals();
    let expected = [
        "/authors invalid",
        "/body invalid",
        "/byline too_long",
        "/canonical_url invalid_url",
        "/credit_line empty",
        "/custom invalid",
        "/dateline control_character",
        "/editor_note too_long",
        "/featured invalid",
        "/image/url invalid_url",
        "/language invalid_language",
        "/section empty",
        "/slug invalid_slug",
        "/source invalid",
        "/source_url invalid_url",
        "/summary too_long",
        "/tags/0 invalid",
        "/title empty",
        "/tittle unknown_field",
        "/type invalid",
        "/urgency out_of_range",
        "/usage_terms too_long",
    ];
    assert_eq!(refused, expected);
    for urgency in [json!(10), json!(-1), json!(1.5), json!("3")] {
        let refused = editor.post("/v1/articles", json!({"title": "x", "urgency": urgency})).expect(422);
        assert_eq!(refused.refusals(), ["/urgency out_of_range"]);
    }
}

#[apply(each_database)]
fn s03_s11_t04_what_only_the_server_sets_is_refused_and_changes_nothing(database: Database) {
    let app = TestApp::start(database);
    for writing in [app.editor(), app.writer()] {
        let story = writing.begin(json!({"title": "Mine"}));
        let place = address(&story);
        for name in READ_ONLY {
            let members = json!({ "title": "Changed", name: story[name] });
            for refused in [
                writing.post("/v1/articles", members.clone()),
                writing.if_match("*").put(&place, members.clone()),
                writing.if_match("*").patch(&place, members.clone()),
            ] {
                assert_eq!(refused.expect(422).refusals(), [format!("/{name} read_only")]);
            }
        }
        for name in ["author_id", "deleted_at", "owner", "document", "section_id", "__proto__"] {
            let refused = writing.if_match("*").patch(&place, json!({ name: "x" })).expect(422);
            assert_eq!(refused.refusals(), [format!("/{name} unknown_field")]);
        }
        assert_eq!(writing.get(&place).expect(200).json(), story);
        assert_eq!(writing.slugs("/v1/articles").len(), 1);
        writing.if_match("*").delete(&place).expect(204);
    }
}

#[apply(each_database)]
fn of_many_stories_that_ask_for_one_slug_exactly_one_gets_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let replies = at_once(50, |_| editor.post("/v1/articles", json!({"title": "Same", "slug": "same"})));
    assert_eq!(statuses(&replies), [(201, 1), (409, 49)]);
    let refused = replies.iter().find(|reply| reply.status() == 409).unwrap();
    assert_eq!(refused.refusals(), ["/slug taken"]);
    assert_eq!(editor.slugs("/v1/articles?limit=100"), ["same"]);
}

#[apply(each_database)]
fn many_stories_of_one_title_all_get_a_slug_of_their_own(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let replies = at_once(30, |_| editor.post("/v1/articles", json!({"title": "Storm warning"})));
    assert_eq!(statuses(&replies), [(201, 30)]);
    let mut made = editor.slugs("/v1/articles?limit=100");
    made.sort();
    let numbered = |number| if number == 1 { "storm-warning".to_owned() } else { format!("storm-warning-{number}") };
    let mut expected: Vec<String> = (1..=30).map(numbered).collect();
    expected.sort();
    assert_eq!(made, expected);
}

#[apply(each_database)]
fn a_slug_is_changed_freely_until_readers_know_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let draft = editor.begin(json!({"title": "First"}));
    editor.change(&draft, json!({"slug": "second"}));
    editor.get("/v1/articles/first").expect(404);
    editor.get("/v1/articles/second").expect(200);
    let other = editor.begin(json!({"title": "First"}));
    assert_eq!(other["slug"], "first", "a slug that readers never knew is free again");
    let taken = editor.if_match("*").patch(&address(&draft), json!({"slug": "first"})).expect(409);
    assert_eq!(taken.refusals(), ["/slug taken"]);
    editor.if_match("*").delete(&address(&other)).expect(204);
    editor.change(&draft, json!({"slug": "first"}));
}
