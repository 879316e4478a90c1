//! A server and the model beside it: does everything to both, and compares what everybody sees.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::action::{Action, STORIES};
use super::names;
use super::story::{Content, NEVER, Run, Story};
use crate::support::client::Client;
use crate::support::desk::text;
use crate::support::{Database, TestApp};

/// How long a token is used, in seconds of the test's clock.
const SIGNED_IN_FOR: u64 = 600;

/// A server, and the model.
pub struct Newsroom {
    app: TestApp,
    /// The same database behind a server that was started later, once there was a restart.
    restarted: Option<TestApp>,
    editor: Client,
    admin: Client,
    partner: Client,
    writer: Client,
    signed_in: u64,
    now: u64,
    stories: Vec<Story>,
    begun: usize,
    steps: usize,
}

impl Newsroom {
    /// A fresh newsroom with some drafts.
    pub fn open(database: Database) -> Newsroom {
        let app = TestApp::start(database);
        let (editor, admin, partner, writer) = clients(&app);
        editor.make("tags", json!({"name": "Tag"}));
        let mut newsroom = Newsroom {
            app,
            restarted: None,
            editor,
            admin,
            partner,
            writer,
            signed_in: 0,
            now: 0,
            stories: Vec::new(),
            begun: 0,
            steps: 0,
        };
        for _ in 0..STORIES {
            let story = newsroom.begin();
            newsroom.stories.push(story);
        }
        newsroom
    }

    fn begin(&mut self) -> Story {
        let slug = format!("s{}", self.begun);
        self.begun += 1;
        let made = self.editor.make("articles", json!({"title": slug, "slug": slug}));
        Story::begun(text(&made["id"]).to_owned(), slug.clone(), slug)
    }

    fn server(&self) -> &TestApp {
        self.restarted.as_ref().unwrap_or(&self.app)
    }

    fn moment(&self, second: u64) -> String {
        let now = self.app.clock().now();
        let moment = match second.checked_sub(self.now) {
            Some(later) => now.after(Duration::from_secs(later)),
            None => now.before(Duration::from_secs(self.now - second)),
        };
        moment.to_string()
    }

    fn place(&self, story: usize) -> String {
        format!("/v1/articles/{}", self.stories[story].id)
    }

    /// Does one thing to both, and compares. `Err` says what differs.
    pub fn play(&mut self, action: &Action) -> Result<(), String> {
        self.steps += 1;
        let (status, expected) = self.act(action);
        if status != expected {
            return Err(format!("{action:?} answered {status} instead of {expected}"));
        }
        self.compare(touched(action))
            .map_err(|difference| format!("second {}, after {action:?}: {difference}", self.now))
    }

    /// Does it, and gives the status of the answer and what it should be.
    fn act(&mut self, action: &Action) -> (u16, u16) {
        let now = self.now;
        match action {
            Action::Pass(seconds) => {
                self.app.pass(*seconds);
                self.now += seconds;
                if self.now - self.signed_in > SIGNED_IN_FOR {
                    self.sign_in();
                }
                (0, 0)
            }
            Action::Restart => {
                // The old one first, as in real life; a session survives it.
                drop(self.restarted.take());
                self.restarted = Some(self.app.beside());
                self.sign_in();
                (0, 0)
            }
            Action::Purge(story) => {
                let place = format!("{}?purge=true", self.place(*story));
                let status = self.admin.if_match("*").delete(&place).status();
                if self.stories[*story].running(now).is_some() {
                    return (status, 409);
                }
                self.stories[*story] = self.begin();
                (status, 204)
            }
            Action::Bulk(atomic, actions) => self.bulk(*atomic, actions),
            single => self.single(single),
        }
    }

    fn single(&mut self, action: &Action) -> (u16, u16) {
        let (now, editor) = (self.now, self.editor.if_match("*"));
        let post = |client: &Client, place: String, body: Value| client.post(&place, body).status();
        match *action {
            Action::Save(index, number) => {
                let (title, body) = (format!("title {number}"), format!("Text {number}."));
                let status = editor.patch(&self.place(index), json!({"title": title, "body": body})).status();
                let story = &mut self.stories[index];
                (status, story.save(Content { title, body, ..story.content.clone() }))
            }
            Action::Tag(index, tagged) => {
                let tags = if tagged { json!(["tag"]) } else { json!([]) };
                let status = editor.patch(&self.place(index), json!({"tags": tags})).status();
                let story = &mut self.stories[index];
                (status, story.save(Content { tagged, ..story.content.clone() }))
            }
            Action::Rename(index, number) => {
                let base = self.stories[index].slug.split('-').next().unwrap_or_default().to_owned();
                let slug = if number == 0 { base } else { format!("{base}-{number}") };
                self.rename(index, slug, false)
            }
            Action::Take(index, which, take_over) => self.rename(index, format!("c{which}"), take_over),
            Action::Return(index, back) => {
                let number = (self.stories[index].revisions.len() - 1).saturating_sub(back) + 1;
                let status = post(&editor, format!("{}/revisions/{number}/restore", self.place(index)), json!({}));
                (status, self.stories[index].bring_back(number))
            }
            Action::Duplicate(index) => self.duplicate(index),
            Action::Translate(index, of) => self.translate(index, of),
            Action::Publish(index, at, until) => {
                let (at, until) = (at.map(|at| now + at), until.map(|until| now + until));
                let mut wish = json!({});
                for (name, second) in [("at", at), ("until", until)] {
                    if let Some(second) = second {
                        wish[name] = json!(self.moment(second));
                    }
                }
                let status = post(&editor, format!("{}/publish", self.place(index)), wish);
                let unpublishable = names::is_unpublishable(&self.stories, index, now);
                (status, self.stories[index].publish((at, until), unpublishable, now))
            }
            Action::Unpublish(index) => {
                let status = post(&editor, format!("{}/unpublish", self.place(index)), json!({}));
                (status, self.stories[index].unpublish(now))
            }
            Action::Unschedule(index) => {
                let status = post(&editor, format!("{}/unschedule", self.place(index)), json!({}));
                (status, self.stories[index].unschedule(now))
            }
            Action::Embargo(index, end) => {
                let end = end.map(|end| now + end);
                let until = end.map(|end| self.moment(end));
                let status = editor.patch(&self.place(index), json!({"embargo_until": until})).status();
                (status, self.stories[index].embargo(end, now))
            }
            Action::Correct(index, at_once) => {
                let note = json!({"type": "update", "text": "A note.", "publish": at_once});
                let status = post(&editor, format!("{}/corrections", self.place(index)), note);
                let unpublishable = names::is_unpublishable(&self.stories, index, now);
                (status, self.stories[index].correct(at_once, unpublishable, now))
            }
            Action::Kill(index) => {
                let status = post(&editor, format!("{}/kill", self.place(index)), json!({"reason_public": "Gone."}));
                (status, self.stories[index].kill(now))
            }
            Action::Lift(index) => {
                let status = post(&self.admin, format!("{}/publish", self.place(index)), json!({}));
                let unpublishable = names::is_unpublishable(&self.stories, index, now);
                (status, self.stories[index].lift(unpublishable, now))
            }
            Action::Trash(index) => {
                let status = editor.delete(&self.place(index)).status();
                (status, self.stories[index].trash(now))
            }
            Action::Restore(index) => {
                let status = post(&editor, format!("{}/restore", self.place(index)), json!({}));
                let slug = &self.stories[index].slug;
                let has_slug = !names::is_refused(&self.stories, index, slug, false, now)
                    && !names::is_taken(&self.stories, index, slug);
                (status, self.stories[index].restore(has_slug))
            }
            Action::Pass(_) | Action::Restart | Action::Purge(_) | Action::Bulk(..) => unreachable!("not a single one"),
        }
    }

    /// Another slug, when it may be had.
    fn rename(&mut self, index: usize, slug: String, take_over: bool) -> (u16, u16) {
        let members = json!({"slug": slug, "take_over": take_over});
        let status = self.editor.if_match("*").patch(&self.place(index), members).status();
        let story = &self.stories[index];
        let expected = if story.trashed {
            404
        } else if story.slug == slug {
            200
        } else if names::is_refused(&self.stories, index, &slug, take_over, self.now)
            || names::is_taken(&self.stories, index, &slug)
        {
            409
        } else {
            self.stories[index].rename(slug, take_over);
            200
        };
        (status, expected)
    }

    /// A copy says the same, and is a draft that nobody else sees.
    fn duplicate(&mut self, index: usize) -> (u16, u16) {
        let reply = self.editor.post(&format!("{}/duplicate", self.place(index)), json!({}));
        let story = &self.stories[index];
        let expected = if story.trashed {
            404
        } else if story.killed.is_some() {
            403
        } else {
            201
        };
        if reply.status() != 201 {
            return (reply.status(), expected);
        }
        let copy = reply.json();
        let content = &story.content;
        let embargo = story.embargo.filter(|end| *end > self.now).map(|end| self.moment(end));
        let same = text(&copy["title"]) == content.title
            && text(&copy["body"]) == content.body
            && copy["tags"].as_array().unwrap().len() == usize::from(content.tagged)
            && copy["embargo_until"].as_str().map(str::to_owned) == embargo
            && (&copy["version"], &copy["status"]) == (&json!(1), &json!("draft"));
        let place = format!("/v1/articles/{}?purge=true", text(&copy["id"]));
        self.admin.if_match("*").delete(&place).expect(204);
        (if same { 201 } else { 999 }, expected)
    }

    /// It becomes a translation of another one, or of none.
    fn translate(&mut self, index: usize, of: Option<usize>) -> (u16, u16) {
        let named = of.map(|of| self.stories[of].clone());
        let members = json!({"translation_of": named.as_ref().map(|named| &named.id)});
        let status = self.editor.if_match("*").patch(&self.place(index), members).status();
        let id = self.stories[index].id.clone();
        let has_translations = self.stories.iter().any(|story| story.content.original.as_ref() == Some(&id));
        let original = match &named {
            _ if self.stories[index].trashed => return (status, 404),
            None => None,
            Some(named) if named.trashed => return (status, 422),
            Some(named) => Some(named.content.original.clone().unwrap_or(named.id.clone())),
        };
        if original.is_some() && (original.as_ref() == Some(&id) || has_translations) {
            return (status, 422);
        }
        let story = &mut self.stories[index];
        (status, story.save(Content { original, ..story.content.clone() }))
    }

    fn bulk(&mut self, atomic: bool, actions: &[Action]) -> (u16, u16) {
        let (now, mut stories) = (self.now, self.stories.clone());
        let (mut items, mut expected) = (Vec::new(), Vec::new());
        for action in actions {
            let id = |index: usize| self.stories[index].id.clone();
            match *action {
                Action::Save(index, number) => {
                    let (title, body) = (format!("title {number}"), format!("Text {number}."));
                    let article = json!({ "title": title, "body": body });
                    items.push(json!({"action": "patch", "id": id(index), "version": "*", "article": article}));
                    let content = Content { title, body, ..stories[index].content.clone() };
                    expected.push(stories[index].save(content));
                }
                Action::Publish(index, ..) => {
                    items.push(json!({"action": "publish", "id": id(index)}));
                    let unpublishable = names::is_unpublishable(&stories, index, now);
                    expected.push(stories[index].publish((None, None), unpublishable, now));
                }
                Action::Unpublish(index) => {
                    items.push(json!({"action": "unpublish", "id": id(index)}));
                    expected.push(stories[index].unpublish(now));
                }
                Action::Trash(index) => {
                    items.push(json!({"action": "trash", "id": id(index), "version": "*"}));
                    expected.push(if stories[index].trash(now) == 204 {
                        200
                    } else if stories[index].trashed {
                        404
                    } else {
                        409
                    });
                }
                _ => unreachable!("not for bulk"),
            }
        }
        let refused = expected.iter().any(|status| *status != 200);
        let reply = self.editor.post("/v1/articles/bulk", json!({"atomic": atomic, "items": items}));
        if atomic && refused {
            return (reply.status(), 422);
        }
        self.stories = stories;
        let results = reply.json()["results"].as_array().cloned().unwrap_or_default();
        let got: Vec<u64> = results.iter().filter_map(|result| result["status"].as_u64()).collect();
        let same = got.iter().map(|status| *status as u16).eq(expected.iter().copied());
        (if same { reply.status() } else { 999 }, 200)
    }

    fn sign_in(&mut self) {
        (self.editor, self.admin, self.partner, self.writer) = clients(self.server());
        self.signed_in = self.now;
    }

    /// What everybody sees of everything that is cheap to look at, and of the touched story in full.
    fn compare(&self, touched: Option<usize>) -> Result<(), String> {
        let (reader, now) = (self.server().anonymous().unchecked(), self.now);
        let steady = self.steps * 7919;
        same("readers' list", &listed(&reader, "?limit=100"), &self.expected(|story| story.running(now)))?;
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

/// An editor, an admin, a partner, and a writer with no story of their own. Whether their answers are as documented is tested elsewhere; here there are too
/// many of them.
fn clients(app: &TestApp) -> (Client, Client, Client, Client) {
    (app.editor().unchecked(), app.admin().unchecked(), app.partner().unchecked(), app.writer().unchecked())
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

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}\n  is        {got:?}\n  should be {expected:?}")) }
}

/// The story that an action is about.
fn touched(action: &Action) -> Option<usize> {
    match action {
        Action::Pass(_) | Action::Restart => None,
        Action::Bulk(_, actions) => actions.first().and_then(touched),
        Action::Save(story, _)
        | Action::Tag(story, _)
        | Action::Rename(story, _)
        | Action::Take(story, ..)
        | Action::Return(story, _)
        | Action::Duplicate(story)
        | Action::Translate(story, _)
        | Action::Publish(story, ..)
        | Action::Unpublish(story)
        | Action::Unschedule(story)
        | Action::Embargo(story, _)
        | Action::Correct(story, _)
        | Action::Kill(story)
        | Action::Lift(story)
        | Action::Trash(story)
        | Action::Restore(story)
        | Action::Purge(story) => Some(*story),
    }
}
