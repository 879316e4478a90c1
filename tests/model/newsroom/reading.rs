//! The other things that readers ask: search, calendar, export, what is related, what is gone, counts and proofs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Newsroom;
use super::comparing::same;
use crate::story::{Run, Story};
use crate::support::client::Client;
use crate::support::desk::text;

impl Newsroom {
    /// One of them after each step, and those about one story whenever it was touched.
    pub(super) fn compare_other_readings(&self, touched: Option<usize>) -> Result<(), String> {
        let reader = self.server().anonymous().unchecked();
        if let Some(story) = touched {
            self.compare_related(&reader, story)?;
            self.compare_proof(&reader, story)?;
        }
        match self.steps % 5 {
            0 => self.compare_search(&reader),
            1 => self.compare_calendar(&reader),
            2 => self.compare_export(&reader),
            3 => self.compare_gone(&reader),
            _ => self.compare_live_count(&reader),
        }
    }

    fn ids<'a>(&'a self, see: impl Fn(&'a Story) -> Option<&'a Run>) -> BTreeSet<&'a str> {
        self.stories.iter().filter(|story| see(story).is_some()).map(|story| story.id.as_str()).collect()
    }

    fn compare_search(&self, reader: &Client) -> Result<(), String> {
        let now = self.now;
        let asked = &self.stories[self.steps % self.stories.len()].content.title;
        let path = format!("/v1/search?limit=20&q={}", asked.replace(' ', "%20"));
        let says = |run: &&Run| {
            let said: Vec<&str> = run.title.split(' ').chain(run.body.split([' ', '.'])).collect();
            asked.split(' ').all(|word| said.contains(&word))
        };
        let found = |client: &Client| ids_of(&client.get(&path).expect(200).json());
        let seen = self.ids(|story| story.running(now).filter(says));
        same(&format!("search for {asked}"), &borrowed(&found(reader)), &seen)?;
        same(&format!("writers' search for {asked}"), &borrowed(&found(&self.writer)), &seen)?;
        let ahead = self.ids(|story| story.ahead(now).filter(says));
        same(&format!("partners' search for {asked}"), &borrowed(&found(&self.partner)), &ahead)
    }

    fn compare_calendar(&self, reader: &Client) -> Result<(), String> {
        let page = reader.get("/v1/calendar?group=day").expect(200).json();
        let row = |row: &Value| (text(&row["period"]).to_owned(), row["articles"].as_u64().unwrap_or_default());
        let got: BTreeMap<String, u64> = page["data"].as_array().unwrap().iter().map(row).collect();
        let mut expected = BTreeMap::new();
        for run in self.stories.iter().filter_map(|story| story.running(self.now)) {
            *expected.entry(self.moment(run.published)[..10].to_owned()).or_default() += 1;
        }
        same("calendar", &got, &expected)
    }

    fn compare_export(&self, reader: &Client) -> Result<(), String> {
        let reply = reader.get("/v1/articles/export").expect(200);
        let mut lines: Vec<Value> =
            reply.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let running = self.stories.iter().filter_map(|story| Some((story.id.as_str(), story.running(self.now)?)));
        let expected: BTreeMap<&str, (&str, &str)> =
            running.map(|(id, run)| (id, (run.title.as_str(), run.body.as_str()))).collect();
        same("end of the export", &lines.pop(), &Some(json!({"end": true, "articles": expected.len()})))?;
        let said = |line: &'_ Value| (text(&line["title"]).to_owned(), text(&line["body"]).to_owned());
        let got: BTreeMap<String, (String, String)> =
            lines.iter().map(|line| (text(&line["id"]).to_owned(), said(line))).collect();
        let got = got.iter().map(|(id, (title, body))| (id.as_str(), (title.as_str(), body.as_str()))).collect();
        same("export", &got, &expected)
    }

    /// Tombstones of what was read and is not. What was published and taken back in one moment of the test's standing
    /// clock may have one: mirrors can have seen it. Those of stories that were purged are nobody's in the model.
    fn compare_gone(&self, reader: &Client) -> Result<(), String> {
        let now = self.now;
        let page =
            reader.get("/v1/articles?limit=100&status=gone&updated_after=2000-01-01T00:00:00Z").expect(200).json();
        let gone = ids_of(&page);
        let known = self.ids(|story| story.runs.first().filter(|_| gone.contains(&story.id)));
        let missing = |story: &Story| story.running(now).is_none() && !gone.contains(&story.id);
        let lost = self.ids(|story| story.read(now).next().filter(|_| missing(story)));
        same("what is gone without a word", &lost, &BTreeSet::new())?;
        let may_be = self.ids(|story| story.runs.iter().find(|run| run.from <= now && story.running(now).is_none()));
        same("what is said to be gone", &known.difference(&may_be).collect::<BTreeSet<_>>(), &BTreeSet::new())
    }

    fn compare_live_count(&self, reader: &Client) -> Result<(), String> {
        let page = reader.get("/v1/tags").expect(200).json();
        let tagged = self.ids(|story| story.running(self.now).filter(|run| run.tagged)).len();
        same("live count", &page["data"][0]["live_count"], &json!(tagged))
    }

    fn compare_related(&self, reader: &Client, index: usize) -> Result<(), String> {
        let (story, now) = (&self.stories[index], self.now);
        let reply = reader.get(&format!("{}/related?limit=20", self.place(index)));
        let Some(run) = story.running(now) else {
            return same("related", &reply.status(), &if story.is_gone() { 410 } else { 404 });
        };
        let others = |other: &'_ Story| run.tagged && other.id != story.id;
        let expected = self.ids(|other| other.running(now).filter(|run| run.tagged && others(other)));
        same("related", &borrowed(&ids_of(&reply.expect(200).json())), &expected)
    }

    fn compare_proof(&self, reader: &Client, index: usize) -> Result<(), String> {
        let story = &self.stories[index];
        let reply = reader.get(&format!("{}/proof", self.place(index)));
        let expected = match story.running(self.now) {
            Some(run) => (200, json!(run.title)),
            None => (if story.is_gone() { 410 } else { 404 }, Value::Null),
        };
        let proven = match reply.status() {
            200 => {
                serde_json::from_str::<Value>(text(&reply.json()["publication"])).unwrap()["document"]["title"].clone()
            }
            _ => Value::Null,
        };
        same("proof", &(reply.status(), proven), &expected)
    }
}

fn ids_of(page: &Value) -> BTreeSet<String> {
    page["data"].as_array().unwrap().iter().map(|row| text(&row["id"]).to_owned()).collect()
}

fn borrowed(ids: &BTreeSet<String>) -> BTreeSet<&str> {
    ids.iter().map(String::as_str).collect()
}
