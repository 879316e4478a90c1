//! Pages: every row once, by cursors that nobody can make, change or borrow.

use rstest::rstest;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::{Client, Reply};
use crate::support::desk::{address, slugs_of, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

/// Publishes `count` stories in the same moment.
fn publish_many(editor: &Client, name: &str, count: usize) -> Vec<Value> {
    (0..count).map(|number| editor.published(json!({"title": format!("{name} {number}")}))).collect()
}

fn cursor_of(client: &Client, path: &str) -> String {
    text(&client.get(path).expect(200).json()["next"]).to_owned()
}

#[track_caller]
fn refuses(reply: Reply) {
    assert_eq!(reply.expect(400).refusals(), ["cursor invalid_cursor"]);
}

#[apply(each_database)]
fn t41_a_walk_shows_every_row_once_while_the_list_changes(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let old = publish_many(&editor, "steady", 9);
    let going = editor.published(json!({"title": "going"}));
    editor.begin(json!({"title": "waiting"}));
    for (client, view) in [(&reader, "live"), (&editor, "draft")] {
        for sort in ["-published_at", "published_at", "title", "-title,published_at", "created_at", "-id", "updated_at"]
        {
            let path = format!("/v1/articles?view={view}&sort={sort}&limit=3");
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            for round in 0.. {
                let page = match &cursor {
                    Some(cursor) => client.get(&with_cursor(&path, cursor)),
                    None => client.get(&path),
                };
                let page = page.expect(200).json();
                seen.extend(slugs_of(&page));
                // Between the pages others come and go.
                app.pass(1);
                if round < 5 {
                    editor.published(json!({"title": format!("new {round} {sort} {view}")}));
                }
                if round == 0 {
                    editor.unpublish(&going);
                } else if round == 1 {
                    editor.publish(&going, json!({}));
                }
                match page["next"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            for story in &old {
                let times = seen.iter().filter(|slug| **slug == text(&story["slug"])).count();
                assert_eq!(times, 1, "{path}: {} in {seen:?}", story["slug"]);
            }
        }
    }
}

#[apply(each_database)]
fn s02_t41_a_cursor_belongs_to_one_list_one_question_and_one_caller(database: Database) {
    let app = TestApp::start(database);
    let (editor, writer, reader) = (app.editor(), app.writer(), app.anonymous());
    publish_many(&editor, "story", 3);
    for number in 0..3 {
        writer.begin(json!({"title": format!("own {number}")}));
        editor.make("tags", json!({"name": format!("tag {number}")}));
    }
    let readers = cursor_of(&reader, "/v1/articles?limit=1");
    for other in ["?sort=title", "?sort=published_at", "?tag=nato", "?featured=false", "?view=live", "?language=en"] {
        refuses(reader.get(&with_cursor(&format!("/v1/articles{other}"), &readers)));
    }
    refuses(reader.get(&with_cursor("/v1/tags", &readers)));
    refuses(reader.get(&with_cursor("/v1/articles", &cursor_of(&reader, "/v1/tags?limit=1"))));
    let editors = cursor_of(&editor, "/v1/articles?limit=1");
    for other in [&reader, &writer] {
        refuses(other.get(&with_cursor("/v1/articles", &editors)));
    }
    refuses(editor.get(&with_cursor("/v1/articles", &readers)));
    refuses(editor.get(&with_cursor("/v1/articles?view=draft", &editors)));
    refuses(editor.get(&with_cursor("/v1/articles?status=draft", &editors)));
    // The same question in another order of words is the same question, and a page may be larger or counted.
    let asked = cursor_of(&reader, "/v1/articles?limit=1&featured=false&sort=title");
    let page =
        reader.get(&with_cursor("/v1/articles?sort=title&featured=false&limit=100&count=true", &asked)).expect(200);
    assert_eq!(
        (slugs_of(&page.json()), page.json()["total"].clone()),
        (vec!["story-1".to_owned(), "story-2".to_owned()], json!(3))
    );
    assert!(!slugs_of(&editor.get(&with_cursor("/v1/articles?limit=1", &editors)).expect(200).json()).is_empty());
}

#[apply(each_database)]
fn s02_t41_a_cursor_that_was_changed_or_made_up_is_refused(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    publish_many(&editor, "story", 2);
    let cursor = cursor_of(&reader, "/v1/articles?limit=1");
    for index in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        refuses(reader.get(&with_cursor("/v1/articles", &String::from_utf8(changed).unwrap())));
    }
    let (shorter, longer) = (&cursor[..cursor.len() - 1], format!("{cursor}A"));
    let long = "A".repeat(6000);
    for made_up in
        [shorter, &longer, "", "A", "0", "null", "eyJpZCI6MX0", "%20", "%2e%2e", "Ω", &format!("{cursor}=="), &long]
    {
        let encoded = made_up.replace('Ω', "%CE%A9");
        refuses(reader.get(&with_cursor("/v1/articles", &encoded)));
    }
    let flood = format!("/v1/articles?cursor={}", "A".repeat(9000));
    assert_eq!(reader.get(&flood).expect(400).code(), "query_too_long");
}

#[rstest]
#[case("limit", "-1")]
#[case("limit", "0")]
#[case("limit", "101")]
#[case("limit", "1000000000")]
#[case("limit", "1e2")]
#[case("limit", "1.5")]
#[case("limit", "NaN")]
#[case("limit", "")]
#[case("limit", "%2010")]
#[case("limit", "99999999999999999999")]
#[case("page", "0")]
#[case("page", "-1")]
#[case("page", "100001")]
#[case("page", "1e18")]
#[case("page", "two")]
fn s72_t41_numbers_that_make_no_page_are_refused(#[case] parameter: &str, #[case] value: &str) {
    let app = TestApp::start(Database::Sqlite);
    for room in ["articles", "tags", "sources", "authors"] {
        let refused = app.anonymous().get(&format!("/v1/{room}?{parameter}={value}")).expect(400);
        assert_eq!(refused.refusals(), [format!("{parameter} out_of_range")]);
    }
}

#[test]
fn s01_parameters_that_are_unknown_repeated_or_contradict_each_other_are_named() {
    let app = TestApp::start(Database::Sqlite);
    let (editor, reader) = (app.editor(), app.anonymous());
    publish_many(&editor, "story", 2);
    let refusals = |path: &str| reader.get(path).expect(400).refusals();
    for (path, near) in [
        ("/v1/articles?tagg=nato", "did you mean tag?"),
        ("/v1/articles?limt=3", "did you mean limit?"),
        ("/v1/articles?published_afer=x", "did you mean published_after?"),
        ("/v1/tags?kid=place", "did you mean kind?"),
        ("/v1/sources?contry=DE", "did you mean country?"),
    ] {
        let refused = reader.get(path).expect(400);
        assert_eq!(refused.code(), "unknown_parameter");
        assert!(refused.text().contains(near), "{}", refused.text());
    }
    assert_eq!(refusals("/v1/articles?zzz=1&yyy=2&limit=0"), ["yyy unknown_parameter", "zzz unknown_parameter"]);
    assert_eq!(
        refusals("/v1/articles?limit=0&featured=maybe&type=rumour&count=x&status=x"),
        ["count invalid", "featured invalid", "limit out_of_range", "status invalid", "type invalid",]
    );
    assert_eq!(refusals("/v1/articles?tag=a&tag=b"), ["tag repeated_parameter"]);
    assert_eq!(refusals("/v1/articles?tag=a%00b"), ["tag control_character"]);
    assert_eq!(refusals("/v1/articles?ta%00g=a"), ["tag control_character"]);
    assert_eq!(refusals("/v1/articles?tag[]=a"), ["tag[] unknown_parameter"]);
    assert_eq!(refusals("/v1/articles?tag="), ["tag empty"]);
    assert_eq!(refusals("/v1/articles?tag=a,,b"), ["tag empty"]);
    assert_eq!(refusals(&format!("/v1/articles?tag=a{}", ",a".repeat(20))), ["tag too_many"]);
    let cursor = cursor_of(&reader, "/v1/articles?limit=1");
    assert_eq!(refusals(&with_cursor("/v1/articles?page=1", &cursor)), ["page contradiction"]);
    // The same for one thing and for writing.
    let story = editor.begin(json!({"title": "x"}));
    assert_eq!(reader.get("/v1/articles/story-0?viw=live").expect(400).refusals(), ["viw unknown_parameter"]);
    assert_eq!(
        editor.post("/v1/articles?dryrun=true", json!({"title": "y"})).expect(400).refusals(),
        ["dryrun unknown_parameter"]
    );
    assert_eq!(
        editor.post("/v1/articles?dry_run=1", json!({"title": "y"})).expect(400).refusals(),
        ["dry_run invalid"]
    );
    let delete = format!("{}?force=true", address(&story));
    assert_eq!(editor.if_match("*").delete(&delete).expect(400).refusals(), ["force unknown_parameter"]);
    // Not asking for anything is not wrong.
    assert_eq!(reader.slugs("/v1/articles?"), reader.slugs("/v1/articles"));
}

/// The address in a `Link` header with `rel="next"`.
fn next_link(reply: &Reply) -> Option<String> {
    let link = reply.header("Link")?;
    let inner = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(inner.unwrap_or_else(|| panic!("not a link to the next page: {link}")).to_owned())
}

#[apply(each_database)]
fn links_lead_from_the_first_page_to_the_last(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    publish_many(&editor, "story", 5);
    let all = reader.slugs("/v1/articles?sort=title");
    for (first, by_number) in [
        ("/v1/articles?sort=title&limit=2&count=true", false),
        ("/v1/articles?page=1&sort=title&limit=2&count=true", true),
    ] {
        let (mut seen, mut path, mut pages) = (Vec::new(), Some(first.to_owned()), 0);
        while let Some(here) = path {
            let reply = reader.get(&here).expect(200);
            let page = reply.json();
            assert_eq!(page["total"], 5);
            assert_eq!(here.contains("cursor="), pages > 0 && !by_number, "{here}");
            seen.extend(slugs_of(&page));
            path = next_link(&reply);
            assert_eq!(path.is_some(), page["next"].is_string(), "the header and the body agree");
            pages += 1;
        }
        assert_eq!((seen, pages), (all.clone(), 3));
    }
    assert!(reader.get("/v1/articles?count=false").expect(200).json().get("total").is_none());
    let empty = reader.get("/v1/articles?type=satire&count=true").expect(200);
    assert_eq!(empty.json(), json!({"data": [], "next": null, "total": 0}));
    assert_eq!(next_link(&empty), None);
    let exact = reader.get("/v1/articles?limit=5").expect(200);
    assert_eq!((exact.json()["next"].clone(), next_link(&exact)), (json!(null), None), "a full last page is the last");
    for beyond in ["/v1/articles?page=4&limit=2", "/v1/articles?page=100000&limit=100"] {
        assert_eq!(reader.get(beyond).expect(200).json(), json!({"data": [], "next": null}));
    }
    // Values come back encoded as they were meant.
    let odd = reader.get("/v1/articles?limit=1&published_after=2020-01-01T00:00:00%2B01:00").expect(200);
    assert_eq!(reader.slugs(&next_link(&odd).unwrap()).len(), 1);
}

#[apply(each_database)]
fn s72_a_page_has_twenty_rows_when_nobody_says_how_many_and_never_more_than_a_hundred(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for number in 0..101 {
        editor.make("tags", json!({"name": format!("tag {number:03}")}));
    }
    let page = |query: &str| reader.slugs(&format!("/v1/tags{query}")).len();
    assert_eq!((page(""), page("?limit=100"), page("?limit=100&page=2")), (20, 100, 1));
    let walked = reader.walk("/v1/tags?limit=7");
    assert_eq!((walked.len(), walked[0].as_str(), walked[100].as_str()), (101, "tag-000", "tag-100"));
}
