//! Copies that never drift: what the list of articles promises to a mirror that asks now and then.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dateline::articles::{self, Publish};
use dateline::clock::Timestamp;
use dateline::db::schema::publications;
use dateline::error::Error;
use dateline::events::Actor;
use dateline::http::query::WriteOptions;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

/// How far a mirror looks back.
const OVERLAP: Duration = Duration::from_secs(600);

/// A copy of what readers see, kept as the API's description says.
struct Mirror {
    stories: BTreeMap<String, Value>,
    changed: Timestamp,
    gone: Timestamp,
    /// Rows of a page; small ones, so that walks have several.
    limit: usize,
}

impl Mirror {
    fn new(limit: usize) -> Mirror {
        let beginning: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        Mirror { stories: BTreeMap::new(), changed: beginning, gone: beginning, limit }
    }

    /// Walks both lists; gives how many tombstones there were.
    fn sync(&mut self, reader: &Client) -> usize {
        let since = self.gone.before(OVERLAP);
        let gone = rows(reader, &format!("/v1/articles?status=gone&updated_after={since}&limit={}", self.limit));
        for tombstone in &gone {
            self.stories.remove(text(&tombstone["id"]));
            self.gone = self.gone.max(text(&tombstone["gone_at"]).parse().unwrap());
        }
        let since = self.changed.before(OVERLAP);
        for story in rows(reader, &format!("/v1/articles?updated_after={since}&limit={}", self.limit)) {
            self.changed = self.changed.max(text(&story["updated_at"]).parse().unwrap());
            self.stories.insert(text(&story["id"]).to_owned(), story);
        }
        gone.len()
    }

    /// What it would show: the stories with the names of now.
    fn shown(&self, reader: &Client) -> BTreeMap<String, Value> {
        let names: Vec<BTreeMap<String, Value>> = ["authors", "tags", "sources"]
            .into_iter()
            .map(|room| {
                let all = rows(reader, &format!("/v1/{room}?limit=100"));
                let name = |one: &Value| json!({"id": one["id"], "slug": one["slug"], "name": one["name"]});
                all.iter().map(|one| (text(&one["id"]).to_owned(), name(one))).collect()
            })
            .collect();
        let now = |kind: usize, old: &Value| old["id"].as_str().and_then(|id| names[kind].get(id)).cloned();
        let named = |story: &Value| {
            let mut story = story.clone();
            for (kind, member) in [(0, "authors"), (1, "tags")] {
                let renamed = |old: &Value| {
                    let mut name = now(kind, old)?;
                    if let Some(role) = old.get("role") {
                        name["role"] = role.clone();
                    }
                    Some(name)
                };
                story[member] = story[member].as_array().unwrap().iter().filter_map(renamed).collect();
            }
            story["section"] = now(1, &story["section"]).unwrap_or_default();
            story["source"] = now(2, &story["source"]).unwrap_or_default();
            story
        };
        self.stories.iter().map(|(id, story)| (id.clone(), named(story))).collect()
    }
}

/// Every row of a list, page after page.
fn rows(client: &Client, path: &str) -> Vec<Value> {
    let mut page = client.get(path).expect(200).json();
    let mut rows = page["data"].as_array().unwrap().clone();
    while let Some(next) = page["next"].as_str() {
        page = client.get(&with_cursor(path, next)).expect(200).json();
        rows.extend(page["data"].as_array().unwrap().clone());
    }
    rows
}

/// What readers see.
fn live(reader: &Client) -> BTreeMap<String, Value> {
    let all = rows(reader, "/v1/articles?limit=100&sort=id");
    all.into_iter().map(|story| (text(&story["id"]).to_owned(), story)).collect()
}

/// What is left of the stories that are gone: slug and reason, in order.
fn gone(reader: &Client, more: &str) -> Vec<(Value, String)> {
    let all = rows(reader, &format!("/v1/articles?status=gone{more}"));
    all.iter().map(|one| (one["slug"].clone(), text(&one["reason"]).to_owned())).collect()
}

#[apply(each_database)]
fn a_tombstone_says_that_a_story_is_gone_and_why(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let begun = app.later(0);
    let mut stories = Vec::new();
    for title in ["down", "held", "killed", "purged", "corrected", "back", "killed-later"] {
        stories.push(editor.published(json!({"title": title, "slug": title})));
    }
    let expiring = editor.begin(json!({"title": "expiring", "slug": "expiring"}));
    editor.publish(&expiring, json!({"until": app.later(60)}));
    assert!(gone(&reader, "").is_empty());
    app.pass(10);
    editor.unpublish(&stories[0]);
    app.pass(1);
    editor.change(&stories[1], json!({"embargo_until": app.later(1000)}));
    app.pass(1);
    let reasons = json!({"reason_public": "It was forged.", "reason_internal": "Lawyers wrote."});
    editor.post(&format!("{}/kill", address(&stories[2])), reasons.clone()).expect(200);
    app.pass(1);
    editor.unpublish(&stories[3]);
    app.admin().if_match("*").delete(&format!("{}?purge=true", address(&stories[3]))).expect(204);
    editor.change(&stories[4], json!({"title": "Corrected", "slug": "other"}));
    editor.publish(&stories[4], json!({}));
    for story in [&stories[5], &stories[6]] {
        editor.unpublish(story);
    }
    app.pass(1);
    editor.publish(&stories[5], json!({}));
    let reason = |slug: &str, reason: &str| (json!(slug), reason.to_owned());
    let mut expected = vec![
        reason("down", "unpublished"),
        reason("held", "unpublished"),
        reason("killed", "killed"),
        (json!(null), "unpublished".to_owned()),
        reason("killed-later", "unpublished"),
    ];
    let sorted = |mut rows: Vec<(Value, String)>| {
        rows.sort_by_key(|row| format!("{row:?}"));
        rows
    };
    assert_eq!(sorted(gone(&reader, "")), sorted(expected.clone()));
    // A kill is news, also of what was gone before; an end comes when the clock says so.
    app.pass(60);
    let since = app.later(0);
    assert_eq!(gone(&reader, "").last(), Some(&reason("expiring", "expired")));
    app.pass(1);
    editor.post(&format!("{}/kill", address(&stories[6])), json!({})).expect(200);
    assert_eq!(gone(&reader, &format!("&updated_after={since}")), [reason("killed-later", "killed")]);
    expected.truncate(4);
    expected.extend([reason("expiring", "expired"), reason("killed-later", "killed")]);
    assert_eq!(sorted(gone(&reader, &format!("&updated_after={begun}"))), sorted(expected));
    let page = reader.get("/v1/articles?status=gone&count=true&limit=3").expect(200);
    assert_eq!((&page.json()["total"], page.json()["data"].as_array().unwrap().len()), (&json!(6), 3));
    let killed = &page.json()["data"][2];
    assert_eq!(
        (&killed["reason_public"], &killed["id"], text(&killed["gone_at"])),
        (&json!("It was forged."), &stories[2]["id"], "2026-11-23T12:00:12Z")
    );
    assert_eq!(killed.as_object().unwrap().len(), 5);
    assert_eq!(page.json()["data"][0].as_object().unwrap().len(), 4);
    // What is back is gone no more: the embargo ends by the clock, the kill by an admin's hand.
    app.pass(1000);
    assert!(!gone(&reader, "").contains(&reason("held", "unpublished")));
    app.admin().publish(&stories[2], json!({}));
    assert!(!gone(&reader, "").contains(&reason("killed", "killed")));
}

#[apply(each_database)]
fn tombstones_are_the_same_for_everybody_and_know_no_filter(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = editor.published(json!({"title": "down", "tags": [{"name": "NATO"}]}));
    app.pass(1);
    editor.unpublish(&story);
    let held = editor.begin(json!({"title": "held", "embargo_until": app.later(600)}));
    editor.publish(&held, json!({}));
    app.pass(1);
    editor.unpublish(&held);
    let planned = editor.begin(json!({"title": "planned"}));
    editor.publish(&planned, json!({"at": app.later(60), "until": app.later(90)}));
    editor.unpublish(&planned);
    for client in [&reader, &editor, &app.partner(), &app.writer()] {
        assert_eq!(gone(client, ""), [(json!("down"), "unpublished".to_owned())], "what nobody read is not gone");
        assert_eq!(gone(client, "&view=live").len(), 1);
    }
    for filter in
        ["tag=nato", "language=en", "published_after=2000-01-01T00:00:00Z", "sort=title", "as_of=2026-11-23T12:00:00Z"]
    {
        let name = filter.split('=').next().unwrap();
        let refused = reader.get(&format!("/v1/articles?status=gone&{filter}")).expect(400).refusals();
        assert_eq!(refused, [format!("{name} not_here")]);
    }
    assert_eq!(editor.get("/v1/articles?status=gone,draft").expect(400).refusals(), ["status gone_alone"]);
    assert_eq!(editor.get("/v1/articles?status=gone&view=draft").expect(400).refusals(), ["view not_for_drafts"]);
    for (wrong, said) in [("lost", "; or gone alone"), ("Gone", "; or gone alone; did you mean gone?")] {
        let refused = editor.get(&format!("/v1/articles?status={wrong}")).expect(400);
        let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with(said), "{detail}");
    }
    let page = reader.get("/v1/articles?status=gone").expect(200);
    assert_eq!(page.header("Cache-Control"), Some("public, no-cache"));
    reader.header("If-None-Match", &page.etag()).get("/v1/articles?status=gone").expect(304);
}

#[apply(each_database)]
fn changes_come_in_their_order_and_a_schedule_at_its_time(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let planned = editor.begin(json!({"title": "planned"}));
    editor.publish(&planned, json!({"at": app.later(100)}));
    let old = editor.published(json!({"title": "old"}));
    app.pass(1);
    let since = app.later(0);
    editor.published(json!({"title": "at the moment"}));
    app.pass(1);
    editor.published(json!({"title": "new"}));
    editor.published(json!({"title": "new too"}));
    app.pass(1);
    editor.change(&old, json!({"summary": "corrected"}));
    editor.publish(&old, json!({}));
    let changes = format!("/v1/articles?updated_after={since}");
    assert_eq!(reader.slugs(&changes), ["new", "new-too", "old"]);
    assert_eq!(reader.walk(&format!("{changes}&limit=1")), ["new", "new-too", "old"]);
    assert_eq!(reader.slugs(&format!("{changes}&sort=-title")), ["old", "new-too", "new"]);
    app.pass(97);
    assert_eq!(reader.slugs(&changes), ["new", "new-too", "old", "planned"]);
    // Editors follow the saves of working copies in the same way.
    assert_eq!(editor.slugs(&changes), ["new", "new-too", "old"]);
}

#[apply(each_database)]
fn what_is_taken_down_at_the_moment_at_which_it_appeared_is_gone(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let mut mirror = Mirror::new(2);
    let mut stories = Vec::new();
    for title in ["down", "killed", "held", "again", "corrected"] {
        stories.push(editor.published(json!({ "title": title })));
    }
    mirror.sync(&reader);
    assert_eq!(mirror.stories.len(), 5);
    editor.unpublish(&stories[0]);
    editor.post(&format!("{}/kill", address(&stories[1])), json!({})).expect(200);
    editor.change(&stories[2], json!({"embargo_until": app.later(60)}));
    editor.unpublish(&stories[3]);
    editor.publish(&stories[3], json!({}));
    editor.change(&stories[4], json!({"title": "Corrected"}));
    editor.publish(&stories[4], json!({}));
    editor.unpublish(&stories[4]);
    for seconds in [0, 1, 59] {
        app.pass(seconds);
        mirror.sync(&reader);
        assert_eq!(mirror.shown(&reader), live(&reader));
    }
    assert_eq!(mirror.stories.len(), 2);
    let ids =
        rows(&reader, "/v1/articles?status=gone").iter().map(|row| text(&row["id"]).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids.len(), 3, "each is told once");
    // What was only planned for this moment and cancelled before it is no news.
    let planned = editor.begin(json!({"title": "planned"}));
    editor.publish(&planned, json!({"at": app.later(5)}));
    editor.unpublish(&planned);
    app.pass(5);
    assert_eq!(rows(&reader, "/v1/articles?status=gone").len(), 3);
}

/// A mirror that looks back ten minutes is told of a later departure, not of one before that.
#[apply(each_database)]
fn what_came_back_for_less_than_a_moment_is_said_to_be_gone_once_more(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let (story, other) = (editor.published(json!({"title": "one"})), editor.published(json!({"title": "other"})));
    app.pass(1);
    editor.unpublish(&story);
    app.pass(800);
    editor.unpublish(&other);
    editor.publish(&story, json!({}));
    let mut mirror = Mirror::new(100);
    mirror.sync(&reader);
    assert_eq!(mirror.stories.len(), 1);
    editor.unpublish(&story);
    mirror.sync(&reader);
    assert!(mirror.stories.is_empty());
    assert_eq!(gone(&reader, "").len(), 2, "each is told once");
}

#[apply(each_database)]
fn what_was_to_come_back_and_does_not_is_still_gone(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let mut stories = Vec::new();
    for title in ["cancelled", "earlier"] {
        stories.push(editor.published(json!({ "title": title })));
    }
    // At the moment at which they appeared, and once more later: both kinds of endings wait for the same return.
    for seconds in [0, 5] {
        app.pass(seconds);
        for story in &stories {
            if seconds > 0 {
                editor.publish(story, json!({}));
                app.pass(1);
            }
            editor.unpublish(story);
            editor.publish(story, json!({"at": app.later(20)}));
        }
        editor.post(&format!("{}/unschedule", address(&stories[0])), json!({})).expect(200);
        editor.publish(&stories[1], json!({}));
        for seconds in [0, 21] {
            app.pass(seconds);
            let expected = [(json!("cancelled"), "unpublished".to_owned())];
            assert_eq!(gone(&reader, ""), expected, "after {seconds} s");
        }
        editor.unpublish(&stories[1]);
    }
}

/// A change that begins now and is stored only when the test says so: what the door writes, and an end moved by hand.
#[apply(each_database)]
fn a_change_that_is_stored_after_later_ones_is_not_missed(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    editor.begin(json!({"title": "slow"}));
    editor.published(json!({"title": "taken down slowly"}));
    for (title, wish) in [("planned", json!({"at": app.later(5)})), ("ends", json!({"until": app.later(5)}))] {
        let story = editor.begin(json!({"title": title}));
        editor.publish(&story, wish);
    }
    let mut mirror = Mirror::new(100);
    mirror.sync(&reader);
    app.pass(1);
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let ledger = app.app().ledger();
    let write = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ledger.write(Actor::Operator, WriteOptions::default(), move |connection, journal| {
            let row = articles::find_by_slug(connection, "slow")?.ok_or(Error::NotFound("article"))?;
            let held = articles::hold(connection, journal, &row)?;
            articles::publish(connection, journal, held, Publish::default())?;
            let ended = (publications::live_until.eq(journal.now()), publications::superseded.eq(true));
            let running = publications::table.filter(publications::slug.eq("taken-down-slowly"));
            diesel::update(running).set(ended).execute(connection)?;
            begun.send(()).map_err(Error::internal)?;
            may_go_on.recv().map_err(Error::internal)
        }))
    };
    let writing = thread::spawn(write);
    has_begun.recv_timeout(Duration::from_secs(20)).unwrap();
    app.pass(4);
    assert_eq!(mirror.sync(&reader), 1);
    assert_eq!(mirror.shown(&reader), live(&reader));
    assert_eq!(mirror.changed, app.clock().now());
    assert_eq!(mirror.gone, app.clock().now());
    go_on.send(()).unwrap();
    writing.join().unwrap().unwrap();
    app.pass(30);
    assert_eq!(mirror.sync(&reader), 2);
    assert_eq!(mirror.shown(&reader), live(&reader));
    assert_eq!(mirror.stories.values().filter(|story| story["slug"] == "slow").count(), 1);
}

/// Something that happens in a newsroom. Whether it is allowed just now is not this test's business.
fn happen(random: &mut StdRng, app: &TestApp, (editor, admin): (&Client, &Client), stories: &mut [String]) {
    let index = random.random_range(0..stories.len());
    let place = format!("/v1/articles/{}", stories[index]);
    let any = editor.if_match("*");
    let later = |random: &mut StdRng| app.later(random.random_range(0..400));
    match random.random_range(0..20) {
        0..=5 => {
            let mut wish = json!({});
            if random.random_bool(0.4) {
                wish["at"] = json!(later(random));
            }
            if random.random_bool(0.4) {
                wish["until"] = json!(later(random));
            }
            editor.post(&format!("{place}/publish"), wish);
        }
        6..=7 => drop(editor.post(&format!("{place}/unpublish"), json!({}))),
        8 => drop(editor.post(&format!("{place}/unschedule"), json!({}))),
        9 => {
            let end = random.random_bool(0.6).then(|| later(random));
            any.patch(&place, json!({ "embargo_until": end }));
        }
        10 => drop(editor.post(&format!("{place}/kill"), json!({"reason_public": "Gone."}))),
        11 => drop(admin.post(&format!("{place}/publish"), json!({}))),
        12 => drop(any.delete(&place)),
        13 => drop(editor.post(&format!("{place}/restore"), json!({}))),
        14 => {
            if admin.if_match("*").delete(&format!("{place}?purge=true")).status() == 204 {
                let title = format!("story {}", random.random::<u32>());
                stories[index] = text(&editor.begin(json!({ "title": title }))["id"]).to_owned();
            }
        }
        15 => {
            let name = format!("Name {}", random.random::<u32>());
            let room = ["tags", "authors", "sources"][random.random_range(0..3)];
            let all = rows(editor, &format!("/v1/{room}?limit=100"));
            let address = |one: &Value| format!("/v1/{room}/{}", text(&one["id"]));
            match all.first() {
                Some(first) if random.random_bool(0.2) => drop(any.delete(&format!("{}?force=true", address(first)))),
                Some(first) => drop(any.patch(&address(first), json!({ "name": name }))),
                None => {}
            }
        }
        _ => {
            let number = random.random_range(0..4);
            let members = json!({
                "title": format!("title {}", random.random::<u16>()), "slug": format!("{}-{number}", stories[index]),
                "tags": [{"name": format!("Tag {number}")}], "authors": [{"name": format!("Author {number}")}],
                "source": {"name": format!("Source {number}")}, "section": {"name": format!("Section {number}")},
            });
            any.patch(&place, members);
        }
    }
}

#[apply(each_database)]
fn a_mirror_that_asks_now_and_then_never_drifts(database: Database) {
    let seed = std::env::var("TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random::<u64>);
    println!("TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let app = TestApp::start(database);
    let reader = app.anonymous().unchecked();
    let (mut editor, mut admin) = (app.editor().unchecked(), app.admin().unchecked());
    let begin = |number: usize| text(&editor.begin(json!({"title": format!("story {number}")}))["id"]).to_owned();
    let mut stories: Vec<String> = (0..8).map(begin).collect();
    let (mut steady, mut lazy) = (Mirror::new(3), Mirror::new(100));
    let (mut tombstones, mut most, mut signed_in_for) = (0, 0, 0);
    for step in 0..400 {
        happen(&mut random, &app, (&editor, &admin), &mut stories);
        if random.random_bool(0.4) {
            // Longer than a mirror looks back, often enough.
            let long = random.random_bool(0.2);
            let seconds = if long { random.random_range(600..800) } else { random.random_range(1..30) };
            app.pass(seconds);
            signed_in_for += seconds;
            if signed_in_for > 100 {
                (editor, admin) = (app.editor().unchecked(), app.admin().unchecked());
                signed_in_for = 0;
            }
        }
        if random.random_bool(0.2) {
            tombstones += steady.sync(&reader);
            assert_eq!(steady.shown(&reader), live(&reader), "step {step}, TEST_SEED={seed}");
            most = most.max(steady.stories.len());
        }
        if random.random_bool(0.02) {
            lazy.sync(&reader);
            assert_eq!(lazy.shown(&reader), live(&reader), "step {step}, TEST_SEED={seed}");
        }
    }
    for mirror in [&mut steady, &mut lazy, &mut Mirror::new(2)] {
        mirror.sync(&reader);
        assert_eq!(mirror.shown(&reader), live(&reader), "at the end, TEST_SEED={seed}");
    }
    assert!(tombstones > 5 && most > 1, "{tombstones} tombstones, {most} stories: nothing happened");
}
