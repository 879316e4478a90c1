//! Where a story stands between draft and reader: derived from its publications and the clock, never stored, so that it
//! cannot be out of step with what readers see.

use std::collections::HashMap;
use std::time::Duration;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::article::Status;
use super::publication::Publication;
use crate::clock::Timestamp;
use crate::db::keyset::Condition;
use crate::db::schema::{articles, publications};
use crate::db::{AnyConnection, Prepare, in_few_lengths};
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
        let Publication { printing, .. } = publication;
        Slot {
            id: printing.id.clone(),
            article_id: printing.article_id.clone(),
            number: printing.number,
            revision: publication.revision,
            slug: printing.slug.clone(),
            partner_from: printing.partner_from,
            live_from: printing.live_from,
            live_until: publication.live_until,
            expires_at: printing.expires_at,
            first_published_at: printing.first_published_at,
            published_at: printing.published_at,
            modified_at: printing.modified_at,
        }
    }
}

impl Slot {
    /// Whether readers have seen it, before it is ended at this moment: what ends when it begins was never read.
    pub fn is_read(&self, now: Timestamp) -> bool {
        self.live_from < now
    }
}

/// How long a moment may still be the present for somebody: longer than any request takes, and than any difference
/// between the clocks of several servers.
pub const SETTLING: Duration = Duration::from_secs(600);

/// The end of a publication, as the door writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Which publication.
    pub id: String,
    /// The end that holds from now on; `None` when it is the one that it had.
    pub until: Option<Timestamp>,
    /// Whether nobody may see it any more, whatever their clock says: it was taken down, or never read, or is long over.
    pub superseded: bool,
}

/// A story's publications that somebody may still see, as they stand at one moment: the one that readers see, the one
/// that waits, and those whose time is over.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// What readers see now.
    pub running: Option<Slot>,
    /// What they will see.
    pub pending: Option<Slot>,
    /// What they saw until it was replaced or its end came, oldest first.
    pub over: Vec<Slot>,
}

impl Schedule {
    /// The schedules of these stories at this moment, in one query.
    pub fn load(
        connection: &mut AnyConnection,
        articles: impl IntoIterator<Item = String>,
        now: Timestamp,
    ) -> Result<HashMap<String, Schedule>> {
        let slots: Vec<Slot> = publications::table
            .filter(not(publications::superseded))
            .filter(publications::article_id.eq_any(in_few_lengths(articles)))
            .order((publications::article_id.asc(), publications::number.asc()))
            .select(Slot::as_select())
            .prepared()
            .load(connection)?;
        let mut schedules: HashMap<String, Schedule> = HashMap::new();
        for slot in slots {
            schedules.entry(slot.article_id.clone()).or_default().place(slot, now);
        }
        Ok(schedules)
    }

    /// The schedule of one story.
    pub fn of(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Schedule> {
        Ok(Schedule::load(connection, [article.to_owned()], now)?.remove(article).unwrap_or_default())
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

    /// What readers saw last, when they see nothing now. It came to its end by itself: what is taken down is not here.
    pub fn expired(&self) -> Option<&Slot> {
        self.over.last()
    }

    /// What ends or gets shorter when a publication begins at `from`. What waits is cancelled: its interval is empty,
    /// and nobody ever read it.
    ///
    /// What ends now stays in sight until every clock is past its end. Readers whose moment is a little earlier, on a
    /// slower server or in a request that is under way, must find it, because they do not find yet what replaces it.
    pub fn make_room(&self, from: Timestamp, now: Timestamp) -> Vec<Ending> {
        let cancelled = self.pending.iter().map(cancelled);
        let ended = self.running.iter().map(|slot| match from <= now {
            true => Ending { id: slot.id.clone(), until: Some(now), superseded: !slot.is_read(now) },
            false => Ending { id: slot.id.clone(), until: Some(slot.expires_at.min(from)), superseded: false },
        });
        // What expired stands for the story as long as nothing came after it.
        let followed = self.running.is_some() || from <= now;
        let over = self.over.iter().filter(|slot| followed && slot.live_until.after(SETTLING) <= now).map(done);
        cancelled.chain(ended).chain(over).collect()
    }

    /// What ends when all of it is taken down: at once and for everybody, because nothing takes its place.
    pub fn end(&self, now: Timestamp) -> Vec<Ending> {
        let cancelled = self.pending.iter().map(cancelled);
        let ended = self.running.iter().map(|slot| Ending { id: slot.id.clone(), until: Some(now), superseded: true });
        cancelled.chain(ended).chain(self.over.iter().map(done)).collect()
    }

    /// What changes when what waits is cancelled and nothing takes its place: what runs gets its own end back.
    pub fn call_off(&self) -> Vec<Ending> {
        let goes_on = self.running.iter().filter(|slot| slot.live_until != slot.expires_at);
        let goes_on =
            goes_on.map(|slot| Ending { id: slot.id.clone(), until: Some(slot.expires_at), superseded: false });
        self.pending.iter().map(cancelled).chain(goes_on).collect()
    }

    /// The numbers of those that these endings leave without a moment in which anybody read them.
    pub fn never_read(&self, endings: &[Ending]) -> Vec<i32> {
        let is_empty = |slot: &&Slot| {
            endings
                .iter()
                .any(|ending| ending.id == slot.id && ending.until.is_some_and(|until| until <= slot.live_from))
        };
        self.running.iter().chain(&self.pending).filter(is_empty).map(|slot| slot.number).collect()
    }

    /// The schedule after these endings, with what is new in it.
    pub fn after(self, endings: &[Ending], new: Option<Slot>, now: Timestamp) -> Schedule {
        let ended = |slot: Slot| match endings.iter().find(|ending| ending.id == slot.id) {
            Some(ending) if ending.superseded => None,
            Some(ending) => Some(Slot { live_until: ending.until.unwrap_or(slot.live_until), ..slot }),
            None => Some(slot),
        };
        let slots = self.over.into_iter().chain(self.running).chain(self.pending);
        Schedule::at(slots.filter_map(ended).chain(new), now)
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

    /// Whether readers see exactly this version, or will.
    pub fn shows(&self, version: i32) -> bool {
        self.running.iter().chain(&self.pending).any(|slot| slot.revision == version)
    }

    /// Whether readers see the story now.
    pub fn is_live(&self) -> bool {
        self.running.is_some()
    }
}

/// What never begins: its interval is empty.
fn cancelled(slot: &Slot) -> Ending {
    Ending { id: slot.id.clone(), until: Some(slot.live_from), superseded: true }
}

/// What is over for everybody.
fn done(slot: &Slot) -> Ending {
    Ending { id: slot.id.clone(), until: None, superseded: true }
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
    // The offset keeps PostgreSQL from looking through all publications at once, to have them at hand for every story.
    let is_open = || exists(open().limit(1).offset(0));
    let is_running = || exists(running().limit(1).offset(0));
    let is_pending = || exists(open().filter(publications::live_from.gt(now)).limit(1).offset(0));
    let is_current = || exists(running().filter(publications::revision.eq(articles::version)).limit(1).offset(0));
    match status {
        Status::Published => Box::new(is_current()),
        Status::Changed => Box::new(is_running().and(not(is_current()))),
        Status::Scheduled => Box::new(is_pending().and(not(is_running()))),
        Status::Expired => Box::new(is_open().and(not(is_running())).and(not(is_pending()))),
        Status::Draft => Box::new(not(is_open()).and(articles::killed_at.is_null())),
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
