//! Request bodies: what is too much, too deep, not text, not JSON, or not what it says it is.

use rstest::rstest;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::address;
use crate::support::{Database, TestApp, each_database};

fn raw(client: &Client, body: impl Into<Vec<u8>>) -> Reply {
    client.send("POST", "/v1/articles", Some(body.into()))
}

#[apply(each_database)]
fn s77_the_largest_story_is_kept_letter_by_letter_and_a_larger_one_refused(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let largest = "word ".repeat(1024 * 1024);
    assert_eq!(largest.len(), 5 * 1024 * 1024);
    let story = editor.begin(json!({"title": "Long", "body": largest}));
    assert!(editor.get(&address(&story)).expect(200).json()["body"] == largest);
    let refused = editor.post("/v1/articles", json!({"title": "Longer", "body": format!("{largest}.")})).expect(422);
    assert_eq!(refused.refusals(), ["/body too_long"]);
    let refused = raw(&editor, format!("{}{{}}", " ".repeat(8 * 1024 * 1024))).expect(413);
    assert_eq!(refused.code(), "too_large");
    let refused = editor.post("/v1/tags", json!({"name": "x", "description": "d".repeat(1024 * 1024)})).expect(413);
    assert_eq!(refused.code(), "too_large");
}

#[apply(each_database)]
fn lists_and_custom_members_have_a_limit(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let named = |count: usize| (0..count).map(|number| json!({"name": format!("n{number}")})).collect::<Vec<Value>>();
    let story = editor.begin(json!({"title": "Full", "tags": named(50), "authors": named(20)}));
    assert_eq!((story["tags"].as_array().unwrap().len(), story["authors"].as_array().unwrap().len()), (50, 20));
    let refused =
        editor.post("/v1/articles", json!({"title": "x", "tags": named(51), "authors": named(21)})).expect(422);
    assert_eq!(refused.refusals(), ["/authors too_many", "/tags too_many"]);
    let custom = |bytes: usize| json!({"title": "x", "custom": {"k": "v".repeat(bytes - r#"{"k":""}"#.len())}});
    editor.begin(custom(64 * 1024));
    let refused = editor.post("/v1/articles", custom(64 * 1024 + 1)).expect(422);
    assert_eq!(refused.refusals(), ["/custom too_long"]);
}

#[apply(each_database)]
fn s79_nesting_has_a_limit(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    // The body is the first level, `custom` the second.
    let nested =
        |depth: usize| format!(r#"{{"title":"x","custom":{{"a":{}1{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    raw(&editor, nested(30)).expect(201);
    for depth in [32, 100] {
        assert_eq!(raw(&editor, nested(depth)).expect(400).code(), "too_deep");
    }
    assert_eq!(raw(&editor, nested(100_000)).expect(400).code(), "malformed_json");
    assert_eq!(raw(&editor, "[".repeat(1_000_000)).expect(400).code(), "malformed_json");
}

#[apply(each_database)]
fn characters_that_no_database_keeps_are_refused_the_same_on_both(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let nul = json!({
        "title": "a\0b", "body": "\0", "custom": { "deep": [{ "x": "\0" }], "k\0": 1 }, "tags": [{"name": "\0"}],
    });
    let expected = [
        "/body control_character",
        "/custom/deep/0/x control_character",
        "/custom/k\0 control_character",
        "/tags/0/name control_character",
        "/title control_character",
    ];
    assert_eq!(editor.post("/v1/articles", nul).expect(422).refusals(), expected);
    for lonely in [r#"{"title": "\ud800"}"#, r#"{"title": "x", "custom": {"a": "\udc00\ud800"}}"#] {
        assert_eq!(raw(&editor, lonely).expect(400).code(), "malformed_json", "{lonely}");
    }
    assert_eq!(raw(&editor, b"{\"title\": \"\xff\"}".to_vec()).expect(400).code(), "malformed_json");
    for control in ["\u{1}", "\u{1b}[31m", "\u{85}", "a\nb"] {
        let refused = editor.post("/v1/articles", json!({"title": format!("a{control}b")})).expect(422);
        assert_eq!(refused.refusals(), ["/title control_character"]);
    }
    // What is merely unusual is kept.
    let unusual = "👩‍👩‍👧 \u{202e}abc\u{202c} \u{feff}é e\u{301} \u{10ffff}";
    let story = editor.begin(json!({"title": unusual, "body": unusual, "custom": {unusual: unusual}}));
    let read = editor.get(&address(&story)).expect(200).json();
    assert_eq!(
        (&read["title"], &read["body"], &read["custom"][unusual]),
        (&json!(unusual), &json!(unusual), &json!(unusual))
    );
}

#[apply(each_database)]
fn line_ends_become_one_character(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let sent = json!({
        "title": "x", "body": "a\r\nb\rc\n\r\nd", "summary": "a\r\nb\rc", "usage_terms": "a\r\nb", "editor_note": "a\r\nb",
    });
    let story = editor.begin(sent);
    assert_eq!(story["body"], "a\nb\nc\n\nd");
    assert_eq!(story["body_html"], "<p>a\nb\nc</p>\n<p>d</p>\n");
    assert_eq!(story["summary"], "a\nb\nc");
    assert_eq!((&story["usage_terms"], &story["editor_note"]), (&json!("a\nb"), &json!("a\nb")));
}

#[test]
fn s51_s52_t16_what_is_rendered_is_safe_to_put_on_a_page() {
    let app = TestApp::start(Database::Sqlite);
    let (editor, reader) = (app.editor(), app.anonymous());
    let body = "Hello <script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) \
                <a href=\"https://a.example\" style=\"x\" onclick=\"y\">link</a>\n\n| a |\n|---|\n| ~~b~~ |\n";
    let story = editor.published(json!({"title": "<b>Not HTML</b>", "body": body}));
    for answer in [editor.get(&address(&story)), reader.get(&address(&story))] {
        let story = answer.expect(200).json();
        assert_eq!(story["body"], body, "what was written is kept");
        assert_eq!(story["title"], "<b>Not HTML</b>");
        let html = story["body_html"].as_str().unwrap();
        for never in ["<script", "onerror", "javascript:", "onclick", "style"] {
            assert!(!html.contains(never), "{html}");
        }
        for always in ["<a href=\"https://a.example\"", "rel=\"noopener noreferrer nofollow\"", "<td><del>b</del></td>"]
        {
            assert!(html.contains(always), "{html}");
        }
    }
}

#[rstest]
#[case::text("text/plain")]
#[case::form("application/x-www-form-urlencoded")]
#[case::nothing("")]
#[case::nonsense("json")]
#[case::multipart("multipart/form-data; boundary=x")]
fn s67_s68_a_body_that_does_not_say_it_is_json_is_not_read(#[case] kind: &str) {
    let app = TestApp::start(Database::Sqlite);
    let refused = raw(&app.editor().header("Content-Type", kind), r#"{"title": "x"}"#).expect(415);
    assert_eq!(refused.code(), "unsupported_media_type");
}

#[rstest]
#[case::empty("", 422, "invalid_fields")]
#[case::broken("{", 400, "malformed_json")]
#[case::two("{} {}", 400, "malformed_json")]
#[case::list("[]", 400, "not_an_object")]
#[case::text("\"title\"", 400, "not_an_object")]
#[case::null("null", 400, "not_an_object")]
#[case::nan("{\"title\": NaN}", 400, "malformed_json")]
#[case::huge_number("{\"title\": \"x\", \"urgency\": 1e999}", 400, "malformed_json")]
#[case::comment("{} // x", 400, "malformed_json")]
#[case::byte_order_mark("\u{feff}{\"title\": \"x\"}", 400, "malformed_json")]
fn a_body_that_is_not_a_json_object_is_refused(#[case] body: &str, #[case] status: u16, #[case] code: &str) {
    let app = TestApp::start(Database::Sqlite);
    assert_eq!(raw(&app.editor(), body).expect(status).code(), code);
}

#[test]
fn json_may_come_with_a_charset_or_as_merge_patch() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor();
    raw(&editor.header("Content-Type", "application/json; charset=utf-8"), r#"{"title": "x"}"#).expect(201);
    let patch = editor.header("Content-Type", "application/merge-patch+json").if_match("*");
    patch.patch("/v1/articles/x", json!({"title": "y"})).expect(200);
}

#[test]
fn no_body_needs_no_type() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor();
    let publish = format!("{}/publish", address(&editor.begin(json!({"title": "x"}))));
    editor.send("POST", &publish, None).expect(200);
    editor.header("Transfer-Encoding", "chunked").send("POST", &publish, None).expect(200);
    editor.header("Content-Type", "text/plain").send("POST", &publish, Some(Vec::new())).expect(200);
    let untyped = editor.header("Content-Type", "text/plain").header("Transfer-Encoding", "chunked");
    untyped.send("POST", &publish, Some(b"{}".to_vec())).expect(415);
}

#[test]
fn s69_compressed_bodies_are_read_and_small_bombs_do_not_become_large_bodies() {
    let app = TestApp::start(Database::Sqlite);
    let gzip = app.editor().header("Content-Encoding", "gzip");
    raw(&gzip, gzip_of(br#"{"title": "Pressed"}"#)).expect(201);
    let bomb = gzip_bomb(64 * 1024 * 1024);
    assert!(bomb.len() < 512 * 1024);
    assert_eq!(raw(&gzip, bomb).expect(413).code(), "too_large");
    assert_eq!(raw(&gzip, "not gzip at all").expect(400).code(), "body_unreadable");
    for encodings in ["br", "zstd", "gzip, gzip", "gzip, br", "identity, gzip", "rot13", "compress", "*"] {
        let refused = raw(&app.editor().header("Content-Encoding", encodings), gzip_of(b"{}")).expect(415);
        assert_eq!(refused.code(), "unsupported_media_type", "{encodings}");
    }
    raw(&gzip.header("Content-Encoding", "gzip"), gzip_of(b"{}")).expect(415);
}

const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Bytes in a gzip file, stored as they are (RFC 1951 §3.2.4, RFC 1952).
fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short text");
    let checksum = !bytes.iter().fold(u32::MAX, |checksum, byte| {
        (0..8)
            .fold(checksum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    });
    let mut file = GZIP_HEADER.to_vec();
    file.push(1);
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(bytes);
    file.extend(checksum.to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

/// A gzip file of this many spaces: one space, then “258 more of the same” again and again (RFC 1951 §3.2.6).
fn gzip_bomb(bytes: usize) -> Vec<u8> {
    let again = "1100010100000";
    let bits = format!("11001010000{}", again.repeat(bytes / 258));
    let mut file = GZIP_HEADER.to_vec();
    // Codes are packed from their first bit on, into the lowest free bit of each byte.
    file.extend(
        bits.as_bytes()
            .chunks(8)
            .map(|chunk| chunk.iter().enumerate().fold(0, |byte, (place, bit)| byte | ((bit - b'0') << place))),
    );
    file
}
