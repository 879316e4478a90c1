//! How many stories there are from when.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{text, with_cursor};
use crate::support::{Database, TestApp, each_database};

const DAY: u64 = 24 * 3600;

/// Periods and their counts, page after page.
fn calendar(client: &Client, path: &str) -> Vec<(String, u64)> {
    let mut page = client.get(path).expect(200).json();
    let row = |row: &Value| (text(&row["period"]).to_owned(), row["articles"].as_u64().unwrap());
    let mut periods: Vec<_> = page["data"].as_array().unwrap().iter().map(row).collect();
    while let Some(next) = page["next"].as_str() {
        page = client.get(&with_cursor(path, next)).expect(200).json();
        periods.extend(page["data"].as_array().unwrap().iter().map(row));
    }
    periods
}

/// The same, counted from the list of articles.
fn counted(client: &Client, filter: &str, letters: usize) -> Vec<(String, u64)> {
    let mut periods: BTreeMap<String, u64> = BTreeMap::new();
    let list = client.get(&format!("/v1/articles?limit=100{filter}")).expect(200).json();
    for story in list["data"].as_array().unwrap() {
        *periods.entry(text(&story["published_at"])[..letters].to_owned()).or_default() += 1;
    }
    periods.into_iter().rev().collect()
}

#[apply(each_database)]
fn periods_count_what_the_list_lists(database: Database) {
    let app = TestApp::start(database);
    let mut random = StdRng::seed_from_u64(7);
    app.editor().make("tags", json!({"name": "NATO"}));
    app.editor().make("authors", json!({"name": "Zoe"}));
    for number in 0..40 {
        let editor = app.editor().unchecked();
        let tags = if random.random_bool(0.5) { json!(["nato"]) } else { json!([]) };
        let language = if random.random_bool(0.3) { "de" } else { "en" };
        let members = json!({"title": format!("{number}"), "tags": tags, "language": language, "authors": ["zoe"]});
        let story = editor.begin(members);
        match number % 8 {
            0 => drop(editor.publish(&story, json!({"at": app.later(3 * DAY)}))),
            1 => drop(editor.publish(&story, json!({"until": app.later(40 * DAY)}))),
            2 => {}
            _ => drop(editor.publish(&story, json!({}))),
        }
        app.pass(random.random_range(0..20) * DAY / 2);
    }
    let reader = app.anonymous();
    for filter in ["", "&tag=nato", "&language=de", "&tag=nato&author=zoe", "&published_after=2027-02-01T00:00:00Z"] {
        for (group, letters) in [("day", 10), ("month", 7), ("year", 4)] {
            let expected = counted(&reader, filter, letters);
            assert!(!expected.is_empty(), "{filter}");
            for limit in [1, 2, 100] {
                let path = format!("/v1/calendar?group={group}&limit={limit}{filter}");
                assert_eq!(calendar(&reader, &path), expected, "{path}");
            }
            let path = format!("/v1/calendar?group={group}&limit=1&page=2&count=true{filter}");
            let second = reader.get(&path).expect(200).json();
            assert_eq!(second["total"], expected.len());
            assert_eq!(second["data"][0]["period"].as_str(), expected.get(1).map(|(period, _)| period.as_str()));
        }
    }
    // Each period says what lists it.
    for group in ["day", "month", "year"] {
        let page = reader.get(&format!("/v1/calendar?group={group}&limit=100")).expect(200).json();
        for period in page["data"].as_array().unwrap() {
            let (after, before) = (text(&period["published_after"]), text(&period["published_before"]));
            let list = format!("/v1/articles?count=true&published_after={after}&published_before={before}");
            assert_eq!(reader.get(&list).expect(200).json()["total"], period["articles"], "{period}");
        }
    }
    let expected = counted(&reader, "", 7);
    assert_eq!(calendar(&reader, "/v1/calendar"), expected, "by month when nobody says");
    assert_eq!(calendar(&app.editor(), "/v1/calendar"), expected, "drafts are no news");
}

#[apply(each_database)]
fn a_calendar_is_asked_as_a_list_is(database: Database) {
    let app = TestApp::start(database);
    let reader = app.anonymous();
    assert_eq!(reader.get("/v1/calendar").expect(200).json(), json!({"data": [], "next": null}));
    let refused = |query: &str| reader.get(&format!("/v1/calendar?{query}")).expect(400).refusals();
    assert_eq!(refused("group=week"), ["group invalid"]);
    assert_eq!(refused("sort=title"), ["sort not_here"]);
    assert_eq!(refused("status=draft"), ["status unknown_parameter"]);
    app.editor().published(json!({"title": "One"}));
    app.pass(60 * DAY);
    app.editor().published(json!({"title": "Two"}));
    let page = reader.get("/v1/calendar?limit=1").expect(200);
    let cursor = text(&page.json()["next"]).to_owned();
    assert!(page.header("Link").is_some());
    assert_eq!(refused(&format!("group=day&limit=1&cursor={cursor}")), ["cursor invalid_cursor"]);
    reader.header("If-None-Match", &page.etag()).get("/v1/calendar?limit=1").expect(304);
}
