//! `dateline serve`: its beginning, and its end.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use rstest_reuse::apply;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::{Database, each_database};
use crate::{PASSWORD, add_user};

const EDITOR: &str = "editor@example.org";

#[test]
fn s36_s80_a_free_port_is_announced_and_the_key_is_made_once_and_kept_to_oneself() {
    let program = Program::new();
    let serving = program.serve();
    assert_eq!(serving.greeting(), [format!("listening on http://{}", serving.address())]);
    assert_ne!(serving.address().port(), 0);
    let secret = program.folder().join("data/secret");
    let (mode, key) = (fs::metadata(&secret).unwrap().permissions().mode(), fs::read(&secret).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert!(key.len() >= 32);
    add_user(&program, EDITOR, "editor").expect_success();
    let tokens = json!({ "email": EDITOR, "password": PASSWORD });
    let tokens = serving.anonymous().post("/v1/auth/login", tokens).expect(200).json();
    assert_eq!(serving.stop().0, Some(0));
    // The second start signs with the same key: who was signed in still is.
    let serving = program.serve();
    let client = serving.anonymous().bearer(tokens["access_token"].as_str().unwrap());
    client.get("/v1/auth/me").expect(200);
    assert_eq!(fs::read(&secret).unwrap(), key);
}

#[test]
fn s80_there_is_no_account_that_nobody_made() {
    let program = Program::new();
    let serving = program.serve();
    for email in ["admin@example.org", "admin@localhost.example", "editor@packet.example"] {
        for password in ["admin", "password", "dateline", "changeme"] {
            let guess = json!({ "email": email, "password": password });
            assert!(matches!(serving.anonymous().post("/v1/auth/login", guess).status(), 401 | 429));
        }
    }
    drop(serving);
    assert_eq!(program.run(&["user", "list"]).expect_success().output, "");
}

#[test]
fn a_role_that_needs_a_second_factor_and_does_not_exist_is_named_in_the_log() {
    let program = Program::new().with("DATELINE_SECOND_FACTOR_ROLES", "admin, editors");
    let (_, log) = program.serve().stop();
    assert!(log.contains("DATELINE_SECOND_FACTOR_ROLES") && log.contains("editors"), "{log}");
    assert!(!log.contains("\"admin\""), "{log}");
}

#[apply(each_database)]
fn a_signal_lets_running_requests_finish_and_loses_nothing(database: Database) {
    let own = TestDatabase::empty(database);
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", own.text())
        .with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef")
        .with("DATELINE_WORKERS", "1");
    add_user(&program, EDITOR, "editor").expect_success();
    let serving = program.serve();
    let sign_in = json!({ "email": EDITOR, "password": PASSWORD });
    let tokens = serving.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    serving.anonymous().bearer(token).post("/v1/articles", json!({ "title": "Before the signal" })).expect(201);

    // Half a request, the signal, and the other half once nobody new is let in.
    let (body, address) = (r#"{"title": "Across the signal"}"#, serving.address());
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/articles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{}", &body[..10]).as_bytes()).unwrap();
    // The one worker takes requests as they come: once later ones were answered, the first is running. More than one,
    // because the first of them may have come in the same breath.
    for _ in 0..3 {
        serving.anonymous().get("/health/live").expect(200);
    }
    serving.signal("TERM");
    while TcpStream::connect(address).is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0), "{log}");

    let serving = program.serve();
    let editor = serving.anonymous().bearer(token);
    editor.get("/v1/articles/before-the-signal").expect(200);
    editor.get("/v1/articles/across-the-signal").expect(200);
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let program = Program::migrated();
    add_user(&program, EDITOR, "editor").expect_success();
    let mut kept: Vec<String> = Vec::new();
    for round in 0..4 {
        let serving = program.serve();
        let editor = serving.signed_in(EDITOR, PASSWORD);
        for id in &kept {
            editor.get(&format!("/v1/articles/{id}")).expect(200);
        }
        for number in 0..3 {
            let story = json!({ "title": format!("Story {number} of round {round}"), "body": "words ".repeat(2_000) });
            let made = editor.post("/v1/articles", story).expect(201).json();
            kept.push(made["id"].as_str().unwrap().to_owned());
        }
        serving.kill();
    }
    let serving = program.serve();
    let list = serving.signed_in(EDITOR, PASSWORD).get("/v1/articles?count=true").expect(200).json();
    assert_eq!(list["total"], 12);
}

#[apply(each_database)]
fn two_instances_can_start_on_one_database_at_the_same_moment(database: Database) {
    let own = TestDatabase::empty(database);
    let program = || {
        Program::new()
            .with("DATELINE_DATABASE_URL", own.text())
            .with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef")
    };
    let programs = [program(), program(), program()];
    thread::scope(|scope| {
        let starts: Vec<_> = programs.iter().map(|program| scope.spawn(|| program.serve())).collect();
        let serving: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
        add_user(&programs[0], EDITOR, "editor").expect_success();
        let editor = serving[0].signed_in(EDITOR, PASSWORD);
        editor.post("/v1/tags", json!({ "name": "KFOR" })).expect(201);
        for one in &serving {
            one.anonymous().get("/health/ready").expect(200);
            one.anonymous().get("/v1/tags/kfor").expect(200);
        }
    });
}
