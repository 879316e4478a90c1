//! What is hidden is no oracle: asked for as a filter, as an order or as a field, it is answered like what there is not,
//! and nothing that a caller sends decides where an answer leads.

use rstest_reuse::apply;
use serde_json::{Value, json};
use url::Url;

use crate::support::client::Reply;
use crate::support::{Database, TestApp, each_database};

/// Members that are stored and that nobody may ask by.
const HIDDEN: [&str; 8] = [
    "password_hash",
    "email_key",
    "token_hash",
    "user.password_hash",
    "created_by.email",
    "authors.user.password_hash",
    "filter[author.password_hash][startsWith]",
    "where[created_by][password_hash][like]",
];

/// Every list that takes parameters, and the search.
const LISTS: [&str; 11] = [
    "articles",
    "articles/export",
    "search",
    "calendar",
    "tags",
    "authors",
    "sources",
    "users",
    "tokens",
    "events",
    "auth/sessions",
];

/// The same name but for one letter: there is no such member.
fn control(name: &str) -> String {
    let at = name.rfind(|letter: char| letter.is_ascii_lowercase()).expect("a letter");
    format!("{}x{}", &name[..at], &name[at + 1..])
}

/// Ways to ask by a member.
fn questions(name: &str) -> [String; 4] {
    [format!("{name}=$argon"), format!("sort={name}"), format!("sort=-{name}"), format!("fields={name}")]
}

/// What was answered, without the name that was asked for.
fn answer(reply: &Reply, name: &str) -> (u16, Value) {
    let mut problem: Value = serde_json::from_str(&reply.text().replace(name, "…")).expect("a problem");
    problem.as_object_mut().expect("an object").remove("request_id");
    (reply.status(), problem)
}

#[apply(each_database)]
fn s01_what_is_hidden_is_answered_like_what_there_is_not(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.published(json!({"title": "Ferry", "authors": [{"name": "Zoe"}]}));
    for (caller, refusals) in [(app.anonymous(), &[400, 401][..]), (editor, &[400, 403])] {
        for list in LISTS {
            for name in HIDDEN {
                let none = control(name);
                for (asked, control) in questions(name).iter().zip(questions(&none)) {
                    let (hidden, missing) =
                        (caller.get(&format!("/v1/{list}?{asked}")), caller.get(&format!("/v1/{list}?{control}")));
                    assert!(refusals.contains(&hidden.status()), "{list}?{asked}: {}", hidden.text());
                    assert_eq!(answer(&hidden, name), answer(&missing, &none), "{list}?{asked}");
                }
            }
        }
    }
}

#[apply(each_database)]
fn s62_t46_nothing_that_is_sent_leads_to_another_site(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    editor.make("tags", json!({"name": "NATO", "slug": "old"}));
    editor.if_match("*").patch("/v1/tags/old", json!({"slug": "new"})).expect(200);
    let fooled = editor
        .unchecked()
        .header("Host", "evil.test")
        .header("X-Forwarded-Host", "evil.test")
        .header("Forwarded", "host=evil.test")
        .header("X-Original-URL", "//evil.test/")
        .header("Referer", "https://evil.test/");
    let targets =
        ["//evil.test", "/%5cevil.test", "%2f%2fevil.test", "https:evil.test", "https://evil.test/", "%09//evil.test"];
    let names = ["next", "url", "redirect", "redirect_uri", "return_to", "from", "RelayState", "configUrl"];
    let mut addresses: Vec<String> =
        vec!["/docs/".to_owned(), "/v1/tags/old".to_owned(), "/v1/tags?limit=1".to_owned()];
    for target in targets {
        for place in ["/", "/docs/", "/docs", "/v1/tags/old", "/v1/tags"] {
            addresses.extend(names.iter().map(|name| format!("{place}?{name}={target}")));
        }
        let target = target.replace("https:", "/");
        addresses.extend(["", "/docs", "/v1/tags"].map(|place| format!("{place}/{target}")));
        addresses.push(format!("/{target}/docs/"));
    }
    let mut led = 0;
    for address in &addresses {
        let asked = Url::parse(&format!("http://here.test{address}")).expect("an address");
        let reply = fooled.get(address);
        assert!(reply.status() < 500, "{address}: {}", reply.text());
        for name in ["Location", "Link", "Content-Location", "Refresh"] {
            let Some(place) = reply.header(name) else { continue };
            let place = place.trim_start_matches('<').split('>').next().unwrap_or_default();
            // As a browser reads it, from the address that was asked.
            let leads_to = asked.join(place).expect("an address");
            assert_eq!(leads_to.host_str(), Some("here.test"), "{address}: {place}");
            led += 1;
        }
    }
    assert!(led >= 2, "the former slug and the docs page lead on");
    let made = fooled.post("/v1/tags", json!({"name": "KFOR"})).expect(201);
    assert_eq!(made.header("Location"), Some(format!("/v1/tags/{}", made.json()["id"].as_str().unwrap()).as_str()));
}
