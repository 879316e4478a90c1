//! Which stories a list gives, to whom, and in which order. Pages and cursors are in `paging.rs`.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, slugs_of, text};
use crate::support::{Database, TestApp, each_database};

/// Four stories, a minute apart and published as they were begun, that differ in everything a list can ask for.
fn newsroom(app: &TestApp, editor: &Client) -> Vec<Value> {
    for section in ["World", "Sport"] {
        editor.make("tags", json!({"name": section, "kind": "section"}));
    }
    let stories = [
        json!({
            "title": "a", "tags": [{"name": "NATO"}, {"name": "Kosovo"}], "authors": [{"name": "Zoe"}],
            "source": {"name": "Coastline"}, "section": "world", "language": "en", "type": "report", "featured": true,
        }),
        json!({
            "title": "b", "tags": ["nato"], "authors": [{"name": "Tomas"}], "source": {"name": "Packet"},
            "section": "world", "language": "de", "type": "analysis",
        }),
        json!({
            "title": "c", "tags": ["kosovo"], "authors": ["tomas", "zoe"], "section": "sport", "language": "pt-BR",
            "type": "opinion",
        }),
        json!({"title": "d", "language": "en", "type": "report", "featured": true, "source": "packet"}),
    ];
    let publish = |story| {
        app.pass(60);
        editor.published(story)
    };
    stories.map(publish).into()
}

#[apply(each_database)]
fn every_filter_means_the_same_to_readers_and_editors(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let stories = newsroom(&app, &editor);
    let minute = |number: usize| text(&stories[number]["published_at"]).to_owned();
    let nato = text(&stories[0]["tags"][0]["id"]).to_owned();
    let zoe = text(&stories[0]["authors"][0]["id"]).to_owned();
    let expected = [
        (String::new(), "d c b a"),
        ("tag=nato".into(), "b a"),
        ("tag=nato,kosovo".into(), "c b a"),
        (format!("tag={nato}"), "b a"),
        ("tag=world".into(), ""),
        ("author=zoe".into(), "c a"),
        (format!("author={zoe},tomas"), "c b a"),
        ("source=packet".into(), "d b"),
        ("source=packet,coastline".into(), "d b a"),
        ("section=world".into(), "b a"),
        ("section=world,sport".into(), "c b a"),
        ("section=nato".into(), ""),
        ("language=en".into(), "d a"),
        ("language=EN,pt-br".into(), "d c a"),
        ("type=report".into(), "d a"),
        ("type=opinion,analysis".into(), "c b"),
        ("featured=true".into(), "d a"),
        ("featured=false".into(), "c b"),
        (format!("published_after={}", minute(1)), "d c"),
        (format!("published_before={}", minute(1)), "a"),
        (format!("updated_after={}", minute(2)), "d"),
        (format!("published_after={}&published_before={}", minute(0), minute(3)), "c b"),
        ("published_after=2026-11-23T13:02:00%2B01:00".into(), "d c"),
        ("tag=nato&author=zoe".into(), "a"),
        ("tag=kosovo&author=tomas&section=sport&language=pt-BR&type=opinion&featured=false".into(), "c"),
        ("tag=nato&featured=false&source=coastline".into(), ""),
        ("tag=nobody".into(), ""),
        ("author=nobody,zoe".into(), "c a"),
        ("type=satire".into(), ""),
    ];
    for (query, slugs) in expected {
        let slugs: Vec<&str> = slugs.split_whitespace().collect();
        for (client, view) in
            [(&reader, ""), (&reader, "view=live"), (&editor, "view=live"), (&editor, "view=draft"), (&editor, "")]
        {
            let path = format!("/v1/articles?{query}&{view}&count=true");
            let page = client.get(&path.replace("&&", "&").replace("?&", "?")).expect(200).json();
            assert_eq!(slugs_of(&page), slugs, "{path}");
            assert_eq!(page["total"], slugs.len(), "{path}");
        }
    }
}

#[apply(each_database)]
fn filters_look_at_what_their_reader_sees(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let stories = newsroom(&app, &editor);
    editor.change(&stories[0], json!({"tags": [], "authors": [], "section": "sport", "featured": false, "title": "z"}));
    assert_eq!(reader.slugs("/v1/articles?tag=nato&author=zoe&section=world&featured=true"), ["a"]);
    assert_eq!(editor.slugs("/v1/articles?tag=nato"), ["b"]);
    assert_eq!(editor.slugs("/v1/articles?section=sport&featured=false&sort=-title"), ["a", "c"]);
    assert_eq!(reader.slugs("/v1/articles?sort=-title"), ["d", "c", "b", "a"]);
    assert_eq!(editor.slugs("/v1/articles?sort=-title"), ["a", "d", "c", "b"]);
}

#[apply(each_database)]
fn lists_are_sorted_by_several_keys_and_ties_are_broken(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    // Begun in this order, published the other way round; two titles, three moments.
    let begin = |(title, slug): (&str, &str)| {
        app.pass(1);
        editor.begin(json!({ "title": title, "slug": slug }))
    };
    let begun =
        [("Same", "s1"), ("Other", "o1"), ("Same", "s2"), ("same", "lower"), ("Other", "o2"), ("Élan", "e")].map(begin);
    for (number, story) in begun.iter().rev().enumerate() {
        if number % 2 == 0 {
            app.pass(10);
        }
        editor.publish(story, json!({}));
    }
    // Published: e and o2, then lower and s2, then o1 and s1.
    let expected = [
        ("sort=created_at", "s1 o1 s2 lower o2 e"),
        ("sort=-created_at", "e o2 lower s2 o1 s1"),
        ("sort=id", "s1 o1 s2 lower o2 e"),
        ("sort=published_at", "o2 e s2 lower s1 o1"),
        ("sort=-published_at", "o1 s1 lower s2 e o2"),
        ("sort=title", "o1 o2 s1 s2 lower e"),
        ("sort=-title", "e lower s2 s1 o2 o1"),
        ("sort=title,-created_at", "o2 o1 s2 s1 lower e"),
        ("sort=-published_at,title", "o1 s1 s2 lower o2 e"),
        ("sort=-published_at,-title", "s1 o1 lower s2 e o2"),
        ("sort=title,-published_at,id", "o1 o2 s1 s2 lower e"),
    ];
    for (query, slugs) in expected {
        let slugs: Vec<&str> = slugs.split_whitespace().collect();
        for (client, view) in [(&reader, "live"), (&editor, "draft")] {
            for limit in [1, 2, 4, 100] {
                let path = format!("/v1/articles?{query}&view={view}&limit={limit}");
                assert_eq!(client.walk(&path), slugs, "{path}");
            }
        }
    }
    // Readers go by when it changed for them, editors by when it was saved.
    assert_eq!(reader.slugs("/v1/articles?sort=updated_at"), ["o2", "e", "s2", "lower", "s1", "o1"]);
    assert_eq!(editor.slugs("/v1/articles?sort=updated_at"), ["s1", "o1", "s2", "lower", "o2", "e"]);
    for wrong in [
        "body",
        "editor_note",
        "title;drop",
        "title,title",
        "",
        "-",
        "--title",
        "title,-title",
        "(select%201)",
        "id,title,created_at,updated_at",
    ] {
        assert_eq!(reader.get(&format!("/v1/articles?sort={wrong}")).expect(400).refusals().len(), 1, "{wrong}");
    }
}

#[apply(each_database)]
fn a_view_is_asked_for_by_name_and_only_by_those_who_may(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer, reader) = (app.editor(), app.writer(), app.anonymous());
    editor.published(json!({"title": "live"}));
    let draft = editor.begin(json!({"title": "draft"}));
    writer.begin(json!({"title": "own"}));
    assert_eq!(reader.slugs("/v1/articles"), ["live"]);
    assert_eq!(reader.slugs("/v1/articles?view=live"), ["live"]);
    assert_eq!(editor.slugs("/v1/articles?sort=title"), ["draft", "live", "own"]);
    assert_eq!(editor.slugs("/v1/articles?sort=title&view=draft"), ["draft", "live", "own"]);
    assert_eq!(editor.slugs("/v1/articles?view=live"), ["live"]);
    assert_eq!(writer.slugs("/v1/articles"), ["own"]);
    assert_eq!(writer.slugs("/v1/articles?view=draft"), ["own"]);
    assert_eq!(writer.slugs("/v1/articles?view=live"), ["live"]);
    let counted = |client: &Client, query: &str| {
        client.get(&format!("/v1/articles?count=true{query}")).expect(200).json()["total"].clone()
    };
    assert_eq!(
        (counted(&editor, ""), counted(&writer, ""), counted(&writer, "&view=live"), counted(&reader, "")),
        (json!(3), json!(1), json!(1), json!(1))
    );
    for path in [
        "/v1/articles?view=draft".to_owned(),
        format!("{}?view=draft", address(&draft)),
        "/v1/articles/live?view=draft".to_owned(),
    ] {
        reader.get(&path).expect(401);
    }
    for wrong in ["DRAFT", "all", ""] {
        assert_eq!(
            editor.get(&format!("/v1/articles?view={wrong}")).expect(400).refusals(),
            ["view invalid"],
            "{wrong}"
        );
        assert_eq!(reader.get(&format!("{}?view={wrong}", address(&draft))).expect(400).refusals(), ["view invalid"]);
    }
    // One story: the working copy for those who may edit it, readers' eyes for everybody else.
    editor.get(&format!("{}?view=live", address(&draft))).expect(404);
    writer.get(&address(&draft)).expect(404);
    writer.get(&format!("{}?view=draft", address(&draft))).expect(404);
    assert!(writer.get("/v1/articles/live").expect(200).json().get("version").is_none());
    // A status is for working copies.
    assert_eq!(writer.slugs("/v1/articles?status=draft"), ["own"]);
    for (client, query) in
        [(&reader, "status=draft"), (&editor, "view=live&status=published"), (&reader, "view=live&status=expired")]
    {
        assert_eq!(client.get(&format!("/v1/articles?{query}")).expect(400).refusals(), ["status not_for_readers"]);
    }
    assert_eq!(editor.get("/v1/articles?status=draft,live").expect(400).refusals(), ["status invalid"]);
}

#[apply(each_database)]
fn lists_hold_everything_but_the_text(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let stories = newsroom(&app, &editor);
    for (client, query) in [(&reader, ""), (&editor, "?view=live"), (&editor, "")] {
        let listed = client.get(&format!("/v1/articles{query}")).expect(200).json()["data"][3].clone();
        let mut read = client.get(&format!("{}{query}", address(&stories[0]))).expect(200).json();
        for text in ["body", "body_html", "corrections", "translations"] {
            // A working copy says which story it translates, and the readers' wing lists the translations.
            if text == "translations" && read.get("status").is_some() {
                continue;
            }
            assert!(read.as_object_mut().unwrap().remove(text).is_some());
        }
        assert_eq!(listed, read);
    }
}

#[apply(each_database)]
fn s14_t22_nothing_that_is_sent_as_a_parameter_becomes_part_of_a_statement(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    newsroom(&app, &editor);
    let attacks = [
        "'",
        "\"",
        "') OR 1=1 --",
        "nato' OR 'a'='a",
        "nato\\",
        "%",
        "_",
        "*",
        "a;DROP TABLE articles",
        "\u{1f600}",
        "${x}",
        "(select password_hash from users)",
        "0x61",
        "1e999",
        "[]",
        "{}",
        "../..",
        "\u{202e}",
        "ＮＡＴＯ",
    ];
    let parameters = [
        "tag",
        "author",
        "source",
        "section",
        "language",
        "type",
        "featured",
        "published_after",
        "published_before",
        "updated_after",
        "sort",
        "limit",
        "page",
        "cursor",
        "count",
        "view",
        "status",
    ];
    for attack in attacks {
        let encoded: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        for parameter in parameters {
            for client in [&reader, &editor] {
                let reply = client.get(&format!("/v1/articles?{parameter}={encoded}"));
                let nothing = reply.status() == 200 && reply.json()["data"] == json!([]);
                assert!(nothing || reply.status() == 400, "{parameter}={attack} answered {}", reply.text());
            }
        }
        for room in ["articles", "tags", "sources", "authors"] {
            reader.get(&format!("/v1/{room}/{}", encoded.replace('+', "%20"))).expect(404);
        }
    }
    assert_eq!(reader.slugs("/v1/articles").len(), 4);
}
