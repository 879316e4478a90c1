//! What everybody sees of the stories, held against the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Newsroom;
use crate::action::STORIES;
use crate::names;
use crate::story::{NEVER, Run, Story};
use crate::support::client::Client;
use crate::support::desk::text;

impl Newsroom {
    /// What everybody sees of everything that is cheap to look at, and of the touched story in full.
    pub(super) fn compare(&self, touched: Option<usize>) -> Result<(), String> {
        let (reader, now) = (self.server().anonymous().unchecked(), self.now);
        let steady = self.steps * 7919;
        let running = self.expected(|story| story.running(now));
        same("readers' list", &listed(&reader, "?limit=100"), &running)?;
        same("readers' list, counted", &listed(&reader, "?limit=100&count=true"), &running)?;
        same("partners' list", &listed(&self.partner, "?limit=100"), &self.expected(|story| story.ahead(now)))?;
        let then = steady as u64 % (now + 1);
        let past = format!("?limit=100&as_of={}", self.moment(then));
        same("list of the past", &listed(&reader, &past), &self.expected(|story| story.past(then, now)))?;
        let story = touched.unwrap_or(steady % STORIES);
        self.compare_story(&reader, story, then)?;
        match self.steps % 4 {
            0 => {
                let tagged = self.expected(|story| story.running(now).filter(|run| run.tagged));
                same("readers' list by tag", &listed(&reader, "?limit=100&tag=tag"), &tagged)?;
                same("writers' list of what is read", &listed(&self.writer, "?limit=100&view=live&tag=tag"), &tagged)?;
                same("writers' list", &listed(&self.writer, "?limit=100"), &BTreeMap::new())?;
                let counted = reader.get("/v1/articles?count=true&tag=tag").expect(200).json()["total"].clone();
                same("count", &counted, &json!(tagged.len()))
            }
            1 => {
                let tagged = self.expected(|story| story.past(then, now).filter(|run| run.tagged));
                same("past list by tag", &listed(&reader, &format!("{past}&tag=tag")), &tagged)?;
                let counted = reader.get(&format!("/v1/articles{past}&count=true")).expect(200).json()["total"].clone();
                let read = self.stories.iter().filter(|story| story.past(then, now).is_some()).count();
                same("count of the past", &counted, &json!(read))
            }
            2 => self.compare_states(),
            _ => self.compare_schedule(),
        }
    }

    fn expected<'a>(&'a self, see: impl Fn(&'a Story) -> Option<&'a Run>) -> BTreeMap<String, Shown> {
        let shown = |story: &'a Story| {
            let run = see(story)?;
            let dates = [run.first, run.published].map(|second| self.moment(second));
            let shown = (run.title.clone(), run.slug.clone(), run.notes, dates[0].clone(), dates[1].clone());
            Some((story.id.clone(), shown))
        };
        self.stories.iter().filter_map(shown).collect()
    }

    /// One story, as everybody sees it.
    fn compare_story(&self, reader: &Client, index: usize, then: u64) -> Result<(), String> {
        let (story, now) = (&self.stories[index], self.now);
        let place = self.place(index);
        let seen = |client: &Client, path: &str| {
            let reply = client.get(path);
            let member = |json: &Value, name: &str| json[name].as_str().unwrap_or_default().to_owned();
            let said = (reply.status() == 200)
                .then(|| reply.json())
                .map(|json| (member(&json, "title"), member(&json, "body")));
            (reply.status(), said)
        };
        let told = |run: Option<&Run>| match run {
            Some(run) => (200, Some((run.title.clone(), run.body.clone()))),
            None if story.is_gone() => (410, None),
            None => (404, None),
        };
        same("reader", &seen(reader, &place), &told(story.running(now)))?;
        same("writer", &seen(&self.writer, &place), &told(story.running(now)))?;
        same("partner", &seen(&self.partner, &place), &told(story.ahead(now)))?;
        same("past", &seen(reader, &format!("{place}?as_of={}", self.moment(then))), &told(story.past(then, now)))?;
        if story.running(now).is_some() {
            let shown = reader.get(&place).expect(200).json();
            let ids = shown["translations"].as_array().unwrap().iter().map(|one| text(&one["id"]).to_owned()).collect();
            same("translations", &ids, &names::translations(&self.stories, index, now))?;
        }
        self.compare_history(reader, index)?;
        // Every name that readers ever knew leads to a story, to where it is now, or to nothing.
        let known: BTreeSet<&str> = story.read(now).map(|run| run.slug.as_str()).collect();
        for name in known {
            let reply = reader.get(&format!("/v1/articles/{name}"));
            let leads_to = match reply.status() {
                200 => Some(text(&reply.json()["id"]).to_owned()),
                301 => {
                    reply.header("Location").and_then(|place| place.strip_prefix("/v1/articles/")).map(str::to_owned)
                }
                _ => None,
            };
            same(&format!("the name {name}"), &(reply.status(), leads_to), &names::lead(&self.stories, name, now))?;
        }
        let query = if story.trashed { "?status=trashed" } else { "" };
        let copy = self.editor.get(&format!("{place}{query}")).expect(200).json();
        let got = (
            text(&copy["status"]),
            copy["version"].as_u64(),
            text(&copy["title"]),
            copy["corrections_count"].as_u64(),
            text(&copy["body"]),
        );
        let content = &story.content;
        let expected = (
            story.status(now),
            Some(story.version),
            content.title.as_str(),
            Some(story.notes as u64),
            content.body.as_str(),
        );
        same("editor", &got, &expected)?;
        if story.trashed {
            let told = if story.is_gone() { 410 } else { 404 };
            same("what is in the trash", &self.editor.get(&place).status(), &told)?;
        }
        Ok(())
    }

    /// Every version that readers saw, page by page.
    fn compare_history(&self, reader: &Client, index: usize) -> Result<(), String> {
        let (story, now) = (&self.stories[index], self.now);
        let place = format!("{}/history", self.place(index));
        let mut page = reader.get(&place);
        if story.running(now).is_none() {
            return same("history", &page.status(), &if story.is_gone() { 410 } else { 404 });
        }
        let interval = |row: &Value| (text(&row["from"]).to_owned(), row["until"].as_str().map(str::to_owned));
        let mut got: Vec<(String, Option<String>)> = Vec::new();
        loop {
            let versions = page.expect(200).json();
            got.extend(versions["data"].as_array().unwrap().iter().map(interval));
            let Some(next) = versions["next"].as_str() else { break };
            page = reader.get(&format!("{place}?cursor={next}"));
        }
        let end = |run: &Run| (run.end <= now).then(|| self.moment(run.end));
        let expected: Vec<_> =
            story.read(now).rev().filter(|run| !run.killed).map(|run| (self.moment(run.from), end(run))).collect();
        same("history", &got, &expected)
    }

    /// The editors' lists, state by state.
    fn compare_states(&self) -> Result<(), String> {
        for state in ["draft", "scheduled", "published", "changed", "expired", "killed", "trashed"] {
            let page = self.editor.get(&format!("/v1/articles?limit=100&status={state}")).expect(200).json();
            let got: BTreeSet<&str> = page["data"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect();
            let there = self.stories.iter().filter(|story| story.status(self.now) == state);
            same(state, &got, &there.map(|story| story.id.as_str()).collect())?;
        }
        Ok(())
    }

    /// What will happen by itself.
    fn compare_schedule(&self) -> Result<(), String> {
        let now = self.now;
        let page = self.editor.get("/v1/schedule?limit=100").expect(200).json();
        let row = |row: &Value| [&row["at"], &row["change"], &row["article"]["id"]].map(|value| text(value).to_owned());
        let got: BTreeSet<[String; 3]> = page["data"].as_array().unwrap().iter().map(row).collect();
        let mut expected = BTreeSet::new();
        for story in &self.stories {
            for run in story.runs.iter().filter(|run| !run.ended) {
                if run.from > now {
                    expected.insert([self.moment(run.from), "goes_live".to_owned(), story.id.clone()]);
                }
                if run.end > now && run.end == run.expires && run.end != NEVER {
                    expected.insert([self.moment(run.end), "expires".to_owned(), story.id.clone()]);
                }
            }
        }
        same("schedule", &got, &expected)
    }
}

/// Title, slug, notes and the two dates.
type Shown = (String, String, usize, String, String);

fn listed(client: &Client, query: &str) -> BTreeMap<String, Shown> {
    let page = client.get(&format!("/v1/articles{query}")).expect(200).json();
    let row = |row: &Value| {
        let member = |name: &str| text(&row[name]).to_owned();
        let notes = usize::try_from(row["corrections_count"].as_u64().unwrap()).unwrap();
        let shown = (member("title"), member("slug"), notes, member("first_published_at"), member("published_at"));
        (member("id"), shown)
    };
    page["data"].as_array().unwrap().iter().map(row).collect()
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}\n  is        {got:?}\n  should be {expected:?}")) }
}
