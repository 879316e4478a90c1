//! What is kept only so many times stays so, however many make one at the same moment.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, at_once, statuses};
use crate::support::{Database, TestApp, each_database};

/// How many come for the last two places.
const AT_ONCE: usize = 8;

/// Makes all but two, then too many at the same moment: exactly two find a place.
#[track_caller]
fn fill(most: usize, make: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    for number in 2..most {
        make(number).expect(201);
    }
    let replies = at_once(AT_ONCE, |number| make(most + number));
    assert_eq!(statuses(&replies), [(201, 2), (409, AT_ONCE - 2)]);
    replies.into_iter().filter(|reply| reply.status() == 409).collect()
}

fn total(caller: &Client, list: &str) -> usize {
    let page = caller.get(list).expect(200).json();
    page["total"].as_u64().map_or_else(|| page["data"].as_array().map_or(0, Vec::len), |total| total as usize)
}

#[apply(each_database)]
fn an_account_has_fifty_tokens_at_most_however_many_are_made_at_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let make = |number: usize| {
        editor.post("/v1/tokens", json!({ "name": format!("script {number}"), "scopes": ["events:read"] }))
    };
    let refused = fill(50, make);
    assert!(refused.iter().all(|reply| reply.code() == "too_many_tokens"));
    assert_eq!(total(&editor, "/v1/tokens?count=true"), 50);
    // Others have their own.
    app.admin().post("/v1/tokens", json!({ "name": "script", "scopes": ["events:read"] })).expect(201);
}

#[apply(each_database)]
fn there_are_a_hundred_roles_at_most_however_many_are_made_at_once(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let built_in = total(&admin, "/v1/roles");
    let permissions: Value = json!([{ "action": "articles:read_drafts" }]);
    let make = |number: usize| {
        admin.post("/v1/roles", json!({ "name": format!("desk-{number}"), "permissions": permissions }))
    };
    let refused = fill(100 - built_in, make);
    assert!(refused.iter().all(|reply| reply.code() == "too_many_roles"));
    assert_eq!(total(&admin, "/v1/roles"), 100);
}

#[apply(each_database)]
fn an_article_has_fifty_preview_links_at_most_whoever_makes_them_at_once(database: Database) {
    let app = TestApp::start(database);
    let makers = [app.editor(), app.admin(), app.signed_in("other@example.org", "editor")];
    let story = makers[0].begin(json!({ "title": "Draft" }));
    let links = format!("{}/preview-links", address(&story));
    let refused = fill(50, |number| makers[number % makers.len()].post(&links, json!({})));
    assert!(refused.iter().all(|reply| reply.code() == "too_many_preview_links"));
    assert_eq!(total(&makers[0], &format!("{links}?count=true")), 50);
}
