//! Bad tokens: 401 everywhere, and the same one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline::auth::Role;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::{Database, PASSWORD, TestApp};

/// Public reads, guarded operations, addresses about the server, and addresses that do not exist.
const PLACES: [(&str, &str); 10] = [
    ("GET", "/v1/articles"),
    ("GET", "/v1/tags/nato"),
    ("GET", "/v1/auth/me"),
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/tags"),
    ("GET", "/health/live"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/v1/nothing"),
    ("DELETE", "/nowhere"),
];

#[test]
fn s22_s23_t11_a_bad_token_is_the_same_401_everywhere() {
    let app = TestApp::start(Database::Sqlite);
    app.make_account("writer@example.org", Role::Writer);
    let sign_in = json!({ "email": "writer@example.org", "password": PASSWORD });
    let tokens = app.anonymous().post("/v1/auth/login", sign_in.clone()).expect(200).json();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    app.anonymous().bearer(access).get("/v1/auth/me").expect(200);
    app.anonymous().header("Authorization", &format!("bEaReR {access}")).get("/v1/auth/me").expect(200);

    let mut bad: Vec<(&str, Client)> = Vec::new();
    for (name, value) in headers(access, refresh) {
        bad.push((name, app.anonymous().header("Authorization", &value)));
    }
    bad.push(("two headers", app.anonymous().bearer(access).bearer(access)));
    let mut told: Option<Value> = None;
    let mut check = |name: &str, client: &Client| {
        for (method, place) in PLACES {
            let body = (method == "POST").then(|| sign_in.to_string().into_bytes());
            let reply = client.send(method, place, body);
            assert_eq!(reply.status(), 401, "{name}: {method} {place}: {}", reply.text());
            assert_eq!(reply.header("WWW-Authenticate"), Some("Bearer"), "{name}: {method} {place}");
            let mut body = reply.json();
            body["request_id"] = Value::Null;
            assert_eq!(told.get_or_insert_with(|| body.clone()), &body, "{name}: {method} {place}");
        }
    };
    for (name, client) in &bad {
        check(name, client);
    }
    app.clock().advance(Duration::from_secs(900));
    check("expired", &app.anonymous().bearer(access));
}

fn headers(access: &str, refresh: &str) -> Vec<(&'static str, String)> {
    let [header, claims, signature] = access.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let unsigned = URL_SAFE_NO_PAD.encode(json!({ "typ": "at+jwt", "alg": "none" }).to_string());
    let mut changed: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    changed["sub"] = json!("019ab17e-5d00-7c3e-9d41-3f6c2f0e9a10");
    let changed = URL_SAFE_NO_PAD.encode(changed.to_string());
    vec![
        ("nothing", String::new()),
        ("no token", "Bearer".to_owned()),
        ("a space for a token", "Bearer ".to_owned()),
        ("another scheme", format!("Basic {access}")),
        ("no scheme", access.to_owned()),
        ("junk", "Bearer junk".to_owned()),
        ("a refresh token", format!("Bearer {refresh}")),
        ("another subject", format!("Bearer {header}.{changed}.{signature}")),
        ("no signature", format!("Bearer {header}.{claims}.")),
        ("no algorithm", format!("Bearer {unsigned}.{claims}.")),
        ("two tokens", format!("Bearer {access}, {access}")),
        ("something behind it", format!("Bearer {access}A")),
        ("8 KiB", format!("Bearer {}", "A".repeat(8 * 1024))),
    ]
}
