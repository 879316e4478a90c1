//! How often one caller may ask or guess, and by what callers are told apart.

use dateline::auth::Role;
use dateline::config::Config;
use dateline::http::forwarded::TrustedProxies;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{at_once, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

const ANA: &str = "ana@example.org";

/// Every test calls from this machine, and is believed when it says where from.
fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = TrustedProxies::read(["127.0.0.0/8", "::1"]).expect("networks");
}

/// Somebody who calls the proxy from this address.
fn from(app: &TestApp, address: &str) -> Client {
    app.anonymous().header("X-Forwarded-For", address)
}

fn sign_in(client: &Client, email: &str, password: &str) -> Reply {
    client.post("/v1/auth/login", json!({ "email": email, "password": password }))
}

fn guess(client: &Client, email: &str) -> u16 {
    sign_in(client, email, "a guess that is long").status()
}

fn seconds(reply: &Reply) -> u64 {
    reply.header("Retry-After").expect("a time to wait").parse().expect("seconds")
}

#[apply(each_database)]
fn s30_behind_a_trusted_proxy_callers_have_the_addresses_that_it_saw(database: Database) {
    let app = TestApp::start_with(database, behind_a_proxy);
    app.make_account(ANA, Role::Writer);
    let made_up = |number: usize| format!("192.0.2.{number}, 203.0.113.7");
    for number in 0..10 {
        assert_eq!(guess(&from(&app, &made_up(number)), "nobody@example.org"), 401);
    }
    assert_eq!(guess(&from(&app, &made_up(10)), "nobody@example.org"), 429);
    let ana = sign_in(&from(&app, "203.0.113.66, 2001:db8:1:2::a, 127.0.0.5"), ANA, PASSWORD).expect(200).json();
    let ana = app.anonymous().bearer(text(&ana["access_token"]));
    let sessions = ana.get("/v1/auth/sessions").expect(200).json();
    assert_eq!(sessions["data"][0]["address"], "2001:db8:1:2::a");
    let admin = app.admin();
    let log = |action: &str| admin.get(&format!("/v1/events?action={action}")).expect(200).json()["data"].clone();
    assert!(log("sign_in_refused").as_array().unwrap().iter().all(|entry| entry["note"] == "from 203.0.113.7"));
    assert!(log("signed_in").as_array().unwrap().iter().any(|entry| entry["note"] == "from 2001:db8:1:2::a"));
    // A token's last use has the same address.
    let token = ana.make("tokens", json!({ "name": "a script", "scopes": ["articles:write"] }));
    from(&app, "198.51.100.1").bearer(text(&token["token"])).get("/v1/articles").expect(200);
    let last = || ana.get(&format!("/v1/tokens/{}", text(&token["id"]))).expect(200).json()["last_used_from"].clone();
    assert!((0..200).any(|_| last() == "198.51.100.1"), "{}", last());
}

#[apply(each_database)]
fn s31_of_a_hundred_guesses_at_once_ten_are_looked_at(database: Database) {
    let app = TestApp::start(database);
    app.make_account(ANA, Role::Writer);
    let statuses = at_once(100, |_| guess(&app.anonymous(), ANA));
    // On a machine that is busy some are told so; those were not looked at and do not count.
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429 | 503)), "{statuses:?}");
    let mut looked_at = statuses.iter().filter(|status| **status == 401).count();
    while guess(&app.anonymous(), ANA) == 401 {
        looked_at += 1;
    }
    assert_eq!(looked_at, 10, "{statuses:?}");
    sign_in(&app.anonymous(), ANA, PASSWORD).expect(429);
}

#[apply(each_database)]
fn p11_a_locked_out_guesser_never_locks_out_the_owner_elsewhere(database: Database) {
    let app = TestApp::start_with(database, behind_a_proxy);
    app.make_account(ANA, Role::Writer);
    let home = from(&app, "2001:db8:a:b::1");
    sign_in(&home, ANA, PASSWORD).expect(200);
    let guesser = from(&app, "203.0.113.1");
    while guess(&guesser, ANA) == 401 {}
    assert!((1..=900).contains(&seconds(&sign_in(&guesser, ANA, PASSWORD).expect(429))));
    // Another place, also a new one, does not notice.
    sign_in(&from(&app, "198.51.100.1"), ANA, PASSWORD).expect(200);
    // From ten networks more everybody is slowed down who is strange to the account.
    for network in 2..=10 {
        let guesser = from(&app, &format!("203.0.113.{network}"));
        let statuses = at_once(10, |_| guess(&guesser, ANA));
        assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    }
    let refused = sign_in(&from(&app, "198.51.100.2"), ANA, PASSWORD).expect(429);
    // Whoever has no account is answered the same.
    assert_eq!(guess(&from(&app, "198.51.100.2"), "nobody@example.org"), 401);
    // And where the account was used lately nobody is, in the whole /64, after signing out too.
    let session = sign_in(&from(&app, "2001:db8:a:b:ffff::2"), ANA, PASSWORD).expect(200).json();
    app.anonymous().bearer(text(&session["access_token"])).delete("/v1/auth/sessions").expect(204);
    sign_in(&home, ANA, PASSWORD).expect(200);
    sign_in(&from(&app, "2001:db8:a:c::1"), ANA, PASSWORD).expect(429);
    app.pass(seconds(&refused));
    sign_in(&from(&app, "198.51.100.2"), ANA, PASSWORD).expect(200);
}

/// What an answer says of the limit: what is left, and for how long.
fn standing(reply: &Reply) -> Option<&str> {
    reply.header("RateLimit")
}

#[test]
fn accounts_and_api_tokens_have_a_limit_each_and_readers_have_none() {
    let app = TestApp::start_with(Database::Sqlite, |config| config.rate_limit_callers = 4);
    let editor = app.editor();
    let token = editor.make("tokens", json!({ "name": "a script", "scopes": ["articles:write"] }));
    let script = app.anonymous().bearer(text(&token["token"]));
    let first = editor.get("/v1/articles").expect(200);
    assert_eq!(first.header("RateLimit-Policy"), Some("\"callers\";q=4;w=60"));
    assert_eq!(standing(&first), Some("\"callers\";r=2;t=60"));
    app.pass(20);
    assert_eq!(standing(&editor.get("/v1/nothing").expect(404)), Some("\"callers\";r=1;t=40"));
    // Another session of the same account is the same caller.
    assert_eq!(standing(&app.editor().get("/v1/auth/me").expect(200)), Some("\"callers\";r=0;t=40"));
    let refused = editor.post("/v1/articles", json!({ "title": "One too many" })).expect(429);
    assert_eq!((refused.code(), seconds(&refused)), ("too_many_requests".to_owned(), 40));
    assert_eq!(standing(&refused), Some("\"callers\";r=0;t=40"));
    // A script that runs wild keeps nobody from working, and the other way round.
    assert_eq!(standing(&script.get("/v1/articles").expect(200)), Some("\"callers\";r=3;t=60"));
    app.writer().get("/v1/articles").expect(200);
    for _ in 0..10 {
        assert_eq!(standing(&app.anonymous().get("/v1/articles").expect(200)), None);
    }
    app.pass(40);
    assert_eq!(standing(&editor.get("/v1/articles").expect(200)), Some("\"callers\";r=3;t=60"));
    let titles = editor.get("/v1/articles?count=true").expect(200).json();
    assert_eq!(titles["total"], 0, "what was refused was not done");
}

#[test]
fn readers_are_counted_by_network_whether_or_not_the_answer_comes_from_memory() {
    let app = TestApp::start_with(Database::Sqlite, |config| {
        behind_a_proxy(config);
        config.rate_limit_readers = 5;
    });
    app.editor().published(json!({ "title": "Talks" }));
    let reader = from(&app, "2001:db8:1:2::1");
    let ask = |path: &str| reader.get(path).expect(200).header("RateLimit").map(str::to_owned);
    assert_eq!(ask("/v1/articles/talks").as_deref(), Some("\"readers\";r=4;t=60"));
    let (before, _) = app.app().cache().counts();
    assert_eq!(ask("/v1/articles/talks").as_deref(), Some("\"readers\";r=3;t=60"));
    assert_eq!(app.app().cache().counts().0, before + 1, "it came from memory");
    let known = reader.header("If-None-Match", &reader.get("/v1/articles/talks").expect(200).etag());
    assert_eq!(standing(&known.get("/v1/articles/talks").expect(304)), Some("\"readers\";r=1;t=60"));
    // The same network, and a token that is no good.
    let neighbour = from(&app, "2001:db8:1:2:ffff::1").bearer("nonsense");
    assert_eq!(standing(&neighbour.get("/v1/articles").expect(401)), Some("\"readers\";r=0;t=60"));
    for refused in [reader.get("/v1/articles/talks"), reader.get("/v1/articles"), neighbour.get("/v1/articles")] {
        let refused = refused.expect(429);
        assert_eq!((seconds(&refused), standing(&refused)), (60, Some("\"readers\";r=0;t=60")));
    }
    // Others, whoever signed in, and what is not of the API are not meant.
    from(&app, "2001:db8:1:3::1").get("/v1/articles/talks").expect(200);
    assert_eq!(standing(&app.editor().get("/v1/articles").expect(200)), None);
    assert_eq!(standing(&reader.get("/health/live").expect(200)), None);
    let page = reader.header("Origin", "https://a.example").get("/v1/articles").expect(429);
    assert!(page.header("Access-Control-Expose-Headers").unwrap().contains("RateLimit, RateLimit-Policy"));
    app.pass(60);
    assert_eq!(ask("/v1/articles/talks").as_deref(), Some("\"readers\";r=4;t=60"));
}

#[test]
fn without_a_limit_nothing_is_said_of_one() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor();
    editor.published(json!({ "title": "Talks" }));
    for reply in [app.anonymous().get("/v1/articles/talks"), app.anonymous().get("/v1/articles/talks")] {
        assert_eq!((standing(&reply), reply.header("RateLimit-Policy")), (None, None));
    }
    let all: Vec<Value> = (0..3).map(|_| editor.get("/v1/articles/talks").expect(200).json()).collect();
    assert_eq!(all[0], all[2]);
    assert_eq!(standing(&editor.get("/v1/articles").expect(200)), None);
}
