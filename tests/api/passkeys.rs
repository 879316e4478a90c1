//! Passkeys: added, used, lost; and devices that lie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline::db::schema::{events, used_ceremonies};
use dateline::events::Actor;
use dateline::http::query::WriteOptions;
use dateline::jobs;
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::authenticator::enrol;
use crate::support::browser::Browser;
use crate::support::client::{Client, Reply};
use crate::support::desk::{at_once, statuses, text};
use crate::support::device::{Device, Manner, begin, finish, with_passkeys};
use crate::support::provider::{Forger, by_provider};
use crate::support::{Database, PASSWORD, TestApp, each_database};
use crate::verify::{assert_untouched, touched};

const ANA: &str = "ana@example.org";
const PASSKEYS: &str = "/v1/auth/passkeys";
const BEGIN: &str = "/v1/auth/passkeys/begin";
const SIGN_IN: &str = "/v1/auth/passkeys/sign-in";

/// Longer than anything counts that was refused.
const A_WHILE: u64 = 16 * 60;

fn start(database: Database) -> TestApp {
    TestApp::start_with(database, with_passkeys)
}

/// Ana, an editor, who has just signed in with her password and added a passkey.
fn ana(app: &TestApp) -> (Client, Device) {
    let (ana, mut device) = (app.signed_in(ANA, "editor"), Device::new());
    device.add_to(&ana).expect(201);
    (ana, device)
}

fn signed_in(app: &TestApp, tokens: &Reply) -> Client {
    app.anonymous().bearer(text(&tokens.json()["access_token"]))
}

fn id_of(person: &Client) -> String {
    text(&person.get("/v1/auth/me").expect(200).json()["id"]).to_owned()
}

fn proof() -> Value {
    json!({ "current_password": PASSWORD })
}

/// What the log says of these actions, with the notes, the newest last.
fn log(app: &TestApp, action: &str) -> Vec<String> {
    let page = app.admin().get(&format!("/v1/events?action={action}&limit=100")).expect(200).json();
    let notes = page["data"].as_array().unwrap().iter();
    notes.map(|event| format!("{} {}", text(&event["resource"]), event["note"].as_str().unwrap_or_default())).collect()
}

/// Why nobody got in, by the newest entry of the log; and the answer was that of every other refusal.
fn refused(app: &TestApp, reply: Reply) -> String {
    let reply = reply.expect(401);
    assert!(text(&reply.json()["detail"]).starts_with("The passkey is not good here, or the account is switched off."));
    app.pass(A_WHILE);
    let newest = log(app, "sign_in_refused").pop().expect("it is in the log");
    newest.strip_prefix("user passkey, from 127.0.0.1: ").unwrap_or_else(|| panic!("{newest}")).to_owned()
}

#[apply(each_database)]
fn p25_a_device_signs_somebody_in_and_counts_as_a_second_factor(database: Database) {
    let app = TestApp::start_with(database, |config| {
        with_passkeys(config);
        config.second_factor_roles = vec!["editor".to_owned()];
    });
    let ana = app.signed_in(ANA, "editor");
    assert_eq!(ana.post("/v1/articles", json!({ "title": "Ferry" })).expect(403).code(), "second_factor_required");
    assert_eq!(ana.get(PASSKEYS).expect(200).json(), json!({ "data": [], "next": null }));
    let begun = ana.post(BEGIN, proof()).expect(200);
    assert_eq!(begun.header("Cache-Control"), Some("private, no-store"));
    let options = &begun.json()["public_key"];
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("news.example"), &json!(ANA)));
    assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["extensions"]["enforceCredentialProtectionPolicy"], false);
    let mut device = Device::new();
    let added = device.add_to(&ana).expect(201);
    let shown = added.json();
    assert_eq!(
        (&shown["name"], &shown["last_used_at"], &shown["backed_up"]),
        (&json!("Phone"), &Value::Null, &json!(false))
    );
    assert_eq!(added.header("Location"), Some(format!("{PASSKEYS}/{}", text(&shown["id"])).as_str()));
    let known = ana.post(BEGIN, proof()).expect(200).json()["public_key"]["excludeCredentials"].clone();
    assert_eq!(known.as_array().unwrap().len(), 1);
    // The device is enough, for what needs two factors, too; the password is not, and gives what it gave.
    app.pass(60);
    let asked = app.anonymous().post(&format!("{SIGN_IN}/begin"), json!({})).expect(200);
    assert_eq!(asked.header("Cache-Control"), Some("private, no-store"));
    assert_eq!((&asked.json()["public_key"]["rpId"]), (&json!("news.example")));
    assert_eq!((&asked.json()["public_key"]["allowCredentials"]), (&json!([])));
    let tokens = device.sign_in(&app.anonymous()).expect(200);
    assert_eq!(tokens.header("Cache-Control"), Some("private, no-store"));
    assert_eq!(tokens.json()["user"], ana.get("/v1/auth/me").expect(200).json());
    signed_in(&app, &tokens).begin(json!({ "title": "Ferry" }));
    let next = json!({ "refresh_token": tokens.json()["refresh_token"] });
    let refreshed = app.anonymous().post("/v1/auth/refresh", next).expect(200);
    signed_in(&app, &refreshed).begin(json!({ "title": "Tide" }));
    app.signed_in(ANA, "editor").post("/v1/articles", json!({ "title": "Storm" })).expect(403);
    // No code is asked for where a second factor is on, and the password still asks for one.
    let enrolled = enrol(&app, &signed_in(&app, &tokens));
    app.anonymous().post("/v1/auth/login", json!({ "email": ANA, "password": PASSWORD })).expect(202);
    let again = signed_in(&app, &device.sign_in(&app.anonymous()).expect(200));
    let listed = again.get(PASSKEYS).expect(200).json()["data"][0].clone();
    assert_eq!((&listed["id"], &listed["last_used_at"]), (&shown["id"], &json!("2026-11-23T12:01:30Z")));
    // The admin sees how many there are.
    let place = format!("/v1/users/{}", id_of(&again));
    assert_eq!(app.admin().get(&place).expect(200).json()["passkeys"], 1);
    assert_eq!(app.admin().patch(&place, json!({ "passkeys": 2 })).expect(422).refusals(), ["/passkeys read_only"]);
    // Another one is added with both; it is in a password manager.
    let both = json!({ "current_password": PASSWORD, "code": enrolled.authenticator.code(&app) });
    let copied = Device::new().add_in(&again, both, &Manner::copied()).expect(201).json();
    assert_eq!(copied["backed_up"], true);
    assert_eq!(log(&app, "signed_in").iter().filter(|line| **line == "session passkey, from 127.0.0.1").count(), 2);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p25_what_a_device_does_not_say_here_and_now_and_to_us_signs_nobody_in(database: Database) {
    let app = start(database);
    let (_, device) = ana(&app);
    let mut of_bo = Device::new();
    of_bo.add_to(&app.signed_in("bo@example.org", "admin")).expect(201);
    let honest = Manner::default;
    let page = "it was made on a page that DATELINE_PASSKEY_ORIGINS does not name";
    let of_another = URL_SAFE_NO_PAD.encode([7; 16]);
    let cases = [
        (Manner { origin: "https://evil.example".to_owned(), ..honest() }, page),
        (Manner { origin: "https://other.news.example".to_owned(), ..honest() }, page),
        (Manner { origin: "http://desk.news.example".to_owned(), ..honest() }, page),
        (Manner { origin: "https://desk.news.example:8443".to_owned(), ..honest() }, page),
        (Manner { framed: true, ..honest() }, page),
        (Manner { domain: "evil.example".to_owned(), ..honest() }, "it is for another domain"),
        (Manner { challenge: Some(of_another), ..honest() }, "it answers another ceremony"),
        (Manner { kind: Some("webauthn.create"), ..honest() }, "it is not the answer to this ceremony"),
        (Manner::absent(), "nobody touched the device"),
        (Manner::unverified(), "the device asked for neither a PIN nor a finger nor a face"),
        (Manner { is_forged: true, ..honest() }, "the signature is wrong"),
        (Manner { handle: Some(of_bo.handle.clone()), ..honest() }, "it names another account"),
        // A key that could not be copied can be now: it is another one.
        (Manner::copied(), "it is not the answer to this ceremony"),
    ];
    for (manner, reason) in cases {
        let reply = device.sign_in_in(&app.anonymous(), &manner);
        assert_eq!(refused(&app, reply), reason, "{manner:?}");
    }
    let mut stranger = Device::new();
    stranger.handle = device.handle.clone();
    assert_eq!(refused(&app, stranger.sign_in(&app.anonymous())), "no account has it");
    // What was refused is in the log of the account that it was about, once that is known.
    let page = app.admin().get("/v1/events?action=sign_in_refused&limit=100").expect(200).json();
    let about: Vec<&str> = page["data"].as_array().unwrap().iter().map(|one| text(&one["resource_id"])).collect();
    assert_eq!(about[about.len() - 2..], [&id_of(&app.signed_in(ANA, "editor")), "unknown"]);
    // What makes no sense at all is said to be so.
    let begun = begin(&app.anonymous());
    let good = device.get(&begun["public_key"], &honest());
    for wrong in
        [json!(null), json!("x"), json!({}), json!({ "id": "AA", "response": {} }), json!({ "response": good })]
    {
        let refusals = finish(&app.anonymous(), &begun, wrong).expect(422).refusals();
        assert!(refusals == ["/credential invalid_credential"] || refusals == ["/credential required"], "{refusals:?}");
    }
    let shapeless = json!({ "ceremony": "dlc_x", "credential": good });
    assert_eq!(app.anonymous().post(SIGN_IN, shapeless).expect(422).refusals(), ["/ceremony invalid_ceremony"]);
    let other_page = Manner { origin: "https://news.example".to_owned(), ..honest() };
    device.sign_in_in(&app.anonymous(), &other_page).expect(200);
    finish(&app.anonymous(), &begun, good).expect(200);
}

#[apply(each_database)]
fn p25_a_ceremony_succeeds_once_whoever_comes_with_it(database: Database) {
    let app = start(database);
    let (_, device) = ana(&app);
    let begun = begin(&app.anonymous());
    let answer = device.get(&begun["public_key"], &Manner::default());
    let replies = at_once(6, |_| finish(&app.anonymous(), &begun, answer.clone()));
    assert_eq!(statuses(&replies), [(200, 1), (401, 5)]);
    assert_eq!(
        refused(&app, finish(&app.anonymous(), &begin(&app.anonymous()), answer.clone())),
        "it answers another ceremony"
    );
    let begun = begin(&app.anonymous());
    let answer = device.get(&begun["public_key"], &Manner::default());
    finish(&app.anonymous(), &begun, answer.clone()).expect(200);
    assert!(log(&app, "sign_in_refused").iter().any(|line| line.ends_with("the ceremony was used before")));
    // Remembered until it runs out by itself.
    let used =
        |app: &TestApp| app.ask(|connection| Ok(used_ceremonies::table.count().get_result::<i64>(connection)?));
    let tidy = |app: &TestApp| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let write = app.app().ledger();
        runtime.block_on(write.write(Actor::Clock, WriteOptions::default(), jobs::tidy)).unwrap();
    };
    app.pass(299);
    tidy(&app);
    assert_eq!(used(&app), 1);
    refused(&app, finish(&app.anonymous(), &begun, answer));
    tidy(&app);
    assert_eq!(used(&app), 0);
}

#[apply(each_database)]
fn p25_a_ceremony_goes_on_for_what_it_began_where_it_began_and_in_time(database: Database) {
    let app = start(database);
    let (ana, device) = ana(&app);
    let bo = app.signed_in("bo@example.org", "writer");
    let over = "the ceremony has run out, or began for something else";
    let honest = Manner::default();
    // Adding and signing in are two things.
    let registering = ana.post(BEGIN, proof()).expect(200).json();
    let answer = device.get(&registering["public_key"], &honest);
    app.anonymous().post(SIGN_IN, json!({ "ceremony": registering["ceremony"], "credential": answer })).expect(401);
    assert!(log(&app, "sign_in_refused").iter().any(|line| line.ends_with(over)));
    let signing_in = begin(&app.anonymous());
    let mut fresh = Device::new();
    let mut add = |person: &Client, begun: &Value| {
        let mut options = begun["public_key"].clone();
        options["user"] = json!({ "id": URL_SAFE_NO_PAD.encode([7; 16]) });
        let credential = fresh.create(&options, &Manner::default());
        person.post(PASSKEYS, json!({ "name": "x", "ceremony": begun["ceremony"], "credential": credential }))
    };
    let is_over = |reply: Reply| assert_eq!(reply.expect(422).refusals(), ["/ceremony ceremony_over"]);
    is_over(add(&ana, &signing_in));
    // For this account, in this session.
    is_over(add(&bo, &registering));
    is_over(add(&app.signed_in(ANA, "editor"), &registering));
    app.anonymous().post(PASSKEYS, json!({ "name": "x" })).expect(401);
    // On any instance with the same secret, and on no other.
    let elsewhere = app.beside_with_secret("another secret that is long enough to be one");
    finish(&elsewhere.anonymous(), &signing_in, device.get(&signing_in["public_key"], &honest)).expect(401);
    finish(&app.beside().anonymous(), &signing_in, device.get(&signing_in["public_key"], &honest)).expect(200);
    // Five minutes, and once.
    let late = begin(&app.anonymous());
    app.pass(299);
    add(&ana, &registering).expect(201);
    is_over(add(&ana, &registering));
    let registering = ana.post(BEGIN, proof()).expect(200).json();
    app.pass(1);
    assert_eq!(refused(&app, finish(&app.anonymous(), &late, device.get(&late["public_key"], &honest))), over);
    let ana = app.signed_in(ANA, "editor");
    let begun = ana.post(BEGIN, proof()).expect(200).json();
    app.pass(300);
    is_over(add(&ana, &begun));
    is_over(add(&ana, &registering));
}

#[apply(each_database)]
fn p25_a_passkey_is_added_by_an_honest_device_alone(database: Database) {
    let app = start(database);
    let ana = app.signed_in(ANA, "editor");
    let honest = Manner::default;
    let cases = [
        (Manner { origin: "https://evil.example".to_owned(), ..honest() }, "on a page"),
        (Manner { framed: true, ..honest() }, "on a page"),
        (Manner { domain: "evil.example".to_owned(), ..honest() }, "for another domain"),
        (Manner { challenge: Some(URL_SAFE_NO_PAD.encode([7; 16])), ..honest() }, "another ceremony"),
        (Manner { kind: Some("webauthn.get"), ..honest() }, "not the answer"),
        (Manner::absent(), "nobody touched"),
        (Manner::unverified(), "neither a PIN"),
    ];
    for (manner, reason) in cases {
        let refused = Device::new().add_in(&ana, proof(), &manner).expect(422);
        assert_eq!(refused.refusals(), ["/credential not_accepted"], "{manner:?}");
        assert!(text(&refused.json()["errors"][0]["detail"]).contains(reason), "{}", refused.text());
    }
    let begun = ana.post(BEGIN, proof()).expect(200).json();
    let mut device = Device::new();
    let mut broken = device.create(&begun["public_key"], &honest());
    broken["response"]["attestationObject"] = json!("oA");
    let sent = |credential: &Value| {
        ana.post(PASSKEYS, json!({ "name": "x", "ceremony": begun["ceremony"], "credential": credential }))
    };
    assert_eq!(sent(&broken).expect(422).refusals(), ["/credential invalid_credential"]);
    let huge = json!({ "padding": "x".repeat(17 * 1024) });
    sent(&huge).expect(413);
    let nameless = json!({ "name": "", "id": "x", "backed_up": true });
    let refusals = ana.post(PASSKEYS, nameless).expect(422).refusals();
    let expected =
        ["/backed_up read_only", "/ceremony required", "/credential required", "/id read_only", "/name empty"];
    assert_eq!(refusals, expected);
    assert_eq!(ana.get(PASSKEYS).expect(200).json()["data"], json!([]));
    // One device is one account's.
    device.add_to(&ana).expect(201);
    let taken = device.add_to(&app.signed_in("bo@example.org", "writer")).expect(409);
    assert_eq!(taken.refusals(), ["/credential taken"]);
    for _ in 1..10 {
        Device::new().add_to(&ana).expect(201);
    }
    assert_eq!(ana.post(BEGIN, proof()).expect(409).code(), "too_many_passkeys");
    assert_eq!(ana.get(PASSKEYS).expect(200).json()["data"].as_array().unwrap().len(), 10);
}

#[apply(each_database)]
fn p25_of_many_added_at_once_there_are_ten(database: Database) {
    let app = start(database);
    let ana = app.signed_in(ANA, "editor");
    let made: Vec<Value> = (0..12)
        .map(|_| {
            let begun = ana.post(BEGIN, proof()).expect(200).json();
            let credential = Device::new().create(&begun["public_key"], &Manner::default());
            json!({ "name": "Phone", "ceremony": begun["ceremony"], "credential": credential })
        })
        .collect();
    let replies = at_once(12, |index| ana.post(PASSKEYS, made[index].clone()));
    assert_eq!(statuses(&replies), [(201, 10), (409, 2)]);
}

#[apply(each_database)]
fn p25_a_stolen_password_adds_no_passkey_where_a_second_factor_is_on(database: Database) {
    let app = start(database);
    let ana = app.signed_in(ANA, "editor");
    assert_eq!(ana.post(BEGIN, json!({})).expect(422).refusals(), ["/current_password required"]);
    let guess = json!({ "current_password": "not the password of ana" });
    assert_eq!(ana.post(BEGIN, guess).expect(422).refusals(), ["/current_password wrong_password"]);
    let before = ana.post(BEGIN, proof()).expect(200).json();
    let enrolled = enrol(&app, &ana);
    assert_eq!(ana.post(BEGIN, proof()).expect(422).refusals(), ["/code required"]);
    let with = |code: &str| json!({ "current_password": PASSWORD, "code": code });
    let code = enrolled.authenticator.code(&app);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(ana.post(BEGIN, with(wrong)).expect(422).refusals(), ["/code wrong_code"]);
    assert_eq!(log(&app, "second_factor_refused").len(), 1);
    let mut device = Device::new();
    device.add_in(&ana, with(&code), &Manner::default()).expect(201);
    // The code is used up; a recovery code is as good.
    assert_eq!(ana.post(BEGIN, with(&code)).expect(422).refusals(), ["/code wrong_code"]);
    ana.post(BEGIN, with(&enrolled.recovery_codes[0])).expect(200);
    // What began before the factor was on is of this session still, and of no other: those have ended.
    let credential = Device::new().create(&before["public_key"], &Manner::default());
    ana.post(PASSKEYS, json!({ "name": "x", "ceremony": before["ceremony"], "credential": credential })).expect(201);
    // Guesses count like those of whoever signs in.
    for _ in 0..20 {
        ana.post(BEGIN, with(wrong));
    }
    ana.post(BEGIN, with(wrong)).expect(429);
}

#[apply(each_database)]
fn p25_a_counter_that_goes_back_is_refused_and_in_the_log(database: Database) {
    let app = start(database);
    let (_, device) = ana(&app);
    let counting = |counter| Manner { counter, ..Manner::default() };
    device.sign_in_in(&app.anonymous(), &counting(5)).expect(200);
    device.sign_in_in(&app.anonymous(), &counting(6)).expect(200);
    for counter in [6, 5, 0] {
        let reply = device.sign_in_in(&app.anonymous(), &counting(counter));
        assert_eq!(refused(&app, reply), "its counter went back, so there may be a copy of it");
    }
    device.sign_in_in(&app.anonymous(), &counting(7)).expect(200);
    // Of two that have counted as far, one gets in.
    let begun = [begin(&app.anonymous()), begin(&app.anonymous())];
    let answers = begun.each_ref().map(|one| device.get(&one["public_key"], &counting(8)));
    let replies = at_once(2, |index| finish(&app.anonymous(), &begun[index], answers[index].clone()));
    assert_eq!(statuses(&replies), [(200, 1), (401, 1)]);
}

#[apply(each_database)]
fn p25_what_ends_an_account_or_a_passkey_ends_what_it_opens(database: Database) {
    let app = start(database);
    let (ana, mut device) = ana(&app);
    let (mut other, admin) = (Device::new(), app.admin());
    other.add_to(&ana).expect(201);
    let place = format!("/v1/users/{}", id_of(&ana));
    let there = signed_in(&app, &device.sign_in(&app.anonymous()).expect(200));
    // A session ends like any other: with the role, with the state, by its owner.
    let off = json!({ "active": false });
    admin.patch(&place, off).expect(200);
    there.get("/v1/auth/me").expect(401);
    // What was made with an account that may be in the wrong hands goes with its state, as API tokens do,
    app.admin().patch(&place, json!({ "active": true })).expect(200);
    for gone in [&device, &other] {
        assert_eq!(refused(&app, gone.sign_in(&app.anonymous())), "no account has it");
    }
    // and with its password, whoever changes that: an intruder may have added one.
    let passwords = ["seven quiet rivers at dawn", "nine loud harbours by night", "two slow ferries in the fog"];
    let enter = |number: usize| {
        let password = json!({ "email": ANA, "password": passwords[number] });
        signed_in(&app, &app.anonymous().post("/v1/auth/login", password).expect(200))
    };
    let add = |device: &mut Device, ana: &Client, number: usize| {
        *device = Device::new();
        let proof = json!({ "current_password": passwords[number] });
        device.add_in(ana, proof, &Manner::default()).expect(201);
    };
    app.admin().patch(&place, json!({ "password": passwords[0] })).expect(200);
    add(&mut device, &enter(0), 0);
    app.admin().patch(&place, json!({ "password": passwords[1] })).expect(200);
    assert_eq!(refused(&app, device.sign_in(&app.anonymous())), "no account has it");
    let ana = enter(1);
    add(&mut device, &ana, 1);
    let change = json!({ "current_password": passwords[1], "new_password": passwords[2] });
    ana.put("/v1/auth/password", change).expect(204);
    assert_eq!(refused(&app, device.sign_in(&app.anonymous())), "no account has it");
    let ana = enter(2);
    add(&mut device, &ana, 2);
    add(&mut other, &ana, 2);
    let there = signed_in(&app, &device.sign_in(&app.anonymous()).expect(200));
    let list = there.get(PASSKEYS).expect(200).json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect();
    app.signed_in("bo@example.org", "writer").delete(&format!("{PASSKEYS}/{}", ids[0])).expect(404);
    there.delete(&format!("{PASSKEYS}/{}", ids[0])).expect(204);
    there.delete(&format!("{PASSKEYS}/{}", ids[0])).expect(404);
    there.delete(&format!("{PASSKEYS}/none")).expect(404);
    there.get("/v1/auth/me").expect(200);
    assert_eq!(refused(&app, device.sign_in(&app.anonymous())), "no account has it");
    // For a device that was lost there is an admin.
    let there = signed_in(&app, &other.sign_in(&app.anonymous()).expect(200));
    let admin = app.admin();
    admin.delete(&format!("/v1/users/{}/passkeys", id_of(&admin))).expect(403);
    admin.delete(&format!("{place}/passkeys?dry_run=true")).expect(204);
    there.get("/v1/auth/me").expect(200);
    admin.delete(&format!("{place}/passkeys")).expect(204);
    there.get("/v1/auth/me").expect(401);
    admin.delete(&format!("{place}/passkeys")).expect(404);
    assert_eq!(refused(&app, other.sign_in(&app.anonymous())), "no account has it");
    // Deleted with all that is theirs, and said so.
    let mut last = Device::new();
    last.add_to(&app.signed_in("bo@example.org", "writer")).expect(201);
    let bo = id_of(&app.signed_in("bo@example.org", "writer"));
    app.admin().delete(&format!("/v1/users/{bo}")).expect(204);
    assert_eq!(refused(&app, last.sign_in(&app.anonymous())), "no account has it");
    assert_eq!(log(&app, "created").iter().filter(|line| line.starts_with("passkey of account ")).count(), 7);
    assert_eq!(log(&app, "deleted").iter().filter(|line| line.starts_with("passkey of account ")).count(), 7);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p25_where_groups_decide_a_passkey_signs_nobody_in(database: Database) {
    let forger = Forger::start();
    let app = TestApp::start_with(database, |config| {
        by_provider(&forger.issuer(), &[], Some("editor"))(config);
        with_passkeys(config);
    });
    // Whoever comes by single sign-on alone has no password to show, and has just signed in.
    let mut browser = Browser::new(&app, "ada");
    let tokens = browser.sign_in(&forger, json!({}));
    let ada = app.anonymous().bearer(text(&tokens["access_token"]));
    let mut device = Device::new();
    let id = text(&device.add_in(&ada, json!({}), &Manner::default()).expect(201).json()["id"]).to_owned();
    signed_in(&app, &device.sign_in(&app.anonymous()).expect(200)).begin(json!({ "title": "Ferry" }));
    // The newsroom decides that groups decide.
    let strict = app.beside_with(by_provider(&forger.issuer(), &[("newsdesk", "editor")], None));
    assert_eq!(
        refused(&strict, device.sign_in(&strict.anonymous())),
        "it is right, but the account is linked and groups decide"
    );
    let tokens = Browser::new(&strict, "ada").sign_in(&forger, json!({}));
    let there = strict.anonymous().bearer(text(&tokens["access_token"]));
    assert_eq!(there.post(BEGIN, json!({})).expect(409).code(), "groups_decide");
    // Without the provider there is nothing else to sign in with; with it, there is.
    let alone = app.beside_with(|config| config.single_sign_on = None);
    let last = signed_in(&alone, &device.sign_in(&alone.anonymous()).expect(200));
    assert_eq!(last.delete(&format!("{PASSKEYS}/{id}")).expect(409).code(), "only_way_in");
    app.pass(11 * 60);
    let here = signed_in(&app, &device.sign_in(&app.anonymous()).expect(200));
    app.pass(11 * 60);
    assert_eq!(here.post(BEGIN, json!({})).expect(422).refusals(), ["/current_password sign_in_again"]);
    // An admin who takes the link away closes an account that has no password.
    let link = format!("/v1/users/{}/single-sign-on", id_of(&here));
    app.admin().delete(&link).expect(204);
    here.get("/v1/auth/me").expect(401);
    assert_eq!(
        refused(&app, device.sign_in(&app.anonymous())),
        "it is right, but the account has neither a password nor a link"
    );
    app.admin().put(&link, json!({ "subject": "ada" })).expect(200);
    let here = signed_in(&app, &device.sign_in(&app.anonymous()).expect(200));
    here.delete(&format!("{PASSKEYS}/{id}")).expect(204);
}

#[apply(each_database)]
fn p25_refusals_are_limited_and_do_not_fill_the_log(database: Database) {
    let app = start(database);
    let (_, device) = ana(&app);
    let forged = Manner { is_forged: true, ..Manner::default() };
    app.pass(A_WHILE);
    // Nobody is familiar from here with a passkey that no account has.
    let mut stranger = Device::new();
    stranger.handle = device.handle.clone();
    for _ in 0..10 {
        stranger.sign_in(&app.anonymous()).expect(401);
    }
    let waits = stranger.sign_in(&app.anonymous()).expect(429);
    assert!(waits.header("Retry-After").is_some());
    // The owner is familiar; guesses at her passkey end all the same.
    for _ in 0..10 {
        device.sign_in_in(&app.anonymous(), &forged).expect(401);
    }
    device.sign_in_in(&app.anonymous(), &forged).expect(429);
    device.sign_in(&app.anonymous()).expect(429);
    app.pass(A_WHILE);
    device.sign_in(&app.anonymous()).expect(200);
    assert_eq!(log(&app, "sign_in_refused").len(), 20);
}

#[test]
fn p25_beginning_keeps_nothing() {
    let app = start(Database::Sqlite);
    let count = |app: &TestApp| {
        app.ask(|connection| {
            let entries: i64 = events::table.count().get_result(connection)?;
            let used: i64 = used_ceremonies::table.count().get_result(connection)?;
            Ok((entries, used))
        })
    };
    let before = count(&app);
    let begun: Vec<Value> = (0..50).map(|_| begin(&app.anonymous())).collect();
    assert_eq!(count(&app), before);
    assert_ne!(begun[0]["public_key"]["challenge"], begun[1]["public_key"]["challenge"]);
    assert!(text(&begun[0]["ceremony"]).starts_with("dlw_"));
}

#[apply(each_database)]
fn p25_a_passkey_that_is_touched_by_hand_is_found(database: Database) {
    let app = start(database);
    let (ana, device) = ana(&app);
    Device::new().add_to(&ana).expect(201);
    device.sign_in_in(&app.anonymous(), &Manner { counter: 3, ..Manner::default() }).expect(200);
    app.make_account("eve@example.org", "writer");
    assert_untouched(&app);
    let bytes = |by: &str| -> &'static str {
        let zero = if database == Database::Sqlite { "x'00'" } else { "'\\x00'" };
        by.replace("ZERO", zero).leak()
    };
    let cases = [
        ("UPDATE passkeys SET name = 'Tablet'", "it is not what was saved"),
        (
            "UPDATE passkeys SET user_id = (SELECT id FROM users WHERE email_key = 'eve@example.org')",
            "it is not what was saved",
        ),
        (bytes("UPDATE passkeys SET static_state = ZERO"), "it is not what was saved"),
        (bytes("UPDATE passkeys SET credential_id = ZERO WHERE last_used_at IS NULL"), "it is not what was saved"),
        ("DELETE FROM passkeys WHERE last_used_at IS NULL", "it was removed by hand"),
        (
            bytes(
                "INSERT INTO passkeys SELECT '0', user_id, ZERO, static_state, dynamic_state, name, created_at, NULL \
                 FROM passkeys LIMIT 1",
            ),
            "",
        ),
    ];
    for (by, finding) in cases {
        let found = touched(&app, by).expect_err(by).text;
        assert!(found.starts_with("passkeys, ") && found.contains(finding), "{by}: {found}");
    }
    // What changes with every use is nobody's to seal.
    touched(&app, "UPDATE passkeys SET last_used_at = created_at").unwrap();
}

#[test]
fn p25_without_a_page_to_sign_in_on_there_are_no_passkeys() {
    let app = TestApp::start(Database::Sqlite);
    let ana = app.signed_in(ANA, "editor");
    let credential = Device::new().create(
        &json!({ "user": { "id": "AAAAAAAAAAAAAAAAAAAAAA" }, "challenge": "AAAAAAAAAAAAAAAAAAAAAA" }),
        &Manner::default(),
    );
    let replies = [
        ana.get(PASSKEYS),
        ana.post(BEGIN, proof()),
        ana.post(PASSKEYS, json!({ "name": "x", "ceremony": "dlw_AAAA", "credential": credential })),
        ana.delete(&format!("{PASSKEYS}/01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10")),
        app.anonymous().post(&format!("{SIGN_IN}/begin"), json!({})),
        app.admin().delete(&format!("/v1/users/{}/passkeys", id_of(&ana))),
    ];
    for reply in replies {
        let off = reply.expect(409);
        assert_eq!(off.code(), "passkeys_off");
        assert!(text(&off.json()["detail"]).contains("DATELINE_PASSKEY_ORIGINS"), "{}", off.text());
    }
}
