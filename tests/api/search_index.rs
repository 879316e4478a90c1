//! The search index: never out of step with what readers see, the same on both databases, and nothing that somebody types
//! is an error.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::search::{encoded, found, found_sorted, search};
use crate::support::desk::{address, slugs_of, text};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

#[apply(each_database)]
fn a_search_is_about_what_readers_see_now(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.begin(json!({"title": "Zanzibar"}));
    assert!(found(&reader, "zanzibar").is_empty() && found(&editor, "zanzibar").is_empty());
    editor.publish(&story, json!({"at": app.later(10), "until": app.later(20)}));
    let seen = || found(&reader, "zanzibar").len();
    assert_eq!(seen(), 0);
    app.pass(10);
    assert_eq!(seen(), 1);
    app.pass(10);
    assert_eq!(seen(), 0);
    editor.publish(&story, json!({}));
    editor.change(&story, json!({"title": "Mombasa"}));
    assert_eq!((seen(), found(&reader, "mombasa").len()), (1, 0));
    editor.publish(&story, json!({"at": app.later(10)}));
    app.pass(10);
    assert_eq!((seen(), found(&reader, "mombasa").len()), (0, 1));
    editor.unpublish(&story);
    assert_eq!(found(&reader, "mombasa").len(), 0);
    let held = editor.begin(json!({"title": "Lamu", "embargo_until": app.later(10)}));
    editor.publish(&held, json!({}));
    let partner = app.partner();
    assert_eq!((found(&reader, "lam").len(), found(&editor, "lamu").len(), found(&partner, "lam").len()), (0, 0, 1));
    let entries = editor.get("/v1/events?limit=100").expect(200).json();
    let logged = entries["data"].as_array().unwrap().iter().filter(|entry| entry["action"] == "read_under_embargo");
    assert_eq!(logged.count(), 1);
    app.pass(10);
    assert_eq!(found(&reader, "lamu").len(), 1);
    editor.post(&format!("{}/kill", address(&held)), json!({})).expect(200);
    assert_eq!((found(&reader, "lamu").len(), found(&partner, "lamu").len()), (0, 0));
    // Editors' lists are about working copies, which the index does not know.
    assert_eq!(editor.get("/v1/articles?q=lamu").expect(400).refusals(), ["q live_only"]);
    editor.get("/v1/articles?q=lamu&view=live").expect(200);
    for list in ["/v1/articles", "/v1/calendar", "/v1/articles/export"] {
        let past = format!("{list}?q=lamu&as_of={}", app.later(0));
        assert_eq!(reader.get(&past).expect(400).refusals(), ["q live_only"], "{list}");
    }
    app.editor().published(json!({"title": "Ferry"}));
    let days = |words: &str| reader.get(&format!("/v1/calendar?q={words}")).expect(200).json()["data"].clone();
    assert_eq!((days("ferry")[0]["articles"].clone(), days("lamu")), (json!(1), json!([])));
    // Nothing is left of a story that is removed for good, not even a word.
    let admin = app.admin();
    admin.if_match("*").delete(&format!("{}?purge=true", address(&story))).expect(204);
    let words = app.ask(|connection| {
        use dateline::db::schema::search_vocabulary::dsl;
        use diesel::prelude::*;
        Ok(dsl::search_vocabulary.select(dsl::word).order(dsl::word.asc()).load::<String>(connection)?)
    });
    assert_eq!(words, ["ferry", "lamu"]);
}

#[apply(each_database)]
fn words_of_what_is_gone_take_no_place_among_the_endings_of_a_word(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let crowd: Vec<String> = ('a'..='h').flat_map(|one| ('a'..='m').map(move |two| format!("con{one}{two}"))).collect();
    let crowded = editor.published(json!({"title": "A crowd", "body": crowd.join(" ")}));
    editor.published(json!({"title": "Consequences"}));
    assert_eq!(found(&reader, "con"), ["a-crowd"], "the fifty shortest endings are those of the crowd");
    editor.unpublish(&crowded);
    assert_eq!(found(&reader, "con"), ["consequences"]);
}

/// A story as a searcher by hand sees it: its texts, each cut into words.
fn texts(story: &Value) -> Vec<Vec<String>> {
    let mut texts: Vec<String> = ["title", "summary", "byline", "body"]
        .iter()
        .filter_map(|name| story[*name].as_str())
        .map(str::to_owned)
        .collect();
    for list in ["tags", "authors"] {
        texts.extend(story[list].as_array().unwrap().iter().map(|one| text(&one["name"]).to_owned()));
    }
    texts.iter().map(|text| text.to_lowercase().split_whitespace().map(str::to_owned).collect()).collect()
}

/// Whether a story has these words next to each other.
fn has(texts: &[Vec<String>], phrase: &[&str]) -> bool {
    texts.iter().any(|words| words.windows(phrase.len()).any(|window| window == phrase))
}

#[apply(each_database)]
fn the_index_is_never_out_of_step(database: Database) {
    const WORDS: [&str; 8] = ["salt", "tide", "ferry", "arm", "long", "seal", "harbour", "crab"];
    let app = TestApp::start(database);
    let (admin, reader) = (app.admin(), app.anonymous());
    let mut random = StdRng::seed_from_u64(14);
    let words = |count: usize, random: &mut StdRng| {
        (0..count).map(|_| *WORDS.choose(random).unwrap()).collect::<Vec<_>>().join(" ")
    };
    let mut stories: Vec<Value> = Vec::new();
    for round in 0..120 {
        match (random.random_range(0..10), stories.choose(&mut random).cloned()) {
            (0 | 1, _) | (_, None) => {
                let tag = words(1, &mut random);
                stories.push(admin.begin(json!({
                    "title": words(2, &mut random), "slug": format!("story-{round}"), "summary": words(2, &mut random),
                    "body": words(4, &mut random), "tags": [{"name": tag}],
                })));
            }
            (2 | 3, Some(story)) => {
                let change = json!({"title": words(2, &mut random), "body": words(4, &mut random)});
                admin.if_match("*").patch(&address(&story), change);
            }
            (4..=6, Some(story)) => {
                let from = random.random_range(0..3) * 5;
                let mut wish = json!({});
                if from > 0 {
                    wish["at"] = json!(app.later(from));
                }
                if random.random_bool(0.5) {
                    wish["until"] = json!(app.later(from + random.random_range(1..15)));
                }
                admin.post(&format!("{}/publish", address(&story)), wish);
            }
            (7, Some(story)) => {
                let action = ["unpublish", "unschedule", "kill"].choose(&mut random).unwrap();
                admin.send("POST", &format!("{}/{action}", address(&story)), None);
            }
            (8, Some(story)) => {
                let purge = ["?purge=true", ""].choose(&mut random).unwrap();
                admin.if_match("*").delete(&format!("{}{purge}", address(&story)));
            }
            _ => app.pass(random.random_range(1..6)),
        }
        let seen: Vec<(String, Vec<Vec<String>>)> = reader
            .slugs("/v1/articles?limit=100")
            .into_iter()
            .map(|slug| {
                let story = reader.get(&format!("/v1/articles/{slug}")).expect(200).json();
                (slug, texts(&story))
            })
            .collect();
        let (one, two) = (*WORDS.choose(&mut random).unwrap(), *WORDS.choose(&mut random).unwrap());
        let by_hand = |passes: &dyn Fn(&[Vec<String>]) -> bool| -> Vec<String> {
            let slugs: BTreeSet<&String> =
                seen.iter().filter(|(_, texts)| passes(texts)).map(|(slug, _)| slug).collect();
            slugs.into_iter().cloned().collect()
        };
        assert_eq!(found_sorted(&reader, ""), by_hand(&|_| true), "round {round}");
        let both = by_hand(&|texts| has(texts, &[one]) && has(texts, &[two]));
        assert_eq!(found_sorted(&reader, &format!("{one} {two} ")), both, "round {round}: {one} {two}");
        let without = by_hand(&|texts| has(texts, &[one]) && !has(texts, &[two]));
        assert_eq!(found_sorted(&reader, &format!("{one} -{two} ")), without, "round {round}: {one} -{two}");
        let phrase = by_hand(&|texts| has(texts, &[one, two]));
        assert_eq!(found_sorted(&reader, &format!("\"{one} {two}\"")), phrase, "round {round}: {one} {two}");
    }
    assert_untouched(&app);
}

/// Three hundred texts that would be something else to a database, a pattern or a page.
fn hostile() -> Vec<String> {
    let pieces = [
        "\"",
        "'",
        "''",
        "\"\"",
        "\\",
        "%",
        "_",
        "*",
        "(",
        ")",
        ")(",
        "-",
        "--",
        ";",
        ":",
        "^",
        "~",
        "|",
        "&",
        "!",
        "<->",
        "{title}:",
        "title:ferry",
        "NEAR(a b)",
        "AND",
        "OR",
        "NOT",
        "a AND",
        "NOT a",
        "\0",
        "\u{1}",
        "\u{7f}",
        "\u{fffd}",
        "🦊",
        "👩\u{200d}👩",
        "مرحبا",
        "\u{202e}evil",
        "שלום",
        "東京",
        "ｆｅｒｒｙ",
        "e\u{301}\u{301}\u{301}",
        "\u{feff}",
        "'; DROP TABLE publications; --",
        "' OR 1=1 --",
        "<script>",
        "$1",
        "?1",
        "%s",
        "{{7*7}}",
        "../../etc",
        "¤",
        "¶ferry",
        "·",
        "ferry*",
        "fer*",
        "^ferry",
        "+ferry",
        "ferry:*",
        "ferry:A",
        "'ferry':*",
        "\\'ferry",
        "ferry''",
        "ﬁ",
        "ß",
        "İ",
    ];
    let mut texts: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    for (index, piece) in pieces.iter().enumerate() {
        texts.push(format!("ferry {piece}"));
        texts.push(format!("{piece}ferry{piece}"));
        texts.push(format!("\"{piece} ferry"));
        texts.push(format!("-{piece}{}", pieces[(index * 7 + 3) % pieces.len()]));
    }
    texts.extend(["a", "é", "京", "\"", "-", " ", "🦊", "\u{301}", "("].map(|piece| piece.repeat(200)));
    texts.extend(["a ", "the "].map(|piece| piece.repeat(16)));
    texts
}

#[test]
fn s70_s71_t40_three_hundred_hostile_texts_find_the_same_on_both_databases_and_are_never_an_error() {
    let stories = [
        ("one", "Ferry & tide", "The ferry’s “long arm” — a b c 1=1 7 7; drop table publications"),
        ("two", "東京 ferry", "مرحبا שלום evil title etc 1 script e\u{301}"),
        ("three", "Fine ß", "near a b and or not İ s 2 京京京"),
        ("four", "Nothing", "¤ ¶ferry · nothing"),
    ];
    let answers = [Database::Sqlite, Database::Postgres].map(|database| {
        let app = TestApp::start(database);
        let editor = app.editor();
        for (slug, title, body) in stories {
            app.pass(1);
            editor.published(json!({"title": title, "slug": slug, "body": body}));
        }
        let reader = app.anonymous();
        let texts = hostile();
        assert!(texts.len() >= 300);
        let answer = |text: &String| {
            let reply = reader.get(&search(text));
            let many = text.matches(' ').count() > 16 || text.chars().count() > 200 || text.starts_with('京');
            assert!(reply.status() == 200 || many && reply.status() == 400, "{text:?}: {}", reply.text());
            assert!(!reply.text().contains("<script>"), "{text:?}");
            let listed = reader.get(&format!("/v1/articles?q={}", encoded(text)));
            assert_eq!(listed.status(), reply.status(), "{text:?}");
            (text.clone(), reply.status(), (reply.status() == 200).then(|| slugs_of(&reply.json())))
        };
        texts.iter().map(answer).collect::<Vec<_>>()
    });
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().filter(|(.., slugs)| slugs.as_ref().is_some_and(|slugs| !slugs.is_empty())).count() > 50);
}

#[apply(each_database)]
fn s71_bytes_that_are_no_text_are_a_search_too(database: Database) {
    let app = TestApp::start(database);
    let reader = app.anonymous();
    for query in ["%00", "%ff%fe", "a%00b", "%C3", "%ED%A0%80", "+", "%", "%zz", "&", "=", "%22%00%27"] {
        reader.get(&format!("/v1/search?q={query}")).expect(200);
    }
    for (query, refusal) in [
        (encoded(&"x".repeat(201)), "q too_long"),
        (encoded(&"x ".repeat(17)), "q too_many"),
        ("a&q=b".to_owned(), "q repeated_parameter"),
        ("a&tags=b".to_owned(), "tags unknown_parameter"),
        ("a&limit=101".to_owned(), "limit out_of_range"),
    ] {
        assert_eq!(reader.get(&format!("/v1/search?q={query}")).expect(400).refusals(), [refusal]);
    }
}

#[apply(each_database)]
fn what_lies_beyond_the_limits_of_the_index_is_left_out_on_both(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let long = format!("{} end", "filler ".repeat(14_500));
    editor.published(json!({"title": "Long", "body": format!("{long} {} beyond", "rest ".repeat(600))}));
    editor.published(json!({"title": "Often", "body": format!("{} last", "same ".repeat(300))}));
    let wide: String = (0..14_000).map(|number| format!("{}{number} ", "w".repeat(50))).collect();
    editor.published(json!({"title": "Wide", "body": wide}));
    let reader = app.anonymous();
    for (asked, expected) in [
        ("end ", "long"),
        ("beyond ", ""),
        ("last ", "often"),
        ("\"same same\"", "often"),
        ("\"same last\"", ""),
        (&format!("{}7 ", "w".repeat(50)), "wide"),
        (&format!("{}13999 ", "w".repeat(50)), ""),
    ] {
        assert_eq!(found(&reader, asked).join(" "), expected, "{asked}");
    }
}
