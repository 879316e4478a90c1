//! Random questions against a plain answer: every row of a list is known, and what a filter leaves and how it is sorted
//! is worked out here, row by row.

use std::cmp::Ordering;

use dateline::clock::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, slugs_of, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

const STORIES: u32 = 36;
const QUESTIONS: usize = 120;

/// Stories that differ in everything, several of them in the same moment; some are changed after they were published,
/// some were taken down, some are drafts. Gives a moment in the middle.
fn newsroom(app: &TestApp, editor: &Client, random: &mut StdRng) -> String {
    for number in 0..3 {
        editor.make("tags", json!({"name": format!("section {number}"), "kind": "section"}));
        editor.make("sources", json!({"name": format!("source {number}")}));
    }
    for number in 0..5 {
        editor.make("tags", json!({"name": format!("tag {number}")}));
        editor.make("authors", json!({"name": format!("author {number}")}));
    }
    let mut middle = String::new();
    for number in 0..STORIES {
        let story = editor.begin(any_story(random));
        if !number.is_multiple_of(6) {
            editor.publish(&story, json!({}));
        }
        if number.is_multiple_of(3) {
            app.pass(60);
        }
        match number % 8 {
            1 => drop(editor.change(&story, any_story(random))),
            2 => {
                editor.change(&story, any_story(random));
                editor.publish(&story, json!({}));
            }
            3 if !number.is_multiple_of(6) => drop(editor.unpublish(&story)),
            5 if !number.is_multiple_of(6) => {
                let note = json!({"type": "correction", "text": "It was another day."});
                editor.post(&format!("{}/corrections", address(&story)), note).expect(200);
                editor.publish(&story, json!({}));
            }
            _ => {}
        }
        if number == STORIES / 2 {
            middle = app.later(0);
            app.pass(1);
            // The names of then are not those of now.
            editor.if_match("*").patch("/v1/tags/tag-0", json!({"slug": "tag-x"})).expect(200);
            editor.if_match("*").patch("/v1/authors/author-0", json!({"slug": "author-x"})).expect(200);
            editor.if_match("*").patch("/v1/tags/section-0", json!({"slug": "section-x"})).expect(200);
            editor.if_match("*").patch("/v1/sources/source-0", json!({"slug": "source-x"})).expect(200);
            editor.make("tags", json!({"name": "tag 0"}));
        }
    }
    app.pass(600);
    middle
}

fn any_story(random: &mut StdRng) -> Value {
    let mut some = |kind: &str, most: u32| -> Vec<String> {
        let names = (1..=most).filter(|_| random.random_bool(0.4));
        names.map(|number| format!("{kind}-{number}")).collect()
    };
    let (tags, authors) = (some("tag", 4), some("author", 4));
    let known = |name: &str, known: bool| if known { json!(name) } else { Value::Null };
    let title = ["Bridge", "bridge", "Élan", "Zoo", "Ferry"].choose(random);
    let (language, kind) = (["en", "de", "pt-BR"].choose(random), ["report", "analysis", "satire"].choose(random));
    let mut story = json!({
        "title": title,
        "tags": tags, "authors": authors, "featured": random.random_bool(0.3),
        "section": known(["section-1", "section-2"].choose(random).unwrap(), random.random_bool(0.7)),
        "source": known(["source-1", "source-2"].choose(random).unwrap(), random.random_bool(0.5)),
        "language": language, "type": kind,
        "image": random.random_bool(0.5).then(|| json!({"url": "https://example.org/a.jpg"})),
    });
    // What is renamed later: by its id, which stays.
    if random.random_bool(0.3) {
        story["tags"].as_array_mut().unwrap().push(json!({"name": "tag 0"}));
    }
    story
}

type Test = Box<dyn Fn(&Value) -> bool>;

/// A question, and what is true of every row of its answer.
struct Asked {
    query: Vec<String>,
    tests: Vec<Test>,
    keys: Vec<(String, bool)>,
}

/// What a row calls the things of one kind: ids and slugs.
fn names(row: &Value, kind: &str) -> Vec<String> {
    let things = match kind {
        "tag" => row["tags"].as_array().unwrap().clone(),
        "author" => row["authors"].as_array().unwrap().clone(),
        "language" | "type" => return vec![text(&row[kind]).to_owned()],
        one => vec![row[one].clone()],
    };
    let both = |thing: &Value| ["id", "slug"].map(|name| thing[name].as_str().unwrap_or_default().to_owned());
    things.iter().filter(|thing| thing.is_object()).flat_map(both).collect()
}

fn moment(row: &Value, key: &str) -> Timestamp {
    row[key].as_str().map_or(Timestamp::FOREVER, |text| text.parse().unwrap())
}

impl Asked {
    fn any(random: &mut StdRng, rows: &[Value], published: bool) -> Asked {
        let mut asked = Asked { query: Vec::new(), tests: Vec::new(), keys: Vec::new() };
        for kind in ["tag", "author", "source", "section", "language", "type"] {
            for way in ["", "_all", "_not"] {
                if random.random_bool(0.1) {
                    asked.ask_for_names(random, rows, (kind, way));
                }
            }
        }
        for _ in 0..random.random_range(0..2) {
            asked.ask_for_parts(random);
        }
        if random.random_bool(0.1) {
            asked.ask_for_ids(random, rows);
        }
        let columns: &[&str] = if published { &["published", "updated"] } else { &["updated"] };
        for column in columns {
            for way in ["after", "before"] {
                if random.random_bool(0.12) {
                    asked.ask_for_moment(random, rows, (column, way));
                }
            }
        }
        asked.sort(random, published);
        asked
    }

    fn ask_for_names(&mut self, random: &mut StdRng, rows: &[Value], (kind, way): (&'static str, &'static str)) {
        let known: Vec<String> = rows.iter().flat_map(|row| names(row, kind)).collect();
        let count = random.random_range(1..4);
        let mut chosen: Vec<String> = (0..count).filter_map(|_| known.choose(random).cloned()).collect();
        if random.random_bool(0.2) {
            chosen.push(if kind == "type" { "opinion".into() } else { "fr".into() });
        }
        if chosen.is_empty() {
            return;
        }
        self.query.push(format!("{kind}{way}={}", chosen.join(",")));
        self.tests.push(Box::new(move |row| {
            let has = names(row, kind);
            match way {
                "_all" => chosen.iter().all(|name| has.contains(name)),
                "_not" => !chosen.iter().any(|name| has.contains(name)),
                _ => chosen.iter().any(|name| has.contains(name)),
            }
        }));
    }

    fn ask_for_parts(&mut self, random: &mut StdRng) {
        let wanted = random.random_bool(0.5);
        match random.random_range(0..4) {
            0 => {
                self.query.push(format!("featured={wanted}"));
                self.tests.push(Box::new(move |row| row["featured"] == wanted));
            }
            1 => {
                self.query.push(format!("has{}=image", if wanted { "" } else { "_not" }));
                self.tests.push(Box::new(move |row| row["image"].is_object() == wanted));
            }
            2 => {
                self.query.push(format!("has{}=corrections", if wanted { "" } else { "_not" }));
                self.tests.push(Box::new(move |row| (row["corrections_count"] != 0) == wanted));
            }
            _ => {
                self.query.push(format!("has{}=source,image", if wanted { "" } else { "_not" }));
                self.tests
                    .push(Box::new(move |row| ["source", "image"].iter().all(|part| row[*part].is_object() == wanted)));
            }
        }
    }

    fn ask_for_ids(&mut self, random: &mut StdRng, rows: &[Value]) {
        let wanted = random.random_bool(0.5);
        let name = |row: &Value, key: &str| text(&row[key]).to_owned();
        let chosen: Vec<String> = (0..8)
            .map(|number| name(rows.choose(random).unwrap(), if number % 2 == 0 { "id" } else { "slug" }))
            .collect();
        self.query.push(format!("id{}={}", if wanted { "" } else { "_not" }, chosen.join(",")));
        self.tests.push(Box::new(move |row| {
            ["id", "slug"].iter().any(|key| chosen.iter().any(|name| row[*key] == **name)) == wanted
        }));
    }

    fn ask_for_moment(&mut self, random: &mut StdRng, rows: &[Value], (column, way): (&'static str, &'static str)) {
        let key = format!("{column}_at");
        let asked = moment(rows.choose(random).unwrap(), &key);
        self.query.push(format!("{column}_{way}={asked}"));
        self.tests.push(Box::new(move |row| match way {
            "after" => moment(row, &key) > asked,
            _ => moment(row, &key) < asked,
        }));
    }

    fn sort(&mut self, random: &mut StdRng, published: bool) {
        let mut columns = vec!["updated_at", "created_at", "title", "id"];
        if published {
            columns.push("published_at");
        }
        for _ in 0..random.random_range(0..4) {
            let column = *columns.choose(random).unwrap();
            if !self.keys.iter().any(|(known, _)| known == column) {
                self.keys.push((column.to_owned(), random.random_bool(0.5)));
            }
        }
        if !self.keys.is_empty() {
            let sign =
                |(column, descending): &(String, bool)| format!("{}{column}", if *descending { "-" } else { "" });
            self.query.push(format!("sort={}", self.keys.iter().map(sign).collect::<Vec<_>>().join(",")));
        } else {
            self.keys.push((if published { "published_at" } else { "updated_at" }.to_owned(), true));
        }
        let direction = self.keys[0].1;
        self.keys.push(("id".to_owned(), direction));
    }

    fn compare(&self, one: &Value, other: &Value) -> Ordering {
        let by = |(column, descending): &(String, bool)| {
            let order = match column.ends_with("_at") {
                true => moment(one, column).cmp(&moment(other, column)),
                false => text(&one[column]).cmp(text(&other[column])),
            };
            if *descending { order.reverse() } else { order }
        };
        self.keys.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// What the answer should be.
    fn answer(&self, rows: &[Value]) -> Vec<String> {
        let mut rows: Vec<&Value> = rows.iter().filter(|row| self.tests.iter().all(|test| test(row))).collect();
        rows.sort_by(|one, other| self.compare(one, other));
        rows.into_iter().map(|row| text(&row["slug"]).to_owned()).collect()
    }
}

/// Every row of a list.
fn all(client: &Client, view: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/articles?limit=100&{view}")).expect(200).json();
    assert_eq!(page["next"], Value::Null);
    page["data"].as_array().unwrap().clone()
}

#[apply(each_database)]
fn random_questions_have_the_answers_that_a_plain_search_gives(database: Database) {
    let app = TestApp::start(database);
    let seed = 20_261_124;
    let mut random = StdRng::seed_from_u64(seed);
    let (editor, reader) = (app.editor(), app.anonymous());
    let middle = newsroom(&app, &editor, &mut random);
    let editor = app.editor();
    let past = format!("as_of={middle}");
    let views = [(&reader, "view=live", true), (&editor, "view=draft", false), (&reader, past.as_str(), true)];
    let mut found = 0;
    for (client, view, published) in views {
        let rows = all(client, view);
        assert!(rows.len() >= 10, "{view}: {} rows", rows.len());
        for _ in 0..QUESTIONS {
            let asked = Asked::any(&mut random, &rows, published);
            let expected = asked.answer(&rows);
            found += expected.len();
            let path = format!("/v1/articles?{view}&{}", asked.query.join("&")).trim_end_matches('&').to_owned();
            let limit = random.random_range(1..8);
            compare(client, &format!("{path}&limit={limit}"), &expected, limit);
        }
    }
    assert!(found > QUESTIONS * 3, "only {found} rows in all answers");
}

/// The whole list by cursor, its total, and one page of it by number.
fn compare(client: &Client, path: &str, expected: &[String], limit: usize) {
    let mut page = client.get(&format!("{path}&count=true")).expect(200).json();
    assert_eq!(page["total"], expected.len(), "{path}");
    let mut seen = slugs_of(&page);
    while let Some(next) = page["next"].as_str() {
        page = client.get(&with_cursor(path, next)).expect(200).json();
        seen.extend(slugs_of(&page));
    }
    assert_eq!(seen, expected, "{path}");
    let number = expected.len() / limit / 2 + 1;
    let numbered = client.get(&format!("{path}&page={number}&count=true")).expect(200).json();
    let there: Vec<String> = expected.iter().skip((number - 1) * limit).take(limit).cloned().collect();
    assert_eq!((slugs_of(&numbered), &numbered["total"]), (there, &json!(expected.len())), "{path} page {number}");
}

#[apply(each_database)]
fn names_that_were_changed_still_lead_to_what_they_named(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.published(json!({"title": "a", "tags": [{"name": "Old"}], "section": {"name": "Then"}}));
    editor.published(json!({"title": "b"}));
    editor.if_match("*").patch("/v1/tags/old", json!({"slug": "new"})).expect(200);
    editor.if_match("*").patch("/v1/tags/then", json!({"slug": "now"})).expect(200);
    for name in ["old", "new"] {
        assert_eq!(reader.slugs(&format!("/v1/articles?tag={name}")), ["a"]);
        assert_eq!(reader.slugs(&format!("/v1/articles?tag_not={name}")), ["b"]);
        assert_eq!(editor.slugs(&format!("/v1/articles?tag_all={name}")), ["a"]);
    }
    assert_eq!(reader.slugs("/v1/articles?section=then"), ["a"]);
    assert_eq!(reader.slugs("/v1/articles?section_not=now,nowhere"), ["b"]);
    // What names nothing keeps nothing out, and lets nothing in.
    assert_eq!(reader.slugs("/v1/articles?tag_not=nobody&author_not=nobody&source_not=nobody&id_not=nobody").len(), 2);
    for nothing in ["tag=nobody", "tag_all=old,nobody", "author=nobody", "source=nobody", "id=nobody", "id=NO!"] {
        assert_eq!(reader.slugs(&format!("/v1/articles?{nothing}")).len(), 0, "{nothing}");
    }
}

#[apply(each_database)]
fn what_is_wrong_with_a_filter_is_said_with_what_would_be_right(database: Database) {
    let app = TestApp::start(database);
    let reader = app.anonymous();
    let said = |query: &str| {
        let refused = reader.get(&format!("/v1/articles?{query}")).expect(400).json();
        let first = &refused["errors"][0];
        format!("{}: {} ({})", text(&first["parameter"]), text(&first["detail"]), text(&first["code"]))
    };
    let kinds = "report, analysis, opinion, review, background, satire, sponsored, live";
    let columns = "published_at, updated_at, created_at, title, id";
    let expected = [
        (
            "has=imag",
            "has: must be one of image, corrections, source, not \"imag\"; did you mean image? (invalid)".into(),
        ),
        ("has_not=video", "has_not: must be one of image, corrections, source, not \"video\" (invalid)".into()),
        ("type_not=repot", format!("type_not: must be one of {kinds}, not \"repot\"; did you mean report? (invalid)")),
        (
            "sort=-publish_at",
            format!(
                "sort: must be one of {columns}, not \"publish_at\"; did you mean published_at?; a minus before it is for \
                 descending order (invalid_sort)"
            ),
        ),
        (
            "language_all=e!",
            "language_all: must be a language tag (BCP 47), such as en, pt-BR or zh-Hant (invalid_language)".into(),
        ),
        (
            "updated_before=yesterday",
            "updated_before: must be an RFC 3339 time with an offset and a year from 1 to 9999, such as \
             2026-11-23T14:30:00Z (invalid)"
                .into(),
        ),
        ("tag_all=", "tag_all: must be one or more values separated by commas (empty)".into()),
        ("featured=yes", "featured: must be true or false (invalid)".into()),
    ];
    for (query, detail) in expected {
        assert_eq!(said(query), detail);
    }
    assert!(said("tag_nt=x").contains("did you mean tag_not?"));
    assert!(said("section_any=x").contains("did you mean section"));
}
