//! Reading the log: whole, from a position on, and only what is asked for.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

/// What a filter lets through.
type IsMeant<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

/// The entries of a list, page after page.
#[track_caller]
fn entries(client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/v1/events?limit=7{query}");
    let mut page = client.get(&path).expect(200).json();
    let mut entries = page["data"].as_array().unwrap().clone();
    while let Some(next) = page["next"].as_str() {
        page = client.get(&with_cursor(&path, next)).expect(200).json();
        entries.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    entries
}

#[apply(each_database)]
fn each_filter_gives_exactly_what_it_says(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer) = (app.editor(), app.writer());
    let story = editor.published(json!({"title": "Ferry", "tags": [{"name": "Harbour"}]}));
    writer.begin(json!({"title": "Tide"}));
    app.pass(10);
    let middle = app.later(0);
    editor.change(&story, json!({"title": "Ferry returns"}));
    editor.publish(&story, json!({"at": app.later(5)}));
    app.pass(5);
    app.announce();
    editor.post(&format!("{}/kill", address(&story)), json!({"reason_internal": "forged"})).expect(200);
    let all = entries(&editor, "");
    let positions: Vec<u64> = all.iter().map(|entry| entry["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=all.len() as u64).collect::<Vec<_>>(), "no gaps, oldest first");
    let last = all.last().unwrap();
    let (somebody, story) = (text(&last["actor"]["id"]), text(&story["id"]));
    let moment = |entry: &Value| text(&entry["at"]).to_owned();
    let cases: Vec<(String, IsMeant<'_>)> = vec![
        (format!("&actor={somebody}"), Box::new(|entry| entry["actor"]["id"] == somebody)),
        ("&actor=clock".to_owned(), Box::new(|entry| entry["actor"]["kind"] == "clock")),
        ("&actor=operator".to_owned(), Box::new(|entry| entry["actor"]["kind"] == "operator")),
        ("&resource=tag".to_owned(), Box::new(|entry| entry["resource"] == "tag")),
        (format!("&id={story}"), Box::new(|entry| entry["resource_id"] == story)),
        ("&action=published".to_owned(), Box::new(|entry| entry["action"] == "published")),
        (format!("&since={middle}"), Box::new(|entry| moment(entry) >= middle)),
        (format!("&until={middle}"), Box::new(|entry| moment(entry) < middle)),
        ("&after=3".to_owned(), Box::new(|entry| entry["position"].as_u64().unwrap() > 3)),
        (
            format!("&id={story}&actor={somebody}&since={middle}"),
            Box::new(|entry| {
                entry["resource_id"] == story && entry["actor"]["id"] == somebody && moment(entry) >= middle
            }),
        ),
    ];
    for (query, is_meant) in &cases {
        let expected: Vec<&Value> = all.iter().filter(|entry| is_meant(entry)).collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query} would prove nothing");
        assert_eq!(entries(&editor, query).iter().collect::<Vec<_>>(), expected, "{query}");
        let counted = editor.get(&format!("/v1/events?count=true&limit=1{query}")).expect(200).json();
        assert_eq!(counted["total"], json!(expected.len()), "{query}");
    }
    assert_eq!(entries(&editor, &format!("&after={}", positions.len())), Vec::<Value>::new());
    assert_eq!((&last["action"], &last["note"]), (&json!("killed"), &json!("forged")));
}

#[apply(each_database)]
fn what_cannot_be_asked_is_named(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for (query, name) in [
        ("after=-1", "after"),
        ("after=soon", "after"),
        ("resource=story", "resource"),
        ("actor=ada@example.org", "actor"),
        ("action=publish", "action"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("who=me", "who"),
    ] {
        let refused = editor.get(&format!("/v1/events?{query}")).expect(400).refusals();
        assert!(refused.len() == 1 && refused[0].starts_with(name), "{query}: {refused:?}");
    }
    assert!(editor.get("/v1/events?actor=operater").expect(400).text().contains("did you mean operator?"));
}
