//! A server and the model beside it: does everything to both, and compares what everybody sees.

mod comparing;
mod reading;

use std::time::Duration;

use serde_json::{Value, json};

use crate::action::{Action, STORIES};
use crate::names;
use crate::story::{Content, Story};
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
            .and_then(|()| self.compare_other_readings(touched(action)))
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
                let expected = self.stories[index].kill(now);
                if expected == 200 {
                    names::end_takeovers(&mut self.stories, index);
                }
                (status, expected)
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
        } else if take_over && names::is_anothers_kill(&self.stories, index, &slug) {
            403
        } else if story.slug == slug && !(take_over && names::is_borrowed(&self.stories, index)) {
            200
        } else if story.slug == slug {
            self.stories[index].rename(slug, true);
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
}

/// An editor, an admin, a partner, and a writer with no story of their own. Whether their answers are as documented is
/// tested elsewhere; here there are too many of them.
fn clients(app: &TestApp) -> (Client, Client, Client, Client) {
    (app.editor().unchecked(), app.admin().unchecked(), app.partner().unchecked(), app.writer().unchecked())
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
