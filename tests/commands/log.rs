//! The log: one record for each event, whatever callers put into a request, and never a secret.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::support::program::{Program, Serving};
use crate::{PASSWORD, add_user};

const SECRET: &str = "canary-secret-of-the-instance-0123456789";
const FORGED: &str = "forged-by-somebody";

/// Sends bytes that no HTTP library would send, and gives the status.
fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).chars().skip("HTTP/1.1 ".len()).take(3).collect()
}

/// Does everything that could leave a trace, and gives the secrets that must not be one.
fn visit(serving: &Serving) -> Vec<String> {
    let address = serving.address();
    let line = format!("\\n{{\"level\":\"INFO\",\"message\":\"{FORGED}\"}}");
    let evil = format!("\u{1b}[2J\u{2028}{FORGED}");
    let subtle = format!("\t\u{85}\u{2028}{FORGED}");
    let head = |rest: &str| {
        format!("GET /v1/tags/a%0a%0d%1b%00{FORGED} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{rest}\r\n")
    };
    assert_eq!(raw(address, head(&format!("User-Agent: {subtle}\r\nX-Request-Id: {subtle}\r\n")).as_bytes()), "404");
    assert_eq!(raw(address, head(&format!("User-Agent: {evil}\r\n")).as_bytes()), "400");
    assert_eq!(raw(address, head(&format!("Authorization: Bearer {FORGED}\u{7f}\r\n")).as_bytes()).len(), 3);
    for name in
        [format!("a{line}@example.org"), format!("\"{FORGED}\r\n\u{0}\"@example.org"), "ada@example.org".to_owned()]
    {
        let wrong = json!({ "email": name, "password": "canary-wrong-password" });
        assert!(matches!(serving.anonymous().post("/v1/auth/login", wrong).status(), 400 | 401 | 422));
    }
    let sign_in = json!({ "email": "ada@example.org", "password": PASSWORD });
    let tokens = serving.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let client = serving.anonymous().bearer(&access);
    let story = json!({ "title": format!("A \u{2028} story {evil}"), "slug": "story", "body": evil });
    client.post("/v1/articles", story.clone()).status();
    client.post("/v1/tags", json!({ "name": format!("x\u{85}{FORGED}"), "slug": "x" })).status();
    client.get(&format!("/v1/articles?cursor={access}&canary-query={refresh}")).expect(400);
    client.post("/v1/articles", json!({ "title": "Previewed", "slug": "previewed" })).expect(201);
    let link = client.post("/v1/articles/previewed/preview-links", json!({})).expect(201).json();
    let preview = link["token"].as_str().unwrap().to_owned();
    serving.anonymous().get(&format!("/v1/previews/{preview}")).expect(200);
    serving.anonymous().post(&format!("/v1/previews/{preview}"), json!({})).expect(405);
    serving.anonymous().get(&format!("/v1/previews/{preview}/x")).expect(404);
    let next = serving.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": refresh })).expect(200).json();
    serving.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": refresh })).expect(401);
    client.get("/v1/auth/me").expect(401);
    let next = next["refresh_token"].as_str().unwrap().to_owned();
    vec![access, refresh, next, preview, PASSWORD.to_owned(), "canary".to_owned(), SECRET.to_owned()]
}

#[test]
fn s33_s76_t50_every_record_is_one_object_and_none_holds_a_secret() {
    let program = Program::migrated()
        .with("DATELINE_LOG", "debug")
        .with("DATELINE_LOG_FORMAT", "json")
        .with("DATELINE_SECRET", SECRET);
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let secrets = visit(&serving);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    let records: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let requests: Vec<&Value> = records.iter().filter(|record| record["message"] == "request").collect();
    assert!(requests.len() >= 10, "{log}");
    for record in &requests {
        for name in ["timestamp", "level", "method", "route", "status", "request_id"] {
            assert!(!record[name].is_null(), "{name} is missing: {record}");
        }
    }
    assert!(requests.iter().any(|record| record["route"] == "/v1/auth/login" && record["status"] == 401), "{log}");
    assert!(requests.iter().any(|record| record["path"] == "/v1/previews/…/x" && record["status"] == 404), "{log}");
    assert!(requests.iter().all(|record| record["route"] == "-" || record["path"].is_null()), "{log}");
    let mut refused = records.iter().filter(|record| record["message"] == "a sign-in was refused");
    assert!(refused.next().is_some_and(|record| record["address"] == "127.0.0.1"), "{log}");
    assert!(records.iter().all(|record| record["message"] != FORGED), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log: {log}");
    }
}

#[test]
fn s33_s76_t50_in_text_too_no_caller_begins_a_line() {
    let program = Program::migrated().with("DATELINE_LOG", "debug").with("DATELINE_SECRET", SECRET);
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let secrets = visit(&serving);
    let (_, log) = serving.stop();
    assert!(log.contains("request"), "{log}");
    for line in log.lines() {
        assert!(line.starts_with("20") && line.contains('Z'), "no record begins like this: {line:?}");
        assert!(!line.chars().any(char::is_control) && !line.contains('\u{2028}'), "{line:?}");
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log: {log}");
    }
}

#[test]
fn nonsense_on_the_wire_is_no_error_of_ours() {
    let nonsense = |log: &str| {
        let program = Program::migrated().with("DATELINE_LOG", log).with("DATELINE_SECRET", SECRET);
        let serving = program.serve();
        for request in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"] {
            assert_eq!(raw(serving.address(), request.as_bytes()), "400");
        }
        serving.stop().1
    };
    let quiet = nonsense("info");
    assert!(!quiet.contains("ERROR") && !quiet.contains("was closed"), "{quiet}");
    let told = nonsense("debug");
    assert!(!told.contains("ERROR") && told.contains("a connection was closed"), "{told}");
}
