//! Answers from memory: always the same as fresh ones, and never older than the last change.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, at_once, text};
use crate::support::{Database, TestApp, each_database};

fn newsroom(app: &TestApp) -> (Client, Value) {
    let editor = app.editor();
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("authors", json!({"name": "Zoe"}));
    editor.make("sources", json!({"name": "Coastline"}));
    let body = "Peacekeepers are ready. ".repeat(200);
    let story = editor.published(json!({
        "title": "Talks", "body": body, "tags": ["nato"], "authors": ["zoe"], "source": "coastline"
    }));
    (editor, story)
}

/// The answer from memory, after one that was made.
#[track_caller]
fn hot(app: &TestApp, client: &Client, path: &str) -> Reply {
    client.get(path).expect(200);
    let (before, _) = app.app().cache().counts();
    let reply = client.get(path).expect(200);
    assert!(app.app().cache().counts().0 > before, "{path} did not come from memory");
    reply
}

#[apply(each_database)]
fn an_answer_from_memory_is_the_same_as_a_fresh_one(database: Database) {
    let kept = TestApp::start(database);
    let fresh = kept.beside_with(|config| config.cache_bytes = 0);
    newsroom(&kept);
    let paths = [
        "/v1/articles/talks",
        "/v1/articles?limit=1&tag=nato",
        "/v1/tags",
        "/v1/tags/nato",
        "/v1/authors/zoe",
        "/v1/sources/coastline",
        "/v1/articles?tag=nato&limit=1",
    ];
    for path in paths {
        let (one, other) = (hot(&kept, &kept.anonymous(), path), fresh.anonymous().get(path).expect(200));
        assert_eq!((one.head(), one.text()), (other.head(), other.text()), "{path}");
        for coding in ["br", "gzip"] {
            // The client here does not read every coding, and compares bytes.
            let asking = |app: &TestApp| app.anonymous().unchecked().header("Accept-Encoding", coding);
            let (one, other) = (hot(&kept, &asking(&kept), path), asking(&fresh).get(path).expect(200));
            assert_eq!(one.etag(), other.etag(), "{path} {coding}");
        }
        let tag = one.etag();
        for app in [&kept, &fresh] {
            let known = app.anonymous().header("If-None-Match", &tag).get(path).expect(304);
            assert!(known.text().is_empty() && known.etag() == tag);
            app.anonymous().header("If-None-Match", &format!("\"other\", W/{tag}")).get(path).expect(304);
            app.anonymous().header("If-None-Match", "\"other\"").get(path).expect(200);
        }
        let head = kept.anonymous().send("HEAD", path, None).expect(200);
        assert!(head.text().is_empty() && head.header("Content-Length") == one.header("Content-Length"));
        assert_eq!(kept.anonymous().header("X-Request-Id", "mine-1").get(path).header("X-Request-Id"), Some("mine-1"));
    }
}

#[apply(each_database)]
fn each_coding_has_a_tag_of_its_own_and_is_the_same_text(database: Database) {
    let app = TestApp::start(database);
    newsroom(&app);
    let plain = hot(&app, &app.anonymous(), "/v1/articles/talks");
    let raw = |coding: &str| raw_answer(&app, coding);
    let mut unpacked = String::new();
    let (head, body) = raw("gzip");
    assert!(head.contains("content-encoding: gzip") && head.contains("-gzip\""), "{head}");
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain.text());
    let (head, body) = raw("gzip, br");
    assert!(head.contains("content-encoding: br") && head.contains("-br\""), "{head}");
    assert!(body.len() * 4 < plain.bytes().len());
}

/// An answer with its body as it went over the wire.
fn raw_answer(app: &TestApp, coding: &str) -> (String, Vec<u8>) {
    use std::io::Write;
    let mut answer = Vec::new();
    for _ in 0..2 {
        answer.clear();
        let mut socket = std::net::TcpStream::connect(app.address()).expect("a connection");
        let request = format!(
            "GET /v1/articles/talks HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).expect("sent");
        socket.read_to_end(&mut answer).expect("an answer");
    }
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[apply(each_database)]
fn every_change_is_seen_by_the_next_read(database: Database) {
    let app = TestApp::start(database);
    let (editor, story) = newsroom(&app);
    let reader = app.anonymous();
    let paths = ["/v1/articles/talks", "/v1/articles", "/v1/articles?tag=nato", "/v1/tags/nato", "/v1/tags"];
    let see = |what: &str| {
        let seen: Vec<String> = paths.iter().map(|path| hot(&app, &reader, path).text()).collect();
        let found: Vec<bool> = seen.iter().map(|text| text.contains(what)).collect();
        (found[0], found[1], found[2], found[3], found[4])
    };
    assert_eq!(see("Kfor"), (false, false, false, false, false));
    // What editors do among themselves changes nothing for readers, and costs them nothing.
    editor.change(&story, json!({"title": "Kfor stays"}));
    let (hits, misses) = app.app().cache().counts();
    paths.iter().for_each(|path| drop(reader.get(path).expect(200)));
    assert_eq!(app.app().cache().counts(), (hits + paths.len() as u64, misses));
    editor.publish(&story, json!({}));
    assert_eq!(see("Kfor stays"), (true, true, true, false, false));
    // The name of a tag stands in stories and lists.
    let tag = reader.get("/v1/tags/nato").expect(200);
    editor.if_match(&tag.etag()).patch("/v1/tags/nato", json!({"name": "The Alliance"})).expect(200);
    assert_eq!(see("The Alliance"), (true, true, true, true, true));
    let author = reader.get("/v1/authors/zoe").expect(200);
    editor.if_match(&author.etag()).patch("/v1/authors/zoe", json!({"name": "Zoë Lindqvist"})).expect(200);
    assert_eq!(see("Zoë Lindqvist"), (true, true, true, false, false));
    app.pass(1);
    editor.unpublish(&story);
    reader.get("/v1/articles/talks").expect(404);
    assert_eq!(reader.get("/v1/articles").expect(200).json()["data"], json!([]));
    editor.publish(&story, json!({}));
    reader.get("/v1/articles/talks").expect(200);
    app.pass(1);
    editor.post(&format!("{}/kill", address(&story)), json!({"reason_public": "Forged."})).expect(200);
    reader.get("/v1/articles/talks").expect(410);
    assert_eq!(reader.get("/v1/articles").expect(200).json()["data"], json!([]));
}

#[apply(each_database)]
fn a_publication_leaves_other_stories_in_memory(database: Database) {
    let app = TestApp::start(database);
    let (editor, story) = newsroom(&app);
    editor.published(json!({"title": "Other"}));
    let reader = app.anonymous();
    hot(&app, &reader, "/v1/articles/other");
    editor.change(&story, json!({"title": "Changed"}));
    editor.publish(&story, json!({}));
    let (hits, misses) = app.app().cache().counts();
    reader.get("/v1/articles/other").expect(200);
    assert_eq!(app.app().cache().counts(), (hits + 1, misses));
}

#[apply(each_database)]
fn what_begins_and_ends_by_the_clock_ends_answers_at_that_moment(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let reader = app.anonymous();
    let lists = |app: &TestApp| hot(app, &reader, "/v1/articles").json()["data"].as_array().map(Vec::len);
    let story = editor.published(json!({"title": "Running"}));
    assert_eq!(lists(&app), Some(1));
    let later = editor.begin(json!({"title": "Later"}));
    editor.publish(&later, json!({"at": app.later(60), "until": app.later(120)}));
    editor.change(&story, json!({"title": "Running on"}));
    editor.publish(&story, json!({"at": app.later(60)}));
    for (seconds, expected, title) in
        [(59, 1, "Running"), (1, 2, "Running on"), (59, 2, "Running on"), (1, 1, "Running on")]
    {
        app.pass(seconds);
        assert_eq!(lists(&app), Some(expected), "after {seconds} more seconds");
        assert_eq!(text(&hot(&app, &reader, "/v1/articles/running").json()["title"]), title);
    }
}

#[apply(each_database)]
fn translations_appear_on_each_other_at_once(database: Database) {
    let app = TestApp::start(database);
    let (editor, _) = newsroom(&app);
    let reader = app.anonymous();
    assert_eq!(hot(&app, &reader, "/v1/articles/talks").json()["translations"], json!([]));
    let german = editor.published(json!({"title": "Gespräche", "language": "de", "translation_of": "talks"}));
    let seen = hot(&app, &reader, "/v1/articles/talks").json();
    assert_eq!(seen["translations"][0]["slug"], german["slug"]);
    editor.unpublish(&german);
    assert_eq!(hot(&app, &reader, "/v1/articles/talks").json()["translations"], json!([]));
}

#[apply(each_database)]
fn what_another_server_changes_is_seen_within_a_second(database: Database) {
    let app = TestApp::start(database);
    let other = app.beside();
    let (editor, story) = newsroom(&app);
    let reader = other.anonymous();
    let within_a_second = |path: &str, expected: &dyn Fn(&Reply) -> bool| {
        let begun = Instant::now();
        while !expected(&reader.get(path)) {
            // The machine may be slow; the promise is about the server's own clockwork, which looks five times a second.
            assert!(begun.elapsed() < Duration::from_secs(5), "{path}");
            thread::sleep(Duration::from_millis(20));
        }
    };
    for path in ["/v1/articles/talks", "/v1/articles"] {
        within_a_second(path, &|reply| reply.status() == 200 && reply.text().contains("talks"));
    }
    app.pass(1);
    editor.change(&story, json!({"title": "Renamed"}));
    editor.publish(&story, json!({}));
    within_a_second("/v1/articles/talks", &|reply| reply.text().contains("Renamed"));
    within_a_second("/v1/articles", &|reply| reply.text().contains("Renamed"));
    let german = editor.published(json!({"title": "Gespräche", "language": "de", "translation_of": "talks"}));
    within_a_second("/v1/articles/talks", &|reply| reply.text().contains(text(&german["slug"])));
    // From memory, too; otherwise all this would say little.
    within_a_second("/v1/articles/talks", &|_| other.app().cache().counts().0 > 0);
    app.pass(1);
    editor.post(&format!("{}/kill", address(&story)), json!({})).expect(200);
    within_a_second("/v1/articles/talks", &|reply| reply.status() == 410);
}

#[apply(each_database)]
fn s65_an_editor_s_answer_is_never_a_reader_s(database: Database) {
    let app = TestApp::start(database);
    let (editor, story) = newsroom(&app);
    editor.change(&story, json!({"title": "Not yet", "editor_note": "secret"}));
    let reader = app.anonymous();
    for _ in 0..3 {
        assert!(editor.get("/v1/articles/talks").expect(200).text().contains("secret"));
        assert!(editor.get("/v1/articles").expect(200).text().contains("Not yet"));
        for path in ["/v1/articles/talks", "/v1/articles"] {
            let seen = reader.get(path).expect(200);
            assert!(!seen.text().contains("secret") && !seen.text().contains("Not yet"), "{}", seen.text());
            assert!(editor.get(path).header("Cache-Control") == Some("private, no-store"));
            app.anonymous().bearer("nonsense").get(path).expect(401);
            app.anonymous().header("Authorization", "").get(path).expect(401);
        }
    }
}

#[apply(each_database)]
fn whoever_publishes_reads_it_at_once_however_many_read_and_write(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let stories: Vec<Value> =
        (0..4).map(|number| editor.published(json!({"title": format!("Story {number}")}))).collect();
    at_once(8, |thread| {
        let story = &stories[thread % 4];
        for round in 0..20 {
            if thread < 4 {
                let title = format!("Story {thread} in round {round}");
                editor.change(story, json!({"title": title}));
                editor.publish(story, json!({}));
                assert_eq!(text(&reader.get(&address(story)).expect(200).json()["title"]), title);
                assert!(reader.get("/v1/articles").expect(200).text().contains(&title));
            } else {
                reader.get(&address(story)).expect(200);
                reader.get("/v1/articles").expect(200);
            }
        }
    });
}

/// A search reads everything as it is at one moment, and that may be over before the names on its hits are read.
#[apply(each_database)]
fn a_new_name_is_seen_by_the_next_read_however_many_search(database: Database) {
    let app = TestApp::start(database);
    let (editor, _) = newsroom(&app);
    let reader = app.anonymous();
    let finished = AtomicUsize::new(0);
    at_once(8, |thread| {
        if thread == 0 {
            for round in 0..150 {
                let name = format!("NATO {round}");
                editor.if_match("*").patch("/v1/tags/nato", json!({"name": name})).expect(200);
                let seen = reader.get(&format!("/v1/articles?limit={}", round % 100 + 1)).expect(200);
                if !seen.text().contains(&name) {
                    finished.fetch_add(1, Ordering::AcqRel);
                }
                assert!(seen.text().contains(&name), "{}", seen.text());
            }
            finished.fetch_add(1, Ordering::AcqRel);
        }
        let mut asked = 0;
        while finished.load(Ordering::Acquire) == 0 {
            asked += 1;
            reader.get(&format!("/v1/search?q=peacekeepers&limit={}&page=1", asked % 100 + 1)).expect(200);
        }
    });
}

/// A story that has translations is read in two statements; what happens between them must not be kept.
#[apply(each_database)]
fn a_translation_that_is_taken_down_is_gone_however_many_read_it(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let original = editor.published(json!({"title": "Talks"}));
    let translations = ["de", "fr"].map(|language| {
        editor.published(json!({"title": language, "language": language, "translation_of": original["id"]}))
    });
    let finished = AtomicUsize::new(0);
    at_once(8, |thread| {
        let story = &translations[thread % translations.len()];
        if thread < translations.len() {
            for _ in 0..25 {
                editor.publish(story, json!({}));
                assert_eq!(reader.get(&address(story)).status(), 200);
                editor.unpublish(story);
                let status = reader.get(&address(story)).status();
                if status != 404 {
                    finished.fetch_add(translations.len(), Ordering::AcqRel);
                }
                assert_eq!(status, 404);
            }
            finished.fetch_add(1, Ordering::AcqRel);
        }
        while finished.load(Ordering::Acquire) < translations.len() {
            assert!(matches!(reader.get(&address(story)).status(), 200 | 404));
        }
    });
}

#[apply(each_database)]
fn what_runs_stays_in_the_list_when_something_later_is_scheduled(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Talks"}));
    let count = || app.anonymous().get("/v1/articles?limit=100").expect(200).json()["data"].as_array().unwrap().len();
    let publish = format!("{}/publish", address(&story));
    assert_eq!(count(), 0);
    editor.if_match("*").post(&publish, json!({"at": app.later(5), "until": app.later(6)})).expect(200);
    assert_eq!(count(), 0);
    app.pass(5);
    assert_eq!(count(), 1);
    editor.if_match("*").post(&publish, json!({"at": app.later(7), "until": app.later(10)})).expect(200);
    assert_eq!(count(), 1);
}
