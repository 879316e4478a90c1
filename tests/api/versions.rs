//! No silent overwrite: versions, `If-Match`, and a revision for every save.

use dateline::db::schema::events;
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::desk::{address, at_once, statuses, text};
use crate::support::{Database, TestApp, each_database};

type Revision = (i64, String, String, Value, Value, String);

/// The revisions of a story, oldest first: number, slug, body, note, who and when.
fn revisions(app: &TestApp, story: &Value) -> Vec<Revision> {
    let (editor, place) = (app.editor(), format!("{}/revisions", address(story)));
    let list = editor.get(&format!("{place}?limit=100")).expect(200).json();
    let whole = |row: &Value| {
        let number = row["number"].as_i64().expect("a number");
        let revision = editor.get(&format!("{place}/{number}")).expect(200).json();
        let member = |name: &str| text(&revision["article"][name]).to_owned();
        let (by, at) = (revision["saved_by"].clone(), text(&revision["saved_at"]).to_owned());
        (number, member("slug"), member("body"), revision["editor_note"].clone(), by, at)
    };
    list["data"].as_array().expect("a list").iter().rev().map(whole).collect()
}

/// What the log says of a story.
fn logged(app: &TestApp, story: &Value) -> Vec<(String, Option<i32>, Option<i32>)> {
    let id = text(&story["id"]).to_owned();
    app.ask(move |connection| {
        let all = events::table.filter(events::resource_id.eq(id)).order(events::position);
        Ok(all.select((events::action, events::version_before, events::version_after)).load(connection)?)
    })
}

#[apply(each_database)]
fn a_change_must_name_the_version_it_is_based_on(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let begun = editor.post("/v1/articles", json!({"title": "First"})).expect(201);
    let place = address(&begun.json());
    for unnamed in [
        editor.patch(&place, json!({"title": "Second"})),
        editor.put(&place, json!({"title": "Second"})),
        editor.delete(&place),
    ] {
        assert_eq!(unnamed.expect(428).code(), "version_required");
    }
    let second = editor.if_match(&begun.etag()).patch(&place, json!({"title": "Second"})).expect(200);
    let late = editor.if_match(&begun.etag());
    for refused in [
        late.patch(&place, json!({"title": "Late"})),
        late.put(&place, json!({"title": "Late"})),
        late.delete(&place),
        late.post(&format!("{place}/publish"), json!({})),
        late.send("POST", &format!("{place}/unpublish"), None),
        editor.if_match(&format!("W/{}", second.etag())).patch(&place, json!({"title": "Late"})),
        editor.if_match("\"nonsense\"").patch(&place, json!({"title": "Late"})),
    ] {
        assert_eq!(refused.expect(412).code(), "version_mismatch");
    }
    for malformed in ["2", "\"2", "", "*, \"2\""] {
        let refused = editor.if_match(malformed).patch(&place, json!({"title": "Late"})).expect(400);
        assert_eq!(refused.refusals(), ["If-Match invalid_etag"], "{malformed}");
    }
    assert_eq!(editor.get(&place).expect(200).json(), second.json());
    let refused = late.patch(&place, json!({"title": "Late"})).expect(412);
    editor.if_match(&refused.etag()).patch(&place, json!({"title": "Third"})).expect(200);
    editor.if_match("*").put(&place, json!({"title": "Fourth"})).expect(200);
    editor.if_match("\"9\", \"4\"").delete(&place).expect(204);
}

#[apply(each_database)]
fn somebody_renaming_a_tag_does_not_stop_an_editor_from_saving(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let begun = editor.post("/v1/articles", json!({"title": "First", "tags": [{"name": "NATO"}]})).expect(201);
    editor.patch("/v1/tags/nato", json!({"name": "The alliance"})).expect(200);
    let read = editor.get(&address(&begun.json())).expect(200);
    assert_ne!(read.etag(), begun.etag(), "what is read is not the same any more");
    editor.if_match(&begun.etag()).patch(&address(&begun.json()), json!({"title": "Second"})).expect(200);
}

#[apply(each_database)]
fn every_save_is_kept_and_logged_and_saying_nothing_new_is_not_a_save(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let whole = json!({"title": "One", "body": "a", "tags": [{"name": "NATO"}], "custom": {"b": 1, "a": [2]}});
    let story = editor.begin(whole.clone());
    app.pass(1);
    editor.change(&story, json!({"body": "b", "editor_note": "n", "slug": "eins"}));
    app.pass(1);
    for same in [json!({}), json!({"title": " One", "body": "b", "tags": ["nato"], "custom": {"a": [2], "b": 1}})] {
        let unchanged = editor.change(&story, same);
        assert_eq!((&unchanged["version"], &unchanged["slug"]), (&json!(2), &json!("eins")));
        assert_ne!(unchanged["updated_at"], app.later(0));
    }
    let me = editor.get("/v1/auth/me").expect(200).json()["id"].clone();
    let begun = text(&story["created_at"]).to_owned();
    let saved = app.clock().now().before(std::time::Duration::from_secs(1)).to_string();
    let expected = vec![
        (1, "one".to_owned(), "a".to_owned(), json!(null), me.clone(), begun),
        (2, "eins".to_owned(), "b".to_owned(), json!("n"), me, saved),
    ];
    assert_eq!(revisions(&app, &story), expected);
    editor.publish(&story, json!({}));
    editor.unpublish(&story);
    editor.if_match("*").delete(&address(&story)).expect(204);
    let expected = [
        ("created", None, Some(1)),
        ("updated", Some(1), Some(2)),
        ("published", None, Some(2)),
        ("unpublished", Some(2), None),
        ("deleted", Some(2), None),
    ];
    assert_eq!(logged(&app, &story), expected.map(|(action, before, after)| (action.to_owned(), before, after)));
}

#[apply(each_database)]
fn a_dry_run_of_a_story_answers_as_if_and_stores_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "First"}));
    let dry = format!("{}?dry_run=true", address(&story));
    let wish = json!({"title": "Second", "tags": [{"name": "Made"}]});
    assert_eq!(
        editor.post("/v1/articles?dry_run=true", json!({"title": "First"})).expect(201).json()["slug"],
        "first-2"
    );
    assert_eq!(editor.if_match("*").patch(&dry, wish.clone()).expect(200).json()["version"], 2);
    assert_eq!(editor.if_match("*").put(&dry, wish).expect(200).json()["tags"][0]["slug"], "made");
    let publish = format!("{}/publish?dry_run=true", address(&story));
    assert_eq!(editor.post(&publish, json!({})).expect(200).json()["status"], "published");
    editor.post(&publish, json!({"at": "2020-01-01T00:00:00Z"})).expect(422);
    editor.if_match("*").delete(&dry).expect(204);
    assert_eq!(editor.get(&address(&story)).expect(200).json(), story);
    assert_eq!((revisions(&app, &story).len(), logged(&app, &story).len()), (1, 1));
    assert!(editor.slugs("/v1/tags").is_empty() && app.anonymous().slugs("/v1/articles").is_empty());
}

#[apply(each_database)]
fn of_a_hundred_saves_of_one_version_exactly_one_wins(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let begun = editor.post("/v1/articles", json!({"title": "Contested"})).expect(201);
    let (story, based_on_it) = (begun.json(), editor.if_match(&begun.etag()));
    let replies = at_once(100, |number| {
        based_on_it.patch(&address(&story), json!({"title": format!("Number {number}"), "body": number.to_string()}))
    });
    assert_eq!(statuses(&replies), [(200, 1), (412, 99)]);
    let winner = replies.iter().find(|reply| reply.status() == 200).unwrap().json();
    assert_eq!(editor.get(&address(&story)).expect(200).json(), winner, "whole, and nothing of the others");
    let kept: Vec<(i64, String)> = revisions(&app, &story).into_iter().map(|row| (row.0, row.2)).collect();
    assert_eq!(kept, [(1, String::new()), (2, text(&winner["body"]).to_owned())]);
}

#[apply(each_database)]
fn of_many_who_mean_it_the_last_one_stands_and_every_save_is_kept(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Autosaved"}));
    let any = editor.if_match("*");
    let replies = at_once(20, |number| any.patch(&address(&story), json!({"body": format!("{number}")})));
    let saved = replies.iter().filter(|reply| reply.status() == 200).count();
    assert!(saved >= 1 && replies.iter().all(|reply| matches!(reply.status(), 200 | 412)), "{:?}", statuses(&replies));
    let now = editor.get(&address(&story)).expect(200).json();
    let kept = revisions(&app, &story);
    assert_eq!(kept.len(), saved + 1);
    assert_eq!(now["version"], saved + 1);
    assert_eq!(kept.last().unwrap().2, text(&now["body"]));
}

#[apply(each_database)]
fn a_story_is_deleted_once_and_no_late_save_or_publish_brings_it_back(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let any = editor.if_match("*");
    for _ in 0..6 {
        let story = editor.begin(json!({"title": "Doomed"}));
        let place = address(&story);
        let replies = at_once(9, |number| match number % 3 {
            0 => any.delete(&place),
            1 => any.patch(&place, json!({"body": number.to_string()})),
            _ => any.post(&format!("{place}/publish"), json!({})),
        });
        let of = |number: usize| replies.iter().skip(number).step_by(3).map(Reply::status).collect::<Vec<_>>();
        let (deletes, published) = (of(0), of(2).contains(&200));
        assert!(
            replies.iter().all(|reply| matches!(reply.status(), 200 | 204 | 404 | 409 | 412)),
            "{:?}",
            statuses(&replies)
        );
        let deleted = deletes.iter().filter(|status| **status == 204).count();
        assert!(deleted <= 1, "{deletes:?}");
        assert!(!(deleted == 1 && published), "what readers see cannot be deleted, and what is deleted not published");
        let expected = if deleted == 1 { 404 } else { 200 };
        editor.get(&place).expect(expected);
        reader.get(&place).expect(if published { 200 } else { 404 });
        if published {
            editor.unpublish(&story);
        }
        if deleted == 0 {
            any.delete(&place).expect(204);
        }
    }
}

#[apply(each_database)]
fn who_changes_whatever_is_there_is_never_too_late(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Harbour"}));
    let tag = editor.make("tags", json!({"name": "Ferry"}));
    for round in 0..4 {
        let replies = at_once(8, |number| {
            let said = format!("{round} {number}");
            match number % 2 {
                0 => editor.if_match("*").patch(&address(&story), json!({"summary": said})),
                _ => {
                    editor.if_match("*").patch(&format!("/v1/tags/{}", text(&tag["id"])), json!({"description": said}))
                }
            }
        });
        assert!(replies.iter().all(|reply| reply.status() == 200), "{:?}", statuses(&replies));
    }
    assert_eq!(editor.get(&address(&story)).expect(200).json()["version"], 17);
}
