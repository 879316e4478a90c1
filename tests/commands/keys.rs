//! `dateline keys`

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::program::{Program, Serving};
use crate::{PASSWORD, add_user};

/// The key that a server signs with, by its name in the token of somebody who signs in.
fn signing(serving: &Serving) -> (String, Value) {
    let sign_in = json!({ "email": "ada@example.org", "password": PASSWORD });
    let tokens = serving.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let keys = serving.anonymous().get("/.well-known/jwks.json").expect(200).json();
    let header = tokens["access_token"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let named = |key: &&Value| header == header_with(key["kid"].as_str().unwrap());
    let key = keys["keys"].as_array().unwrap().iter().find(named).expect("the key is published").clone();
    (key["kid"].as_str().unwrap().to_owned(), tokens)
}

fn header_with(kid: &str) -> String {
    use base64::Engine;
    let header = format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header)
}

/// The lines about access tokens.
fn listed(output: &str) -> Vec<(String, String)> {
    let lines = output.lines().filter_map(|line| line.split_once("  access tokens  "));
    lines.map(|(kid, words)| (kid.to_owned(), words.to_owned())).collect()
}

#[test]
fn a_running_server_signs_with_the_new_key_and_nobody_is_signed_out() {
    let program = Program::migrated();
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let (old, tokens) = signing(&serving);
    let list = program.run(&["keys", "list"]).expect_success().output;
    assert_eq!(listed(&list), [(old.clone(), "signs".to_owned())]);
    assert!(list.lines().any(|line| line.contains("the log") && !line.starts_with(&old)), "{list}");
    let rotated = listed(&program.run(&["keys", "rotate"]).expect_success().output);
    assert_eq!(rotated.len(), 2, "{rotated:?}");
    let (new, words) = rotated[1].clone();
    assert!(rotated[0].1.starts_with("signs; accepted until ") && words.starts_with("signs from "), "{rotated:?}");
    let mut signs = old.clone();
    for _ in 0..120 {
        signs = signing(&serving).0;
        if signs == new {
            break;
        }
        assert_eq!(signs, old);
        thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(signs, new);
    let client = |tokens: &Value| serving.anonymous().bearer(tokens["access_token"].as_str().unwrap());
    client(&tokens).get("/v1/auth/me").expect(200);
    // Not again before the old key is out of use.
    let refused = program.run(&["keys", "rotate"]);
    assert!(refused.failure().contains("--at-once"), "{refused:?}");
    assert_eq!(refused.code, Some(1));
    let at_once = listed(&program.run(&["keys", "rotate", "--at-once"]).expect_success().output);
    assert_eq!(at_once.len(), 1, "{at_once:?}");
    for round in 0.. {
        if client(&tokens).get("/v1/auth/me").status() == 401 {
            break;
        }
        assert!(round < 200, "the server did not notice");
        thread::sleep(Duration::from_millis(50));
    }
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let tokens = serving.anonymous().post("/v1/auth/refresh", refresh).expect(200).json();
    client(&tokens).get("/v1/auth/me").expect(200);
}
