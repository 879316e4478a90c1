//! How many stories readers see under a name: the same as a list of them would count, at any moment.

use dateline::db::schema::tallies;
use dateline::jobs;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

/// Names and their counts, as a list of a room tells them.
fn counts(client: &Client, path: &str) -> Vec<(String, i64)> {
    let row = |row: &Value| (text(&row["slug"]).to_owned(), row["live_count"].as_i64().unwrap());
    client.get(path).expect(200).json()["data"].as_array().unwrap().iter().map(row).collect()
}

/// Compares every count with what the list of stories says, by filter and by shortcut.
#[track_caller]
fn compare(reader: &Client, why: &str) {
    for (room, parameter) in [("tags", "tag"), ("authors", "author"), ("sources", "source")] {
        for row in reader.get(&format!("/v1/{room}?limit=100")).expect(200).json()["data"].as_array().unwrap() {
            let parameter = if row["kind"] == "section" { "section" } else { parameter };
            let slug = text(&row["slug"]);
            let filtered = format!("/v1/articles?count=true&limit=1&{parameter}={slug}");
            let below = format!("/v1/{room}/{slug}/articles?count=true&limit=1");
            for list in [filtered, below] {
                let total = reader.get(&list).expect(200).json()["total"].clone();
                assert_eq!(row["live_count"], total, "{list}, {why}");
            }
        }
    }
}

fn newsroom(editor: &Client) {
    for number in 0..3 {
        editor.make("tags", json!({"name": format!("Tag {number}")}));
        editor.make("tags", json!({"name": format!("Section {number}"), "kind": "section"}));
        editor.make("authors", json!({"name": format!("Author {number}")}));
        editor.make("sources", json!({"name": format!("Source {number}")}));
    }
}

/// Adds up what lies behind, as the background does.
fn fold(app: &TestApp) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(jobs::fold(app.app().db(), app.clock().now())).unwrap();
}

fn tallied(app: &TestApp) -> i64 {
    app.ask(|connection| Ok(tallies::table.count().get_result(connection)?))
}

#[apply(each_database)]
fn a_count_is_what_the_list_counts_whatever_is_done(database: Database) {
    let seed = std::env::var("TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random::<u64>);
    println!("TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let app = TestApp::start(database);
    let (reader, editor, admin) = (app.anonymous().unchecked(), app.editor().unchecked(), app.admin().unchecked());
    newsroom(&editor);
    let mut stories: Vec<Value> = (0..6).map(|number| editor.begin(json!({"title": format!("{number}")}))).collect();
    for step in 0..150 {
        let index = random.random_range(0..stories.len());
        let (place, number) = (address(&stories[index]), random.random_range(0..3));
        let later = app.later(random.random_range(0..12));
        match random.random_range(0..14) {
            0..=4 => drop(editor.post(&format!("{place}/publish"), json!({}))),
            5..=6 => drop(editor.post(&format!("{place}/publish"), json!({ "at": later }))),
            7 => drop(editor.post(&format!("{place}/publish"), json!({ "until": later }))),
            8 => drop(editor.post(&format!("{place}/unpublish"), json!({}))),
            9 => drop(editor.post(&format!("{place}/unschedule"), json!({}))),
            10 => drop(editor.if_match("*").patch(&place, json!({ "embargo_until": later }))),
            11 => {
                drop(editor.post(&format!("{place}/kill"), json!({})));
                drop(admin.post(&format!("{place}/publish"), json!({})));
            }
            12 => {
                if admin.if_match("*").delete(&format!("{place}?purge=true")).status() == 204 {
                    stories[index] = editor.begin(json!({"title": format!("new {step}")}));
                }
            }
            _ => {
                let members = json!({
                    "tags": [format!("tag-{number}"), "section-0"], "authors": [format!("author-{number}")],
                    "source": format!("source-{number}"), "section": format!("section-{number}"),
                });
                drop(editor.if_match("*").patch(&place, members));
            }
        }
        app.pass(random.random_range(0..3));
        if step % 40 == 20 {
            fold(&app);
        }
        if step % 5 == 0 {
            compare(&reader, &format!("step {step}, TEST_SEED={seed}"));
        }
    }
    app.pass(20);
    compare(&reader, &format!("at the end, TEST_SEED={seed}"));
}

#[apply(each_database)]
fn adding_up_changes_no_count_and_leaves_little(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    newsroom(&editor);
    let story = editor.begin(json!({"title": "Often", "tags": ["tag-0"], "section": "section-0"}));
    for _ in 0..40 {
        editor.publish(&story, json!({}));
        app.pass(1);
    }
    editor.publish(&story, json!({"at": app.later(60), "until": app.later(120)}));
    let before = tallied(&app);
    assert!(before > 100, "{before}");
    for (seconds, count) in [(0, 1), (59, 1), (1, 1), (60, 0)] {
        app.pass(seconds);
        fold(&app);
        assert_eq!(counts(&app.anonymous(), "/v1/tags?kind=topic")[0], ("tag-0".to_owned(), count));
        assert_eq!(counts(&app.anonymous(), "/v1/tags?kind=section")[0], ("section-0".to_owned(), count));
    }
    assert!(tallied(&app) < 20, "{}", tallied(&app));
}

#[apply(each_database)]
fn names_can_be_sorted_by_their_counts(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    newsroom(&editor);
    for (number, tags) in [(0, json!(["tag-1"])), (1, json!(["tag-1", "tag-2"])), (2, json!(["tag-1"]))] {
        editor.published(
            json!({"title": format!("{number}"), "tags": tags, "section": "section-2", "authors": ["author-1"]}),
        );
    }
    let sorted = counts(&reader, "/v1/tags?sort=-live_count&limit=100");
    let numbers: Vec<i64> = sorted.iter().map(|(_, count)| *count).collect();
    assert_eq!(numbers, [3, 3, 1, 0, 0, 0]);
    assert_eq!(
        reader.walk("/v1/tags?sort=-live_count&limit=1"),
        sorted.iter().map(|(slug, _)| slug.clone()).collect::<Vec<_>>()
    );
    let mut upwards = reader.walk("/v1/tags?sort=live_count&limit=4");
    upwards.reverse();
    assert_eq!(upwards, reader.walk("/v1/tags?sort=-live_count&limit=4"));
    let second = reader.get("/v1/tags?sort=-live_count&limit=2&page=2&count=true&kind=topic").expect(200).json();
    assert_eq!((second["data"].as_array().unwrap().len(), &second["total"]), (1, &json!(3)));
    assert_eq!(counts(&reader, "/v1/authors?sort=-live_count&limit=1"), [("author-1".to_owned(), 3)]);
    assert_eq!(counts(&reader, "/v1/sources?sort=-live_count")[0].1, 0);
    for (wrong, said) in [
        ("live_count,name", "sorted by alone"),
        ("-name,-live_count", "sorted by alone"),
        ("nam", "; or live_count alone"),
        ("-livecount", "did you mean live_count?"),
    ] {
        let refused = reader.get(&format!("/v1/tags?sort={wrong}")).expect(400);
        assert_eq!(refused.refusals(), ["sort invalid_sort"]);
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    let cursor = reader.get("/v1/tags?sort=-live_count&limit=1").expect(200).json()["next"].clone();
    reader.get(&format!("/v1/tags?limit=1&cursor={}", text(&cursor))).expect(400);
    // One thing alone says nothing of it.
    assert!(reader.get("/v1/tags/tag-1").expect(200).json().get("live_count").is_none());
}
