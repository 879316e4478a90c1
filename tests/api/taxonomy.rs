//! What tags, sources and authors have in common.

use dateline::db::schema::events;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{at_once, statuses, text};
use crate::support::{Database, TestApp, each_database};

const ROOMS: [&str; 3] = ["tags", "sources", "authors"];

fn address(room: &str, thing: &Value) -> String {
    format!("/v1/{room}/{}", text(&thing["id"]))
}

fn rename(editor: &Client, room: &str, thing: &Value, slug: &str) {
    editor.patch(&address(room, thing), json!({ "slug": slug })).expect(200);
}

#[apply(each_database)]
fn one_token_makes_reads_changes_and_deletes(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for room in ROOMS {
        let made = editor.post(&format!("/v1/{room}"), json!({"name": "Harbour Desk"})).expect(201);
        let location = made.header("Location").expect("an address").to_owned();
        assert_eq!(location, address(room, &made.json()));
        let read = editor.get(&location).expect(200);
        assert_eq!((read.json(), read.etag()), (made.json(), made.etag()));
        app.pass(60);
        let changed = editor.if_match(&read.etag()).patch(&location, json!({"name": "Quay Desk"})).expect(200);
        assert_eq!(changed.json()["name"], "Quay Desk");
        assert_eq!(changed.json()["slug"], "harbour-desk", "a new name keeps the address");
        assert_eq!(changed.json()["created_at"], made.json()["created_at"]);
        assert_eq!(changed.json()["updated_at"], app.later(0));
        editor.if_match(&changed.etag()).delete(&location).expect(204);
        for gone in [location.as_str(), &format!("/v1/{room}/harbour-desk")] {
            assert_eq!(editor.get(gone).expect(404).code(), "not_found");
            editor.patch(gone, json!({})).expect(404);
            editor.put(gone, json!({"name": "Again"})).expect(404);
            editor.delete(gone).expect(404);
        }
    }
}

#[apply(each_database)]
fn slugs_are_made_from_names_and_numbered_when_they_are_taken(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for (room, otherwise) in ROOMS.into_iter().zip(["tag", "source", "author"]) {
        for expected in ["vucic-in-nis", "vucic-in-nis-2", "vucic-in-nis-3"] {
            assert_eq!(editor.make(room, json!({"name": "Vučić in Niš"}))["slug"], expected);
        }
        let other = editor.make(room, json!({"name": "…"}));
        assert_eq!(other["slug"], otherwise, "what cannot be spelled still gets a name");
        let asked = json!({"name": "Other", "slug": "vucic-in-nis-2"});
        let taken = editor.post(&format!("/v1/{room}"), asked).expect(409);
        assert_eq!((taken.code(), taken.refusals()), ("taken".to_owned(), vec!["/slug taken".to_owned()]));
        let taken = editor.patch(&address(room, &other), json!({"slug": "vucic-in-nis"})).expect(409);
        assert_eq!(taken.refusals(), ["/slug taken"]);
        assert_eq!(editor.get(&address(room, &other)).expect(200).json(), other, "nothing of it was stored");
    }
}

#[apply(each_database)]
fn a_former_slug_leads_to_the_present_one_for_ever(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for room in ROOMS {
        let thing = editor.make(room, json!({"name": "One"}));
        rename(&editor, room, &thing, "two");
        rename(&editor, room, &thing, "three");
        let leads = |former: &str, present: &str| {
            let moved = reader.get(&format!("/v1/{room}/{former}")).expect(301);
            assert_eq!(moved.header("Location"), Some(format!("/v1/{room}/{present}").as_str()));
        };
        leads("one", "three");
        leads("two", "three");
        rename(&editor, room, &thing, "one");
        leads("two", "one");
        leads("three", "one");
        reader.get(&format!("/v1/{room}/one")).expect(200);
        // Changes find it under every name it had.
        editor.patch(&format!("/v1/{room}/two"), json!({"name": "Uno"})).expect(200);
    }
}

#[apply(each_database)]
fn nobody_else_can_take_a_former_slug_until_its_owner_is_gone(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for room in ROOMS {
        let owner = editor.make(room, json!({"name": "Old Name"}));
        rename(&editor, room, &owner, "new-name");
        let asked = json!({"name": "Thief", "slug": "old-name"});
        let refused = editor.post(&format!("/v1/{room}"), asked.clone()).expect(409);
        assert_eq!(refused.refusals(), ["/slug taken"]);
        let other = editor.make(room, json!({"name": "Old name"}));
        assert_eq!(other["slug"], "old-name-2", "a made slug steps aside");
        editor.patch(&address(room, &other), json!({"slug": "old-name"})).expect(409);
        editor.delete(&address(room, &owner)).expect(204);
        app.anonymous().get(&format!("/v1/{room}/old-name")).expect(404);
        assert_eq!(editor.make(room, asked)["slug"], "old-name");
    }
}

#[apply(each_database)]
fn a_change_that_is_based_on_an_old_version_changes_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for room in ROOMS {
        let first = editor.post(&format!("/v1/{room}"), json!({"name": "First"})).expect(201);
        let place = address(room, &first.json());
        let second = editor.if_match(&first.etag()).patch(&place, json!({"name": "Second"})).expect(200);
        let late = editor.if_match(&first.etag());
        let refused = late.patch(&place, json!({"name": "Third"})).expect(412);
        assert_eq!(refused.code(), "version_mismatch");
        late.put(&place, json!({"name": "Third"})).expect(412);
        late.delete(&place).expect(412);
        let weak = format!("W/{}", second.etag());
        editor.if_match(&weak).patch(&place, json!({"name": "Third"})).expect(412);
        let unquoted = editor.if_match("2").patch(&place, json!({"name": "Third"})).expect(400);
        assert_eq!(unquoted.refusals(), ["If-Match invalid_etag"]);
        assert_eq!(editor.get(&place).expect(200).json(), second.json());
        // The refusal names the version to go on from; and `*` means whatever is there.
        editor.if_match(&refused.etag()).patch(&place, json!({"name": "Third"})).expect(200);
        editor.if_match("*").patch(&place, json!({"name": "Fourth"})).expect(200);
        editor.if_match("\"1\", \"4\"").delete(&place).expect(204);
    }
}

#[apply(each_database)]
fn of_many_changes_of_one_version_exactly_one_wins(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for room in ROOMS {
        let made = editor.post(&format!("/v1/{room}"), json!({"name": "Contested"})).expect(201);
        let place = address(room, &made.json());
        let based_on_it = editor.if_match(&made.etag());
        let replies = at_once(20, |number| based_on_it.patch(&place, json!({"name": format!("Number {number}")})));
        assert_eq!(statuses(&replies), [(200, 1), (412, 19)]);
        let winner = replies.iter().find(|reply| reply.status() == 200).expect("a winner");
        assert_eq!(app.anonymous().get(&place).expect(200).json(), winner.json());
    }
}

#[apply(each_database)]
fn what_a_reader_already_has_is_not_sent_again(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for room in ROOMS {
        let thing = editor.make(room, json!({"name": "Here"}));
        for path in [address(room, &thing), format!("/v1/{room}/here"), format!("/v1/{room}")] {
            let first = reader.get(&path).expect(200);
            assert_eq!(first.header("Cache-Control"), Some("public, no-cache"));
            let tag = first.etag();
            for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
                let again = reader.header("If-None-Match", &known).get(&path).expect(304);
                assert!(again.bytes().is_empty());
                assert_eq!(again.etag(), tag);
            }
            editor.patch(&address(room, &thing), json!({"name": format!("Changed {path}")})).expect(200);
            let changed = reader.header("If-None-Match", &tag).get(&path).expect(200);
            assert_ne!(changed.etag(), tag);
        }
    }
}

#[apply(each_database)]
fn a_dry_run_checks_everything_and_stores_nothing(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let logged = || app.ask(|connection| Ok(events::table.count().get_result::<i64>(connection)?));
    for room in ROOMS {
        let thing = editor.make(room, json!({"name": "Here"}));
        let (all, one) = (format!("/v1/{room}?dry_run=true"), format!("{}?dry_run=true", address(room, &thing)));
        let before = logged();
        assert_eq!(editor.post(&all, json!({"name": "Here"})).expect(201).json()["slug"], "here-2");
        editor.post(&all, json!({"name": "There", "slug": "here"})).expect(409);
        editor.post(&all, json!({"name": ""})).expect(422);
        assert_eq!(editor.patch(&one, json!({"name": "Gone"})).expect(200).json()["name"], "Gone");
        assert_eq!(editor.put(&one, json!({"name": "Gone"})).expect(200).json()["name"], "Gone");
        editor.if_match("\"9\"").delete(&one).expect(412);
        editor.delete(&one).expect(204);
        let list = app.anonymous().get(&format!("/v1/{room}?count=true")).expect(200).json();
        let mut listed = thing.clone();
        listed["live_count"] = json!(0);
        assert_eq!((&list["data"], &list["total"]), (&json!([listed]), &json!(1)));
        assert_eq!(logged(), before, "a dry run leaves no trace in the log");
        editor.delete(&address(room, &thing)).expect(204);
    }
}

#[apply(each_database)]
fn a_name_is_found_whatever_its_case_or_else_made(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let with = |tag: &str, source: &str, author: &str| {
        editor.begin(json!({
            "title": "A story", "tags": [{ "name": tag }], "source": { "name": source }, "authors": [{ "name": author }],
        }))
    };
    let first = with("KFOR", "Łódź Kurier", "Åsa Öberg");
    let same = with("kfor", "łódź KURIER", "ÅSA ÖBERG");
    for pointer in ["/tags/0", "/source", "/authors/0"] {
        assert_eq!(first.pointer(pointer), same.pointer(pointer), "{pointer}");
    }
    let other = with("KFOR II", "Łódź Kurier II", "Åsa Öberg II");
    for pointer in ["/tags/0/id", "/source/id", "/authors/0/id"] {
        assert_ne!(first.pointer(pointer), other.pointer(pointer), "{pointer}");
    }
    for room in ROOMS {
        assert_eq!(app.anonymous().get(&format!("/v1/{room}?count=true")).expect(200).json()["total"], 2, "{room}");
    }
}

#[apply(each_database)]
fn many_who_name_the_same_new_thing_at_once_make_it_once(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let replies = at_once(12, |number| {
        let story = json!({
            "title": format!("Story {number}"),
            "tags": [{ "name": "KFOR" }], "source": { "name": "Coastline" }, "authors": [{ "name": "Zoë Lindqvist" }],
        });
        editor.post("/v1/articles", story)
    });
    assert_eq!(statuses(&replies), [(201, 12)]);
    for room in ROOMS {
        assert_eq!(app.anonymous().get(&format!("/v1/{room}?count=true")).expect(200).json()["total"], 1, "{room}");
    }
}

#[apply(each_database)]
fn lists_are_sorted_counted_and_cut_into_pages(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for room in ROOMS {
        for name in ["delta", "Alpha", "bravo", "élan", "Charlie"] {
            editor.make(room, json!({ "name": name }));
            app.pass(1);
        }
        editor.patch(&format!("/v1/{room}/delta"), json!({"name": "zulu"})).expect(200);
        let list = |query: &str| reader.slugs(&format!("/v1/{room}{query}"));
        // By code points, the same on both databases.
        assert_eq!(list(""), ["alpha", "charlie", "bravo", "delta", "elan"]);
        assert_eq!(list("?sort=-name"), ["elan", "delta", "bravo", "charlie", "alpha"]);
        assert_eq!(list("?sort=created_at"), ["delta", "alpha", "bravo", "elan", "charlie"]);
        assert_eq!(list("?sort=-updated_at"), ["delta", "charlie", "elan", "bravo", "alpha"]);
        assert_eq!(list("?sort=id"), list("?sort=created_at"), "ids grow with time");
        assert_eq!(reader.walk(&format!("/v1/{room}?limit=2&sort=-name")), list("?sort=-name"));
        assert_eq!(list("?limit=2&page=2"), ["bravo", "delta"]);
        assert_eq!(list("?limit=2&page=3"), ["elan"]);
        assert!(list("?limit=2&page=4").is_empty());
        let page = reader.get(&format!("/v1/{room}?limit=1&count=true")).expect(200).json();
        assert_eq!((page["total"].as_i64(), page["next"].is_string()), (Some(5), true));
        assert!(reader.get(&format!("/v1/{room}")).expect(200).json().get("total").is_none());
        let unknown = reader.get(&format!("/v1/{room}?sort=slug")).expect(400);
        assert_eq!(unknown.refusals(), ["sort invalid_sort"]);
    }
}

#[apply(each_database)]
fn s03_t04_members_that_only_the_server_sets_are_refused_as_such(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for room in ROOMS {
        let thing = editor.make(room, json!({"name": "Here"}));
        let refused = editor.put(&address(room, &thing), thing.clone()).expect(422);
        assert_eq!(refused.refusals(), ["/created_at read_only", "/id read_only", "/updated_at read_only"]);
        let mistyped = editor.patch(&address(room, &thing), json!({"nmae": "x", "version": 9})).expect(422);
        assert_eq!(mistyped.refusals(), ["/nmae unknown_field", "/version unknown_field"]);
        assert!(mistyped.text().contains("did you mean name?"));
        // Everything else of an answer can be sent back as it came.
        let mut same = thing.clone();
        for server in ["id", "created_at", "updated_at"] {
            same.as_object_mut().expect("an object").remove(server);
        }
        let replaced = editor.put(&address(room, &thing), same).expect(200).json();
        assert_eq!(replaced, thing);
    }
}

#[apply(each_database)]
fn what_a_story_in_the_trash_uses_is_not_deleted_by_mistake(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({
        "title": "Ferry", "tags": [{"name": "Nato"}], "authors": [{"name": "Zoe"}], "source": {"name": "Coastline"}
    }));
    editor.if_match("*").delete(&format!("/v1/articles/{}", story["id"].as_str().unwrap())).expect(204);
    for place in ["/v1/tags/nato", "/v1/authors/zoe", "/v1/sources/coastline"] {
        assert!(editor.delete(place).expect(409).text().contains("those in the trash counted"));
        editor.delete(&format!("{place}?force=true")).expect(204);
    }
}

#[apply(each_database)]
fn what_a_story_takes_up_at_the_same_moment_is_not_deleted_under_it(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = editor.begin(json!({"title": "Ferry"}));
    for (room, links) in
        [("tags", "article_tags (article_id, tag_id)"), ("authors", "article_authors (article_id, author_id)")]
    {
        let thing = editor.make(room, json!({"name": "Harbour"}));
        let link = format!("INSERT INTO {links} VALUES ('{}', '{}')", text(&story["id"]), text(&thing["id"]));
        let (linked, is_linked) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let write = app.app().db().write(move |connection| {
                    connection.batch_execute(&link)?;
                    linked.send(()).unwrap();
                    // So long the other one waits; longer than it takes to count without waiting.
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    Ok(())
                });
                runtime.block_on(write).unwrap();
            });
            is_linked.recv().unwrap();
            assert_eq!(editor.delete(&address(room, &thing)).expect(409).code(), "in_use", "{room}");
        });
    }
}
