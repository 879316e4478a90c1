//! A story in the model: a working copy, and publications with intervals. Nothing here knows how the server does it.

use std::sync::atomic::{AtomicU64, Ordering};

/// The end of all time.
pub const NEVER: u64 = u64::MAX;

/// Counts publications, in the order in which they are made.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// What a save keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// The headline.
    pub title: String,
    /// The text.
    pub body: String,
    /// Whether it has the tag.
    pub tagged: bool,
    /// Id of the story that it is a translation of.
    pub original: Option<String>,
}

/// A publication: what it says, and from when until when it is read.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its place among all publications.
    pub serial: u64,
    /// The version of the working copy that it is.
    pub version: u64,
    /// Its headline.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Its slug.
    pub slug: String,
    /// Whether it has the tag.
    pub tagged: bool,
    /// Id of the story that it is a translation of.
    pub original: Option<String>,
    /// How many notes it carries.
    pub notes: usize,
    /// From when partners read it.
    pub ahead: u64,
    /// From when readers read it.
    pub from: u64,
    /// The end that was asked for.
    pub expires: u64,
    /// The end that holds.
    pub end: u64,
    /// Whether it was taken down, or cancelled before anybody read it.
    pub ended: bool,
    /// Whether it was killed, which it stays when the story comes back.
    pub killed: bool,
    /// When readers first saw the story.
    pub first: u64,
    /// When its run began.
    pub published: u64,
}

/// A story.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its id.
    pub id: String,
    /// Counts the saves.
    pub version: u64,
    /// What the working copy says.
    pub content: Content,
    /// What each save kept, the first one first.
    pub revisions: Vec<Content>,
    /// Its slug.
    pub slug: String,
    /// Whether it took the slug over.
    pub taken_over: bool,
    /// How many notes it has.
    pub notes: usize,
    /// Until when readers must not see it.
    pub embargo: Option<u64>,
    /// Until when its past is out of sight, too.
    pub hidden_until: u64,
    /// When it was killed.
    pub killed: Option<u64>,
    /// How many publications it had when it came back from its last kill.
    pub lifted: usize,
    /// Whether it is in the trash.
    pub trashed: bool,
    /// Every publication.
    pub runs: Vec<Run>,
}

impl Story {
    /// A draft.
    pub fn begun(id: String, title: String, slug: String) -> Story {
        let content = Content { title, ..Content::default() };
        Story {
            id,
            version: 1,
            revisions: vec![content.clone()],
            content,
            slug,
            taken_over: false,
            notes: 0,
            embargo: None,
            hidden_until: 0,
            killed: None,
            lifted: 0,
            trashed: false,
            runs: Vec::new(),
        }
    }

    fn open(&self) -> impl DoubleEndedIterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.ended)
    }

    /// What readers see.
    pub fn running(&self, now: u64) -> Option<&Run> {
        self.open().find(|run| run.from <= now && now < run.end)
    }

    /// What they will see.
    pub fn pending(&self, now: u64) -> Option<&Run> {
        self.open().find(|run| run.from > now)
    }

    /// What partners see.
    pub fn ahead(&self, now: u64) -> Option<&Run> {
        self.open().find(|run| run.ahead <= now && now < run.end)
    }

    /// What readers saw at a moment that is over; what was withdrawn since, they never saw.
    pub fn past(&self, then: u64, now: u64) -> Option<&Run> {
        let withdrawn = self.killed.is_some() || self.trashed || self.hidden_until > now;
        self.runs.iter().find(|run| !withdrawn && !run.killed && run.from <= then && then < run.end)
    }

    /// The publications that were read, as far as one knows now.
    pub fn read(&self, now: u64) -> impl DoubleEndedIterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.from <= now && run.end > run.from)
    }

    /// Whether readers are told that it was killed.
    pub fn is_gone(&self) -> bool {
        self.killed.is_some_and(|killed| self.read(killed).next().is_some())
    }

    /// Where editors see it stand.
    pub fn status(&self, now: u64) -> &'static str {
        let (running, pending) = (self.running(now), self.pending(now));
        match (self.trashed, self.killed, running, pending) {
            (true, ..) => "trashed",
            (_, Some(_), ..) => "killed",
            (_, _, Some(run), _) if run.version == self.version => "published",
            (_, _, Some(_), _) => "changed",
            (_, _, None, Some(_)) => "scheduled",
            _ if self.open().next().is_some() => "expired",
            _ => "draft",
        }
    }

    /// A save; one that changes nothing makes no version.
    pub fn save(&mut self, content: Content) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.content != content {
            self.content = content;
            self.keep();
        }
        200
    }

    /// A new version.
    fn keep(&mut self) {
        self.version += 1;
        self.revisions.push(self.content.clone());
    }

    /// Another slug, that may be had.
    pub fn rename(&mut self, slug: String, taken_over: bool) {
        self.slug = slug;
        self.taken_over = taken_over;
        self.keep();
    }

    /// What an earlier save kept, as a new one.
    pub fn bring_back(&mut self, number: usize) -> u16 {
        if self.trashed {
            return 404;
        }
        let original = self.content.original.take();
        self.content = Content { original, ..self.revisions[number - 1].clone() };
        self.keep();
        200
    }

    /// Ends, shortens and cancels what stands in the way of something that begins at `from`.
    fn make_room(&mut self, from: u64, now: u64) {
        for run in self.runs.iter_mut().filter(|run| !run.ended) {
            if run.from > now {
                run.end = run.from;
                run.ended = true;
            } else if run.end > now && from <= now {
                run.end = now;
                run.ended = run.from == now;
            } else if run.end > now {
                run.end = run.expires.min(from);
            }
        }
    }

    /// Ends everything, with nothing in its place.
    fn take_down(&mut self, now: u64) {
        for run in self.runs.iter_mut().filter(|run| !run.ended) {
            run.end = if run.from > now { run.from } else { run.end.min(now) };
            run.ended = true;
        }
    }

    /// Published, or scheduled. `unpublishable` says that it may not have its slug.
    pub fn publish(&mut self, (at, until): (Option<u64>, Option<u64>), unpublishable: bool, now: u64) -> u16 {
        let ahead = at.unwrap_or(now);
        let from = ahead.max(self.embargo.unwrap_or(0));
        let expires = until.unwrap_or(NEVER);
        if self.trashed {
            return 404;
        }
        if self.killed.is_some() {
            return 403;
        }
        if expires <= from {
            return 422;
        }
        if unpublishable {
            return 409;
        }
        let first = self.read(now).next().map_or(from, |run| run.first);
        let goes_on = self.running(now).filter(|run| run.expires >= from).map(|run| run.published);
        self.make_room(from, now);
        self.runs.push(Run {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            version: self.version,
            title: self.content.title.clone(),
            body: self.content.body.clone(),
            slug: self.slug.clone(),
            tagged: self.content.tagged,
            original: self.content.original.clone(),
            notes: self.notes,
            ahead,
            from,
            expires,
            end: expires,
            ended: false,
            killed: false,
            first,
            published: goes_on.unwrap_or(from),
        });
        200
    }

    /// Taken down, and what waits cancelled.
    pub fn unpublish(&mut self, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.running(now).is_none() && self.pending(now).is_none() {
            return 409;
        }
        self.take_down(now);
        200
    }

    /// What waits cancelled.
    pub fn unschedule(&mut self, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.pending(now).is_none() {
            return 409;
        }
        for run in self.runs.iter_mut().filter(|run| !run.ended) {
            if run.from > now {
                run.end = run.from;
                run.ended = true;
            } else if now < run.end {
                run.end = run.expires;
            }
        }
        200
    }

    /// An embargo set, moved or lifted.
    pub fn embargo(&mut self, end: Option<u64>, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.embargo == end {
            return 200;
        }
        let holds = end.filter(|end| *end > now);
        let (running, pending) = (self.running(now).cloned(), self.pending(now).cloned());
        let (run, ahead, from) = match (running, pending, holds) {
            (Some(_), Some(_), Some(_)) => return 409,
            (Some(run), None, Some(end)) => (Some(run), now, end),
            (None, Some(run), _) => {
                let from = holds.unwrap_or(0).max(run.ahead).max(now);
                let ahead = run.ahead.max(now).min(from);
                let moves = from != run.from;
                (Some(run).filter(|_| moves), ahead, from)
            }
            _ => (None, 0, 0),
        };
        self.embargo = end;
        self.keep();
        if !self.runs.is_empty() {
            self.hidden_until = holds.unwrap_or(0);
        }
        let Some(run) = run else { return 200 };
        self.take_down(now);
        if run.expires > from {
            let first = self.read(now).next().map_or(from, |run| run.first);
            let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
            self.runs.push(Run { serial, ahead, from, end: run.expires, ended: false, first, published: from, ..run });
        }
        200
    }

    /// A public note.
    pub fn correct(&mut self, at_once: bool, unpublishable: bool, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.read(now).next().is_none() {
            return 409;
        }
        if at_once && self.pending(now).is_some() {
            return 409;
        }
        if at_once && self.killed.is_some() {
            return 403;
        }
        if at_once && self.running(now).is_none() {
            return 409;
        }
        let until = self.running(now).map(|run| run.expires).filter(|end| *end != NEVER);
        if at_once && until.is_some_and(|until| until <= now.max(self.embargo.unwrap_or(0))) {
            return 422;
        }
        if at_once && unpublishable {
            return 409;
        }
        self.keep();
        self.notes += 1;
        if at_once { self.publish((None, until), false, now) } else { 200 }
    }

    /// Killed.
    pub fn kill(&mut self, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.killed.is_some() || self.runs.is_empty() {
            return 409;
        }
        self.take_down(now);
        self.runs.iter_mut().for_each(|run| run.killed = true);
        self.killed = Some(now);
        200
    }

    /// Published by an admin.
    pub fn lift(&mut self, unpublishable: bool, now: u64) -> u16 {
        if !self.trashed && self.killed.is_some() && self.embargo.is_some_and(|end| end > now) {
            return 409;
        }
        let before = self.clone();
        let since = self.runs.iter().skip(self.lifted).filter(|run| run.from <= now && run.end > run.from);
        let told = since.map(|run| run.notes).max().unwrap_or(0);
        if self.killed.take().is_some() && !self.trashed && told > 0 {
            self.notes -= told;
            self.keep();
        }
        self.lifted = if self.killed != before.killed { self.runs.len() } else { self.lifted };
        let status = self.publish((None, None), unpublishable, now);
        if status != 200 {
            *self = before;
        }
        status
    }

    /// Put into the trash.
    pub fn trash(&mut self, now: u64) -> u16 {
        if self.trashed {
            return 404;
        }
        if self.running(now).is_some() {
            return 409;
        }
        if self.pending(now).is_some() {
            self.take_down(now);
        }
        self.trashed = true;
        self.taken_over = false;
        204
    }

    /// Brought back.
    pub fn restore(&mut self, has_slug: bool) -> u16 {
        match self.trashed && has_slug {
            true => {
                self.trashed = false;
                200
            }
            false => 409,
        }
    }
}
