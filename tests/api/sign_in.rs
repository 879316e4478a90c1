//! `/v1/auth/*`: signing in, staying signed in, signing out.

use std::thread;
use std::time::Duration;

use dateline::auth::Role;
use dateline::auth::refresh_token::RefreshToken;
use rstest::rstest;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::{Database, PASSWORD, TestApp, each_database};

const WRITER: &str = "writer@example.org";
const DAY: u64 = 24 * 60 * 60;

/// A session: what signing in or refreshing gave.
struct Session {
    client: Client,
    access: String,
    refresh: String,
}

impl Session {
    fn of(app: &TestApp, reply: &Reply) -> Session {
        let text = |name: &str| reply.json()[name].as_str().expect("a token").to_owned();
        let access = text("access_token");
        Session { client: app.anonymous().bearer(&access), access, refresh: text("refresh_token") }
    }

    fn me(&self) -> u16 {
        self.client.get("/v1/auth/me").status()
    }
}

fn app_with_writer(database: Database) -> TestApp {
    let app = TestApp::start(database);
    app.make_account(WRITER, Role::Writer);
    app
}

fn sign_in_as(client: &Client, email: &str, password: &str) -> Reply {
    client.post("/v1/auth/login", json!({ "email": email, "password": password }))
}

fn sign_in(app: &TestApp) -> Session {
    Session::of(app, &sign_in_as(&app.anonymous(), WRITER, PASSWORD).expect(200))
}

fn refresh(app: &TestApp, token: &str) -> Reply {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token }))
}

/// What was said, without what differs from request to request.
fn said(reply: &Reply) -> Value {
    let mut body = reply.json();
    body.as_object_mut().expect("an object").remove("request_id").expect("a request id");
    body
}

#[apply(each_database)]
fn signing_in_gives_tokens_that_say_who_one_is(database: Database) {
    let app = app_with_writer(database);
    let reply = sign_in_as(&app.anonymous(), "Writer@Example.ORG", PASSWORD).expect(200);
    assert_eq!(reply.header("Cache-Control"), Some("private, no-store"));
    let tokens = reply.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = Session::of(&app, &reply).client.get("/v1/auth/me").expect(200);
    assert_eq!(me.json(), tokens["user"]);
    assert_eq!((&me.json()["email"], &me.json()["role"]), (&json!(WRITER), &json!("writer")));
    assert!(!reply.text().contains("password") && !reply.text().contains("argon2"), "{}", reply.text());
}

#[apply(each_database)]
fn s27_each_refresh_gives_the_next_tokens_and_uses_up_its_own(database: Database) {
    let app = app_with_writer(database);
    let mut session = sign_in(&app);
    for _ in 0..3 {
        let next = Session::of(&app, &refresh(&app, &session.refresh).expect(200));
        assert!(next.access != session.access && next.refresh != session.refresh);
        assert_eq!((session.me(), next.me()), (200, 200));
        session = next;
    }
}

#[apply(each_database)]
fn s27_a_used_refresh_token_that_comes_back_ends_the_session_for_everybody(database: Database) {
    let app = app_with_writer(database);
    let (first, other) = (sign_in(&app), sign_in(&app));
    let second = Session::of(&app, &refresh(&app, &first.refresh).expect(200));
    refresh(&app, &first.refresh).expect(401);
    refresh(&app, &second.refresh).expect(401);
    assert_eq!((first.me(), second.me(), other.me()), (401, 401, 200));
}

#[apply(each_database)]
fn s27_of_many_refreshes_with_one_token_exactly_one_wins(database: Database) {
    let app = app_with_writer(database);
    let session = sign_in(&app);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| refresh(&app, &session.refresh).status())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 7, "{statuses:?}");
}

#[apply(each_database)]
fn s24_t13_signing_out_ends_the_session_at_once_and_no_other(database: Database) {
    let app = app_with_writer(database);
    let (session, other) = (sign_in(&app), sign_in(&app));
    session.client.send("POST", "/v1/auth/logout", None).expect(204);
    assert_eq!((session.me(), other.me()), (401, 200));
    refresh(&app, &session.refresh).expect(401);
    refresh(&app, &other.refresh).expect(200);
}

#[test]
fn p07_an_access_token_is_good_for_fifteen_minutes() {
    let app = app_with_writer(Database::Sqlite);
    let session = sign_in(&app);
    app.clock().advance(Duration::from_secs(899));
    assert_eq!(session.me(), 200);
    app.clock().advance(Duration::from_secs(1));
    assert_eq!(session.me(), 401);
    assert_eq!(Session::of(&app, &refresh(&app, &session.refresh).expect(200)).me(), 200);
}

#[apply(each_database)]
fn s28_p07_a_session_lives_thirty_days_however_often_it_is_refreshed(database: Database) {
    let app = app_with_writer(database);
    let mut session = sign_in(&app);
    for _ in 0..5 {
        app.clock().advance(Duration::from_secs(6 * DAY - 12));
        session = Session::of(&app, &refresh(&app, &session.refresh).expect(200));
    }
    // A minute is left, and no token outlives it.
    let last = refresh(&app, &session.refresh).expect(200);
    assert_eq!(last.json()["expires_in"], 60);
    app.clock().advance(Duration::from_secs(60));
    let last = Session::of(&app, &last);
    assert_eq!(last.me(), 401);
    refresh(&app, &last.refresh).expect(401);
}

#[apply(each_database)]
fn p07_a_session_ends_after_seven_days_without_a_refresh(database: Database) {
    let app = app_with_writer(database);
    let (kept, forgotten) = (sign_in(&app), sign_in(&app));
    app.clock().advance(Duration::from_secs(7 * DAY - 1));
    refresh(&app, &kept.refresh).expect(200);
    app.clock().advance(Duration::from_secs(1));
    refresh(&app, &forgotten.refresh).expect(401);
}

#[apply(each_database)]
fn s26_t13_p20_a_new_password_ends_every_other_session_and_the_old_password(database: Database) {
    let app = app_with_writer(database);
    let (session, other) = (sign_in(&app), sign_in(&app));
    let change = |current: &str, new: &str| {
        session.client.put("/v1/auth/password", json!({ "current_password": current, "new_password": new }))
    };
    let wrong = change("not the password at all", "seven quiet rivers at dawn").expect(422).json();
    assert_eq!(
        (&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]),
        (&json!("/current_password"), &json!("wrong_password"))
    );
    assert_eq!(change(PASSWORD, "short").expect(422).json()["errors"][0]["pointer"], "/new_password");
    assert_eq!((session.me(), other.me()), (200, 200));
    change(PASSWORD, "seven quiet rivers at dawn").expect(204);
    assert_eq!((session.me(), other.me()), (200, 401));
    refresh(&app, &other.refresh).expect(401);
    refresh(&app, &session.refresh).expect(401);
    sign_in_as(&app.anonymous(), WRITER, PASSWORD).expect(401);
    sign_in_as(&app.anonymous(), WRITER, "seven quiet rivers at dawn").expect(200);
}

#[test]
fn s35_s77_a_long_password_counts_to_its_last_character_and_a_huge_one_is_not_looked_at() {
    let app = app_with_writer(Database::Sqlite);
    let words = "eight different words make a fine long password to keep ".repeat(2);
    let change = json!({ "current_password": PASSWORD, "new_password": format!("{}1", &words[..99]) });
    sign_in(&app).client.put("/v1/auth/password", change).expect(204);
    sign_in_as(&app.anonymous(), WRITER, &format!("{}2", &words[..99])).expect(401);
    sign_in_as(&app.anonymous(), WRITER, &format!("{}1", &words[..99])).expect(200);
    sign_in_as(&app.anonymous(), WRITER, &"x".repeat(1_000_000)).expect(413);
    sign_in_as(&app.anonymous(), WRITER, &"x".repeat(2_000)).expect(422);
}

#[test]
fn s17_an_unknown_name_a_wrong_password_and_a_closed_account_get_the_same_answer() {
    let app = app_with_writer(Database::Sqlite);
    let admin = app.admin();
    let account =
        json!({ "email": "closed@example.org", "name": "C", "role": "writer", "password": PASSWORD, "active": false });
    admin.post("/v1/users", account).expect(201);
    let wrong = said(&sign_in_as(&app.anonymous(), WRITER, "a wrong one, and long").expect(401));
    assert_eq!(said(&sign_in_as(&app.anonymous(), "nobody@example.org", PASSWORD).expect(401)), wrong);
    assert_eq!(said(&sign_in_as(&app.anonymous(), "closed@example.org", PASSWORD).expect(401)), wrong);
}

#[rstest]
#[case::another_account_each_time(|guess| sign_in_guess("", guess))]
#[case::another_member_each_time(|guess| sign_in_guess(&format!("a{guess}"), guess))]
fn s29_s30_guessing_is_stopped_whatever_else_the_caller_makes_up(#[case] body: fn(usize) -> Value) {
    let app = app_with_writer(Database::Sqlite);
    let guess = |guess: usize, body: Value| {
        let made_up = format!("203.0.113.{guess}");
        let client = app.anonymous().header("X-Forwarded-For", &made_up).header("X-Real-IP", &made_up);
        client.header("Forwarded", &format!("for={made_up}")).post("/v1/auth/login", body)
    };
    for number in 0..10 {
        guess(number, sign_in_guess("", number)).expect(401);
    }
    for number in 10..15 {
        let reply = guess(number, body(number));
        assert!(matches!(reply.status(), 422 | 429), "{}: {}", reply.status(), reply.text());
    }
    let refused = sign_in_as(&app.anonymous(), WRITER, PASSWORD).expect(429);
    let wait: u64 = refused.header("Retry-After").expect("a time to wait").parse().expect("seconds");
    assert!((1..=900).contains(&wait), "{wait}");
    app.clock().advance(Duration::from_secs(wait));
    sign_in_as(&app.anonymous(), WRITER, PASSWORD).expect(200);
}

fn sign_in_guess(member: &str, number: usize) -> Value {
    let mut body = json!({ "email": format!("nobody{number}@example.org"), "password": "a guess that is long" });
    if !member.is_empty() {
        body[member] = json!(number);
    }
    body
}

#[test]
fn t44_two_hundred_who_sign_in_at_once_get_in_or_are_told_to_wait_and_readers_notice_nothing() {
    let app = app_with_writer(Database::Sqlite);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let sign_in = || sign_in_as(&app.anonymous(), WRITER, PASSWORD).status();
        let threads: Vec<_> = (0..200).map(|_| scope.spawn(sign_in)).collect();
        for _ in 0..20 {
            app.anonymous().get("/v1/articles").expect(200);
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429 | 503)), "{statuses:?}");
    assert!(statuses.contains(&200), "{statuses:?}");
}

#[test]
fn s32_neither_passwords_nor_tokens_are_in_the_database() {
    let app = app_with_writer(Database::Sqlite);
    let session = sign_in(&app);
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(&app.app().config().data_dir).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let has = |text: &str| stored.windows(text.len()).any(|piece| piece == text.as_bytes());
    let token: RefreshToken = serde_json::from_value(json!(session.refresh)).unwrap();
    assert!(has(WRITER) && has(&token.hash()), "these are the right files");
    for secret in [PASSWORD, &session.refresh, &session.refresh[4..], &session.access] {
        assert!(!has(secret), "{secret} is in the database");
    }
}
