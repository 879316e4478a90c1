//! What caches between us and readers are told: how long an answer is good, by what it is purged, and nothing of what
//! readers do not see yet.

use dateline::http::sharing::Sharing;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

/// A server beside this one that lets caches share its answers.
fn sharing(app: &TestApp) -> TestApp {
    app.beside_with(|config| config.sharing = Sharing { max_age: 60, stale: 0 })
}

fn keys(reply: &Reply) -> Vec<&str> {
    reply.header("Surrogate-Key").unwrap_or_default().split(' ').collect()
}

#[apply(each_database)]
fn an_answer_is_purged_by_what_stands_in_it(database: Database) {
    let first = TestApp::start(database);
    let app = sharing(&first);
    let editor = app.editor();
    let story = editor.published(json!({"title": "Talks", "tags": [{"name": "NATO"}]}));
    let read = app.anonymous().get(&address(&story)).expect(200);
    let mut expected = [text(&story["id"]).to_owned(), text(&story["tags"][0]["id"]).to_owned()];
    expected.sort();
    assert_eq!(keys(&read), expected);
    assert_eq!(read.header("Cache-Tag"), Some(&*expected.join(",")));
    assert_eq!(keys(&app.anonymous().get("/v1/articles").expect(200)), ["lists"]);
}

#[apply(each_database)]
fn nothing_is_told_of_what_readers_do_not_see_yet(database: Database) {
    let first = TestApp::start(database);
    let app = sharing(&first);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "Talks", "language": "en"}));
    let paths = [address(&story), "/v1/articles".to_owned(), "/v1/tags".to_owned(), "/v1/calendar".to_owned()];
    let told = || {
        let head = |path: &String| {
            let reply = reader.get(path).expect(200);
            (reply.header("Cache-Control").map(str::to_owned), keys(&reply).join(" "))
        };
        paths.iter().map(head).collect::<Vec<_>>()
    };
    let before = told();
    assert_eq!(before[0].0.as_deref(), Some("public, max-age=0, s-maxage=60"));
    let hidden: Vec<Value> = [("de", json!({"embargo_until": app.later(25)})), ("fr", json!({}))]
        .into_iter()
        .map(|(language, mut members)| {
            members["title"] = json!(format!("In {language}"));
            members["language"] = json!(language);
            members["translation_of"] = story["id"].clone();
            editor.begin(members)
        })
        .collect();
    editor.publish(&hidden[0], json!({}));
    editor.publish(&hidden[1], json!({"at": app.later(25)}));
    editor.publish(&story, json!({"at": app.later(25)}));
    assert_eq!(told(), before);
    // And yet they are there when their time has come, and sooner when somebody says so.
    editor.change(&hidden[0], json!({"embargo_until": null}));
    let translations = || reader.get(&address(&story)).expect(200).json()["translations"].as_array().unwrap().len();
    assert_eq!(translations(), 1);
    app.pass(25);
    assert_eq!(translations(), 2);
}
