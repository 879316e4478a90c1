//! Random editors against a model of intervals: whatever they do, readers see what the model says. The seed is printed;
//! `TEST_SEED=…` plays the same game again.

use std::collections::BTreeMap;
use std::env;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text};
use crate::support::{Database, TestApp, each_database};

const ACTIONS: usize = 200;
const STORIES: usize = 6;
const NEVER: u64 = u64::MAX;

/// A publication: what is read, and from when until when, in seconds.
#[derive(Debug, Clone)]
struct Run {
    title: String,
    from: u64,
    until: u64,
    first: u64,
    published: u64,
}

/// What the model knows of a story: its working copy, what readers see or saw last, and what is planned.
#[derive(Debug, Default)]
struct Model {
    title: String,
    current: Option<Run>,
    planned: Option<Run>,
    first: Option<u64>,
}

impl Model {
    /// Lets what is planned begin.
    fn settle(&mut self, now: u64) {
        if let Some(planned) = self.planned.take_if(|planned| planned.from <= now) {
            self.first.get_or_insert(planned.first);
            self.current = Some(planned);
        }
    }

    fn live(&self, now: u64) -> Option<&Run> {
        self.current.as_ref().filter(|run| now < run.until)
    }

    fn publish(&mut self, now: u64, from: u64, until: u64) {
        let goes_on = self.live(now).filter(|run| run.until >= from);
        let published = goes_on.map_or(from, |run| run.published);
        let run = Run { title: self.title.clone(), from, until, first: self.first.unwrap_or(from), published };
        self.planned = Some(run);
        self.settle(now);
    }

    /// What readers are told, or `None` when they see nothing.
    fn read(&self, now: u64) -> Option<(String, u64, u64)> {
        self.live(now).map(|run| (run.title.clone(), run.first, run.published))
    }
}

/// A game: the server, the model, and the number of seconds that have passed.
struct Game {
    app: TestApp,
    editor: Client,
    stories: Vec<(Value, Model)>,
    now: u64,
    random: StdRng,
}

impl Game {
    fn new(database: Database, seed: u64) -> Game {
        let app = TestApp::start(database);
        let editor = app.editor();
        let begin = |number: usize| {
            let title = format!("story {number}");
            (editor.begin(json!({ "title": title })), Model { title, ..Model::default() })
        };
        let stories = (0..STORIES).map(begin).collect();
        Game { app, editor, stories, now: 0, random: StdRng::seed_from_u64(seed) }
    }

    fn moment(&self, second: u64) -> String {
        self.app.later(second - self.now)
    }

    /// One thing that an editor, or time, does. Says what it was.
    fn act(&mut self) -> String {
        let number = self.random.random_range(0..STORIES);
        match self.random.random_range(0..10) {
            0..=2 => self.pass(),
            3..=4 => self.edit(number),
            5..=6 => self.publish(number, false),
            7..=8 => self.publish(number, true),
            _ => self.unpublish(number),
        }
    }

    fn pass(&mut self) -> String {
        let seconds = self.random.random_range(1..=5);
        self.app.pass(seconds);
        self.now += seconds;
        for (_, model) in &mut self.stories {
            model.settle(self.now);
        }
        format!("{seconds} seconds pass")
    }

    fn edit(&mut self, number: usize) -> String {
        let title = format!("story {number} edit {}", self.random.random::<u32>());
        let (story, model) = &mut self.stories[number];
        self.editor.change(story, json!({ "title": title }));
        model.title.clone_from(&title);
        format!("{number} becomes {title}")
    }

    fn publish(&mut self, number: usize, later: bool) -> String {
        let from = self.now + if later { self.random.random_range(0..10) } else { 0 };
        let until = if self.random.random_bool(0.5) { from + self.random.random_range(1..10) } else { NEVER };
        let mut wish = json!({});
        if later {
            wish["at"] = json!(self.moment(from));
        }
        if until != NEVER {
            wish["until"] = json!(self.moment(until));
        }
        let (story, model) = &mut self.stories[number];
        self.editor.publish(story, wish);
        model.publish(self.now, from, until);
        format!("{number} is published from {from} until {until}")
    }

    fn unpublish(&mut self, number: usize) -> String {
        let (story, model) = &mut self.stories[number];
        let something = model.live(self.now).is_some() || model.planned.is_some();
        let reply = self.editor.send("POST", &format!("{}/unpublish", address(story)), None);
        reply.expect(if something { 200 } else { 409 });
        if something {
            // What was begun and ended in the same moment was never read, so it gives no date.
            if model.live(self.now).is_some_and(|run| run.from == self.now && run.first == self.now) {
                model.first = None;
            }
            model.planned = None;
            model.current = None;
        }
        format!("{number} is taken down")
    }

    /// What readers are told of each story by the server: in the list, and one by one.
    fn read(&self) -> BTreeMap<String, (String, String, String)> {
        let reader = self.app.anonymous();
        let page = reader.get("/v1/articles?limit=100&count=true").expect(200).json();
        let told =
            |story: &Value| ["title", "first_published_at", "published_at"].map(|name| text(&story[name]).to_owned());
        let rows = page["data"].as_array().unwrap().iter();
        let listed: BTreeMap<_, _> = rows.map(|row| (text(&row["id"]).to_owned(), told(row).into())).collect();
        assert_eq!(page["total"], listed.len());
        for (story, _) in &self.stories {
            let one = reader.get(&address(story));
            let found = (one.status() == 200).then(|| told(&one.json()).into());
            assert_eq!(found.as_ref(), listed.get(text(&story["id"])), "the item and the list differ");
        }
        listed
    }

    /// What readers should be told.
    fn expected(&self) -> BTreeMap<String, (String, String, String)> {
        let beginning = self.app.clock().now().before(std::time::Duration::from_secs(self.now));
        let moment = |second: u64| beginning.after(std::time::Duration::from_secs(second)).to_string();
        let told = |(story, model): &(Value, Model)| {
            let (title, first, published) = model.read(self.now)?;
            Some((text(&story["id"]).to_owned(), (title, moment(first), moment(published))))
        };
        self.stories.iter().filter_map(told).collect()
    }
}

#[apply(each_database)]
fn whatever_editors_do_readers_see_what_the_intervals_say(database: Database) {
    let seed = env::var("TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random::<u64>);
    println!("TEST_SEED={seed}");
    let mut game = Game::new(database, seed);
    let mut done = Vec::new();
    for _ in 0..ACTIONS {
        done.push(game.act());
        let last = done.iter().rev().take(20).rev().map(String::as_str).collect::<Vec<_>>().join("\n");
        assert_eq!(game.read(), game.expected(), "TEST_SEED={seed}, second {}, after\n{last}", game.now);
    }
}
