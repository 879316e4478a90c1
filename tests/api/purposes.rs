//! What was made for one purpose is good for no other: every kind of secret, tried as every other kind.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::authenticator::enrol;
use crate::support::desk::{address, text};
use crate::support::device::{begin, with_passkeys};
use crate::support::{Database, PASSWORD, TestApp, each_database};

/// Where secrets are taken, and the kind that is taken there.
const PLACES: [(&str, &[&str]); 5] = [
    ("bearer", &["access token", "API token"]),
    ("refresh", &["refresh token"]),
    ("verify", &["challenge"]),
    ("preview", &["preview link"]),
    ("cursor", &["cursor"]),
];

/// A fresh secret of each kind.
fn secrets(app: &TestApp, story: &Value) -> Vec<(&'static str, String)> {
    let sign_in = json!({ "email": "editor@example.org", "password": PASSWORD });
    let tokens = app.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let editor = app.anonymous().bearer(text(&tokens["access_token"]));
    let api_token = editor.make("tokens", json!({ "name": "x", "scopes": ["articles:read_drafts"] }));
    let link = editor.post(&format!("{}/preview-links", address(story)), json!({})).expect(201).json();
    let page = editor.get("/v1/articles?limit=1").expect(200).json();
    let sign_in = json!({ "email": "ana@example.org", "password": PASSWORD });
    let asked = app.anonymous().post("/v1/auth/login", sign_in).expect(202).json();
    let checkpoint = app.anonymous().get("/v1/log/checkpoint").expect(200).json();
    vec![
        ("ceremony", text(&begin(&app.anonymous())["ceremony"]).to_owned()),
        ("access token", text(&tokens["access_token"]).to_owned()),
        ("refresh token", text(&tokens["refresh_token"]).to_owned()),
        ("challenge", text(&asked["challenge"]).to_owned()),
        ("API token", text(&api_token["token"]).to_owned()),
        ("preview link", text(&link["token"]).to_owned()),
        ("cursor", text(&page["next"]).to_owned()),
        ("signature of the log", text(&checkpoint["signature"]).to_owned()),
    ]
}

/// Shows a secret where a kind of secret is taken; `code` is what a second factor asks for beside it.
fn show(app: &TestApp, (place, code): (&str, &str), secret: &str) -> u16 {
    let reader = app.anonymous();
    match place {
        "bearer" => reader.bearer(secret).get("/v1/auth/me").status(),
        "refresh" => reader.post("/v1/auth/refresh", json!({ "refresh_token": secret })).status(),
        "verify" => reader.post("/v1/auth/second-factor/verify", json!({ "challenge": secret, "code": code })).status(),
        "preview" => reader.get(&format!("/v1/previews/{secret}")).status(),
        _ => app.editor().get(&format!("/v1/articles?limit=1&cursor={secret}")).status(),
    }
}

#[apply(each_database)]
fn s23_no_kind_of_secret_passes_for_another(database: Database) {
    let app = TestApp::start_with(database, with_passkeys);
    let editor = app.editor();
    let codes = enrol(&app, &app.signed_in("ana@example.org", "writer")).recovery_codes;
    let stories = ["One", "Two"].map(|title| editor.begin(json!({ "title": title })));
    for (kind, secret) in secrets(&app, &stories[0]) {
        for (place, taken) in PLACES {
            let status = show(&app, (place, &codes[0]), &secret);
            match taken.contains(&kind) {
                true => assert_eq!(status, 200, "a {kind} as {place}"),
                false => assert!(matches!(status, 400 | 401 | 404 | 422), "a {kind} as {place}: {status}"),
            }
        }
    }
    // Under the prefix of another kind, too.
    let swapped =
        [("dl_", "dlp_"), ("dlp_", "dl_"), ("dlr_", "dlp_"), ("dlp_", "dlr_"), ("dlr_", "dlc_"), ("dlc_", "dlr_")];
    for (kind, secret) in secrets(&app, &stories[1]) {
        for (prefix, other) in swapped {
            let Some(rest) = secret.strip_prefix(prefix) else { continue };
            let forged = format!("{other}{rest}");
            for (place, _) in PLACES {
                assert_ne!(show(&app, (place, &codes[1]), &forged), 200, "a {kind} with {other} as {place}");
            }
        }
    }
}
