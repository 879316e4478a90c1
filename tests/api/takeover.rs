//! A slug that readers know leads to its story for ever, unless an editor takes it over on purpose.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_former_slug_is_refused_and_can_be_taken_over(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let old = editor.published(json!({"title": "Old", "slug": "budget"}));
    app.pass(1);
    editor.change(&old, json!({"slug": "budget-2025"}));
    let new = json!({"title": "New", "slug": "budget", "take_over": true});
    // Its present name for readers is still the old one.
    let early = editor.post("/v1/articles", new.clone()).expect(409);
    assert_eq!(early.refusals(), ["/slug taken"]);
    assert!(early.text().contains("another article is read or scheduled under this slug"), "{}", early.text());
    editor.publish(&old, json!({}));
    app.pass(1);
    let plain = editor.post("/v1/articles", json!({"title": "New", "slug": "budget"})).expect(409);
    assert!(plain.refusals() == ["/slug taken"] && plain.text().contains("take_over"));
    app.writer().post("/v1/articles", new.clone()).expect(403);
    let story = editor.begin(new);
    let leads_to = || reader.get("/v1/articles/budget").expect(301).header("Location").unwrap().to_owned();
    assert_eq!(leads_to(), "/v1/articles/budget-2025", "until the new one is read");
    let then = app.later(0);
    let led_to = || {
        let past = reader.get(&format!("/v1/articles/budget?as_of={then}")).expect(301);
        past.header("Location").unwrap().split('?').next().unwrap().to_owned()
    };
    assert_eq!(led_to(), "/v1/articles/budget-2025");
    app.pass(1);
    editor.publish(&story, json!({}));
    assert_eq!(led_to(), "/v1/articles/budget-2025", "what it led to then, it led to for ever");
    assert_eq!(text(&reader.get("/v1/articles/budget").expect(200).json()["title"]), "New");
    app.pass(1);
    editor.change(&story, json!({"title": "Newer"}));
    editor.publish(&story, json!({}));
    app.pass(1);
    editor.change(&story, json!({"slug": "budget-2026"}));
    editor.publish(&story, json!({}));
    assert_eq!(leads_to(), "/v1/articles/budget-2026", "the last one that had it");
    assert_eq!(led_to(), "/v1/articles/budget-2025");
    reader.get(&address(&old)).expect(200);
}

#[apply(each_database)]
fn whoever_publishes_one_section_takes_over_no_slug_of_another(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor) = (app.admin(), app.editor());
    admin.make("tags", json!({"name": "Sport", "kind": "section"}));
    let permissions =
        ["articles:write", "articles:publish"].map(|action| json!({"action": action, "sections": ["sport"]}));
    admin.make("roles", json!({"name": "sports-desk", "permissions": permissions}));
    let desk = app.signed_in("desk@example.org", "sports-desk");
    let old = editor.published(json!({"title": "Budget"}));
    app.pass(1);
    editor.unpublish(&old);
    let mine = json!({"title": "Budget", "section": "sport", "take_over": true});
    // Made from the title, it would be the same slug.
    assert_eq!(desk.post("/v1/articles", mine.clone()).expect(422).refusals(), ["/slug required"]);
    let named = json!({"title": "Budget", "slug": "budget", "section": "sport", "take_over": true});
    desk.post("/v1/articles", named).expect(403);
    let story = desk.begin(json!({"title": "Cup", "section": "sport"}));
    // What it has already is no taking over, and gives no leave for the next one.
    desk.change(&story, json!({"title": "Cup final", "take_over": true}));
    desk.if_match("*").patch(&address(&story), json!({"slug": "budget"})).expect(409);
    assert_eq!(editor.post("/v1/articles", mine).expect(422).refusals(), ["/slug required"]);
}

#[apply(each_database)]
fn the_slug_of_what_was_killed_is_given_away_by_admins_only(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor, reader) = (app.admin(), app.editor(), app.anonymous());
    let libel = editor.published(json!({"title": "Libel"}));
    app.pass(1);
    editor.post(&format!("{}/kill", address(&libel)), json!({"reason_public": "A court order."})).expect(200);
    editor.change(&libel, json!({"slug": "parked"}));
    let again = json!({"title": "Libel", "slug": "libel", "take_over": true});
    editor.post("/v1/articles", again.clone()).expect(403);
    reader.get("/v1/articles/libel").expect(410);
    // Its own name it may have again.
    editor.change(&libel, json!({"slug": "libel", "take_over": true}));
    editor.change(&libel, json!({"slug": "parked"}));
    admin.post("/v1/articles", again).expect(201);
}

#[apply(each_database)]
fn a_kill_takes_back_the_slug_from_whoever_took_it_over_before(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor, reader) = (app.admin(), app.editor(), app.anonymous());
    let libel = editor.published(json!({"title": "Libel"}));
    app.pass(1);
    editor.unpublish(&libel);
    editor.change(&libel, json!({"slug": "parked"}));
    let other = editor.begin(json!({"title": "Other", "slug": "libel", "take_over": true}));
    editor.post(&format!("{}/kill", address(&libel)), json!({})).expect(200);
    let publish = format!("{}/publish", address(&other));
    assert_eq!(editor.post(&publish, json!({})).expect(409).refusals(), ["/slug taken"]);
    reader.get("/v1/articles/libel").expect(410);
    editor.if_match("*").patch(&address(&other), json!({"take_over": true})).expect(403);
    admin.if_match("*").patch(&address(&other), json!({"take_over": true})).expect(200);
    editor.post(&publish, json!({})).expect(200);
    assert_eq!(text(&reader.get("/v1/articles/libel").expect(200).json()["title"]), "Other");
}

#[apply(each_database)]
fn what_took_a_slug_over_and_is_killed_before_it_is_read_comes_back_under_it(database: Database) {
    let app = TestApp::start(database);
    let (admin, editor, reader) = (app.admin(), app.editor(), app.anonymous());
    let old = editor.published(json!({"title": "Old", "slug": "budget"}));
    app.pass(1);
    editor.unpublish(&old);
    editor.change(&old, json!({"slug": "parked"}));
    let other = editor.begin(json!({"title": "Other", "slug": "budget", "take_over": true}));
    editor.publish(&other, json!({"at": app.later(60)}));
    editor.post(&format!("{}/kill", address(&other)), json!({})).expect(200);
    admin.if_match("*").post(&format!("{}/publish", address(&other)), json!({})).expect(200);
    assert_eq!(text(&reader.get("/v1/articles/budget").expect(200).json()["title"]), "Other");
}

#[apply(each_database)]
fn a_slug_leads_on_through_any_chain_of_names(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "One", "slug": "name-0"}));
    for number in 1..=6 {
        app.pass(1);
        editor.change(&story, json!({"slug": format!("name-{number}")}));
        editor.publish(&story, json!({}));
    }
    for number in 0..6 {
        let moved = reader.get(&format!("/v1/articles/name-{number}")).expect(301);
        assert_eq!(moved.header("Location"), Some("/v1/articles/name-6"));
        assert_eq!(moved.json(), json!({"location": "/v1/articles/name-6"}));
    }
    app.pass(1);
    editor.change(&story, json!({"slug": "name-0"}));
    editor.publish(&story, json!({}));
    reader.get("/v1/articles/name-0").expect(200);
    assert_eq!(reader.get("/v1/articles/name-6").expect(301).header("Location"), Some("/v1/articles/name-0"));
}

#[apply(each_database)]
fn a_former_slug_leads_on_with_everything_else_that_was_asked(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "One", "slug": "one"}));
    app.pass(1);
    editor.change(&story, json!({"slug": "two"}));
    editor.publish(&story, json!({}));
    for (asked, leads_to) in [
        ("one?view=live", "two?view=live"),
        ("one/history?limit=1&count=true", "two/history?limit=1&count=true"),
        ("one/proof?publication=1", "two/proof?publication=1"),
    ] {
        let moved = reader.get(&format!("/v1/articles/{asked}")).expect(301);
        let place = format!("/v1/articles/{leads_to}");
        assert_eq!((moved.header("Location"), moved.json()), (Some(&*place), json!({ "location": place })));
        reader.get(&place).expect(200);
    }
}

#[apply(each_database)]
fn a_slug_that_waits_is_refused_in_the_words_of_a_draft(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    editor.begin(json!({"title": "Draft", "slug": "draft"}));
    let held = editor.begin(json!({"title": "Held", "slug": "held", "embargo_until": app.later(60)}));
    editor.publish(&held, json!({}));
    let refused = |slug: &str| {
        let refused = writer.post("/v1/articles", json!({"title": "Mine", "slug": slug})).expect(409).json();
        (refused["code"].clone(), refused["detail"].clone(), refused["errors"].clone())
    };
    assert_eq!(refused("held"), refused("draft"));
    app.pass(60);
    assert_ne!(refused("held"), refused("draft"));
}

#[apply(each_database)]
fn of_many_stories_that_want_one_slug_one_has_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let replies = at_once(50, |_| editor.post("/v1/articles", json!({"title": "x", "slug": "wanted"})));
    assert_eq!(statuses(&replies), [(201, 1), (409, 49)]);
    let replies = at_once(30, |_| editor.post("/v1/articles", json!({"title": "Same title"})));
    assert_eq!(statuses(&replies), [(201, 30)]);
    let mut slugs: Vec<String> = replies.iter().map(|reply| text(&reply.json()["slug"]).to_owned()).collect();
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 30);
}
