//! Passkeys in a real browser, with a device that the browser plays: the JavaScript of docs/passkeys.md does what it says.

#[path = "support/mod.rs"]
mod support;

use std::sync::Arc;

use dateline::config::PasskeyConfig;
use headless_chrome::browser::tab::Tab;
use headless_chrome::protocol::cdp::{Page, WebAuthn};
use serde_json::{Value, json};

use support::desk::text;
use support::{Database, PASSWORD, TestApp, chromium};

/// What front ends copy.
fn script() -> &'static str {
    let page = include_str!("../docs/passkeys.md");
    page.split("```js\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a script")
}

/// A laptop that knows its owner.
fn give_device(tab: &Tab) {
    tab.call_method(WebAuthn::Enable { enable_ui: None }).expect("devices can be played");
    let options = WebAuthn::VirtualAuthenticatorOptions {
        protocol: WebAuthn::AuthenticatorProtocol::Ctap2,
        ctap_2_version: Some(WebAuthn::Ctap2Version::Ctap21),
        transport: WebAuthn::AuthenticatorTransport::Internal,
        has_resident_key: Some(true),
        has_user_verification: Some(true),
        has_large_blob: None,
        has_cred_blob: None,
        has_min_pin_length: None,
        has_prf: None,
        automatic_presence_simulation: Some(true),
        is_user_verified: Some(true),
        default_backup_eligibility: None,
        default_backup_state: None,
    };
    tab.call_method(WebAuthn::AddVirtualAuthenticator { options }).expect("a device");
}

/// What the page gets, or what it says that went wrong.
fn run(tab: &Arc<Tab>, api: &str, what: &str) -> Value {
    let script = script().replace("https://news.example.org/v1/auth/passkeys", api);
    let whole = format!(
        "(async () => {{ {script}; try {{ return JSON.stringify(await ({what})); }} \
         catch (error) {{ const code = error.errors?.[0]?.code ?? (error.status ? error.code : String(error)); \
         return JSON.stringify({{ wrong: code }}); }} }})()"
    );
    let answer = tab.evaluate(&whole, true).expect("a script runs").value.expect("an answer");
    serde_json::from_str(text(&answer)).expect("JSON")
}

#[test]
fn p25_a_real_browser_adds_a_passkey_and_signs_in_by_it() {
    let Some((_browser, tab)) = chromium::start("Passkeys were") else { return };
    // The page is of one server, and what it calls is another one: they only have the database in common.
    let page = TestApp::start(Database::Sqlite);
    let origin = format!("http://localhost:{}", page.address().port());
    let app = page.beside_with(|config| {
        config.cors_origins = vec![origin.clone()];
        config.passkeys = Some(PasskeyConfig { origins: vec![origin.clone()], domain: "localhost".to_owned() });
    });
    let ana = app.anonymous().post("/v1/auth/login", {
        app.make_account("ana@example.org", "editor");
        json!({ "email": "ana@example.org", "password": PASSWORD })
    });
    let token = ana.expect(200).json()["access_token"].clone();
    let api = format!("http://localhost:{}/v1/auth/passkeys", app.address().port());
    // The docs page may call its own server only; a front end has rules of its own.
    tab.call_method(Page::SetBypassCSP { enabled: true }).expect("a page without rules");
    tab.navigate_to(&format!("{origin}/docs")).and_then(|tab| tab.wait_until_navigated()).expect("the page");
    give_device(&tab);
    assert!(run(&tab, &api, "signIn()")["wrong"].as_str().is_some_and(|wrong| wrong.starts_with("NotAllowedError")));
    let add = format!("addPasskey({token}, 'Laptop', {})", json!(PASSWORD));
    let added = run(&tab, &api, &add);
    assert_eq!((&added["name"], &added["backed_up"]), (&json!("Laptop"), &json!(false)), "{added}");
    for _ in 0..2 {
        let tokens = run(&tab, &api, "signIn()");
        assert_eq!(tokens["user"]["email"], "ana@example.org", "{tokens}");
        app.anonymous().bearer(text(&tokens["access_token"])).get("/v1/auth/me").expect(200);
    }
    // The device has one for this account already, and says so.
    assert!(run(&tab, &api, &add)["wrong"].as_str().is_some_and(|wrong| wrong.starts_with("InvalidStateError")));
    let wrong = run(&tab, &api, &format!("addPasskey({token}, 'Laptop', 'not the password of ana')"));
    assert_eq!(wrong, json!({ "wrong": "wrong_password" }));
    // The device does not know that it was removed.
    let ana = app.anonymous().bearer(text(&token));
    ana.delete(&format!("/v1/auth/passkeys/{}", text(&added["id"]))).expect(204);
    assert_eq!(run(&tab, &api, "signIn()"), json!({ "wrong": "unauthorized" }));
}
