//! Requests that no client library would send, byte for byte: what can be read in two ways is refused and the connection
//! closed, and what is merely odd changes nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::support::{Database, TestApp};

/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(20);

fn app() -> TestApp {
    TestApp::start(Database::Sqlite)
}

/// Sends bytes as they are, and gives all that comes until the server closes, which it must.
#[track_caller]
fn raw(app: &TestApp, request: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may have had enough of it before the end.
    let _ = stream.write_all(request.as_ref());
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection stays open: {error}\n{}", String::from_utf8_lossy(&answer)),
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the only answer.
#[track_caller]
fn status(answer: &str) -> u16 {
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

/// What was said: the status and the body, without the headers and the id of the request.
fn said(answer: &str) -> (u16, String) {
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let kept = match serde_json::from_str::<serde_json::Value>(body) {
        Ok(mut body) => {
            body.as_object_mut().and_then(|members| members.remove("request_id"));
            body.to_string()
        }
        Err(_) => body.to_owned(),
    };
    (status(answer), kept)
}

/// Would be a second request, if the first one ended where it should not.
const SMUGGLED: &str = "GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n";

#[rstest]
#[case::length_and_chunked("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
#[case::chunked_and_length("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")]
#[case::between_bare_line_feeds("Content-Length: 4\nTransfer-Encoding: chunked\n\n0\r\n\r\n")]
#[case::two_lengths("Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde")]
#[case::the_same_length_twice("Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd")]
#[case::list_of_lengths("Content-Length: 4, 4\r\n\r\nabcd")]
#[case::signed_length("Content-Length: +4\r\n\r\nabcd")]
#[case::negative_length("Content-Length: -1\r\n\r\n")]
#[case::length_in_hex("Content-Length: 0x4\r\n\r\nabcd")]
#[case::no_length("Content-Length:\r\n\r\n")]
#[case::length_without_end("Content-Length: 99999999999999999999\r\n\r\n")]
#[case::space_before_colon("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
#[case::chunked_is_not_last("Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")]
#[case::chunked_twice("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
#[case::chunked_and_something("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n")]
#[case::almost_chunked("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
#[case::chunked_behind_a_tab("Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n")]
#[case::folded_line("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")]
#[case::folded_value("X-Odd: a\r\n b\r\n\r\n")]
#[case::bare_carriage_return("X-Odd: a\rTransfer-Encoding: chunked\r\n\r\n")]
#[case::nul_in_a_value("X-Odd: a\0b\r\n\r\n")]
#[case::nul_in_a_name("X-\0Odd: a\r\n\r\n")]
#[case::no_colon("X-Odd\r\n\r\n")]
#[case::no_name(": a\r\n\r\n")]
#[case::two_hosts("Host: b\r\n\r\n")]
fn s64_a_request_with_two_readings_is_refused_and_the_connection_closed(#[case] rest: &str) {
    let answer = raw(&app(), format!("POST /health/live HTTP/1.1\r\nHost: a\r\n{rest}{SMUGGLED}"));
    assert_eq!(status(&answer), 400, "{answer}");
}

#[rstest]
#[case::nothing("\0\0\0\0\r\n\r\n")]
#[case::no_version("GET /health/live\r\nHost: a\r\n\r\n")]
#[case::version_of_tomorrow("GET /health/live HTTP/3.0\r\nHost: a\r\n\r\n")]
#[case::space_in_the_address("GET /health /live HTTP/1.1\r\nHost: a\r\n\r\n")]
#[case::nul_in_the_address("GET /health\0/live HTTP/1.1\r\nHost: a\r\n\r\n")]
#[case::odd_method("G\x01T /health/live HTTP/1.1\r\nHost: a\r\n\r\n")]
#[case::no_host("GET /health/live HTTP/1.1\r\n\r\n")]
#[case::chunked_before_it_was_invented(
    "POST /health/live HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
)]
#[case::another_protocol("\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03\r\n\r\n")]
#[case::http_2("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
fn s64_what_is_no_request_is_400_and_the_connection_closed(#[case] request: &str) {
    let answer = raw(&app(), format!("{request}{SMUGGLED}"));
    assert_eq!(status(&answer), 400, "{answer}");
}

#[rstest]
#[case::size_is_no_number("zz\r\n{}\r\n0\r\n\r\n")]
#[case::negative_size("-2\r\n{}\r\n0\r\n\r\n")]
#[case::size_with_a_prefix("0x2\r\n{}\r\n0\r\n\r\n")]
#[case::size_without_end("fffffffffffffffffff\r\n{}\r\n0\r\n\r\n")]
#[case::longer_than_it_says("2\r\n{}{}\r\n0\r\n\r\n")]
#[case::bare_line_feed_after_the_size("2\n{}\r\n0\r\n\r\n")]
#[case::bare_line_feed_in_an_extension("2;a\n{}\r\n0\r\n\r\n")]
fn s64_a_bad_chunk_is_the_end_of_the_connection(#[case] chunks: &str) {
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let answer = raw(&app(), format!("{head}{chunks}{SMUGGLED}"));
    assert_eq!(status(&answer), 400, "{answer}");
}

#[test]
fn s64_good_requests_in_a_row_are_answered_one_by_one() {
    let chunked = "POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                   Transfer-Encoding: chunked\r\n\r\n1;ext=\"a\"\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
    let last = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = raw(&app(), format!("{SMUGGLED}{chunked}{SMUGGLED}{last}"));
    let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|one| &one[..3]).collect();
    assert_eq!(statuses, ["200", "422", "200", "200"], "{answer}");
}

#[test]
fn headers_have_a_limit_in_number_and_in_size() {
    let app = app();
    let with = |headers: String| {
        raw(&app, format!("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n"))
    };
    let many = |count: usize| (0..count).map(|number| format!("X-{number}: a\r\n")).collect::<String>();
    assert_eq!(status(&with(many(90))), 200);
    assert_eq!(status(&with(many(200))), 431);
    assert_eq!(status(&with(format!("X-Large: {}\r\n", "a".repeat(60_000)))), 200);
    assert_eq!(status(&with(format!("X-Large: {}\r\n", "a".repeat(1_000_000)))), 431);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1_000_000));
    assert!(matches!(status(&raw(&app, long)), 400 | 431));
}

#[test]
fn s63_no_host_and_no_absolute_address_changes_an_answer() {
    let app =
        TestApp::start_with(Database::Sqlite, |config| config.public_url = Some("https://news.example".to_owned()));
    let editor = app.editor();
    editor.published(json!({ "title": "Talks" }));
    let token = editor.make("tokens", json!({ "name": "a script", "scopes": ["taxonomy:write"] }))["token"].clone();
    let ask = |address: &str, headers: &str| {
        let answer = raw(&app, format!("GET {address} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n"));
        assert!(!answer.contains("evil"), "{answer}");
        said(&answer)
    };
    for path in ["/v1/articles/talks", "/v1/articles?limit=1", "/openapi.json", "/v1/users", "/nowhere"] {
        let expected = ask(path, "Host: news.example");
        for host in
            ["evil.test", "", "evil.test:80", "[::1]", "evil.test, news.example", "a b", "evil.test/x?y#z", "\u{fc}"]
        {
            assert_eq!(ask(path, &format!("Host: {host}")), expected, "{path} {host:?}");
        }
        let more = "Host: evil.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: evil\r\nX-Original-URL: /evil\r\n\
                    X-Rewrite-URL: /evil\r\nForwarded: host=evil.test;proto=evil";
        assert_eq!(ask(path, more), expected, "{path}");
        for address in [format!("http://evil.test{path}"), format!("https://evil.test:1{path}")] {
            assert_eq!(ask(&address, "Host: news.example"), expected, "{address}");
        }
    }
    let body = r#"{"name": "NATO"}"#;
    let made = raw(
        &app,
        format!(
            "POST http://evil.test/v1/tags HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: evil.test\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            token.as_str().unwrap(),
            body.len()
        ),
    );
    assert_eq!(status(&made), 201, "{made}");
    assert!(made.contains("location: /v1/tags/") && !made.contains("evil"), "{made}");
}

#[test]
fn s64_addresses_that_are_none_are_answered_and_nothing_behind_them() {
    let app = app();
    for (request, expected) in [
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", [404, 400]),
        ("GET health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", [404, 400]),
        ("CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n", [404, 405]),
    ] {
        let answer = raw(&app, request);
        assert!(expected.contains(&status(&answer)), "{request} {answer}");
    }
}
