//! Invites and forgotten passwords.

use dateline::config::Config;
use dateline::smtp::MailSettings;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{at_once, statuses, text};
use crate::support::smtp::MailServer;
use crate::support::{Database, PASSWORD, TestApp, each_database};

const FORGOT: &str = "/v1/auth/password/forgot";
const RESET: &str = "/v1/auth/password/reset";
const ACCEPT: &str = "/v1/auth/invite/accept";
const NEW: &str = "seven quiet rivers at dawn";

fn by_mail(server: &MailServer) -> impl FnOnce(&mut Config) + use<> {
    let mail = MailSettings::new(&server.url(), "News <news@example.org>").expect("settings");
    move |config| {
        config.mail = Some(mail);
        config.public_url = Some("https://news.example.org".to_owned());
    }
}

fn sign_in(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password }))
}

fn invited(admin: &Client, email: &str) -> Value {
    admin.make("users", json!({ "email": email, "name": "Ana Lund", "role": "admin" }))
}

/// The token in a link that an admin hands over.
fn token(invite: &Value) -> String {
    text(&invite["link"]).split_once("#invite=").expect("a link").1.to_owned()
}

fn with(token: &str) -> Value {
    json!({ "token": token, "password": NEW })
}

#[apply(each_database)]
fn s13_nobody_is_signed_in_before_an_invite_is_accepted(database: Database) {
    let app = TestApp::start(database);
    let (admin, anyone) = (app.admin(), app.anonymous());
    let made = invited(&admin, "ana@example.org");
    assert_eq!((&made["invited"], &made["active"]), (&json!(true), &json!(true)));
    let place = format!("/v1/users/{}", text(&made["id"]));
    for guess in [PASSWORD, NEW] {
        sign_in(&app, "ana@example.org", guess).expect(401);
    }
    // An admin who is not there yet is none: the last one stays.
    let own = format!("/v1/users/{}", text(&admin.get("/v1/auth/me").expect(200).json()["id"]));
    assert_eq!(admin.patch(&own, json!({ "role": "editor" })).expect(409).code(), "last_admin");
    let first = token(&made["invite"]);
    let again = admin.send("POST", &format!("{place}/invite"), None).expect(200).json();
    assert_eq!(anyone.post(ACCEPT, with(&first)).expect(400).code(), "link_not_good");
    anyone.post(RESET, with(&token(&again))).expect(422);
    let telling = json!({ "token": token(&again), "password": "my friend ana lund here" });
    assert_eq!(anyone.post(ACCEPT, telling).expect(422).refusals(), ["/password easy_to_guess"]);
    anyone.post(ACCEPT, with(&token(&again))).expect(204);
    anyone.post(ACCEPT, with(&token(&again))).expect(400);
    sign_in(&app, "ana@example.org", NEW).expect(200);
    assert_eq!(admin.get(&place).expect(200).json()["invited"], false);
    admin.send("POST", &format!("{place}/invite"), None).expect(409);
    let log = admin.get("/v1/events?resource=user&limit=100").expect(200).text();
    for action in ["invited", "link_made", "invite_accepted", "link_refused"] {
        assert!(log.contains(&format!("\"{action}\"")), "{action}: {log}");
    }
    assert!(!log.contains("dli_"), "{log}");
}

#[apply(each_database)]
fn s20_an_invite_is_good_for_a_week_and_for_one_address(database: Database) {
    let app = TestApp::start(database);
    let (admin, anyone) = (app.admin(), app.anonymous());
    let (late, moved, set) =
        (invited(&admin, "late@example.org"), invited(&admin, "moved@example.org"), invited(&admin, "set@example.org"));
    let place = |user: &Value| format!("/v1/users/{}", text(&user["id"]));
    admin.patch(&place(&moved), json!({ "email": "elsewhere@example.org" })).expect(200);
    admin.patch(&place(&set), json!({ "password": PASSWORD })).expect(200);
    for user in [&moved, &set] {
        anyone.post(ACCEPT, with(&token(&user["invite"]))).expect(400);
    }
    sign_in(&app, "set@example.org", PASSWORD).expect(200);
    app.pass(7 * 24 * 60 * 60);
    anyone.post(ACCEPT, with(&token(&late["invite"]))).expect(400);
    let body = json!({ "email": "dry@example.org", "name": "Dry", "role": "editor" });
    // The session of before has ended.
    let tried = app.admin().post("/v1/users?dry_run=true", body).expect(201).json();
    assert!(tried.get("invite").is_none(), "{tried}");
}

#[apply(each_database)]
fn s20_a_reset_is_used_once_ends_everything_and_signs_nobody_in(database: Database) {
    let server = MailServer::start();
    let app = TestApp::start_with(database, by_mail(&server));
    let (editor, anyone) = (app.editor(), app.anonymous());
    let made = editor.make("tokens", json!({ "name": "script", "scopes": ["events:read"] }));
    let script = anyone.bearer(text(&made["token"]));
    anyone.post(FORGOT, json!({ "email": "EDITOR@example.org" })).expect(202);
    let letter = server.next();
    assert_eq!(letter.to, "editor@example.org");
    let (page, purpose, token) = letter.link();
    assert_eq!((page.as_str(), purpose.as_str()), ("https://news.example.org/account", "reset"));
    let replies = at_once(8, |_| anyone.post(RESET, with(&token)));
    assert_eq!(statuses(&replies), [(204, 1), (400, 7)]);
    assert!(replies.iter().all(|reply| !reply.text().contains("access_token")));
    editor.get("/v1/auth/me").expect(401);
    script.get("/v1/events").expect(401);
    sign_in(&app, "editor@example.org", PASSWORD).expect(401);
    sign_in(&app, "editor@example.org", NEW).expect(200);
}

#[apply(each_database)]
fn t26_a_reset_is_good_for_an_hour_and_until_the_next_one(database: Database) {
    let server = MailServer::start();
    let app = TestApp::start_with(database, by_mail(&server));
    app.make_account("ana@example.org", "editor");
    let ask = || {
        app.anonymous().post(FORGOT, json!({ "email": "ana@example.org" })).expect(202);
        server.next().link().2
    };
    let (old, new) = (ask(), ask());
    app.anonymous().post(RESET, with(&old)).expect(400);
    app.pass(60 * 60);
    app.anonymous().post(RESET, with(&new)).expect(400);
    sign_in(&app, "ana@example.org", PASSWORD).expect(200);
}

#[apply(each_database)]
fn s18_known_and_unknown_addresses_are_answered_alike(database: Database) {
    let server = MailServer::start();
    let app = TestApp::start_with(database, by_mail(&server));
    app.make_account("ana@example.org", "editor");
    let ask = |email: &str, extra: Option<&str>| {
        let mut body = json!({ "email": email });
        if let Some(extra) = extra {
            body["reset_url"] = json!(extra);
        }
        let reply = app.anonymous().post(FORGOT, body);
        let refusals = if reply.status() == 202 { Vec::new() } else { reply.refusals() };
        (reply.status(), reply.head(), refusals)
    };
    for extra in [None, Some("https://evil.test"), Some("no address")] {
        let (known, unknown) = (ask("ana@example.org", extra), ask("nobody@example.org", extra));
        assert_eq!(known, unknown);
        assert_eq!(known.0, if extra.is_some() { 422 } else { 202 });
    }
    assert_eq!(server.next().to, "ana@example.org");
    assert!(server.all().is_empty());
}

#[apply(each_database)]
fn s19_a_token_is_a_text_of_one_shape(database: Database) {
    let app = TestApp::start(database);
    app.make_account("ana@example.org", "editor");
    for address in [RESET, ACCEPT] {
        for wrong in [json!({}), json!([]), Value::Null, json!(true), json!(0), json!(""), json!(" "), json!("dln_")] {
            let refused = app.anonymous().post(address, json!({ "token": wrong, "password": NEW })).expect(422);
            assert!(refused.refusals()[0].starts_with("/token "), "{:?}", refused.refusals());
        }
        app.anonymous().post(address, json!({ "password": NEW })).expect(422);
    }
    sign_in(&app, "ana@example.org", PASSWORD).expect(200);
}

#[apply(each_database)]
fn s63_a_link_never_leads_where_a_header_says(database: Database) {
    let server = MailServer::start();
    let app = TestApp::start_with(database, by_mail(&server));
    app.make_account("ana@example.org", "editor");
    let liar = app.anonymous().header("X-Forwarded-Host", "evil.test").header("Host", "evil.test").unchecked();
    liar.post(FORGOT, json!({ "email": "ana@example.org" })).expect(202);
    let letter = server.next();
    assert!(!letter.text.contains("evil.test"), "{}", letter.text);
    assert_eq!(letter.link().0, "https://news.example.org/account");
}

#[apply(each_database)]
fn a_dead_mail_server_blocks_nobody_and_loses_nothing(database: Database) {
    let server = MailServer::start();
    server.refuse(true);
    let app = TestApp::start_with(database, by_mail(&server));
    let other = app.beside();
    let made = invited(&app.admin(), "ana@example.org");
    assert_eq!(made["invite"], json!({ "email": "ana@example.org", "link": null }));
    server.wait_for_refusals(1);
    let waiting = |app: &TestApp| app.anonymous().get("/metrics").expect(200).text();
    assert!(waiting(&app).contains("dateline_letters_waiting 1"));
    server.refuse(false);
    let letter = server.next_while(|| app.pass(60));
    assert_eq!(letter.to, "ana@example.org");
    app.anonymous().post(ACCEPT, with(&letter.link().2)).expect(204);
    // Both servers looked into the queue; the letter was sent once.
    drop(other);
    assert!(server.all().is_empty());
}

#[apply(each_database)]
fn a_letter_is_given_up_after_days_and_the_operator_sees_it(database: Database) {
    let server = MailServer::start();
    server.refuse(true);
    let app = TestApp::start_with(database, by_mail(&server));
    let ana = invited(&app.admin(), "ana@example.org");
    server.wait_for_refusals(1);
    app.pass(3 * 24 * 60 * 60);
    // One look at the letters is good for some seconds.
    let given_up = || {
        app.pass(3);
        app.anonymous().get("/metrics").expect(200).text().contains("dateline_letters_given_up 1")
    };
    // The server has refused; that it did is written a moment later.
    assert!((0..600).any(|_| given_up() || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        false
    }));
    let log = app.admin().get("/v1/events?action=letter_given_up").expect(200).json();
    let entry = &log["data"][0];
    assert_eq!((text(&entry["resource_id"]), text(&entry["actor"]["kind"])), (text(&ana["id"]), "clock"));
    assert!(text(&entry["note"]).starts_with("invite, tried "), "{entry}");
}

#[test]
fn asking_again_and_again_is_slowed_down_and_locks_nobody_out() {
    let app = TestApp::start(Database::Sqlite);
    app.make_account("ana@example.org", "editor");
    let ask = |email: &str| app.anonymous().post(FORGOT, json!({ "email": email }));
    // Five letters an hour for one account, known or not, and ten for one network.
    for email in ["ana@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            ask(email).expect(202);
        }
        assert_eq!(ask(email).expect(429).header("Retry-After"), Some("3600"));
    }
    ask("third@example.org").expect(429);
    sign_in(&app, "ana@example.org", PASSWORD).expect(200);
    app.pass(3600);
    ask("ana@example.org").expect(202);
}
