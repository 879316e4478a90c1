//! `dateline import`: stories from files, all or nothing for each file.

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use dateline::db::DatabaseUrl;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use rstest::rstest;
use rstest_reuse::apply;
use serde_json::{Value, json};

use support::client::Client;
use support::database::TestDatabase;
use support::program::{Program, Run, Serving};
use support::{Database, each_database};

const PASSWORD: &str = "a canary that sings at dawn";

/// A story as it comes out of a browser: breadcrumb, the headline three times, a byline, paragraphs with quotes,
/// dashes, accents and odd spaces, and a link of the site at the end.
const PASTED: &str = "Home Featured Lighthouse keepers’ choir to sing again after forty silent years
Lighthouse keepers’ choir to sing again after forty silent years

Lighthouse keepers’ choir to sing again after forty silent years

by host

The last keepers of Skerrow Point are “ready to sing anything”, their conductor Zoë Šimić said on Tuesday, as the island opens its old signal hall to visitors.\u{a0}

A leaking roof had kept the hall shut since 1986: Rain ran down the organ pipes, and gulls nested in the gallery.

“While the roof is mended, it is the duty of every bass to arrive sober,” Šimić told reporters.\u{a0}\u{a0}

The choir will perform [its] first programme — three hymns, a shanty and a long silence — at dusk.

Source link
";

/// A server on what was imported, and an editor of it.
fn serve(program: &Program) -> (Serving, Client) {
    let add = ["user", "add", "--email", "editor@example.org", "--role", "editor"];
    program.run_with(&add, PASSWORD).expect_success();
    let serving = program.serve();
    let editor = serving.signed_in("editor@example.org", PASSWORD);
    (serving, editor)
}

fn total(client: &Client) -> i64 {
    client.get("/v1/articles?count=true").expect(200).json()["total"].as_i64().unwrap()
}

/// The last line that an import prints.
fn count(run: &Run) -> &str {
    run.output.lines().last().unwrap_or_default()
}

/// The lines about problems, without the sum of them.
fn problems(run: &Run) -> Vec<&str> {
    assert_eq!(run.code, Some(1), "{run:?}");
    let lines: Vec<&str> = run.errors.lines().collect();
    let (sum, problems) = lines.split_last().expect("a sum");
    assert!(sum.starts_with(&format!("dateline: {} problem", problems.len())), "{run:?}");
    problems.to_vec()
}

fn names(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[apply(each_database)]
fn a_pasted_story_is_one_title_one_author_and_its_paragraphs(database: Database) {
    let own = TestDatabase::migrated(database);
    let program = Program::new()
        .with("DATELINE_DATABASE_URL", own.text())
        .with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef");
    let story = program.file("story.txt", PASTED);
    let from = ["--source", "Coastline Press", "--source-url", "https://coastline.example/choir"];
    let import = [&["import", story][..], &from, &["--tag", "harbour", "--tag", "music", "--publish"]].concat();
    assert_eq!(count(&program.run(&import).expect_success()), "1 new, 0 changed, 0 unchanged, 1 published, 0 refused");

    let (serving, _) = serve(&program);
    let list = serving.anonymous().get("/v1/articles").expect(200).json();
    let slug = list["data"][0]["slug"].as_str().unwrap();
    assert!(slug.starts_with("lighthouse-keepers-choir-to-sing"), "{slug}");
    let article = serving.anonymous().get(&format!("/v1/articles/{slug}")).expect(200).json();
    assert_eq!(article["title"], "Lighthouse keepers’ choir to sing again after forty silent years");
    assert_eq!((names(&article["authors"]), names(&article["tags"])), (vec!["host"], vec!["harbour", "music"]));
    assert_eq!(
        (&article["source"]["name"], &article["source"]["slug"]),
        (&json!("Coastline Press"), &json!("coastline-press"))
    );
    assert_eq!(article["source_url"], "https://coastline.example/choir");
    let body = article["body"].as_str().unwrap();
    assert_eq!(body.split("\n\n").count(), 4, "{body}");
    assert_eq!(article["body_html"].as_str().unwrap().matches("<p>").count(), 4);
    assert!(
        body.contains("“ready to sing anything”") && body.contains("Zoë Šimić") && body.contains("hymns, a shanty")
    );
    for foreign in ["Home", "Featured", "Lighthouse", "by host", "Source link"] {
        assert!(!body.contains(foreign), "{foreign} is in {body}");
    }
    assert!(body.contains("[its] first programme — three"), "{body}");
    assert_eq!(count(&program.run(&import).expect_success()), "0 new, 0 changed, 1 unchanged, 0 published, 0 refused");
    assert_eq!(total(&serving.anonymous()), 1);
}

#[rstest]
#[case::ndjson("stories.ndjson", "{\"title\":\"One\"}\n\n{\"title\":\"Two\",\"tags\":[\"Sea\"]}\n")]
#[case::ndjson_with_mark_and_crlf(
    "stories.jsonl",
    "\u{feff}{\"title\":\"One\"}\r\n{\"title\":\"Two\",\"tags\":[\"Sea\"]}\r\n"
)]
#[case::array("stories.json", "[\n {\"title\":\"One\"},\n {\"title\":\"Two\",\"tags\":[\"Sea\"]}\n]")]
#[case::list_of_the_api(
    "list.json",
    "{\"data\":[{\"title\":\"One\"},{\"title\":\"Two\",\"tags\":[\"Sea\"]}],\"next\":null}"
)]
fn json_comes_in_every_usual_shape(#[case] name: &str, #[case] content: &str) {
    let program = Program::migrated();
    program.file(name, content);
    let import = ["import", name, "--tag", "harbour"];
    assert_eq!(count(&program.run(&import).expect_success()), "2 new, 0 changed, 0 unchanged, 0 published, 0 refused");
    let (serving, editor) = serve(&program);
    assert_eq!((total(&editor), total(&serving.anonymous())), (2, 0));
    assert_eq!(names(&editor.get("/v1/articles/two").expect(200).json()["tags"]), ["Sea", "harbour"]);
    assert_eq!(names(&editor.get("/v1/articles/one").expect(200).json()["tags"]), ["harbour"]);
}

#[test]
fn one_object_is_a_story_and_the_standard_input_is_a_file() {
    let program = Program::migrated();
    program.file("story.json", json!({ "title": "One", "type": "opinion", "publish": true }).to_string());
    program.run(&["import", "story.json"]).expect_success();
    program.run_with(&["import", "-", "--format", "ndjson"], "{\"title\":\"Two\"}\n").expect_success();
    assert!(problems(&program.run_with(&["import", "-"], "{}"))[0].contains("--format"));
    let (serving, editor) = serve(&program);
    assert_eq!((total(&editor), total(&serving.anonymous())), (2, 1));
    assert_eq!(serving.anonymous().get("/v1/articles/one").expect(200).json()["type"], "opinion");
}

#[test]
fn markdown_has_its_fields_in_front_and_its_title_there_or_in_the_first_heading() {
    let program = Program::migrated();
    let story = "---\ntitle: \"Salt: a history\"\nslug: salt\nauthors: [Ana Lund, {name: Ben Ito, role: photographer}]\n\
        section: Culture\ntags:\n  - Harbour\n  - Food\npublished_at: 2026-03-04T17:00:00+01:00\npublish: true\n---\n\
        # Not the title\r\n\r\nFirst *line*.\r\n\r\n---\r\n\r\nLast line.\r\n";
    program.file("salt.md", story);
    program.file("plain.markdown", "# The Ferry\n\nIs late.\n");
    let run = program.run(&["import", "salt.md", "plain.markdown", "--language", "en-GB"]).expect_success();
    assert_eq!(count(&run), "2 new, 0 changed, 0 unchanged, 1 published, 0 refused");
    let (serving, editor) = serve(&program);
    let salt = serving.anonymous().get("/v1/articles/salt").expect(200).json();
    assert_eq!((&salt["title"], &salt["language"]), (&json!("Salt: a history"), &json!("en-GB")));
    assert_eq!((names(&salt["authors"]), names(&salt["tags"])), (vec!["Ana Lund", "Ben Ito"], vec!["Harbour", "Food"]));
    assert_eq!((&salt["authors"][1]["role"], &salt["section"]["slug"]), (&json!("photographer"), &json!("culture")));
    assert_eq!(salt["published_at"], "2026-03-04T16:00:00Z");
    assert!(salt["body"].as_str().unwrap().contains("# Not the title"), "{salt}");
    assert!(salt["body_html"].as_str().unwrap().contains("<em>line</em>"), "{salt}");
    let ferry = editor.get("/v1/articles/the-ferry").expect(200).json();
    assert_eq!((&ferry["title"], &ferry["body"]), (&json!("The Ferry"), &json!("Is late.")));
}

#[test]
fn a_file_comes_in_whole_or_not_at_all_and_every_problem_is_said_with_its_line_and_field() {
    let program = Program::migrated();
    let lines = [
        json!({ "title": "Good", "tags": ["Made on the way"] }).to_string(),
        json!({ "title": "", "language": "not a language", "source_url": "javascript:alert(1)" }).to_string(),
        json!({ "titel": "Misspelled" }).to_string(),
        json!({ "title": "Good as well" }).to_string(),
    ];
    program.file("bad.ndjson", lines.join("\n"));
    program.file("good.ndjson", json!({ "title": "Elsewhere" }).to_string());
    let run = program.run(&["import", "bad.ndjson", "good.ndjson"]);
    let mut said = problems(&run);
    said.sort_unstable();
    let places: Vec<String> = said.iter().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(
        places,
        [
            "bad.ndjson:2: language",
            "bad.ndjson:2: source_url",
            "bad.ndjson:2: title",
            "bad.ndjson:3: titel",
            "bad.ndjson:3: title",
        ]
    );
    assert!(said.iter().all(|line| line.splitn(3, ": ").last().unwrap().len() > 8), "{said:?}");
    assert_eq!(count(&run), "1 new, 0 changed, 0 unchanged, 0 published, 5 refused");
    let (_serving, editor) = serve(&program);
    assert_eq!(total(&editor), 1);
    editor.get("/v1/articles/elsewhere").expect(200);
    assert_eq!(editor.get("/v1/tags").expect(200).json()["data"], json!([]));
}

#[rstest]
#[case::not_json("a.ndjson", b"{\"title\":\"One\"}\n{\"title\":\n".to_vec(), "a.ndjson:2: is not JSON")]
#[case::not_an_object("a.json", b"[{\"title\":\"One\"},\n7]".to_vec(), "a.json:2: must be a JSON object")]
#[case::not_utf_8("a.md", b"# One\n\nCaf\xe9\n".to_vec(), "a.md:3: is not UTF-8")]
#[case::not_a_date("a.json", b"{\"title\":\"One\",\"published_at\":\"yesterday\"}".to_vec(), "a.json:1: published_at: ")]
#[case::not_yaml("a.md", b"---\ntitle: [One\n---\nText\n".to_vec(), "a.md:")]
#[case::no_headline("a.txt", b"   \n\n".to_vec(), "a.txt: ")]
#[case::empty("a.json", Vec::new(), "a.json: is empty")]
#[case::no_stories("a.json", b"[]".to_vec(), "a.json: has no stories")]
#[case::unknown_ending("a.docx", b"PK".to_vec(), "a.docx: cannot tell what this is; say it with --format")]
#[case::nul("a.json", b"{\"title\":\"One\\u0000\"}".to_vec(), "a.json:1: title: ")]
#[case::too_deep("a.json", [b"{\"title\":\"One\",\"custom\":".to_vec(), vec![b'['; 5_000]].concat(), "a.json:1: ")]
fn a_file_that_cannot_be_read_is_refused_in_one_line(
    #[case] name: &str,
    #[case] content: Vec<u8>,
    #[case] expected: &str,
) {
    let program = Program::migrated();
    program.file(name, content);
    let run = program.run(&["import", name]);
    let said = problems(&run);
    assert!(said.len() == 1 && said[0].starts_with(expected), "{run:?}");
    assert_eq!(count(&run), "0 new, 0 changed, 0 unchanged, 0 published, 1 refused");
}

#[test]
fn a_missing_file_is_a_problem_and_the_others_come_in() {
    let program = Program::migrated();
    program.file("good.md", "# Good\n\nText");
    let run = program.run(&["import", "missing.md", "good.md"]);
    assert!(problems(&run)[0].starts_with("missing.md: cannot be read"), "{run:?}");
    assert_eq!(count(&run), "1 new, 0 changed, 0 unchanged, 0 published, 1 refused");
}

#[test]
fn the_same_file_twice_makes_no_doubles_and_a_changed_one_needs_to_be_told_so() {
    let program = Program::migrated();
    program
        .file("ferry.md", "---\nauthors: [Ana Lund]\ntags: [Harbour]\npublish: true\n---\n# The Ferry\n\nIs late.\n");
    let import = |arguments: &[&str]| program.run(&[&["import", "ferry.md"], arguments].concat());
    assert_eq!(count(&import(&[]).expect_success()), "1 new, 0 changed, 0 unchanged, 1 published, 0 refused");
    for more in [&[][..], &["--update"]] {
        assert_eq!(count(&import(more).expect_success()), "0 new, 0 changed, 1 unchanged, 0 published, 0 refused");
    }
    program.file(
        "ferry.md",
        "---\nauthors: [Ana Lund]\ntags: [Harbour]\npublish: true\n---\n# The Ferry\n\nIs on time.\n",
    );
    assert!(problems(&import(&[]))[0].starts_with("ferry.md:1: slug: "), "{:?}", import(&[]));
    let (serving, editor) = serve(&program);
    let read = || serving.anonymous().get("/v1/articles/the-ferry").expect(200).json()["body"].clone();
    assert_eq!(read(), "Is late.");
    let tried = import(&["--update", "--dry-run"]).expect_success();
    assert_eq!(count(&tried), "0 new, 1 changed, 0 unchanged, 1 published, 0 refused (dry run: nothing was stored)");
    assert_eq!(read(), "Is late.");
    assert_eq!(count(&import(&["--update"]).expect_success()), "0 new, 1 changed, 0 unchanged, 1 published, 0 refused");
    // The server follows what another program writes; a slow machine may need longer than its usual fraction of a second.
    let noticed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        read() == "Is on time."
    });
    assert!(noticed, "the server goes on giving {}", read());
    assert_eq!((total(&editor), total(&serving.anonymous())), (1, 1));
    assert_eq!(names(&editor.get("/v1/authors").expect(200).json()["data"]), ["Ana Lund"]);
    assert_eq!(names(&editor.get("/v1/tags").expect(200).json()["data"]), ["Harbour"]);
}

#[test]
fn trying_an_import_stores_nothing() {
    let program = Program::migrated();
    program.file("ferry.md", "---\ntags: [Harbour]\nsource: Coastline\n---\n# The Ferry\n\nIs late.\n");
    let run = program.run(&["import", "ferry.md", "--publish", "--dry-run"]).expect_success();
    assert_eq!(count(&run), "1 new, 0 changed, 0 unchanged, 1 published, 0 refused (dry run: nothing was stored)");
    let (_serving, editor) = serve(&program);
    for room in ["articles", "tags", "sources"] {
        assert_eq!(editor.get(&format!("/v1/{room}")).expect(200).json()["data"], json!([]), "{room}");
    }
}

#[test]
fn what_the_api_gives_comes_in_elsewhere_as_it_is() {
    let here = Program::migrated();
    here.file("salt.md", "---\ntitle: Salt\nauthors: [{name: Ben Ito, role: photographer}]\nsection: Culture\n\
        source: Coastline\nsource_url: https://coastline.example/salt\ntags: [Food]\nurgency: 4\ncustom: {colour: blue}\n\
        published_at: 2026-03-04T16:00:00Z\n---\nFirst *line*.\n");
    here.run(&["import", "salt.md", "--publish"]).expect_success();
    let (serving, editor) = serve(&here);
    let given = editor.get("/v1/articles/salt").expect(200);
    let export = serving.anonymous().get("/v1/articles/export").expect(200);
    let live = serving.anonymous().get("/v1/articles/salt").expect(200).json();
    for (arguments, content) in [(&["salt.json"][..], &given), (&["salt.ndjson", "--publish"], &export)] {
        let there = Program::migrated();
        there.file(arguments[0], content.text());
        let run = there.run(&[&["import"], arguments].concat()).expect_success();
        assert_eq!(count(&run), "1 new, 0 changed, 0 unchanged, 1 published, 0 refused");
        let (serving, _) = serve(&there);
        let arrived = serving.anonymous().get("/v1/articles/salt").expect(200).json();
        assert_eq!(story(&arrived), story(&live), "{arguments:?}");
    }
    // A list has no texts, and stories without them are not what anybody means to keep.
    let there = Program::migrated();
    there.file("list.json", editor.get("/v1/articles").expect(200).text());
    assert_eq!(
        problems(&there.run(&["import", "list.json"])),
        ["list.json:1: body: lists leave out the text; import what /v1/articles/export gives, or one article"]
    );
}

#[test]
fn what_no_reader_saw_is_not_published_with_what_the_api_gives() {
    let program = Program::migrated();
    program.file("ferry.md", "# The Ferry\n\nIs late.\n");
    program.run(&["import", "ferry.md", "--publish"]).expect_success();
    let (serving, editor) = serve(&program);
    editor.if_match("*").patch("/v1/articles/the-ferry", json!({"body": "Sank, says a source."})).expect(200);
    let given = editor.get("/v1/articles/the-ferry").expect(200);
    assert_eq!(given.json()["status"], "changed");
    program.file("ferry.json", given.text());
    let run = program.run(&["import", "ferry.json"]).expect_success();
    assert_eq!(count(&run), "0 new, 0 changed, 1 unchanged, 0 published, 0 refused");
    assert_eq!(serving.anonymous().get("/v1/articles/the-ferry").expect(200).json()["body"], "Is late.");
    let there = Program::migrated();
    there.file("ferry.json", given.text());
    let run = there.run(&["import", "ferry.json"]).expect_success();
    assert_eq!(count(&run), "1 new, 0 changed, 0 unchanged, 0 published, 0 refused");
}

#[test]
fn what_editors_did_since_is_not_undone_by_the_same_file() {
    let program = Program::migrated();
    let again = |file: &str| count(&program.run(&["import", file, "--publish"]).expect_success()).to_owned();
    program.file("ferry.md", "# The Ferry\n\nIs late.\n");
    program.file(
        "held.json",
        json!({"title": "Held", "published_at": "2026-03-04T16:00:00Z", "embargo_until": "2199-01-01T00:00:00Z"})
            .to_string(),
    );
    for file in ["ferry.md", "held.json"] {
        assert_eq!(again(file), "1 new, 0 changed, 0 unchanged, 1 published, 0 refused");
    }
    let (serving, editor) = serve(&program);
    let left = "0 new, 0 changed, 1 unchanged, 0 published, 0 refused";
    assert_eq!(again("held.json"), left, "it waits for the end of its embargo");
    let note = json!({"type": "correction", "text": "Nobody read it."});
    assert_eq!(editor.post("/v1/articles/held/corrections", note).expect(409).code(), "not_published");
    editor.post("/v1/articles/the-ferry/unpublish", json!({})).expect(200);
    assert_eq!(again("ferry.md"), left, "it was taken down");
    editor.post("/v1/articles/the-ferry/publish", json!({"at": "2199-01-01T00:00:00Z"})).expect(200);
    assert_eq!(again("ferry.md"), left, "it is scheduled");
    assert_eq!(editor.get("/v1/articles/the-ferry").expect(200).json()["status"], "scheduled");
    assert_eq!(total(&serving.anonymous()), 0);
}

#[test]
fn what_was_killed_is_brought_back_by_no_import() {
    let program = Program::migrated();
    program.file("libel.md", "# Libel\n\nForged.\n");
    let import = || program.run(&["import", "libel.md", "--publish"]);
    import().expect_success();
    let (serving, editor) = serve(&program);
    editor.post("/v1/articles/libel/kill", json!({"reason_public": "Forged."})).expect(200);
    editor.if_match("*").delete("/v1/articles/libel").expect(204);
    let refused = problems(&import()).join("\n");
    assert!(refused.contains("slug: ") && refused.contains("was killed"), "{refused}");
    assert_eq!(total(&serving.anonymous()), 0);
}

/// What a story says, without the ids and moments of the house that it lives in.
fn story(article: &Value) -> Value {
    let mut story = article.clone();
    for name in ["id", "created_at", "updated_at", "modified_at"] {
        story.as_object_mut().unwrap().remove(name).expect("a member");
    }
    for pointer in ["/authors/0", "/tags/0", "/section", "/source"] {
        story.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove("id").expect("an id");
    }
    story
}

#[test]
fn it_is_said_which_stories_lose_their_corrections() {
    let program = Program::migrated();
    let story = |slug: &str, corrections: Value| json!({ "title": slug, "slug": slug, "body": "Text.", "status": "published", "corrections": corrections });
    let corrected = story("harbour", json!([{ "type": "correction", "text": "It was Tuesday." }]));
    let lines = format!("{corrected}\n{}\n", story("ferry", json!([])));
    program.file("export.ndjson", lines);
    let run = program.run(&["import", "export.ndjson"]).expect_success();
    assert_eq!(count(&run), "2 new, 0 changed, 0 unchanged, 2 published, 0 refused");
    let said: Vec<&str> = run.errors.lines().filter(|line| line.contains("corrections")).collect();
    assert_eq!(
        said,
        [
            "export.ndjson: /v1/articles/harbour: its corrections were left out; make them with POST …/harbour/corrections"
        ]
    );
}

#[derive(Debug, QueryableByName)]
struct Read {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    inserted: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    articles: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    words: i64,
}

/// What PostgreSQL did for an import of so many stories. It counts that when the connection has ended, not before.
#[expect(clippy::disallowed_methods, reason = "a fixed question about what PostgreSQL did")]
fn read_for(stories: i64, address: &str) -> Read {
    let mut connection = PgConnection::establish(address).unwrap();
    for _ in 0..100 {
        let read: Read = sql_query(
            "SELECT sum(n_tup_ins) FILTER (WHERE relname = 'articles')::bigint AS inserted, \
             sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FILTER (WHERE relname = 'articles')::bigint AS articles, \
             sum(seq_tup_read) FILTER (WHERE relname = 'search_vocabulary')::bigint AS words FROM pg_stat_user_tables",
        )
        .get_result(&mut connection)
        .unwrap();
        if read.inserted == stories {
            return read;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("PostgreSQL did not count {stories} stories");
}

/// PostgreSQL plans a statement when it first runs, which in an import is in a transaction with hardly anything there.
#[test]
fn the_last_story_of_a_large_file_costs_what_the_first_one_did() {
    const STORIES: i64 = 400;
    let own = TestDatabase::migrated(Database::Postgres);
    let program = Program::new().with("DATELINE_DATABASE_URL", own.text());
    let program = program.with("DATELINE_SECRET", "0123456789abcdef0123456789abcdef");
    let story = |number: i64| {
        let body: Vec<String> = (0..50).map(|word| format!("word{}", number * 20 + word)).collect();
        json!({ "title": format!("Ferry {number}"), "body": body.join(" ") }).to_string()
    };
    program.file("stories.ndjson", (0..STORIES).map(story).collect::<Vec<_>>().join("\n"));
    program.run(&["import", "stories.ndjson", "--publish"]).expect_success();
    // Without PostgreSQL there is nothing to see, which was said loudly.
    let DatabaseUrl::Postgres(address) = own.url() else { return };
    let read = read_for(STORIES, address);
    // Every story of the first hundred may read all before it, 5,000 rows; each that reads all of 400 makes it 80,000.
    assert!(read.articles > STORIES && read.articles < STORIES * 40, "{read:?}");
    assert!(read.words < STORIES * 40, "{read:?}");
}
