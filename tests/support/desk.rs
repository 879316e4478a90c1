//! A newsroom at work: one word for each thing that is done there all day, so that tests read like sentences.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use dateline::db::AnyConnection;
use dateline::error::Result;
use dateline::jobs;
use serde_json::Value;

use super::TestApp;
use super::client::{Client, Reply};

impl Client {
    /// Makes something in a room: `editor.make("tags", json!({"name": "NATO"}))`.
    #[track_caller]
    pub fn make(&self, room: &str, members: Value) -> Value {
        self.post(&format!("/v1/{room}"), members).expect(201).json()
    }

    /// Begins a story: a working copy that readers do not see.
    #[track_caller]
    pub fn begin(&self, members: Value) -> Value {
        self.make("articles", members)
    }

    /// Begins a story and shows it to readers at once.
    #[track_caller]
    pub fn published(&self, members: Value) -> Value {
        let story = self.begin(members);
        self.publish(&story, serde_json::json!({}))
    }

    /// Publishes a working copy: at once, or as `wish` says.
    #[track_caller]
    pub fn publish(&self, story: &Value, wish: Value) -> Value {
        self.post(&format!("{}/publish", address(story)), wish).expect(200).json()
    }

    /// Takes a story down, and cancels what is scheduled.
    #[track_caller]
    pub fn unpublish(&self, story: &Value) -> Value {
        self.send("POST", &format!("{}/unpublish", address(story)), None).expect(200).json()
    }

    /// Changes a working copy, whatever its version.
    #[track_caller]
    pub fn change(&self, story: &Value, members: Value) -> Value {
        self.if_match("*").patch(&address(story), members).expect(200).json()
    }

    /// The slugs on one page of a list.
    #[track_caller]
    pub fn slugs(&self, path: &str) -> Vec<String> {
        slugs_of(&self.get(path).expect(200).json())
    }

    /// The slugs of a whole list, page after page by its cursors.
    #[track_caller]
    pub fn walk(&self, path: &str) -> Vec<String> {
        let mut page = self.get(path).expect(200).json();
        let mut slugs = slugs_of(&page);
        while let Some(next) = page["next"].as_str() {
            page = self.get(&with_cursor(path, next)).expect(200).json();
            slugs.extend(slugs_of(&page));
        }
        slugs
    }
}

impl Reply {
    /// Everything that was refused, as `place code`, in alphabetical order.
    #[track_caller]
    pub fn refusals(&self) -> Vec<String> {
        let json = self.json();
        let place = |refusal: &Value| {
            let named = ["pointer", "parameter", "header"].into_iter().find_map(|kind| refusal[kind].as_str());
            format!("{} {}", named.unwrap_or_default(), text(&refusal["code"]))
        };
        let mut refusals: Vec<String> = json["errors"].as_array().into_iter().flatten().map(place).collect();
        refusals.sort();
        refusals
    }
}

impl TestApp {
    /// The moment `seconds` from now.
    pub fn later(&self, seconds: u64) -> String {
        self.clock().now().after(Duration::from_secs(seconds)).to_string()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.clock().advance(Duration::from_secs(seconds));
    }

    /// Writes into the log what the clock did, and says how much that was; a server does so by itself.
    pub fn announce(&self) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let app = self.app();
        runtime.block_on(jobs::announce(app.db(), app.clock(), &app.ledger())).expect("the database answers")
    }

    /// Asks the database itself, for what no address tells.
    pub fn ask<T: Send + 'static>(&self, read: impl FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(self.app().db().read(read)).expect("the database answers")
    }
}

/// A member that is text.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// Where a story is, whatever it is called.
#[track_caller]
pub fn address(story: &Value) -> String {
    format!("/v1/articles/{}", text(&story["id"]))
}

/// The slugs on a page of a list.
#[track_caller]
pub fn slugs_of(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("a list").iter().map(|row| text(&row["slug"]).to_owned()).collect()
}

/// The same list from a cursor on.
pub fn with_cursor(path: &str, cursor: &str) -> String {
    format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' })
}

/// Does something many times at the same moment, and gives every outcome.
pub fn at_once<T: Send>(times: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(times);
    thread::scope(|scope| {
        let one = |number| {
            let (start, act) = (&start, &act);
            scope.spawn(move || {
                start.wait();
                act(number)
            })
        };
        let running: Vec<_> = (0..times).map(one).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

/// How many answers have which status, such as `[(201, 1), (409, 49)]`.
pub fn statuses(replies: &[Reply]) -> Vec<(u16, usize)> {
    let mut statuses: Vec<u16> = replies.iter().map(Reply::status).collect();
    statuses.sort_unstable();
    statuses.chunk_by(|one, other| one == other).map(|same| (same[0], same.len())).collect()
}
