//! No leak: what is not published is nowhere. A word that stands in everything private is looked for in everything
//! public, bodies and headers.

use dateline::auth::Role;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

/// Stands in every private field, and in no public one. A slug, so that it can stand in slugs too.
const CANARY: &str = "zanzibarcanary";

/// A story with the word in every field.
fn marked(name: &str) -> Value {
    let url = format!("https://{CANARY}.example/{name}");
    json!({
        "title": format!("{CANARY} {name}"), "slug": format!("{CANARY}-{name}"), "summary": CANARY, "body": CANARY,
        "byline": CANARY, "source_url": url, "credit_line": CANARY, "usage_terms": CANARY, "canonical_url": url,
        "dateline": CANARY, "image": { "url": url, "alt": CANARY }, "custom": { CANARY: CANARY }, "editor_note": CANARY,
        "language": "de", "type": "satire", "featured": true, "urgency": 9, "tags": ["nato"], "authors": ["zoe"],
        "source": "coastline", "section": "world",
    })
}

/// A newsroom with something private of every sort beside two public stories. Gives the private stories that have no
/// public face, and the public story whose working copy is private.
fn newsroom(app: &TestApp) -> (Vec<Value>, Value) {
    let editor = app.signed_in(&format!("{CANARY}@example.org"), Role::Editor);
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("tags", json!({"name": "World", "kind": "section"}));
    editor.make("authors", json!({"name": "Zoe"}));
    editor.make("sources", json!({"name": "Coastline"}));
    let plain = editor.published(json!({"title": "Plain", "tags": ["nato"], "editor_note": CANARY}));
    // What is said in a review of a public story is said among colleagues.
    editor.change(&plain, json!({"editor_note": format!("{CANARY}, too")}));
    for step in ["submit", "approve", "request-changes"] {
        editor.post(&format!("{}/{step}", address(&plain)), json!({"note": CANARY})).expect(200);
    }
    let expired = editor.begin(marked("expired"));
    editor.publish(&expired, json!({"until": app.later(1)}));
    app.pass(1);
    let draft = editor.begin(marked("draft"));
    editor.post(&format!("{}/submit", address(&draft)), json!({"note": CANARY})).expect(200);
    let scheduled = editor.begin(marked("scheduled"));
    editor.publish(&scheduled, json!({"at": app.later(600)}));
    let down = editor.published(marked("down"));
    editor.unpublish(&down);
    let deleted = editor.begin(marked("deleted"));
    editor.if_match("*").delete(&address(&deleted)).expect(204);
    let once_read = editor.published(marked("once-read"));
    editor.unpublish(&once_read);
    editor.if_match("*").delete(&address(&once_read)).expect(204);
    let mut held = marked("held");
    held["embargo_until"] = json!(app.later(600));
    let held = editor.begin(held);
    editor.publish(&held, json!({"note": CANARY}));
    editor.send("PUT", &format!("{}/editing", address(&held)), None).expect(200);
    let held_and_killed = editor.begin(json!({"title": CANARY, "embargo_until": app.later(600)}));
    editor.publish(&held_and_killed, json!({}));
    let reasons = json!({"reason_public": CANARY, "reason_internal": CANARY});
    editor.post(&format!("{}/kill", address(&held_and_killed)), reasons).expect(200);
    let translated = json!({"title": CANARY, "translation_of": "plain", "language": "de"});
    let translation = editor.begin(translated);
    let changed = editor.published(json!({"title": "Public face"}));
    editor.change(&changed, marked("changed"));
    editor.publish(&changed, json!({"at": app.later(600)}));
    let hidden = vec![expired, draft, scheduled, down, deleted, once_read, held, held_and_killed, translation];
    (hidden, changed)
}

#[track_caller]
fn is_clean(reply: &Reply, hidden: &[Value]) {
    let said = format!("{}\n{}", reply.head(), reply.text()).to_lowercase();
    assert!(!said.contains(CANARY), "{said}");
    assert!(!said.contains("$argon2"), "a password's hash: {said}");
    for story in hidden {
        assert!(!said.contains(text(&story["id"])), "{said}");
    }
}

/// Every question that a reader can put to the list of articles, with one value for each parameter.
fn questions() -> Vec<String> {
    let parts = [
        "tag=nato",
        "author=zoe",
        "source=coastline",
        "section=world",
        "language=de",
        "type=satire",
        "featured=true",
        "published_after=2000-01-01T00:00:00Z",
        "published_before=2099-01-01T00:00:00Z",
        "updated_after=2000-01-01T00:00:00Z",
        "sort=title",
        "sort=-updated_at",
        "sort=created_at",
        "sort=id",
        "limit=1",
        "page=2&limit=1",
        "view=live",
        "status=draft",
        "status=scheduled",
        "view=draft",
        "fields=editor_note",
        "q=a",
        "as_of=2099-01-01T00:00:00Z",
        "as_of=2026-11-23T11:00:00Z",
        "status=trashed",
        "status=in_review",
        "status=approved,changes_requested",
        "fields=review",
        "review=in_review",
        "status=killed",
        "status=gone&tag=nato",
        "status=gone&language=de",
        "status=gone,draft",
        "after=0",
        "sort=editor_note",
        "tag=nato&language=de",
        "editor_note=a",
        "created_by=a",
    ];
    let one = parts.iter().map(|part| format!("/v1/articles?count=true&{part}"));
    one.chain(["/v1/articles".to_owned()]).collect()
}

#[apply(each_database)]
fn s01_s07_nothing_public_holds_a_word_that_is_private(database: Database) {
    let app = TestApp::start(database);
    let (hidden, changed) = newsroom(&app);
    let reader = app.anonymous();
    for question in questions() {
        let reply = reader.get(&question);
        is_clean(&reply, &hidden);
        if reply.status() == 200 {
            let rows = reply.json()["data"].as_array().unwrap().len();
            assert!(rows <= 2 && reply.json()["total"].as_u64().unwrap_or(0) <= 2, "{question}");
        }
        assert!(matches!(reply.status(), 200 | 400 | 401), "{question}");
        is_clean(&reader.send("HEAD", &question, None), &hidden);
    }
    let everything = [
        "/v1/tags?count=true",
        "/v1/tags/nato",
        "/v1/tags/world",
        "/v1/authors?count=true",
        "/v1/authors/zoe",
        "/v1/sources",
        "/v1/sources/coastline",
        "/v1/users",
        "/v1/auth/me",
        "/openapi.json",
        "/docs",
        "/health/live",
        "/health/ready",
        "/nowhere",
        "/v1/articles/plain",
        "/v1/articles/public-face",
        "/v1/articles/public-face/history",
        "/v1/articles/public-face/proof",
        "/v1/articles/plain/history?count=true",
        "/v1/articles/plain/proof",
        "/v1/articles/plain/proof?publication=2",
        "/v1/log/checkpoint",
        "/v1/events",
        "/v1/schedule",
        "/v1/tags?sort=-live_count",
        "/v1/authors?sort=-live_count",
        "/v1/sources?sort=live_count",
        "/v1/tags/nato/articles?count=true",
        "/v1/tags/world/articles?count=true",
        "/v1/authors/zoe/articles?count=true&language=de",
        "/v1/sources/coastline/articles?status=draft",
        "/v1/articles/plain/related?limit=20",
        "/v1/articles/public-face/related",
        "/v1/calendar?group=day&count=true",
        "/v1/calendar?language=de&count=true",
        "/v1/articles/export",
        "/v1/articles/export?tag=nato",
        "/v1/articles/export?language=de",
        "/v1/search",
        "/v1/search?q=zanzibar&count=true",
        "/v1/search?q=zanzibarcanary%20&sort=-published_at",
        "/v1/search?q=%22zanzibarcanary%20held%22",
        "/v1/search?q=zanzibarcanari%20",
        "/v1/search?q=zanzibrcanary",
        "/v1/search?q=-zanzibarcanary",
        "/v1/search?q=nato&tag=nato&language=de",
        "/v1/articles?q=zanzibar&count=true",
    ];
    for path in everything {
        is_clean(&reader.get(path), &hidden);
    }
    for path in [address(&changed), format!("{}?view=live", address(&changed))] {
        let read = reader.get(&path).expect(200);
        is_clean(&read, &hidden);
        assert_eq!(read.json()["title"], "Public face");
    }
    for name in ["expired", "draft", "scheduled", "down", "deleted", "changed"] {
        is_clean(&reader.get(&format!("/v1/articles/{CANARY}-{name}")).expect(404), &hidden);
    }
    for story in &hidden {
        is_clean(&reader.get(&address(story)).expect(404), &[]);
        is_clean(&reader.get(&format!("{}?view=draft", address(story))).expect(401), &[]);
        let now = app.later(0);
        for more in ["/history", "/proof", "/proof?publication=1", "/related", &format!("?as_of={now}")] {
            is_clean(&reader.get(&format!("{}{more}", address(story))).expect(404), &[]);
        }
        for more in ["/revisions", "/revisions/1", "/revisions/1/diff/2"] {
            is_clean(&reader.get(&format!("{}{more}", address(story))).expect(401), &[]);
        }
        reader.get(&format!("{}?status=trashed", address(story))).expect(400);
    }
    // Neither does a partner learn more than what is under embargo, nor anybody what a killed story was about.
    let partner = app.partner();
    assert_eq!(partner.get("/v1/articles?count=true").expect(200).json()["total"], 3);
    for story in hidden.iter().filter(|story| text(&story["title"]) != format!("{CANARY} held")) {
        is_clean(&partner.get(&address(story)).expect(404), &[]);
    }
    let editor = app.editor();
    let killed = editor.published(marked("killed"));
    app.pass(1);
    let reasons = json!({"reason_public": "It was forged.", "reason_internal": CANARY});
    editor.post(&format!("{}/kill", address(&killed)), reasons).expect(200);
    for name in [address(&killed), format!("/v1/articles/{CANARY}-killed")] {
        for more in ["", "/history", "/proof", "?as_of=2026-11-23T12:00:01Z"] {
            let gone = reader.get(&format!("{name}{more}")).expect(410);
            assert!(!gone.text().contains(CANARY) && gone.text().contains("It was forged."));
        }
    }
    for question in questions() {
        is_clean(&reader.get(&question), &hidden);
    }
}

/// Counts, archives and tombstones are about what readers see or saw, and about nothing else.
#[apply(each_database)]
fn s07_what_is_counted_and_what_is_gone_tells_of_nothing_that_nobody_saw(database: Database) {
    let app = TestApp::start(database);
    let (hidden, _) = newsroom(&app);
    let reader = app.anonymous();
    for (path, counts) in [
        ("/v1/tags?kind=topic", vec![1]),
        ("/v1/tags?kind=section", vec![0]),
        ("/v1/authors", vec![0]),
        ("/v1/sources", vec![0]),
    ] {
        let list = reader.get(path).expect(200).json();
        let told: Vec<i64> =
            list["data"].as_array().unwrap().iter().map(|row| row["live_count"].as_i64().unwrap()).collect();
        assert_eq!(told, counts, "{path}");
    }
    let calendar = reader.get("/v1/calendar?group=year").expect(200).json();
    assert_eq!((&calendar["data"][0]["articles"], calendar["data"].as_array().unwrap().len()), (&json!(2), 1));
    let gone = reader.get("/v1/articles?status=gone&count=true").expect(200);
    // Three were read once: the one that expired, the one that was taken down, and the one that is in the trash now.
    let read: Vec<&Value> = [0, 3, 5].iter().map(|index| &hidden[*index]["id"]).collect();
    let told: Vec<Value> = gone.json()["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert!(told.len() == 3 && read.iter().all(|id| told.contains(id)), "{}", gone.text());
    assert_eq!(gone.json()["total"], 3);
    for row in gone.json()["data"].as_array().unwrap() {
        let members: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["gone_at", "id", "reason", "slug"]);
    }
    for unseen in hidden.iter().filter(|story| !read.contains(&&story["id"])) {
        assert!(!gone.text().contains(text(&unseen["id"])));
    }
}

#[apply(each_database)]
fn a_translation_tells_nothing_of_an_original_that_is_hidden(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let held = editor.begin(json!({"title": CANARY, "embargo_until": app.later(600)}));
    editor.publish(&held, json!({}));
    let draft = editor.begin(json!({"title": CANARY}));
    for (name, original) in [("haushalt", &held), ("entwurf", &draft)] {
        let story = editor.published(json!({"title": name, "translation_of": original["id"], "language": "de"}));
        app.pass(1);
        editor.change(&story, json!({"title": format!("{name}, neu"), "translation_of": null}));
        editor.publish(&story, json!({}));
        let hidden = [held.clone(), draft.clone()];
        for path in ["", "/history", "/proof", "/proof?publication=1", "/proof?publication=2"] {
            is_clean(&reader.get(&format!("{}{path}", address(&story))).expect(200), &hidden);
        }
        is_clean(&reader.get(&format!("{}?as_of={}", address(&story), app.later(0))).expect(200), &hidden);
    }
    is_clean(&reader.get("/v1/articles?language=de"), &[held, draft]);
}

#[apply(each_database)]
fn s04_s05_t25_readers_and_other_writers_cannot_tell_what_is_hidden_from_what_is_not_there(database: Database) {
    let app = TestApp::start(database);
    let (hidden, _) = newsroom(&app);
    let without_id = |reply: &Reply| {
        let mut problem = reply.json();
        problem.as_object_mut().unwrap().remove("request_id");
        (reply.status(), reply.head(), problem)
    };
    let (nobody, now) = ("/v1/articles/01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10", app.later(0));
    let any = |client: &Client| client.if_match("*");
    for client in [app.anonymous(), app.writer()] {
        for story in &hidden {
            for (there, missing) in [
                (address(story), nobody.to_owned()),
                (format!("/v1/articles/{}", text(&story["slug"])), "/v1/articles/nobody".to_owned()),
            ] {
                let tell =
                    |act: &dyn Fn(&str) -> Reply| assert_eq!(without_id(&act(&there)), without_id(&act(&missing)));
                tell(&|path| client.get(path));
                tell(&|path| client.get(&format!("{path}?view=live")));
                tell(&|path| client.get(&format!("{path}?view=draft")));
                tell(&|path| client.header("If-None-Match", "*").get(path));
                tell(&|path| any(&client).patch(path, json!({"title": "x"})));
                tell(&|path| any(&client).put(path, json!({"title": "x"})));
                tell(&|path| any(&client).delete(path));
                tell(&|path| client.delete(path));
                tell(&|path| client.post(&format!("{path}/publish"), json!({})));
                let at_the_door = ["unpublish", "unschedule", "kill", "corrections"];
                let at_the_desk = ["restore", "duplicate", "submit", "unsubmit", "approve", "request-changes"];
                for action in at_the_door.into_iter().chain(at_the_desk) {
                    tell(&|path| client.post(&format!("{path}/{action}"), json!({})));
                }
                for part in ["history", "proof", "revisions", "revisions/1", "revisions/1/diff/1"] {
                    tell(&|path| client.get(&format!("{path}/{part}")));
                }
                // Not earlier: what has expired was read once, and that is no secret.
                tell(&|path| client.get(&format!("{path}?as_of={now}")));
                tell(&|path| any(&client).post(&format!("{path}/revisions/1/restore"), json!({})));
                tell(&|path| client.send("PUT", &format!("{path}/editing"), None));
                tell(&|path| client.delete(&format!("{path}/editing")));
            }
        }
    }
}

#[apply(each_database)]
fn s07_s12_a_writers_lists_and_errors_hold_nothing_of_others(database: Database) {
    let app = TestApp::start(database);
    let (hidden, _) = newsroom(&app);
    let writer = app.writer();
    writer.begin(json!({"title": "Own", "tags": ["nato"], "language": "de", "featured": true}));
    for question in questions() {
        is_clean(&writer.get(&question), &hidden);
    }
    let totals =
        |query: &str| writer.get(&format!("/v1/articles?count=true{query}")).expect(200).json()["total"].clone();
    assert_eq!((totals(""), totals("&language=de"), totals("&tag=nato&view=live")), (json!(1), json!(1), json!(1)));
    let taken = writer.post("/v1/articles", json!({"title": "x", "slug": format!("{CANARY}-draft")})).expect(409);
    is_clean(&taken, &hidden);
}

#[apply(each_database)]
fn s65_what_depends_on_the_caller_is_kept_by_no_cache(database: Database) {
    let app = TestApp::start(database);
    let (hidden, changed) = newsroom(&app);
    let paths = [
        "/v1/articles".to_owned(),
        "/v1/articles?view=live".to_owned(),
        "/v1/articles/plain".to_owned(),
        address(&changed),
        address(&hidden[1]),
        "/v1/articles/nobody".to_owned(),
        "/v1/articles?zzz=1".to_owned(),
    ];
    let varies =
        |reply: &Reply| reply.header("Vary").unwrap_or_default().split(", ").any(|name| name == "authorization");
    for path in &paths {
        for client in [app.editor(), app.writer(), app.admin()] {
            let reply = client.get(path);
            let cache = reply.header("Cache-Control").unwrap_or_default();
            let expected = if reply.status() == 200 { "private, no-store" } else { "no-store" };
            assert_eq!(cache, expected, "{path}");
            assert!(varies(&reply), "{path}");
        }
        let reply = app.anonymous().get(path);
        let expected = if reply.status() == 200 { "public, no-cache" } else { "no-store" };
        assert_eq!(reply.header("Cache-Control"), Some(expected), "{path}");
        assert!(varies(&reply), "{path}");
    }
    let editor = app.editor();
    let made = editor.post("/v1/articles", json!({"title": "x"})).expect(201);
    let saved = editor.if_match("*").patch(&address(&made.json()), json!({"title": "y"})).expect(200);
    let gone = editor.if_match("*").delete(&address(&made.json())).expect(204);
    for reply in [made, saved, gone] {
        assert_eq!(reply.header("Cache-Control"), Some("private, no-store"));
    }
    // A caller's tag opens nothing for anybody else.
    let working = editor.get(&address(&hidden[1])).expect(200);
    app.anonymous().header("If-None-Match", &working.etag()).get(&address(&hidden[1])).expect(404);
}

#[apply(each_database)]
fn s07_a_search_for_what_is_hidden_is_answered_like_one_for_what_never_was(database: Database) {
    let app = TestApp::start(database);
    newsroom(&app);
    for client in [app.anonymous(), app.writer(), app.editor()] {
        for (hidden, nothing) in [
            ("zanzibarcanary", "qanzibarcanary"),
            ("zanzibarcanary%20", "qanzibarcanary%20"),
            ("zanzibar", "qanzibar"),
            ("zanzibarcanarx%20", "qanzibarcanarx%20"),
            ("plain%20zanzibarcanary%20", "plain%20qanzibarcanary%20"),
            ("plian%20zanzibarcanary%20", "plian%20qanzibarcanary%20"),
            ("plain%20-zanzibarcanary", "plain%20-qanzibarcanary"),
            ("-zanzibarcanary", "-qanzibarcanary"),
            ("%22zanzibarcanary%20draft%22", "%22qanzibarcanary%20draft%22"),
        ] {
            for place in
                ["/v1/search?q=", "/v1/search?sort=-published_at&tag=nato&q=", "/v1/articles?view=live&count=true&q="]
            {
                let [hidden, nothing] = [hidden, nothing].map(|text| client.get(&format!("{place}{text}")).expect(200));
                assert_eq!(hidden.json(), nothing.json());
            }
        }
    }
    // What everybody may correct, everybody is told.
    assert_eq!(app.anonymous().get("/v1/search?q=plian%20").expect(200).json()["did_you_mean"], "plain ");
}
