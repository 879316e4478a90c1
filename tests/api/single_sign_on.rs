//! Single sign-on: whose account somebody gets into, with which role, and how the steps hang together.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::authenticator::enrol;
use crate::support::browser::{Browser, EXCHANGE, behind, location};
use crate::support::client::{Client, Reply};
use crate::support::desk::{at_once, statuses, text};
use crate::support::provider::{Asked, CALLBACK, Forger, Manner, PAGE, SITE, by_provider};
use crate::support::{Database, PASSWORD, TestApp, each_database};
use crate::verify::{assert_untouched, touched};

const STATE: &str = "/v1/auth/single-sign-on";
const LINK: &str = "/v1/auth/single-sign-on/link";
const SIGN_OUT: &str = "/v1/auth/single-sign-on/sign-out";
const ROLES: [(&str, &str); 3] = [("admins", "admin"), ("newsdesk", "editor"), ("reporters", "writer")];

/// A server whose provider says whatever a test wants it to say, and whose groups decide.
fn start(database: Database) -> (Forger, TestApp) {
    let forger = Forger::start();
    let app = TestApp::start_with(database, by_provider(&forger.issuer(), &ROLES, None));
    (forger, app)
}

fn signed_in(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().bearer(text(&tokens["access_token"]))
}

/// The log about accounts, sessions or identities: action and note.
fn log(app: &TestApp, resource: &str) -> Vec<String> {
    let page = app.admin().get(&format!("/v1/events?resource={resource}&limit=100")).expect(200).json();
    let line = |event: &Value| format!("{} {}", text(&event["action"]), event["note"].as_str().unwrap_or_default());
    page["data"].as_array().unwrap().iter().map(line).collect()
}

fn password_of(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password }))
}

#[apply(each_database)]
fn p24_whoever_the_provider_vouches_for_gets_an_account_and_the_same_one_ever_after(database: Database) {
    let (forger, app) = start(database);
    let state = app.anonymous().get(STATE).expect(200).json();
    let start = format!("{SITE}/v1/auth/single-sign-on/start");
    assert_eq!(state, json!({ "enabled": true, "name": "Example News", "start": start }));
    let mut browser = Browser::new(&app, "ada");
    let asked = Asked::of(&browser.begin("sign_in"));
    let expected = [
        ("client_id", "dateline"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email profile groups"),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in expected {
        assert_eq!(asked.get(name), value);
    }
    let tokens = browser.sign_in(&forger, json!({}));
    let user = &tokens["user"];
    let members = ["email", "name", "role", "active", "invited"].map(|name| &user[name]);
    assert_eq!(json!(members), json!(["ada@example.org", "Ada Lund", "editor", true, false]));
    let ada = signed_in(&app, &tokens);
    assert_eq!(ada.get("/v1/auth/me").expect(200).json(), *user);
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).expect(200);
    // Another address, another name: the same subject is the same person, and what an admin knows them by stays.
    app.pass(1);
    let moved = json!({ "email": "lund@example.org", "name": "Ada L." });
    let again = Browser::new(&app, "ada").sign_in(&forger, moved);
    assert_eq!(again["user"], *user);
    assert_eq!(ada.get(LINK).expect(200).json()["subject"], "ada");
    // Nobody guesses a password where there is none.
    password_of(&app, "ada@example.org", PASSWORD).expect(401);
    assert_eq!(log(&app, "user").iter().filter(|line| **line == "created single sign-on, from 127.0.0.1").count(), 1);
    let identities = log(&app, "identity");
    assert_eq!(identities, [format!("created of account {}, single sign-on, from 127.0.0.1", text(&user["id"]))]);
    let sessions = log(&app, "session");
    assert_eq!(sessions.iter().filter(|line| **line == "signed_in single sign-on, from 127.0.0.1").count(), 2);
    assert_untouched(&app);
    let cases = [
        ("UPDATE identities SET subject = 'eve'", "it is not what was saved"),
        ("UPDATE identities SET issuer = 'https://evil.test'", "it is not what was saved"),
        ("DELETE FROM identities", "it was removed by hand"),
        (
            "UPDATE identities SET user_id = (SELECT id FROM users WHERE email_key = 'admin@example.org')",
            "it is not what was saved",
        ),
        ("UPDATE sessions SET second_factor = NOT second_factor", "it is not what was saved"),
    ];
    for (by, finding) in cases {
        let found = touched(&app, by).expect_err(by).text;
        assert!(found.contains(finding), "{by}: {found}");
    }
    // Deleted with all that is theirs.
    app.admin().delete(&format!("/v1/users/{}", text(&user["id"]))).expect(204);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_an_account_with_the_same_address_is_linked_by_its_owner_or_an_admin_and_never_taken_over(database: Database) {
    let (forger, app) = start(database);
    let ada = app.signed_in("ada@example.org", "editor");
    let mut browser = Browser::new(&app, "ada");
    let refused = browser.vouched(&forger, "sign_in", json!({ "email": "ADA@example.org" }));
    assert_eq!(behind(&refused, "sign_in_error"), "account_exists");
    assert!(
        log(&app, "user").iter().any(|line| line.contains("this account has the e-mail address, and is not linked"))
    );
    // The owner shows the password, the code, and the verifier. None of them is enough without the others.
    let code = |browser: &mut Browser| behind(&browser.vouched(&forger, "link", json!({})), "link");
    let proof = |code: &str, verifier: &str, password: &str| json!({ "code": code, "verifier": verifier, "current_password": password });
    let good = code(&mut browser);
    let wrong = ada.put(LINK, proof(&good, &browser.verifier, "not the password of ada")).expect(422);
    assert_eq!(wrong.refusals(), ["/current_password wrong_password"]);
    app.anonymous().put(LINK, proof(&good, &browser.verifier, PASSWORD)).expect(401);
    app.anonymous().post(EXCHANGE, json!({ "code": good, "verifier": browser.verifier })).expect(400);
    let linked = ada.put(LINK, proof(&good, &browser.verifier, PASSWORD)).expect(200).json();
    assert_eq!(linked, ada.get(LINK).expect(200).json());
    assert_eq!((&linked["subject"], &linked["has_password"]), (&json!("ada"), &json!(true)));
    let replayed = ada.put(LINK, proof(&good, &browser.verifier, PASSWORD)).expect(400);
    assert_eq!(replayed.refusals(), ["/code code_not_good"]);
    let other = code(&mut browser);
    let with_other_verifier = ada.put(LINK, proof(&other, &Browser::new(&app, "eve").verifier, PASSWORD)).expect(400);
    assert_eq!(with_other_verifier.refusals(), ["/code code_not_good"]);
    let second = code(&mut browser);
    let already = ada.put(LINK, proof(&second, &browser.verifier, PASSWORD)).expect(409);
    assert_eq!(already.code(), "already_linked");
    let taken = app.editor().put(LINK, proof(&code(&mut browser), &browser.verifier, PASSWORD)).expect(409);
    assert_eq!(taken.code(), "identity_taken");
    let tokens = browser.sign_in(&forger, json!({}));
    assert_eq!(tokens["user"]["email"], "ada@example.org");
    // It is theirs to remove, as long as they have another way in, and groups do not decide over them.
    assert_eq!(ada.delete(LINK).expect(409).code(), "groups_decide");
    let without_groups = app.beside_with(by_provider(&forger.issuer(), &[], None));
    let ada_there = without_groups.signed_in("ada@example.org", "editor");
    ada_there.delete(LINK).expect(204);
    ada_there.delete(LINK).expect(404);
    let refused = browser.vouched(&forger, "sign_in", json!({}));
    assert_eq!(behind(&refused, "sign_in_error"), "account_exists");
    let provisioned = signed_in(&app, &browser.sign_in(&forger, json!({ "sub": "bo", "email": "bo@example.org" })));
    assert_eq!(provisioned.delete(LINK).expect(409).code(), "only_way_in");
    // An admin does both for others.
    let admin = app.admin();
    let place = format!("/v1/users/{}/single-sign-on", text(&tokens["user"]["id"]));
    assert_eq!(admin.get(&place).expect(200).json()["linked_since"], Value::Null);
    assert_eq!(admin.put(&place, json!({ "subject": "bo" })).expect(409).code(), "identity_taken");
    assert_eq!(admin.put(&place, json!({ "subject": "ada" })).expect(200).json()["subject"], "ada");
    browser.sign_in(&forger, json!({}));
    admin.delete(&place).expect(204);
    admin.delete(&place).expect(404);
    ada.get("/v1/auth/me").expect(401);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_whoever_is_invited_and_linked_comes_without_a_password(database: Database) {
    let (forger, app) = start(database);
    let invited = json!({ "email": "ada@elsewhere.example", "name": "Ada", "role": "viewer" });
    let made = app.admin().make("users", invited);
    let place = format!("/v1/users/{}", text(&made["id"]));
    app.admin().put(&format!("{place}/single-sign-on"), json!({ "subject": "ada" })).expect(200);
    let tokens = Browser::new(&app, "ada").sign_in(&forger, json!({}));
    assert_eq!((&tokens["user"]["id"], &tokens["user"]["invited"]), (&made["id"], &json!(false)));
    assert_eq!(tokens["user"]["role"], "editor");
    // The invite is good no more: it would set a password that nobody asked for.
    let token = text(&made["invite"]["link"]).split_once("#invite=").unwrap().1.to_owned();
    app.anonymous().post("/v1/auth/invite/accept", json!({ "token": token, "password": PASSWORD })).expect(400);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_groups_decide_at_each_sign_in_and_without_one_everything_ends(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let before = signed_in(&app, &browser.sign_in(&forger, json!({})));
    let asked = json!({ "name": "a script", "scopes": ["articles:write"] });
    let script = app.anonymous().bearer(text(&before.make("tokens", asked)["token"]));
    // Another group is another role, from this moment and everywhere.
    let tokens = browser.sign_in(&forger, json!({ "groups": ["reporters"] }));
    assert_eq!((&tokens["user"]["role"], &tokens["user"]["version"]), (&json!("writer"), &json!(2)));
    before.get("/v1/auth/me").expect(401);
    script.get("/v1/auth/me").expect(200);
    assert!(log(&app, "user").contains(&"updated single sign-on, from 127.0.0.1".to_owned()));
    // Where nothing is said of groups nobody gets in, and what was given out stays: it may be a slip of the provider.
    let after = signed_in(&app, &tokens);
    let refused = browser.vouched(&forger, "sign_in", json!({ "groups": null }));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    after.get("/v1/auth/me").expect(401);
    script.get("/v1/auth/me").expect(200);
    assert!(log(&app, "user").iter().any(|line| line.ends_with("the provider says nothing of groups")));
    // None is none: not the last one, and nothing that was given out.
    let after = signed_in(&app, &browser.sign_in(&forger, json!({ "groups": ["reporters"] })));
    for groups in [json!([]), json!(null), json!(["Newsdesk"]), json!("guests"), json!({ "newsdesk": true })] {
        let refused = browser.vouched(&forger, "sign_in", json!({ "groups": groups }));
        assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    }
    after.get("/v1/auth/me").expect(401);
    script.get("/v1/auth/me").expect(401);
    let stranger = json!({ "sub": "eve", "email": "eve@example.org", "groups": ["guests"] });
    assert_eq!(behind(&browser.vouched(&forger, "sign_in", stranger), "sign_in_error"), "not_allowed");
    let because = "sign_in_refused single sign-on as ada, from 127.0.0.1: not allowed: no rule gives a role any longer";
    assert!(log(&app, "user").iter().any(|line| line == because), "{:?}", log(&app, "user"));
    let accounts = app.admin().get("/v1/users").expect(200).text();
    assert!(!accounts.contains("eve@example.org"), "{accounts}");
    // Nobody did that: whoever has no account is nobody here, and whoever was refused is not signed in.
    let refusals = app.admin().get("/v1/events?action=sign_in_refused&limit=100").expect(200).json();
    let refusals = refusals["data"].as_array().unwrap();
    assert!(refusals.len() > 1 && refusals.iter().all(|event| event["actor"]["id"].is_null()), "{refusals:?}");
    // A name without a role behind it lets nobody in, and nobody keeps the role from before.
    let ada = signed_in(&app, &browser.sign_in(&forger, json!({})));
    let asked = json!({ "name": "another script", "scopes": ["articles:write"] });
    let script = app.anonymous().bearer(text(&ada.make("tokens", asked)["token"]));
    let other = app.beside_with(by_provider(&forger.issuer(), &[("newsdesk", "no-such-role")], None));
    let refused = Browser::new(&other, "ada").vouched(&forger, "sign_in", json!({}));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    ada.get("/v1/auth/me").expect(401);
    script.get("/v1/auth/me").expect(401);
    // Somebody who keeps coming does not fill the log.
    let refusals = |app: &TestApp| log(app, "user").iter().filter(|line| line.contains("no rule gives")).count();
    let before = refusals(&app);
    for _ in 0..20 {
        browser.vouched(&forger, "sign_in", json!({ "groups": [] }));
    }
    assert!((1..=10).contains(&(refusals(&app) - before)), "{before}, then {}", refusals(&app));
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_without_groups_roles_are_given_here_and_the_default_is_what_accounts_begin_with(database: Database) {
    let forger = Forger::start();
    let app = TestApp::start_with(database, by_provider(&forger.issuer(), &[], Some("viewer")));
    let mut browser = Browser::new(&app, "ada");
    let tokens = browser.sign_in(&forger, json!({ "groups": null }));
    assert_eq!(tokens["user"]["role"], "viewer");
    let place = format!("/v1/users/{}", text(&tokens["user"]["id"]));
    app.admin().patch(&place, json!({ "role": "editor" })).expect(200);
    assert_eq!(browser.sign_in(&forger, json!({ "groups": [] }))["user"]["role"], "editor");
    // And a password is one.
    let password = "seven quiet rivers at dawn";
    app.admin().patch(&place, json!({ "password": password })).expect(200);
    password_of(&app, "ada@example.org", password).expect(200);
    // Where nothing is said of roles, only those get in who are linked.
    let closed = app.beside_with(by_provider(&forger.issuer(), &[], None));
    let mut browser = Browser::new(&closed, "ada");
    browser.sign_in(&forger, json!({}));
    let refused = browser.vouched(&forger, "sign_in", json!({ "sub": "bo", "email": "bo@example.org" }));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
}

#[apply(each_database)]
fn p24_the_last_admin_is_not_taken_away_by_a_group(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let tokens = browser.sign_in(&forger, json!({ "groups": ["admins", "newsdesk"] }));
    assert_eq!(tokens["user"]["role"], "admin");
    let refused = browser.vouched(&forger, "sign_in", json!({}));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    let ada = signed_in(&app, &tokens);
    let me = ada.get("/v1/auth/me").expect(200).json();
    assert_eq!(me["role"], "admin");
    // Nor by no group at all, and nor by themselves.
    let refused = browser.vouched(&forger, "sign_in", json!({ "groups": [] }));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    ada.get("/v1/auth/me").expect(200);
    let place = format!("/v1/users/{}", text(&me["id"]));
    let link = format!("{place}/single-sign-on");
    assert_eq!(ada.delete(&link).expect(409).code(), "last_admin");
    let admin = app.admin();
    assert_eq!(ada.delete(&link).expect(409).code(), "only_way_in");
    // Whoever has neither a password nor a link is no admin to rely on.
    admin.delete(&link).expect(204);
    let own = format!("/v1/users/{}", text(&admin.get("/v1/auth/me").expect(200).json()["id"]));
    assert_eq!(admin.patch(&own, json!({ "active": false })).expect(409).code(), "last_admin");
    admin.put(&link, json!({ "subject": "ada" })).expect(200);
    assert_eq!(browser.sign_in(&forger, json!({}))["user"]["role"], "editor");
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_an_admin_whom_the_groups_keep_out_is_none_to_rely_on(database: Database) {
    let (forger, app) = start(database);
    let (mut of_ada, mut of_bo) = (Browser::new(&app, "ada"), Browser::new(&app, "bo"));
    let bo = |groups: Value| json!({ "sub": "bo", "email": "bo@example.org", "groups": groups });
    let admins = json!(["admins"]);
    let ada = signed_in(&app, &of_ada.sign_in(&forger, json!({ "groups": admins })));
    let other = signed_in(&app, &of_bo.sign_in(&forger, bo(admins.clone())));
    let own = format!("/v1/users/{}", text(&app.admin().get("/v1/auth/me").expect(200).json()["id"]));
    ada.patch(&own, json!({ "active": false })).expect(200);
    let refused = of_ada.vouched(&forger, "sign_in", json!({ "groups": [] }));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    ada.get("/v1/auth/me").expect(401);
    // So the other one is the last, by whichever group.
    for groups in [json!([]), json!(["newsdesk"])] {
        let refused = of_bo.vouched(&forger, "sign_in", bo(groups));
        assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
        assert_eq!(other.get("/v1/auth/me").expect(200).json()["role"], "admin");
    }
    // Until the first one is let in again.
    of_ada.sign_in(&forger, json!({ "groups": admins }));
    assert_eq!(of_bo.sign_in(&forger, bo(json!(["newsdesk"])))["user"]["role"], "editor");
}

#[apply(each_database)]
fn p24_what_a_password_began_ends_with_the_link(database: Database) {
    let (_forger, app) = start(database);
    let ana = app.signed_in("ana@example.org", "editor");
    let enrolled = enrol(&app, &ana);
    let begun = password_of(&app, "ana@example.org", PASSWORD).expect(202).json();
    let place = format!("/v1/users/{}", text(&ana.get("/v1/auth/me").expect(200).json()["id"]));
    app.admin().put(&format!("{place}/single-sign-on"), json!({ "subject": "ana" })).expect(200);
    let step = json!({ "challenge": begun["challenge"], "code": enrolled.authenticator.code(&app) });
    app.anonymous().post("/v1/auth/second-factor/verify", step).expect(401);
    ana.get("/v1/auth/me").expect(401);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_a_closed_account_stays_closed_whatever_the_provider_says(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let tokens = browser.sign_in(&forger, json!({}));
    let page = browser.vouched(&forger, "sign_in", json!({}));
    let place = format!("/v1/users/{}", text(&tokens["user"]["id"]));
    app.admin().patch(&place, json!({ "active": false })).expect(200);
    // Also for whoever has a code already.
    browser.exchange(&page).expect(400);
    let refused = browser.vouched(&forger, "sign_in", json!({}));
    assert_eq!(behind(&refused, "sign_in_error"), "not_allowed");
    app.admin().patch(&place, json!({ "active": true })).expect(200);
    let page = browser.vouched(&forger, "sign_in", json!({}));
    app.admin().delete(&format!("{place}/single-sign-on")).expect(204);
    browser.exchange(&page).expect(400);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_an_account_is_made_for_a_verified_address_only(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let unverified = [
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email_verified": "false" }),
        json!({ "email": null }),
        json!({ "email": "no address" }),
    ];
    for claims in unverified {
        let refused = browser.vouched(&forger, "sign_in", claims);
        assert_eq!(behind(&refused, "sign_in_error"), "email_unverified");
    }
    let tokens = browser.sign_in(&forger, json!({ "email_verified": "true", "name": "two\nlines" }));
    assert_eq!(tokens["user"]["name"], "ada");
    // Once there is an account, the address is not what it is found by.
    browser.sign_in(&forger, json!({ "email_verified": false }));
}

#[apply(each_database)]
fn p24_an_account_without_a_password_gets_one_from_an_admin_alone(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let tokens = browser.sign_in(&forger, json!({}));
    let ada = signed_in(&app, &tokens);
    let place = format!("/v1/users/{}", text(&tokens["user"]["id"]));
    let new = "seven quiet rivers at dawn";
    for guess in [PASSWORD, new] {
        let change = json!({ "current_password": guess, "new_password": new });
        ada.put("/v1/auth/password", change).expect(422);
    }
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": "ada@example.org" })).expect(202);
    assert_eq!(app.admin().send("POST", &format!("{place}/invite"), None).expect(409).code(), "not_invited");
    app.admin().patch(&place, json!({ "password": new })).expect(200);
    // It is good as soon as the groups decide no longer, which would come too late for whoever has left them.
    let refused = password_of(&app, "ada@example.org", new).expect(401);
    let wrong = password_of(&app, "ada@example.org", PASSWORD).expect(401);
    assert_eq!(refused.json()["detail"], wrong.json()["detail"]);
    let because = "sign_in_refused the password is right, but the account is linked and groups decide, from 127.0.0.1";
    assert_eq!(log(&app, "user").iter().filter(|line| **line == because).count(), 1);
    browser.sign_in(&forger, json!({}));
    app.admin().delete(&format!("{place}/single-sign-on")).expect(204);
    password_of(&app, "ada@example.org", new).expect(200);
}

#[apply(each_database)]
fn p24_a_second_factor_is_asked_for_unless_the_provider_did(database: Database) {
    let forger = Forger::start();
    let by = by_provider(&forger.issuer(), &ROLES, None);
    let app = TestApp::start_with(database, |config| {
        by(config);
        config.second_factor_roles = vec!["editor".to_owned()];
    });
    let mut browser = Browser::new(&app, "ada");
    let by_mfa = json!({ "amr": ["pwd", "mfa"] });
    // The word of the provider is good for this session, and for no other.
    let vouched = signed_in(&app, &browser.sign_in(&forger, by_mfa.clone()));
    vouched.get("/v1/tokens").expect(200);
    let without = signed_in(&app, &browser.sign_in(&forger, json!({ "amr": ["pwd"] })));
    assert_eq!(without.get("/v1/tokens").expect(403).code(), "second_factor_required");
    // Somebody without a password sets one up within ten minutes of signing in.
    let password = json!({ "current_password": PASSWORD });
    app.pass(10 * 60);
    let late = without.post("/v1/auth/second-factor", json!({})).expect(422);
    assert_eq!(late.refusals(), ["/current_password sign_in_again"]);
    let fresh = signed_in(&app, &browser.sign_in(&forger, json!({})));
    fresh.post("/v1/auth/second-factor", password).expect(200);
    let begun = fresh.post("/v1/auth/second-factor", json!({})).expect(200).json();
    let authenticator = crate::support::authenticator::Authenticator::new(text(&begun["secret"]));
    let code = json!({ "code": authenticator.code(&app) });
    fresh.post("/v1/auth/second-factor/confirm", code).expect(200);
    fresh.get("/v1/tokens").expect(200);
    // From then on it is asked for, unless the provider did.
    let page = browser.vouched(&forger, "sign_in", json!({}));
    let challenge = browser.exchange(&page).expect(202).json()["challenge"].clone();
    app.pass(30);
    let answer = json!({ "challenge": challenge, "code": authenticator.code(&app) });
    app.anonymous().post("/v1/auth/second-factor/verify", answer).expect(200);
    browser.sign_in(&forger, by_mfa);
    // It is over with the link.
    let page = browser.vouched(&forger, "sign_in", json!({}));
    let challenge = browser.exchange(&page).expect(202).json()["challenge"].clone();
    let id = text(&fresh.get("/v1/auth/me").expect(200).json()["id"]).to_owned();
    app.admin().delete(&format!("/v1/users/{id}/single-sign-on")).expect(204);
    app.pass(30);
    let answer = json!({ "challenge": challenge, "code": authenticator.code(&app) });
    app.anonymous().post("/v1/auth/second-factor/verify", answer).expect(401);
    // Whoever has a password shows it.
    let bo = app.signed_in("bo@example.org", "editor");
    let missing = bo.post("/v1/auth/second-factor", json!({})).expect(422);
    assert_eq!(missing.refusals(), ["/current_password required"]);
    enrol(&app, &bo);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_states_and_codes_are_good_once_for_one_browser_and_a_while(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let back = |browser: &mut Browser| {
        let asked = Asked::of(&browser.begin("sign_in"));
        forger.give(&asked, forger.key().sign(&forger.claims(&app, &asked)))
    };
    // Of many who come with one state exactly one gets a code; of many who come with one code, a session.
    let address = back(&mut browser);
    let pages = at_once(8, |_| browser.come_back(&address));
    let (welcome, refused): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.contains("#sign_in=dlo_"));
    assert_eq!((welcome.len(), refused.len()), (1, 7), "{pages:?}");
    assert!(refused.iter().all(|page| **page == format!("{PAGE}#sign_in_error=expired")), "{refused:?}");
    let replies = at_once(4, |_| browser.exchange(welcome[0]));
    assert_eq!(statuses(&replies), [(200, 1), (400, 3)]);
    // The state of another browser is none, with its cookie or without one; and it stays good for its own.
    let address = back(&mut browser);
    let mut other = Browser::new(&app, "eve");
    assert_eq!(behind(&other.come_back(&address), "sign_in_error"), "expired");
    other.begin("sign_in");
    assert_eq!(behind(&other.come_back(&address), "sign_in_error"), "expired");
    let page = browser.come_back(&address);
    // A code that somebody else sees is good for nothing, and is over then.
    let stolen = json!({ "code": behind(&page, "sign_in"), "verifier": other.verifier });
    assert_eq!(app.anonymous().post(EXCHANGE, stolen).expect(400).code(), "code_not_good");
    browser.exchange(&page).expect(400);
    // Ten minutes at the provider, two on the page.
    let address = back(&mut browser);
    app.pass(10 * 60);
    assert_eq!(behind(&browser.come_back(&address), "sign_in_error"), "expired");
    let address = back(&mut browser);
    let page = browser.come_back(&address);
    app.pass(2 * 60);
    browser.exchange(&page).expect(400);
    // Several tabs of one browser, and any instance.
    let (first, second) = (back(&mut browser), back(&mut browser));
    for address in [second, first] {
        browser.exchange(&browser.come_back(&address)).expect(200);
    }
    let noted = log(&app, "user");
    let because = |reason: &str| noted.iter().filter(|line| line.contains(reason)).count();
    assert!(because("the state is unknown, used, too old, or of another browser") >= 7, "{noted:?}");
    assert!(because("the one-time code, or its verifier") >= 1, "{noted:?}");
    let secrets = ["dls_", "dlo_", "dlb_", "code-"];
    assert!(!noted.iter().any(|line| secrets.iter().any(|secret| line.contains(secret))), "{noted:?}");
}

#[apply(each_database)]
fn p24_two_first_sign_ins_at_once_make_one_account(database: Database) {
    let (forger, app) = start(database);
    let beside = app.beside();
    let replies = at_once(6, |number| {
        let app = if number % 2 == 0 { &app } else { &beside };
        let mut browser = Browser::new(app, "ada");
        let page = browser.vouched(&forger, "sign_in", json!({}));
        browser.exchange(&page)
    });
    assert_eq!(statuses(&replies), [(200, 6)]);
    let ids: std::collections::BTreeSet<String> =
        replies.iter().map(|reply| text(&reply.json()["user"]["id"]).to_owned()).collect();
    assert_eq!(ids.len(), 1);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_signing_out_leads_to_the_provider(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let ada = signed_in(&app, &browser.sign_in(&forger, json!({})));
    let left = ada.send("POST", SIGN_OUT, None).expect(200).json();
    let page = "http%3A%2F%2F127.0.0.1%3A8080%2Faccount";
    let there = format!("{}/end?client_id=dateline&post_logout_redirect_uri={page}", forger.issuer());
    assert_eq!(left, json!({ "address": there }));
    ada.get("/v1/auth/me").expect(401);
    // Somebody who is not linked was never there.
    let editor = app.editor();
    assert_eq!(editor.send("POST", SIGN_OUT, None).expect(200).json(), json!({ "address": null }));
    editor.get("/v1/auth/me").expect(401);
    // A provider that is away keeps nobody signed in.
    let tokens = browser.sign_in(&forger, json!({}));
    forger.answer("/.well-known/openid-configuration", Some(Manner::Broken));
    let other = app.beside_with(by_provider(&forger.issuer(), &ROLES, None));
    let ada = signed_in(&other, &tokens);
    assert_eq!(ada.send("POST", SIGN_OUT, None).expect(200).json(), json!({ "address": null }));
    ada.get("/v1/auth/me").expect(401);
}

/// Rows about being led elsewhere, and about cookies.
#[apply(each_database)]
fn s62_s63_t46_single_sign_on_leads_nowhere_but_to_the_provider_and_the_page(database: Database) {
    let (forger, app) = start(database);
    let challenge = Browser::new(&app, "ada").challenge();
    let start = format!("/v1/auth/single-sign-on/start?challenge={challenge}");
    for name in ["next", "return_to", "redirect_uri", "from", "RelayState"] {
        for target in ["//evil.test", "/%5Cevil.test", "%2f%2fevil.test", "https:evil.test", "https://evil.test"] {
            app.anonymous().get(&format!("{start}&{name}={target}")).expect(400);
            let reply = app.anonymous().get(&format!("/v1/auth/single-sign-on/callback?{name}={target}")).expect(303);
            assert_eq!(location(&reply), format!("{PAGE}#sign_in_error=expired"));
        }
    }
    let liar = app.anonymous().header("X-Forwarded-Host", "evil.test").header("Host", "evil.test").unchecked();
    let led = location(&liar.get(&start).expect(303));
    assert_eq!(Asked::of(&led).get("redirect_uri"), CALLBACK);
    assert!(led.starts_with(&forger.issuer()) && !led.contains("evil"), "{led}");
    assert!(!liar.get(STATE).expect(200).text().contains("evil"));
    let back = liar.get("/v1/auth/single-sign-on/callback?state=x&iss=https://evil.test").expect(303);
    assert_eq!(location(&back), format!("{PAGE}#sign_in_error=expired"));
}

#[apply(each_database)]
fn s67_t39_the_cookie_of_single_sign_on_signs_nobody_in(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let reply = browser.start("sign_in").expect(303);
    let cookies = reply.all("Set-Cookie");
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].starts_with("dateline-sign-in=dlb_") && cookies[0].ends_with("; HttpOnly; SameSite=Lax"));
    assert!(cookies[0].contains("; Path=/; Max-Age=600"), "{}", cookies[0]);
    let cookie = cookies[0].split(';').next().unwrap();
    browser.sign_in(&forger, json!({}));
    let with_cookie = app.anonymous().header("Cookie", cookie);
    with_cookie.get("/v1/auth/me").expect(401);
    with_cookie.get(LINK).expect(401);
    with_cookie.send("POST", SIGN_OUT, None).expect(401);
    // By TLS nobody but this very host sets or sees it.
    let by_tls = app.beside_with(|config| config.public_url = Some("https://news.example.org".to_owned()));
    let start = format!("/v1/auth/single-sign-on/start?challenge={}", browser.challenge());
    let reply = by_tls.anonymous().get(&start).expect(303);
    let given = reply.header("Set-Cookie").unwrap();
    assert!(given.starts_with("__Host-dateline-sign-in=dlb_") && given.ends_with("; SameSite=Lax; Secure"), "{given}");
}

#[test]
fn p24_sign_ins_that_nobody_finishes_are_bounded() {
    let (forger, app) = start(Database::Sqlite);
    let mut browser = Browser::new(&app, "ada");
    for _ in 0..100 {
        browser.begin("sign_in");
    }
    assert_eq!(browser.start("sign_in").expect(429).header("Retry-After"), Some("600"));
    // What was put away by the clock makes room.
    app.pass(10 * 60);
    browser.sign_in(&forger, json!({}));
    // Whoever comes with nothing is told so, and the log does not grow with them.
    for _ in 0..30 {
        app.anonymous().get("/v1/auth/single-sign-on/callback?state=x&code=y").expect(303);
    }
    let noted = log(&app, "user");
    assert_eq!(noted.iter().filter(|line| line.starts_with("sign_in_refused")).count(), 10, "{noted:?}");
    // Nor with whoever begins and comes back with anything.
    app.pass(15 * 60);
    for _ in 0..30 {
        let state = Asked::of(&browser.begin("sign_in")).get("state").to_owned();
        let issuer = forger.issuer();
        let page = browser.come_back(&format!("{CALLBACK}?state={state}&iss={issuer}&error=access_denied"));
        assert_eq!(behind(&page, "sign_in_error"), "cancelled");
    }
    let noted = log(&app, "user");
    assert_eq!(noted.iter().filter(|line| line.starts_with("sign_in_refused")).count(), 20, "{noted:?}");
    // A picture on somebody's page begins nothing.
    let start = format!("/v1/auth/single-sign-on/start?challenge={}", browser.challenge());
    for (destination, status) in [("image", 400), ("empty", 400), ("iframe", 400), ("document", 303)] {
        app.anonymous().header("Sec-Fetch-Dest", destination).get(&start).expect(status);
    }
    password_of(&app, "admin@example.org", PASSWORD).expect(200);
}

#[test]
fn without_a_provider_there_is_no_single_sign_on() {
    let app = TestApp::start(Database::Sqlite);
    let off = json!({ "enabled": false, "name": null, "start": null });
    assert_eq!(app.anonymous().get(STATE).expect(200).json(), off);
    let challenge = Browser::new(&app, "ada").challenge();
    let start = format!("/v1/auth/single-sign-on/start?challenge={challenge}");
    for path in [&*start, "/v1/auth/single-sign-on/callback?state=x"] {
        assert_eq!(app.anonymous().get(path).expect(409).code(), "single_sign_on_off");
    }
    let nothing = format!("dlo_{}", "a".repeat(43));
    let exchange = json!({ "code": nothing, "verifier": Browser::new(&app, "ada").verifier });
    assert_eq!(app.anonymous().post(EXCHANGE, exchange).expect(409).code(), "single_sign_on_off");
    for wrong in ["", "?challenge=", "?challenge=short", "?challenge=a&purpose=steal"] {
        app.anonymous().get(&format!("/v1/auth/single-sign-on/start{wrong}")).expect(400);
    }
}
