//! Finding what readers see by its words.

use std::collections::BTreeMap;

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{slugs_of, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

/// A search for a text, as an address.
pub fn search(text: &str) -> String {
    format!("/v1/search?q={}", encoded(text))
}

pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The slugs that are found, in order.
#[track_caller]
pub fn found(client: &Client, text: &str) -> Vec<String> {
    slugs_of(&client.get(&search(text)).expect(200).json())
}

/// The same, in alphabetical order.
#[track_caller]
pub fn found_sorted(client: &Client, text: &str) -> Vec<String> {
    let mut slugs = found(client, text);
    slugs.sort();
    slugs
}

#[apply(each_database)]
fn the_best_comes_first(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    let story = |slug: &str, members: Value| {
        app.pass(1);
        let mut story = json!({"title": "Nothing", "slug": slug});
        story.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        editor.published(story);
    };
    story("in-title", json!({"title": "A ferry"}));
    story("in-long-title", json!({"title": "What somebody said about a ferry on a quiet day in the north"}));
    story("in-summary", json!({"summary": "About a ferry."}));
    story("in-byline", json!({"byline": "By Ferry Tester"}));
    story("in-author", json!({"authors": [{"name": "Ann Ferry"}]}));
    story("in-tag", json!({"tags": [{"name": "Ferry"}]}));
    story("often-in-body", json!({"body": "Ferry, ferry, *ferry*."}));
    story("in-body", json!({"body": "A ferry."}));
    story("begins", json!({"title": "Ferrying"}));
    story("not", json!({"title": "Bridge", "body": "[text](https://x.example/ferry)", "custom": {"a": "ferry"}}));
    let reader = app.anonymous();
    let best =
        ["in-title", "in-long-title", "in-summary", "in-author", "in-byline", "in-tag", "often-in-body", "in-body"];
    assert_eq!(found(&reader, "ferry "), best);
    let unfinished = found(&reader, "ferry");
    assert_eq!(unfinished.len(), 9);
    assert!(
        unfinished.iter().position(|slug| slug == "begins") > unfinished.iter().position(|slug| slug == "in-title")
    );
    let mut newest = best.to_vec();
    newest.reverse();
    newest.swap(4, 3);
    newest.sort_by_key(|slug| {
        let order = ["in-body", "often-in-body", "in-tag", "in-author", "in-byline", "in-summary", "in-long-title"];
        order.iter().position(|one| one == slug).unwrap_or(9)
    });
    assert_eq!(slugs_of(&reader.get("/v1/search?q=ferry%20&sort=-published_at").expect(200).json()), newest);
    // Page by page it is the same, by cursor and by number.
    let mut walked = Vec::new();
    let mut page = reader.get("/v1/search?q=ferry%20&limit=3").expect(200).json();
    loop {
        assert_eq!((&page["total"], &page["total_relation"]), (&json!(8), &json!("exact")));
        walked.extend(slugs_of(&page));
        let Some(next) = page["next"].as_str() else { break };
        page = reader.get(&with_cursor("/v1/search?q=ferry%20&limit=3", next)).expect(200).json();
    }
    assert_eq!(walked, best);
    assert_eq!(slugs_of(&reader.get("/v1/search?q=ferry%20&limit=3&page=2").expect(200).json()), best[3..6]);
    let first = reader.get("/v1/search?q=ferry%20&limit=3").expect(200);
    assert!(first.header("Link").unwrap().contains("rel=\"next\""));
    let cursor = text(&first.json()["next"]).to_owned();
    assert_eq!(reader.get(&with_cursor("/v1/search?q=other&limit=3", &cursor)).expect(400).code(), "invalid_cursor");
    assert_eq!(reader.get("/v1/search?q=a&sort=title").expect(400).refusals(), ["sort invalid"]);
}

#[apply(each_database)]
fn words_phrases_refusals_beginnings_and_accents(database: Database) {
    let app = TestApp::start(database);
    let editor = app.editor();
    for (slug, title, body) in [
        ("arm", "The Long Arm", "A bridge between two islands of salt."),
        ("mra", "Arm, long", "Don’t walk. A well-known ferry."),
        ("vucic", "Vučić u Nišu", "Straße, Ærø, Łódź und İstanbul."),
        ("tokyo", "東京都の鉄道", "Το τρένο έφτασε στην Αθήνα. Ёлка. محمد"),
        ("split", "Long", "Arm."),
    ] {
        app.pass(1);
        editor.published(
            json!({"title": title, "slug": slug, "body": body, "tags": [{"name": "Deep Sea"}, {"name": "Port"}]}),
        );
    }
    let reader = app.anonymous();
    for (asked, expected) in [
        ("long arm", "arm mra split"),
        ("ARM  long ", "arm mra split"),
        ("\"long arm\"", "arm"),
        ("“Long Arm”", "arm"),
        ("\"long arm", "arm"),
        ("long-arm", "arm"),
        ("long -ferry", "arm split"),
        ("long -\"long arm\"", "mra split"),
        ("-long", "tokyo vucic"),
        ("bri", "arm"),
        ("bri ", ""),
        ("br", ""),
        ("isl bridge", ""),
        ("bridge isl", "arm"),
        ("\"two isl", "arm"),
        ("\"a bridge between two islands of port\"", "arm"),
        ("\"a bridge between two islands and port\"", ""),
        ("vucic", "vucic"),
        ("VUČIĆ", "vucic"),
        ("nis", "vucic"),
        ("strasse", "vucic"),
        ("aero", "vucic"),
        ("lodz istanbul", "vucic"),
        ("don't", "mra"),
        ("well known", "mra"),
        ("東京", "tokyo"),
        ("京都", "tokyo"),
        ("都京", ""),
        ("鉄道 東京", "tokyo"),
        ("αθηνα", "tokyo"),
        ("елка", "tokyo"),
        ("مُحَمَّد", "tokyo"),
        ("\"deep sea\" tokyo", ""),
        ("\"deep sea\" long", "arm mra split"),
        ("\"sea port\"", ""),
        ("\"arm a\"", ""),
        ("", "arm mra split tokyo vucic"),
        ("  ", "arm mra split tokyo vucic"),
        ("!?", ""),
        ("🦊", ""),
        ("-", ""),
    ] {
        assert_eq!(found_sorted(&reader, asked).join(" "), expected, "{asked:?}");
        // The list has the same hits.
        let list = format!("/v1/articles?q={}&sort=id", encoded(asked));
        let mut listed = reader.slugs(&list);
        listed.sort();
        assert_eq!(listed.join(" "), expected, "{asked:?}");
    }
    assert_eq!(found(&reader, "Deep sea port ").len(), 5);
}

#[apply(each_database)]
fn what_was_found_is_shown_safely(database: Database) {
    let app = TestApp::start(database);
    let body = format!("{}\n\n<b onclick=x>The</b> *ferry* & \"tide\" <i>1 < 2</i>", "Filler words. ".repeat(60));
    app.editor().published(json!({"title": "<script>ferry</script> 🦊 Ferry’s", "slug": "x", "body": body}));
    let hit = app.anonymous().get(&search("ferry tide ")).expect(200).json()["data"][0].clone();
    let title = &hit["highlights"]["title"];
    assert_eq!(title["html"], "&lt;script&gt;<mark>ferry</mark>&lt;/script&gt; 🦊 <mark>Ferry</mark>’s");
    assert_eq!(title["text"], hit["title"]);
    assert_eq!(title["ranges"], json!([{"start": 8, "end": 13}, {"start": 26, "end": 31}]));
    let snippet = &hit["highlights"]["snippet"];
    assert_eq!(snippet["of"], "body");
    let html = text(&snippet["html"]);
    assert!(html.contains("The <mark>ferry</mark> &amp; &quot;<mark>tide</mark>&quot; 1 &lt; 2"), "{html}");
    assert!(text(&snippet["text"]).starts_with('…') && hit.get("body").is_none());
}

/// A newsroom with stories in every combination of section, source, author, tag and year.
fn archive(app: &TestApp, stories: usize) -> Vec<Value> {
    for name in ["News", "Culture", "Sport"] {
        app.editor().make("tags", json!({"name": name, "kind": "section"}));
    }
    (0..stories)
        .map(|number| {
            app.pass(86_400 * 40);
            let section = ["news", "culture", "sport"][number % 3];
            let tags: Vec<Value> = (0..number % 4).map(|tag| json!({"name": format!("Tag {}", (number + tag) % 12)})).collect();
            // Days pass, and a token is good for minutes.
            app.editor().published(json!({
                "title": format!("Story {number}"), "slug": format!("s{number}"), "section": section, "tags": tags,
                "source": {"name": format!("Agency {}", number % 5)}, "language": if number % 7 == 0 { "de" } else { "en" },
                "authors": [{"name": format!("Author {}", number % 4)}], "featured": number % 3 == 1,
                "body": if number % 2 == 0 { "even harbour" } else { "odd harbour" },
            }))
        })
        .collect()
}

#[apply(each_database)]
fn filters_and_facets_agree_with_counting_by_hand(database: Database) {
    let app = TestApp::start(database);
    archive(&app, 30);
    let reader = app.anonymous();
    let everything = reader.get("/v1/articles?limit=100").expect(200).json()["data"].as_array().unwrap().clone();
    let number = |story: &Value| text(&story["slug"])[1..].parse::<usize>().unwrap();
    type Passes<'a> = &'a dyn Fn(&Value) -> bool;
    let has = |list: &Value, slug: &str| list.as_array().unwrap().iter().any(|one| one["slug"] == slug);
    let questions: [(&str, Passes); 9] = [
        ("q=harbour", &|_| true),
        ("q=even", &|story| number(story) % 2 == 0),
        ("q=harbour%20-even&section=news,sport", &|story| {
            number(story) % 2 == 1 && story["section"]["slug"] != "culture"
        }),
        ("q=odd&tag=tag-3", &|story| number(story) % 2 == 1 && has(&story["tags"], "tag-3")),
        ("author=author-1&language=de", &|story| number(story) % 4 == 1 && story["language"] == "de"),
        ("q=even&source=agency-2&featured=false", &|story| number(story) % 10 == 2 && number(story) % 3 != 1),
        ("q=harbour&published_after=2027-06-01T00:00:00Z", &|story| {
            text(&story["published_at"]) > "2027-06-01T00:00:00Z"
        }),
        ("q=harbour&published_before=2027-06-01T00:00:00Z&type=report", &|story| {
            text(&story["published_at"]) < "2027-06-01T00:00:00Z"
        }),
        ("q=even&type=satire", &|_| false),
    ];
    for (question, passes) in questions {
        let expected: Vec<&Value> = everything.iter().filter(|story| passes(story)).collect();
        let result = reader.get(&format!("/v1/search?limit=100&sort=-published_at&{question}")).expect(200).json();
        let slugs: Vec<&str> = expected.iter().map(|story| text(&story["slug"])).collect();
        assert_eq!(slugs_of(&result), slugs, "{question}");
        assert_eq!(reader.slugs(&format!("/v1/articles?limit=100&{question}")), slugs, "{question}");
        assert_eq!(result["total"], json!(slugs.len()), "{question}");
        assert_eq!(result["facets"], facets_by_hand(&expected), "{question}");
        let counted = reader.get(&format!("/v1/articles?count=true&limit=1&{question}")).expect(200).json();
        assert_eq!(counted["total"], json!(slugs.len()), "{question}");
    }
}

/// Counts every name of these stories, as the answer should.
fn facets_by_hand(stories: &[&Value]) -> Value {
    let count = |names: &dyn Fn(&Value) -> Vec<Value>| {
        let mut counts: BTreeMap<String, (Value, usize)> = BTreeMap::new();
        for name in stories.iter().flat_map(|story| names(story)).filter(|name| !name.is_null()) {
            counts.entry(text(&name["id"]).to_owned()).or_insert((name.clone(), 0)).1 += 1;
        }
        let mut counts: Vec<(Value, usize)> = counts.into_values().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let one = |(name, count): (Value, usize)| json!({"id": name["id"], "slug": name["slug"], "name": name["name"], "count": count});
        counts.into_iter().take(10).map(one).collect::<Vec<_>>()
    };
    let list = |story: &Value, name: &str| story[name].as_array().unwrap().clone();
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    for story in stories {
        *years.entry(text(&story["published_at"])[..4].parse().unwrap()).or_default() += 1;
    }
    let mut years: Vec<(i32, usize)> = years.into_iter().rev().collect();
    years.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let years: Vec<Value> = years.into_iter().map(|(year, count)| json!({"year": year, "count": count})).collect();
    json!({
        "section": count(&|story| vec![story["section"].clone()]), "tag": count(&|story| list(story, "tags")),
        "author": count(&|story| list(story, "authors")), "source": count(&|story| vec![story["source"].clone()]),
        "year": years,
    })
}

#[apply(each_database)]
fn misspelled_words_are_corrected_with_what_is_seen(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.published(json!({"title": "Kosovo talks begin in Brussels", "body": "Harbour, harbor."}));
    let hidden = editor.begin(json!({"title": "Kosovar secret: Bruxelles, Haarbour"}));
    editor.publish(&hidden, json!({"at": app.later(100)}));
    let down = editor.published(json!({"title": "Kosova brusels"}));
    editor.unpublish(&down);
    let meant = |text: &str| reader.get(&search(text)).expect(200).json()["did_you_mean"].clone();
    for (asked, expected) in [
        ("kosvo ", json!("kosovo ")),
        ("Kosvoo TALKS", json!("kosovo TALKS")),
        ("\"kosovo talsk\" ", json!("\"kosovo talks\" ")),
        ("kosvo tlks beginn ", json!("kosovo talks begin ")),
        ("harbuor ", json!("harbor ")),
        // These stand in what is hidden, and it makes no difference.
        ("kosova ", json!("kosovo ")),
        ("brusels ", json!("brussels ")),
        ("haarbour ", json!("harbour ")),
        ("kosovar ", json!("kosovo ")),
        ("secret ", Value::Null),
        ("sekret ", Value::Null),
        ("kosovo ", Value::Null),
        ("kosvo xyzzy ", Value::Null),
        ("kosvo -talks ", Value::Null),
        ("kos ", Value::Null),
        ("東京", Value::Null),
        ("", Value::Null),
    ] {
        assert_eq!(meant(asked), expected, "{asked:?}");
    }
    app.pass(100);
    assert_eq!(meant("sekret "), "secret ");
    assert_eq!(found(&reader, "koso").len(), 2);
}
