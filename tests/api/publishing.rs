//! What readers see, and since when: publish, correct, take down, delete. Schedules are in `schedules.rs`.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

/// The three times that readers are told: first published, published, modified.
fn times(story: &Value) -> [Value; 3] {
    ["first_published_at", "published_at", "modified_at"].map(|name| story[name].clone())
}

/// The status of a working copy.
fn status(editor: &Client, story: &Value) -> String {
    text(&editor.get(&address(story)).expect(200).json()["status"]).to_owned()
}

#[apply(each_database)]
fn readers_see_a_story_from_the_moment_it_is_published_until_it_is_taken_down(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.begin(json!({"title": "Harbour opens", "body": "*Text*."}));
    reader.get("/v1/articles/harbour-opens").expect(404);
    app.pass(60);
    let published = editor.publish(&story, json!({}));
    assert_eq!((&published["status"], &published["version"]), (&json!("published"), &json!(1)));
    assert_eq!(times(&published), [json!(app.later(0)), json!(app.later(0)), json!(app.later(0))]);
    for path in [address(&story), "/v1/articles/harbour-opens".to_owned()] {
        let read = reader.get(&path).expect(200).json();
        assert_eq!(
            (&read["title"], &read["body"], &read["body_html"]),
            (&json!("Harbour opens"), &json!("*Text*."), &json!("<p><em>Text</em>.</p>\n"))
        );
        assert_eq!(times(&read), times(&published));
    }
    let page = reader.get("/v1/articles?count=true").expect(200).json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["total"]), (1, &json!(1)));
    assert!(page["data"][0].get("body").is_none(), "lists come without the text");
    assert_eq!(editor.unpublish(&story)["status"], "draft");
    for path in [address(&story), "/v1/articles/harbour-opens".to_owned()] {
        reader.get(&path).expect(404);
    }
    assert_eq!(reader.get("/v1/articles?count=true").expect(200).json()["total"], 0);
    let nothing = editor.send("POST", &format!("{}/unpublish", address(&story)), None).expect(409);
    assert_eq!(nothing.code(), "not_published");
}

#[apply(each_database)]
fn a_published_story_is_edited_without_readers_seeing(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "As printed", "body": "Old", "tags": [{"name": "NATO"}]}));
    let item = reader.get("/v1/articles/as-printed").expect(200);
    let list = reader.get("/v1/articles").expect(200);
    app.pass(60);
    let changed = editor
        .change(&story, json!({"title": "In work", "body": "New", "slug": "in-work", "tags": [], "featured": true}));
    assert_eq!((&changed["status"], &changed["version"]), (&json!("changed"), &json!(2)));
    assert_eq!(reader.get("/v1/articles/as-printed").expect(200).bytes(), item.bytes());
    assert_eq!(reader.get("/v1/articles").expect(200).bytes(), list.bytes());
    reader.get("/v1/articles/in-work").expect(404);
    let live = editor.get(&format!("{}?view=live", address(&story))).expect(200);
    assert_eq!(live.bytes(), item.bytes(), "an editor can look at it with readers' eyes");
    assert_eq!(editor.get("/v1/articles?view=live").expect(200).bytes(), list.bytes());
    let back = editor.change(
        &story,
        json!({"title": "As printed", "body": "Old", "slug": "as-printed", "tags": ["nato"], "featured": false}),
    );
    assert_eq!((&back["status"], &back["version"]), (&json!("changed"), &json!(3)), "a save is a save");
    assert_eq!(editor.publish(&story, json!({}))["status"], "published");
}

#[apply(each_database)]
fn a_correction_keeps_the_date_and_a_comeback_gets_a_new_one(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Story"}));
    let begun = json!(app.later(0));
    let read = || reader.get(&address(&story)).expect(200).json();
    assert_eq!(times(&read()), [begun.clone(), begun.clone(), begun.clone()]);
    app.pass(200);
    let corrected = json!(app.later(0));
    editor.change(&story, json!({"title": "Corrected story"}));
    let working = editor.publish(&story, json!({}));
    assert_eq!(times(&read()), [begun.clone(), begun.clone(), corrected.clone()]);
    assert_eq!(times(&working), times(&read()));
    assert_eq!(read()["updated_at"], corrected);
    app.pass(200);
    editor.unpublish(&story);
    app.pass(200);
    let back = json!(app.later(0));
    editor.publish(&story, json!({}));
    assert_eq!(times(&read()), [begun, back.clone(), back]);
}

#[apply(each_database)]
fn the_first_date_survives_taking_down_and_scheduling_and_rescheduling(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Story"}));
    let first = json!(app.later(0));
    app.pass(60);
    editor.unpublish(&story);
    editor.publish(&story, json!({"at": app.later(300)}));
    editor.publish(&story, json!({"at": app.later(600)}));
    let back = json!(app.later(600));
    app.pass(600);
    assert_eq!(times(&reader.get(&address(&story)).expect(200).json()), [first, back.clone(), back]);
}

#[apply(each_database)]
fn the_date_of_a_schedule_that_was_replaced_before_it_began_is_nobodys_date(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.begin(json!({"title": "Story"}));
    editor.publish(&story, json!({"at": app.later(600)}));
    app.pass(60);
    editor.publish(&story, json!({}));
    let now = json!(app.later(0));
    assert_eq!(times(&reader.get(&address(&story)).expect(200).json()), [now.clone(), now.clone(), now]);
}

#[apply(each_database)]
fn what_readers_see_cannot_be_deleted_and_what_is_scheduled_is_cancelled(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let live = editor.published(json!({"title": "Live"}));
    let refused = editor.if_match("*").delete(&address(&live)).expect(409);
    assert_eq!(refused.code(), "is_published");
    editor.get(&address(&live)).expect(200);
    reader.get("/v1/articles/live").expect(200);
    editor.unpublish(&live);
    editor.if_match("*").delete(&address(&live)).expect(204);
    let planned = editor.begin(json!({"title": "Planned"}));
    editor.publish(&planned, json!({"at": app.later(600)}));
    editor.if_match("*").delete(&address(&planned)).expect(204);
    app.pass(600);
    for gone in ["live", "planned"] {
        reader.get(&format!("/v1/articles/{gone}")).expect(404);
        editor.get(&format!("/v1/articles/{gone}")).expect(404);
    }
    assert!(reader.slugs("/v1/articles").is_empty() && editor.slugs("/v1/articles").is_empty());
    // One whose time ran out is nobody's reading any more, so it goes.
    let short = editor.begin(json!({"title": "Short"}));
    editor.publish(&short, json!({"until": app.later(60)}));
    app.pass(60);
    editor.if_match("*").delete(&address(&short)).expect(204);
}

#[apply(each_database)]
fn a_former_published_slug_leads_to_the_present_one_and_an_unpublished_one_nowhere(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "x", "slug": "one"}));
    editor.change(&story, json!({"slug": "never-published"}));
    editor.change(&story, json!({"slug": "two"}));
    reader.get("/v1/articles/one").expect(200);
    reader.get("/v1/articles/two").expect(404);
    app.pass(1);
    editor.publish(&story, json!({}));
    app.pass(1);
    editor.change(&story, json!({"slug": "three"}));
    editor.publish(&story, json!({}));
    let leads = |client: &Client, former: &str, present: &str| {
        let moved = client.get(&format!("/v1/articles/{former}")).expect(301);
        assert_eq!(moved.header("Location"), Some(format!("/v1/articles/{present}").as_str()));
    };
    for client in [&reader, &editor] {
        leads(client, "one", "three");
        leads(client, "two", "three");
        client.get("/v1/articles/never-published").expect(404);
    }
    // A former slug still finds it for those who change it, and nobody else can have it.
    editor.if_match("*").patch("/v1/articles/one", json!({"title": "y"})).expect(200);
    let refused = editor.post("/v1/articles", json!({"title": "x", "slug": "one"})).expect(409);
    assert_eq!(refused.refusals(), ["/slug taken"]);
    assert_eq!(editor.begin(json!({"title": "One"}))["slug"], "one-2");
    let other = editor.begin(json!({"title": "Never published"}));
    assert_eq!(other["slug"], "never-published");
    editor.if_match("*").patch(&address(&other), json!({"slug": "two"})).expect(409);
    // Back to the beginning.
    app.pass(1);
    editor.change(&story, json!({"slug": "one"}));
    editor.publish(&story, json!({}));
    reader.get("/v1/articles/one").expect(200);
    leads(&reader, "three", "one");
    app.pass(1);
    // While readers see nothing of it, none of its names say that it exists; afterwards they lead again.
    editor.unpublish(&story);
    for name in ["one", "two", "three"] {
        reader.get(&format!("/v1/articles/{name}")).expect(404);
    }
    editor.publish(&story, json!({}));
    leads(&reader, "two", "one");
}

#[apply(each_database)]
fn a_published_slug_stays_reserved_when_its_story_is_deleted(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "x", "slug": "read"}));
    app.pass(1);
    editor.unpublish(&story);
    editor.if_match("*").delete(&address(&story)).expect(204);
    editor.post("/v1/articles", json!({"title": "x", "slug": "read"})).expect(409);
    // A slug that was only planned is free again.
    let planned = editor.begin(json!({"title": "x", "slug": "planned"}));
    editor.publish(&planned, json!({"at": app.later(60)}));
    editor.if_match("*").delete(&address(&planned)).expect(204);
    assert_eq!(editor.begin(json!({"title": "x", "slug": "planned"}))["slug"], "planned");
}

#[apply(each_database)]
fn names_are_the_present_ones_and_what_is_gone_is_left_out(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor
        .published(json!({"title": "x", "tags": [{"name": "NATO"}], "authors": [{"name": "Zoë", "role": "reporter"}]}));
    let before = reader.get("/v1/articles/x").expect(200);
    editor.patch("/v1/tags/nato", json!({"name": "The alliance", "slug": "alliance"})).expect(200);
    editor.patch("/v1/authors/zoe", json!({"name": "Zoë Lindqvist"})).expect(200);
    let after = reader.header("If-None-Match", &before.etag()).get("/v1/articles/x").expect(200).json();
    assert_eq!((&after["tags"][0]["name"], &after["tags"][0]["slug"]), (&json!("The alliance"), &json!("alliance")));
    assert_eq!(
        (&after["authors"][0]["name"], &after["authors"][0]["role"]),
        (&json!("Zoë Lindqvist"), &json!("reporter"))
    );
}

#[apply(each_database)]
fn publishing_names_the_version_when_it_is_told_one(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let begun = editor.post("/v1/articles", json!({"title": "First"})).expect(201);
    let publish = format!("{}/publish", address(&begun.json()));
    let changed = editor.if_match(&begun.etag()).patch(&address(&begun.json()), json!({"title": "Second"})).expect(200);
    editor.if_match(&begun.etag()).post(&publish, json!({})).expect(412);
    app.anonymous().get("/v1/articles/first").expect(404);
    let published = editor.if_match(&changed.etag()).send("POST", &publish, None).expect(200);
    editor.if_match(&published.etag()).patch(&address(&begun.json()), json!({"title": "Third"})).expect(200);
    assert_eq!(status(&editor, &begun.json()), "changed");
    for nobody in ["nobody", "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"] {
        editor.post(&format!("/v1/articles/{nobody}/publish"), json!({})).expect(404);
        editor.send("POST", &format!("/v1/articles/{nobody}/unpublish"), None).expect(404);
    }
}

#[apply(each_database)]
fn a_writer_does_not_publish_and_does_not_touch_what_others_wrote(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let own = writer.begin(json!({"title": "Own"}));
    writer.post(&format!("{}/publish", address(&own)), json!({})).expect(403);
    let draft = editor.begin(json!({"title": "Draft of another"}));
    let live = editor.published(json!({"title": "Live of another"}));
    for (story, expected) in [(&draft, 404), (&live, 403)] {
        let any = writer.if_match("*");
        any.patch(&address(story), json!({"title": "Mine now"})).expect(expected);
        any.put(&address(story), json!({"title": "Mine now"})).expect(expected);
        any.delete(&address(story)).expect(expected);
        assert_eq!(editor.get(&address(story)).expect(200).json()["title"], story["title"]);
    }
    let read = writer.get(&address(&live)).expect(200).json();
    assert!(read.get("status").is_none(), "others' published stories are seen with readers' eyes");
    assert_eq!(writer.slugs("/v1/articles"), ["own"]);
    assert_eq!(editor.publish(&own, json!({}))["status"], "published");
    assert_eq!(writer.get(&address(&own)).expect(200).json()["status"], "published");
}

#[apply(each_database)]
fn a_silent_change_is_read_and_moves_no_date(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "A coma"}));
    let first = times(&reader.get(&address(&story)).expect(200).json());
    app.pass(60);
    editor.change(&story, json!({"title": "A comma"}));
    editor.publish(&story, json!({"modified": "silent"}));
    let read = reader.get(&address(&story)).expect(200).json();
    assert_eq!((&read["title"], times(&read)), (&json!("A comma"), first.clone()));
    app.pass(60);
    editor.change(&story, json!({"title": "Two commas"}));
    editor.publish(&story, json!({"modified": "editorial"}));
    let [began, runs, modified] = times(&reader.get(&address(&story)).expect(200).json());
    assert_eq!([began, runs, modified], [first[0].clone(), first[1].clone(), json!(app.later(0))]);
}
