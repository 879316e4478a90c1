//! An embargo is a gate and not a label: until it ends, to everybody else the story does not exist.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

/// Status, headers and body of an answer, without what differs from request to request.
fn whole(reply: &Reply) -> (u16, String, Value) {
    let mut json = reply.json();
    json.as_object_mut().unwrap().remove("request_id");
    (reply.status(), reply.head(), json)
}

fn total(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/articles?count=true{query}")).expect(200).json()["total"].clone()
}

#[apply(each_database)]
fn readers_find_nothing_until_it_ends_and_partners_read_ahead(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, partner) = (app.editor(), app.anonymous(), app.partner());
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600), "tags": [{"name": "Money"}]}));
    assert_eq!(story["embargo_until"], app.later(600));
    partner.get(&address(&story)).expect(404);
    let published = editor.publish(&story, json!({}));
    assert_eq!((text(&published["status"]), text(&published["scheduled_for"])), ("scheduled", &*app.later(600)));
    let nobody = reader.get("/v1/articles/01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40");
    for place in [address(&story), "/v1/articles/budget".to_owned()] {
        assert_eq!(whole(&reader.get(&place)), whole(&nobody));
        assert_eq!(whole(&reader.get(&format!("{place}?as_of={}", app.later(0)))), whole(&nobody));
        partner.get(&format!("{place}?view=live")).expect(404);
        let ahead = partner.get(&place).expect(200);
        assert_eq!(ahead.json()["embargo_until"], app.later(600));
        assert_eq!(ahead.header("Cache-Control"), Some("private, no-store"));
    }
    assert_eq!(
        (total(&reader, ""), total(&reader, "&tag=money"), total(&partner, "&tag=money")),
        (json!(0), json!(0), json!(1))
    );
    assert_eq!(partner.slugs("/v1/articles"), ["budget"]);
    app.pass(599);
    reader.get(&address(&story)).expect(404);
    app.pass(1);
    let read = reader.get(&address(&story)).expect(200).json();
    assert_eq!((&read["published_at"], read.get("embargo_until")), (&json!(app.later(0)), None));
    assert!(partner.get(&address(&story)).expect(200).json().get("embargo_until").is_none());
}

#[apply(each_database)]
fn it_takes_effect_at_once_on_what_is_published_already(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, partner) = (app.editor(), app.anonymous(), app.partner());
    let story = editor.published(json!({"title": "Budget"}));
    let before = app.later(0);
    app.pass(10);
    let held = editor.change(&story, json!({"embargo_until": app.later(600)}));
    assert_eq!(held["status"], "scheduled");
    reader.get(&address(&story)).expect(404);
    let past = format!("{}?as_of={before}", address(&story));
    // It went out by mistake: until the embargo ends, it was never there.
    let hidden = |app: &TestApp| {
        let (list, reader) = (format!("/v1/articles?count=true&as_of={before}"), app.anonymous());
        let found = reader.get(&past).status();
        for more in ["history", "proof", "proof?publication=1"] {
            assert_eq!(reader.get(&format!("{}/{more}", address(&story))).status(), found, "{more}");
        }
        reader.get(&list).expect(200).json()["total"] == 0 && found == 404
    };
    assert!(hidden(&app));
    assert_eq!(partner.get(&address(&story)).expect(200).json()["embargo_until"], app.later(600));
    // Moved, and moved back.
    editor.change(&story, json!({"embargo_until": app.later(900)}));
    app.pass(700);
    reader.get(&address(&story)).expect(404);
    assert!(hidden(&app));
    editor.change(&story, json!({"embargo_until": null}));
    reader.get(&past).expect(200);
    let read = reader.get(&address(&story)).expect(200).json();
    assert_eq!((&read["first_published_at"], &read["published_at"]), (&json!(before), &json!(app.later(0))));
    reader
        .get(&format!("{}?as_of={}", address(&story), app.clock().now().before(std::time::Duration::from_secs(1))))
        .expect(404);
}

#[apply(each_database)]
fn an_admin_sees_what_readers_see_and_gives_a_token_that_reads_ahead(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600)}));
    editor.publish(&story, json!({}));
    // Working copies they see as such; what readers see, exactly as they do.
    assert_eq!(admin.get(&address(&story)).expect(200).json()["status"], "scheduled");
    admin.get(&format!("{}?view=live", address(&story))).expect(404);
    assert_eq!(admin.get("/v1/search?q=budget&count=true").expect(200).json()["total"], 0);
    let asked = json!({ "name": "agency feed", "scopes": ["embargo:read"] });
    let token = app.anonymous().bearer(text(&admin.make("tokens", asked)["token"]));
    assert_eq!(token.get(&address(&story)).expect(200).json()["title"], "Budget");
    assert_eq!(token.get("/v1/search?q=budget&count=true").expect(200).json()["total"], 1);
}

#[apply(each_database)]
fn a_replacement_that_does_not_name_it_does_not_lift_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600)}));
    editor.publish(&story, json!({}));
    let replaced = editor.if_match("*").put(&address(&story), json!({"title": "Budget, whole"})).expect(200).json();
    assert_eq!(replaced["embargo_until"], app.later(600));
    app.anonymous().get(&address(&story)).expect(404);
}

#[apply(each_database)]
fn no_date_is_told_that_has_not_come(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let held = editor.begin(json!({"title": "Held", "embargo_until": app.later(6000)}));
    editor.publish(&held, json!({}));
    let read = editor.published(json!({"title": "Read"}));
    app.pass(10);
    editor.change(&read, json!({"embargo_until": app.later(6000)}));
    app.pass(10);
    for story in [&held, &read] {
        editor.change(story, json!({"embargo_until": null}));
        let shown = reader.get(&address(story)).expect(200).json();
        assert_eq!((&shown["published_at"], &shown["modified_at"]), (&json!(app.later(0)), &json!(app.later(0))));
    }
    // One that comes earlier.
    let earlier = editor.begin(json!({"title": "Earlier", "embargo_until": app.later(6000)}));
    editor.publish(&earlier, json!({}));
    let end = app.later(60);
    editor.change(&earlier, json!({"embargo_until": end}));
    app.pass(61);
    let shown = reader.get(&address(&earlier)).expect(200).json();
    assert_eq!((&shown["published_at"], &shown["modified_at"]), (&json!(end), &json!(end)));
    assert_untouched(&app);
}

#[apply(each_database)]
fn what_makes_no_sense_is_refused(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let past = editor.post("/v1/articles", json!({"title": "x", "embargo_until": "2026-01-01T00:00:00Z"})).expect(422);
    assert_eq!(past.refusals(), ["/embargo_until in_the_past"]);
    let endless =
        editor.post("/v1/articles", json!({"title": "x", "embargo_until": "9999-12-31T23:59:59Z"})).expect(422);
    assert_eq!(endless.refusals(), ["/embargo_until never_ends"]);
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600)}));
    let short = editor.post(&format!("{}/publish", address(&story)), json!({"until": app.later(500)})).expect(422);
    assert_eq!(short.refusals(), ["/until before_start"]);
    // Readers see one version and another one waits: which of them would it hold back?
    let both = editor.published(json!({"title": "Both"}));
    editor.publish(&both, json!({"at": app.later(60)}));
    let unclear = editor.if_match("*").patch(&address(&both), json!({"embargo_until": app.later(600)})).expect(409);
    assert_eq!(unclear.refusals(), ["/embargo_until scheduled"]);
    // A writer cannot take down by embargo what an editor published.
    let own = writer.begin(json!({"title": "Own"}));
    editor.publish(&own, json!({}));
    writer.if_match("*").patch(&address(&own), json!({"embargo_until": app.later(600)})).expect(403);
    app.anonymous().get(&address(&own)).expect(200);
}

#[apply(each_database)]
fn every_read_ahead_is_in_the_log(database: Database) {
    let app = TestApp::start(database);
    let (editor, partner) = (app.editor(), app.partner());
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600)}));
    editor.publish(&story, json!({}));
    editor.published(json!({"title": "Plain"}));
    partner.get(&address(&story)).expect(200);
    partner.get("/v1/articles").expect(200);
    partner.get("/v1/articles/plain").expect(200);
    editor.get(&address(&story)).expect(200);
    let me = partner.get("/v1/auth/me").expect(200).json();
    let log = editor.get("/v1/events?action=read_under_embargo").expect(200).json();
    let reads = log["data"].as_array().unwrap();
    assert_eq!(reads.len(), 2);
    for read in reads {
        assert_eq!((&read["actor"]["id"], &read["resource_id"]), (&me["id"], &story["id"]));
    }
}

#[apply(each_database)]
fn who_writes_and_reads_ahead_finds_by_its_address_what_a_search_shows(database: Database) {
    let app = TestApp::start(database);
    let permissions = json!([{"action": "articles:read_drafts", "own": true}, {"action": "embargo:read"}]);
    app.admin().make("roles", json!({"name": "stringer", "permissions": permissions}));
    let (editor, stringer) = (app.editor(), app.signed_in("stringer@example.org", "stringer"));
    let story = editor.begin(json!({"title": "Budget", "embargo_until": app.later(600)}));
    editor.publish(&story, json!({}));
    assert_eq!(stringer.get("/v1/search?q=budget").expect(200).json()["total"], 1);
    let read = stringer.get(&address(&story)).expect(200).json();
    assert_eq!(text(&read["embargo_until"]), app.later(600));
    let log = editor.get("/v1/events?action=read_under_embargo").expect(200).json();
    assert_eq!(log["data"].as_array().unwrap().len(), 2);
}

#[apply(each_database)]
fn it_hides_what_was_taken_down_before_until_it_ends(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader, writer) = (app.editor(), app.anonymous(), app.writer());
    let story = writer.begin(json!({"title": "Budget"}));
    editor.publish(&story, json!({}));
    let past = format!("{}?as_of={}", address(&story), app.later(0));
    app.pass(10);
    editor.unpublish(&story);
    app.pass(10);
    reader.get(&past).expect(200);
    writer.if_match("*").patch(&address(&story), json!({"embargo_until": app.later(100)})).expect(403);
    editor.change(&story, json!({"embargo_until": app.later(100)}));
    reader.get(&past).expect(404);
    app.pass(99);
    reader.get(&past).expect(404);
    app.pass(1);
    reader.get(&past).expect(200);
}

#[apply(each_database)]
fn notes_that_were_read_keep_their_dates(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.published(json!({"title": "Budget"}));
    app.pass(10);
    let note = json!({"type": "correction", "text": "It was wrong.", "publish": true});
    let told = editor.post(&format!("{}/corrections", address(&story)), note).expect(200).json();
    app.pass(10);
    let held = editor.change(&story, json!({"embargo_until": app.later(600)}));
    assert_eq!(held["corrections"], told["corrections"]);
    app.pass(600);
    assert_eq!(app.anonymous().get(&address(&story)).expect(200).json()["corrections"], told["corrections"]);
}
