//! What is sent is text and nothing else: no member and no header becomes part of a statement, and what no database
//! should hold is answered as a fault of ours, not with nonsense.

use dateline::db::DatabaseUrl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::desk::{address, text};
use crate::support::{Database, PASSWORD, TestApp, each_database};

const ATTACKS: [&str; 10] = [
    "'",
    "'); --",
    "' OR '1'='1",
    "\"; DROP TABLE articles; --",
    "1; SELECT pg_sleep(10)",
    "\\'; DELETE FROM users; --",
    "/* */ UNION SELECT password_hash FROM users",
    "$1 ?1 :name @name",
    "%' ESCAPE '\\",
    "{\"$gt\": \"\"}",
];

/// Members that have a form of their own, so that no attack fits into them.
const WELL_FORMED: [&str; 5] = ["slug", "language", "type", "source_url", "canonical_url"];

#[apply(each_database)]
fn s14_s15_t22_what_looks_like_sql_is_kept_letter_by_letter(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for attack in ATTACKS {
        let sent = json!({
            "title": attack, "summary": attack, "body": attack, "byline": attack, "credit_line": attack,
            "usage_terms": attack, "dateline": attack, "editor_note": attack, "custom": { "x": attack, "y": [attack] },
            "tags": [{ "name": attack }], "authors": [{ "name": attack, "role": attack }], "source": { "name": attack },
            "image": { "url": "https://a.example/1.jpg", "alt": attack, "caption": attack, "credit": attack },
            "note": attack,
        });
        let story = editor.begin(sent.clone());
        for name in [
            "title",
            "summary",
            "body",
            "byline",
            "credit_line",
            "usage_terms",
            "dateline",
            "editor_note",
            "custom",
            "image",
        ] {
            assert_eq!(story[name], sent[name], "{name}");
        }
        for name in [&story["tags"][0]["name"], &story["authors"][0]["name"], &story["source"]["name"]] {
            assert_eq!(*name, attack);
        }
        editor.publish(&story, json!({ "note": attack }));
        let read = app.anonymous().get(&address(&story)).expect(200).json();
        assert_eq!((&read["title"], &read["custom"]), (&sent["title"], &sent["custom"]));
        for name in WELL_FORMED {
            let refused = editor.if_match("*").patch(&address(&story), json!({ name: attack })).expect(422);
            assert!(refused.refusals()[0].starts_with(&format!("/{name} ")), "{}", refused.text());
        }
        for (room, members) in [
            ("tags", json!({ "name": format!("a {attack}"), "description": attack })),
            ("sources", json!({ "name": format!("a {attack}"), "credit_line": attack, "usage_terms": attack })),
            ("authors", json!({ "name": format!("a {attack}"), "job_title": attack, "bio": attack })),
        ] {
            let made = editor.make(room, members.clone());
            for (name, value) in members.as_object().unwrap() {
                assert_eq!(made[name], *value, "{room} {name}");
            }
        }
    }
    let all = app.anonymous().get("/v1/articles?count=true").expect(200).json();
    assert_eq!(all["total"], ATTACKS.len());
}

#[apply(each_database)]
fn s14_t22_no_header_and_no_name_of_a_person_becomes_part_of_a_statement(database: Database) {
    let app = TestApp::start(database);
    let (editor, admin) = (app.editor(), app.admin());
    editor.make("tags", json!({ "name": "NATO", "slug": "nato" }));
    for attack in ATTACKS {
        let client = editor.unchecked();
        let status = client.if_match(attack).patch("/v1/tags/nato", json!({ "name": "x" })).status();
        assert!(matches!(status, 400 | 412), "{attack}: {status}");
        client.header("If-None-Match", attack).get("/v1/tags/nato").expect(200);
        for name in ["Accept-Language", "Accept", "Cookie", "X-Request-Id", "Origin", "Referer", "X-Forwarded-For"] {
            let status = client.header(name, attack).get("/v1/tags/nato").status();
            assert!(matches!(status, 200 | 400 | 406), "{name}: {attack}: {status}");
        }
        let keyed = client.header("Idempotency-Key", attack);
        let status = keyed.post("/v1/tags?dry_run=true", json!({ "name": "KFOR" })).status();
        assert!(matches!(status, 201 | 400), "{attack}: {status}");
        // The device of a session and the name of an account are kept as they were sent.
        let device = app.anonymous().header("User-Agent", attack);
        let sign_in = json!({ "email": "editor@example.org", "password": PASSWORD });
        let token = device.post("/v1/auth/login", sign_in).expect(200).json();
        let sessions = device.bearer(text(&token["access_token"])).get("/v1/auth/sessions").expect(200).json();
        let current = sessions["data"].as_array().unwrap().iter().find(|session| session["current"] == true);
        assert_eq!(current.expect("this session")["device"], attack);
        let mine = admin.get("/v1/auth/me").expect(200).json();
        let place = format!("/v1/users/{}", text(&mine["id"]));
        assert_eq!(admin.patch(&place, json!({ "name": attack })).expect(200).json()["name"], attack);
        admin.patch(&place, json!({ "email": attack })).expect(422);
        let guess = json!({ "email": attack, "password": attack });
        app.anonymous().post("/v1/auth/login", guess).expect(422);
    }
    assert_eq!(editor.get("/v1/tags?count=true").expect(200).json()["total"], 1);
    assert_eq!(editor.get("/v1/tags/nato").expect(200).json()["name"], "NATO");
}

#[test]
fn s78_what_is_no_text_is_refused_by_the_database_and_a_fault_of_ours_when_it_is_there() {
    let app = TestApp::start_with(Database::Sqlite, |config| config.cache_bytes = 0);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.make("tags", json!({ "name": "KFOR" }));
    editor.make("authors", json!({ "name": "Zoe" }));
    let DatabaseUrl::Sqlite(file) = &app.app().config().database else { panic!("a file") };
    let mut by_hand = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    by_hand.batch_execute("UPDATE tags SET name = x'fffe'").expect_err("a BLOB is no text");
    reader.get("/v1/tags/kfor").expect(200);
    // Text by its type and no text by its bytes: nothing keeps a hand from that.
    by_hand.batch_execute("UPDATE tags SET name = CAST(x'fffe' AS TEXT)").unwrap();
    for path in ["/v1/tags/kfor", "/v1/tags"] {
        let reply = reader.unchecked().get(path).expect(500);
        assert_eq!(
            (reply.code().as_str(), reply.header("Content-Type")),
            ("internal", Some("application/problem+json"))
        );
        let told: Value = reply.json();
        assert!(!told.to_string().to_lowercase().contains("utf"), "{told}");
    }
    reader.get("/v1/authors/zoe").expect(200);
    reader.get("/health/ready").expect(200);
}
