//! Where a story stands between draft and reader: derived from its publications and the clock, never stored, so that it
//! cannot be out of step with what readers see.

use std::collections::HashMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::article::Status;
use super::publication::Publication;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::keyset::Condition;
use crate::db::schema::{articles, publications};
use crate::error::Result;

/// What the door and the editors need to know of a publication.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub struct Slot {
    pub id: String,
    pub article_id: String,
    pub number: i32,
    pub revision: i32,
    pub slug: String,
    pub partner_from: Timestamp,
    pub live_from: Timestamp,
    pub live_until: Timestamp,
    pub expires_at: Timestamp,
    pub first_published_at: Timestamp,
    pub published_at: Timestamp,
    pub modified_at: Timestamp,
}

impl From<&Publication> for Slot {
    fn from(publication: &Publication) -> Slot {
        Slot {
            id: publication.id.clone(),
            article_id: publication.article_id.clone(),
            number: publication.number,
            revision: publication.revision,
            slug: publication.slug.clone(),
            partner_from: publication.partner_from,
            live_from: publication.live_from,
            live_until: publication.live_until,
            expires_at: publication.expires_at,
            first_published_at: publication.first_published_at,
            published_at: publication.published_at,
            modified_at: publication.modified_at,
        }
    }
}

/// The end of a publication, as the door writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Which publication.
    pub id: String,
    /// The end that holds from now on.
    pub until: Timestamp,
    /// Whether the door is done with it.
    pub superseded: bool,
}

/// A story's publications that the door has not ended, as they stand at one moment: the one that readers see, the one
/// that waits, and those whose time ran out.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// What readers see now.
    pub running: Option<Slot>,
    /// What they will see.
    pub pending: Option<Slot>,
    /// What they saw until its end came, oldest first.
    pub over: Vec<Slot>,
}

impl Schedule {
    /// The schedules of these stories at this moment, in one query.
    pub fn load(
        connection: &mut AnyConnection,
        articles: Vec<String>,
        now: Timestamp,
    ) -> Result<HashMap<String, Schedule>> {
        let slots: Vec<Slot> = publications::table
            .filter(not(publications::superseded))
            .filter(publications::article_id.eq_any(articles))
            .order((publications::article_id.asc(), publications::number.asc()))
            .select(Slot::as_select())
            .load(connection)?;
        let mut schedules: HashMap<String, Schedule> = HashMap::new();
        for slot in slots {
            schedules.entry(slot.article_id.clone()).or_default().place(slot, now);
        }
        Ok(schedules)
    }

    /// The schedule of one story.
    pub fn of(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Schedule> {
        Ok(Schedule::load(connection, vec![article.to_owned()], now)?.remove(article).unwrap_or_default())
    }

    /// How these publications of one story, oldest first, stand at this moment.
    pub fn at(slots: impl IntoIterator<Item = Slot>, now: Timestamp) -> Schedule {
        let mut schedule = Schedule::default();
        slots.into_iter().for_each(|slot| schedule.place(slot, now));
        schedule
    }

    fn place(&mut self, slot: Slot, now: Timestamp) {
        match (slot.live_from <= now, now < slot.live_until) {
            (true, true) => self.running = Some(slot),
            (false, _) => self.pending = Some(slot),
            (true, false) => self.over.push(slot),
        }
    }

    /// What readers saw last, when they see nothing now.
    pub fn expired(&self) -> Option<&Slot> {
        self.over.last()
    }

    /// What ends or gets shorter when a publication begins at `from`. What waits is cancelled: its interval is empty,
    /// and nobody ever read it.
    pub fn make_room(&self, from: Timestamp, now: Timestamp) -> Vec<Ending> {
        let ending = |slot: &Slot, until, superseded| Ending { id: slot.id.clone(), until, superseded };
        let cancelled = self.pending.iter().map(|slot| ending(slot, slot.live_from, true));
        let ended = self.running.iter().map(|slot| match from <= now {
            true => ending(slot, now, true),
            false => ending(slot, slot.expires_at.min(from), false),
        });
        let over = self.over.iter().map(|slot| ending(slot, slot.live_until, true));
        cancelled.chain(ended).chain(over).collect()
    }

    /// What changes when what waits is cancelled and nothing takes its place: what runs gets its own end back.
    pub fn call_off(&self) -> Vec<Ending> {
        let cancelled =
            self.pending.iter().map(|slot| Ending { id: slot.id.clone(), until: slot.live_from, superseded: true });
        let goes_on = self.running.iter().filter(|slot| slot.live_until != slot.expires_at);
        let goes_on = goes_on.map(|slot| Ending { id: slot.id.clone(), until: slot.expires_at, superseded: false });
        cancelled.chain(goes_on).collect()
    }

    /// The schedule when room was made for this publication and it stands.
    pub fn with(self, publication: &Publication, now: Timestamp) -> Schedule {
        let slot = Slot::from(publication);
        if slot.live_from <= now {
            return Schedule { running: Some(slot), ..Schedule::default() };
        }
        let shortened = |running: Slot| Slot { live_until: running.expires_at.min(slot.live_from), ..running };
        Schedule { running: self.running.map(shortened), pending: Some(slot), over: Vec::new() }
    }

    /// The status of a working copy in this version that is not killed.
    pub fn status(&self, version: i32) -> Status {
        match self {
            Schedule { running: Some(running), .. } if running.revision == version => Status::Published,
            Schedule { running: Some(_), .. } => Status::Changed,
            Schedule { pending: Some(_), .. } => Status::Scheduled,
            Schedule { over, .. } if !over.is_empty() => Status::Expired,
            _ => Status::Draft,
        }
    }

    /// Whether readers see the story now.
    pub fn is_live(&self) -> bool {
        self.running.is_some()
    }
}

/// The condition that a working copy is in this status at this moment; the same rule as [`Schedule::status`]. It looks at
/// the publications of one story, so that it costs the same whatever else is published.
pub fn in_status(status: Status, now: Timestamp) -> Condition<articles::table> {
    // Not boxed: a boxed query cannot stand inside another one on two backends.
    let open = || {
        let of_story = publications::table.filter(publications::article_id.eq(articles::id));
        of_story.filter(not(publications::superseded))
    };
    let running = || open().filter(publications::live_from.le(now)).filter(publications::live_until.gt(now));
    let is_running = || exists(running());
    let is_pending = || exists(open().filter(publications::live_from.gt(now)));
    let is_current = || exists(running().filter(publications::revision.eq(articles::version)));
    match status {
        Status::Published => Box::new(is_current()),
        Status::Changed => Box::new(is_running().and(not(is_current()))),
        Status::Scheduled => Box::new(is_pending().and(not(is_running()))),
        Status::Expired => Box::new(exists(open()).and(not(is_running())).and(not(is_pending()))),
        Status::Draft => Box::new(not(exists(open())).and(articles::killed_at.is_null())),
        Status::Killed => Box::new(articles::killed_at.is_not_null()),
        Status::Trashed => Box::new(articles::deleted_at.is_not_null()),
    }
}

/// The condition that something of a working copy is still to be read: found from the few publications that wait.
pub fn is_announced(now: Timestamp) -> Condition<articles::table> {
    let waiting =
        publications::table.filter(publications::superseded.eq(false)).filter(publications::live_from.gt(now));
    Box::new(articles::id.eq_any(waiting.select(publications::article_id)))
}
