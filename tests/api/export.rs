//! Everything as a stream: whole, resumable, read only as fast as it is taken, and never cut off unnoticed.

#![allow(clippy::disallowed_methods, reason = "a test breaks the database by hand")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dateline::db::AnyConnection;
use dateline::db::schema::publications;
use dateline::error::Result;
use diesel::prelude::*;
use diesel::sql_query;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

/// Bytes of a text that is a piece of its own, and more than connections keep on their way when there are some of them.
const LARGE: usize = 1024 * 1024;

fn lines(reply: &Reply) -> Vec<Value> {
    reply.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// The stories of an export that is complete.
#[track_caller]
fn exported(client: &Client, path: &str) -> Vec<Value> {
    let mut lines = lines(&client.get(path).expect(200));
    assert_eq!(lines.pop(), Some(json!({"end": true, "articles": lines.len()})));
    lines
}

fn slugs(stories: &[Value]) -> Vec<&str> {
    stories.iter().map(|story| text(&story["slug"])).collect()
}

#[apply(each_database)]
fn an_export_is_everything_that_the_filter_selects_with_its_text(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    assert!(exported(&reader, "/v1/articles/export").is_empty());
    for number in 0..120 {
        let tags = if number % 3 == 0 { json!([{"name": "NATO"}]) } else { json!([]) };
        let body = format!("Text of *{number}*.");
        editor.published(json!({"title": format!("Story {number}"), "body": body, "tags": tags}));
        if number % 4 == 0 {
            app.pass(1);
        }
    }
    let draft = editor.begin(json!({"title": "draft"}));
    editor.publish(&draft, json!({"at": app.later(60)}));
    let stories = exported(&reader, "/v1/articles/export");
    assert_eq!(slugs(&stories), reader.walk("/v1/articles?sort=published_at&limit=100"));
    assert_eq!(stories.len(), 120);
    for story in [&stories[0], &stories[77]] {
        let mut read = reader.get(&address(story)).expect(200).json();
        read.as_object_mut().unwrap().remove("translations");
        read["cursor"] = story["cursor"].clone();
        assert_eq!(&read, story);
    }
    let tagged = exported(&reader, "/v1/articles/export?tag=nato");
    assert_eq!(slugs(&tagged), reader.walk("/v1/articles?tag=nato&sort=published_at&limit=100"));
    for client in [&editor, &app.partner()] {
        assert_eq!(exported(client, "/v1/articles/export").len(), 120, "it is about what readers see");
    }
    let answer = reader.get("/v1/articles/export?tag=nato").expect(200);
    assert_eq!(answer.header("Content-Type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    // A moment that is over is exported as it was.
    let then = app.later(0);
    app.pass(1);
    editor.unpublish(&stories[3]);
    editor.change(&stories[4], json!({"title": "Changed", "body": "Changed."}));
    editor.publish(&stories[4], json!({}));
    let past = exported(&reader, &format!("/v1/articles/export?as_of={then}"));
    let without = |stories: &[Value]| {
        stories.iter().map(|story| (story["id"].clone(), story["body"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(without(&past), without(&stories));
    assert_eq!(exported(&reader, "/v1/articles/export").len(), 119);
}

#[apply(each_database)]
fn every_line_is_a_place_to_go_on_from(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for number in 0..60 {
        editor.published(json!({"title": format!("{number}"), "language": if number % 2 == 0 { "en" } else { "de" }}));
    }
    let whole = exported(&reader, "/v1/articles/export?language=en");
    assert_eq!(whole.len(), 30);
    for (index, story) in whole.iter().enumerate() {
        let rest = exported(&reader, &format!("/v1/articles/export?language=en&cursor={}", text(&story["cursor"])));
        assert_eq!(rest, whole[index + 1..]);
    }
    let cursor = text(&whole[0]["cursor"]);
    let refused = |query: &str| reader.get(&format!("/v1/articles/export?{query}")).expect(400).refusals();
    assert_eq!(refused(&format!("cursor={cursor}")), ["cursor invalid_cursor"], "it belongs to the same filter");
    assert_eq!(refused(&format!("language=en&cursor={cursor}x")), ["cursor invalid_cursor"]);
    assert_eq!(refused("sort=title&limit=1"), ["limit not_here", "sort not_here"]);
    assert_eq!(refused("as_of=2099-01-01T00:00:00Z"), ["as_of in_the_future"]);
    assert_eq!(refused("tags=nato"), ["tags unknown_parameter"]);
    reader.send("HEAD", "/v1/articles/export", None).expect(200);
}

#[apply(each_database)]
fn no_story_can_be_called_like_the_export(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    assert_eq!(editor.begin(json!({"title": "Export"}))["slug"], "export-2");
    assert_eq!(
        editor.post("/v1/articles", json!({"title": "x", "slug": "export"})).expect(409).refusals(),
        ["/slug taken"]
    );
    let story = editor.begin(json!({"title": "x"}));
    let renamed = editor.if_match("*").patch(&address(&story), json!({"slug": "export"})).expect(409);
    assert_eq!(renamed.refusals(), ["/slug taken"]);
}

/// A newsroom with stories that are so large that an export cannot be on its way as a whole.
fn large(app: &TestApp, stories: usize) -> Vec<Value> {
    let editor = app.editor();
    let made = (0..stories).map(|number| editor.published(json!({"title": format!("Large {number:02}")}))).collect();
    write(app, |connection| {
        let text = "word ".repeat(LARGE / 5);
        let texts = (publications::body.eq(&text), publications::body_html.eq(&text));
        diesel::update(publications::table).set(texts).execute(connection)?;
        Ok(())
    });
    made
}

/// Writes what no address writes.
fn write(app: &TestApp, work: impl FnOnce(&mut AnyConnection) -> Result<()> + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(app.app().db().write(work)).unwrap();
}

/// An export whose reader takes its time.
struct Slow {
    stream: TcpStream,
    taken: Vec<u8>,
}

impl Slow {
    /// Asks, and takes no more than the first bytes.
    fn begin(app: &TestApp, path: &str) -> Slow {
        let mut stream = TcpStream::connect(app.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut taken = vec![0; 16 * 1024];
        stream.read_exact(&mut taken).unwrap();
        Slow { stream, taken }
    }

    /// Takes this many bytes more, and then goes away.
    fn cut_after(mut self, bytes: usize) -> String {
        let mut more = vec![0; bytes];
        self.stream.read_exact(&mut more).unwrap();
        self.taken.extend(more);
        body(&self.taken).0
    }

    /// Takes all the rest, and says whether the answer came to its proper end.
    fn finish(mut self) -> (String, bool) {
        // A server that gives up may also reset the connection; what came before counts.
        let _ = self.stream.read_to_end(&mut self.taken);
        body(&self.taken)
    }
}

/// What came of a chunked body, and whether its end did.
fn body(answer: &[u8]) -> (String, bool) {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..head]));
    let (mut rest, mut body) = (&answer[head..], Vec::new());
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return (String::from_utf8(body).unwrap(), true);
        }
        let chunk = &rest[line + 2..];
        body.extend(&chunk[..size.min(chunk.len())]);
        if chunk.len() < size + 2 {
            break;
        }
        rest = &chunk[size + 2..];
    }
    (String::from_utf8(body).unwrap(), false)
}

/// The whole lines of what came.
fn whole_lines(body: &str) -> Vec<Value> {
    let end = body.rfind('\n').map_or(0, |end| end + 1);
    body[..end].lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[apply(each_database)]
fn nothing_is_read_before_its_reader_wants_it(database: Database) {
    let app = TestApp::start(database);
    let stories = large(&app, 20);
    let slow = Slow::begin(&app, "/v1/articles/export");
    // While it waits, the newsroom goes on, and the database is not held: all four connections answer.
    let editor = app.editor();
    editor.unpublish(&stories[19]);
    editor.change(&stories[18], json!({"title": "Corrected"}));
    editor.publish(&stories[18], json!({}));
    let (body, ended) = slow.finish();
    let lines = whole_lines(&body);
    assert!(ended);
    assert_eq!(lines.last(), Some(&json!({"end": true, "articles": 19})), "what was taken down did not come");
    assert_eq!((lines.len(), &lines[18]["title"]), (20, &json!("Corrected")));
}

#[apply(each_database)]
fn a_connection_that_was_cut_is_taken_up_again_to_the_same_set(database: Database) {
    let app = TestApp::start(database);
    large(&app, 8);
    let reader = app.anonymous().unchecked();
    let whole = exported(&reader, "/v1/articles/export");
    for bytes in [1, LARGE, 5 * LARGE, 9 * LARGE + 12_345] {
        let came = Slow::begin(&app, "/v1/articles/export").cut_after(bytes);
        let mut stories = whole_lines(&came);
        let more = stories.last().map(|last| format!("?cursor={}", text(&last["cursor"]))).unwrap_or_default();
        stories.extend(exported(&reader, &format!("/v1/articles/export{more}")));
        assert!(stories == whole, "cut after {bytes}: {:?}", slugs(&stories));
    }
}

#[apply(each_database)]
fn a_database_that_breaks_half_way_is_noticed(database: Database) {
    let app = TestApp::start(database);
    large(&app, 20);
    let reader = app.anonymous().unchecked();
    let whole = exported(&reader, "/v1/articles/export");
    let slow = Slow::begin(&app, "/v1/articles/export");
    write(&app, |connection| {
        sql_query("ALTER TABLE publications RENAME TO publications_away").execute(connection)?;
        Ok(())
    });
    let (body, ended) = slow.finish();
    let mut stories = whole_lines(&body);
    assert!(!ended, "the answer has no proper end");
    assert!(stories.iter().all(|line| line.get("end").is_none()), "nor its last line");
    assert!(!stories.is_empty() && stories.len() < 20, "{}", stories.len());
    reader.get("/v1/articles/export").expect(500);
    write(&app, |connection| {
        sql_query("ALTER TABLE publications_away RENAME TO publications").execute(connection)?;
        Ok(())
    });
    let last = text(&stories[stories.len() - 1]["cursor"]).to_owned();
    stories.extend(exported(&reader, &format!("/v1/articles/export?cursor={last}")));
    assert!(stories == whole, "{:?}", slugs(&stories));
}
