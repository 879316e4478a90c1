//! The keys that access tokens are signed with: others may check them, and they change without signing anybody out.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline::auth::access_keys;
use dateline::db::schema::access_keys as stored_keys;
use dateline::error::{Error, Result};
use dateline::events::Actor;
use dateline::http::query::WriteOptions;
use diesel::prelude::*;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::text;
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// Rotates as the command line does, with the time of the test.
fn rotate(app: &TestApp, at_once: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rotate = move |connection: &mut _, journal: &mut _| access_keys::rotate(connection, journal, at_once);
    runtime.block_on(app.app().ledger().write(Actor::Operator, WriteOptions::default(), rotate)).map(drop)
}

fn key_set(app: &TestApp) -> Vec<Value> {
    let set = app.anonymous().get("/.well-known/jwks.json").expect(200).json();
    set["keys"].as_array().unwrap().clone()
}

/// The keys that a server publishes, once there are this many.
fn keys_once_there_are(count: usize, app: &TestApp) -> Vec<Value> {
    for _ in 0..200 {
        let keys = key_set(app);
        if keys.len() == count {
            return keys;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the server did not notice: {:?}", key_set(app))
}

/// Signs somebody in, and gives their tokens.
fn tokens(app: &TestApp) -> Value {
    app.make_account("ana@example.org", "writer");
    let sign_in = json!({ "email": "ana@example.org", "password": PASSWORD });
    app.anonymous().post("/v1/auth/login", sign_in).expect(200).json()
}

fn access(tokens: &Value) -> &str {
    text(&tokens["access_token"])
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    text(&serde_json::from_slice::<Value>(&header).unwrap()["kid"]).to_owned()
}

fn me(app: &TestApp, tokens: &Value) -> u16 {
    app.anonymous().bearer(access(tokens)).get("/v1/auth/me").status()
}

#[apply(each_database)]
fn anybody_can_check_a_token_with_the_published_key(database: Database) {
    let app = TestApp::start(database);
    let tokens = tokens(&app);
    let reply = app.anonymous().get("/.well-known/jwks.json").expect(200);
    assert_eq!(reply.header("Cache-Control"), Some("public, max-age=60"));
    app.anonymous().header("If-None-Match", &reply.etag()).get("/.well-known/jwks.json").expect(304);
    let keys = key_set(&app);
    let [key] = &keys[..] else { panic!("{keys:?}") };
    let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"], "and nothing private");
    let fixed = ["kty", "crv", "use", "alg"].map(|name| text(&key[name]));
    assert_eq!(fixed, ["OKP", "Ed25519", "sig", "EdDSA"]);
    assert_eq!(key["kid"], kid(access(&tokens)));
    let bytes = URL_SAFE_NO_PAD.decode(text(&key["x"])).unwrap();
    let (message, signature) = access(&tokens).rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    VerifyingKey::try_from(bytes.as_slice()).unwrap().verify(message.as_bytes(), &signature).unwrap();
    assert_ne!(app.app().signer().public_key().kid, kid(access(&tokens)), "the log has a key of its own");
}

#[apply(each_database)]
fn keys_rotate_on_every_instance_and_nobody_is_signed_out(database: Database) {
    let app = TestApp::start(database);
    let beside = app.beside();
    let before = tokens(&app);
    rotate(&app, false).unwrap();
    for server in [&app, &beside] {
        keys_once_there_are(2, server);
        assert_eq!(kid(access(&tokens(server))), kid(access(&before)), "everybody knows the key before it signs");
    }
    app.pass(5);
    let after = [tokens(&app), tokens(&beside)];
    assert_ne!(kid(access(&after[0])), kid(access(&before)));
    assert_eq!(kid(access(&after[0])), kid(access(&after[1])));
    for server in [&app, &beside] {
        assert!([&before, &after[0], &after[1]].iter().all(|tokens| me(server, tokens) == 200));
    }
    // Until the last token of the old key has expired, and clocks that differ have caught up.
    let too_early = rotate(&app, false).unwrap_err();
    assert!(matches!(too_early, Error::Conflict(_)) && too_early.detail().contains("--at-once"), "{too_early}");
    app.pass(894);
    assert_eq!(me(&beside, &before), 200);
    app.pass(1);
    assert_eq!(me(&beside, &before), 401);
    let again = app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": before["refresh_token"] }));
    assert_eq!(kid(access(&again.expect(200).json())), kid(access(&after[0])), "who was signed in still is");
    assert_eq!(key_set(&app).len(), 2);
    app.pass(35);
    let kids: Vec<String> = key_set(&beside).iter().map(|key| text(&key["kid"]).to_owned()).collect();
    assert_eq!(kids, [kid(access(&after[0]))]);
    rotate(&app, false).unwrap();
}

#[apply(each_database)]
fn a_stolen_key_is_worth_nothing_once_it_was_rotated_at_once(database: Database) {
    let app = TestApp::start(database);
    let beside = app.beside();
    let before = tokens(&app);
    rotate(&app, false).unwrap();
    app.pass(1);
    rotate(&app, true).unwrap();
    for server in [&app, &beside] {
        for round in 0.. {
            if me(server, &before) == 401 {
                break;
            }
            assert!(round < 200, "the server did not notice");
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(key_set(server).len(), 1);
    }
    let again = app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": before["refresh_token"] }));
    assert_eq!(me(&beside, &again.expect(200).json()), 200, "nobody has to sign in again");
}

#[apply(each_database)]
fn a_rotation_is_in_the_log_and_nothing_secret_in_the_database(database: Database) {
    let app = TestApp::start(database);
    rotate(&app, false).unwrap();
    let log = app.editor().get("/v1/events?resource=access_key").expect(200).json();
    let entry = &log["data"][0];
    assert_eq!((&entry["action"], &entry["actor"]["kind"]), (&json!("key_rotated"), &json!("operator")));
    // A key is its name and its times; what it is derived from is the secret.
    let ids: Vec<String> = app.ask(|connection| Ok(stored_keys::table.select(stored_keys::id).load(connection)?));
    assert!(ids.contains(&"first".to_owned()) && ids.contains(&text(&entry["resource_id"]).to_owned()));
    let other = app.beside_with_secret("another secret that is only good for tests");
    let kids = |keys: Vec<Value>| keys.iter().map(|key| key["kid"].clone()).collect::<Vec<_>>();
    let (ours, theirs) = (kids(keys_once_there_are(2, &app)), kids(keys_once_there_are(2, &other)));
    assert!(ours.iter().all(|kid| !theirs.contains(kid)), "{ours:?} {theirs:?}");
}
