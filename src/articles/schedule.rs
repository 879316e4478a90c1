//! Where a story stands between draft and reader: derived from its publications and the clock, never stored, so that it
//! cannot be out of step with what readers see.

use std::collections::HashMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::article::Status;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::keyset::Condition;
use crate::db::schema::{articles, publications};
use crate::error::Result;

/// What the door and the editors need to know of a publication.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub struct Slot {
    pub id: String,
    pub article_id: String,
    pub revision: i32,
    pub live_from: Timestamp,
    pub live_until: Timestamp,
    pub expires_at: Timestamp,
    pub first_published_at: Timestamp,
    pub published_at: Timestamp,
    pub modified_at: Timestamp,
}

/// A story's publications that the door has not ended, as they stand at one moment: the one that readers see, the one
/// that waits, and the one whose time ran out.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// What readers see now.
    pub running: Option<Slot>,
    /// What they will see.
    pub pending: Option<Slot>,
    /// What they saw until its end came.
    pub expired: Option<Slot>,
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

    fn place(&mut self, slot: Slot, now: Timestamp) {
        let place = match (slot.live_from <= now, now < slot.live_until) {
            (true, true) => &mut self.running,
            (false, _) => &mut self.pending,
            (true, false) => &mut self.expired,
        };
        *place = Some(slot);
    }

    /// The status of a working copy in this version.
    pub fn status(&self, version: i32) -> Status {
        match self {
            Schedule { running: Some(running), .. } if running.revision == version => Status::Published,
            Schedule { running: Some(_), .. } => Status::Changed,
            Schedule { pending: Some(_), .. } => Status::Scheduled,
            Schedule { expired: Some(_), .. } => Status::Expired,
            _ => Status::Draft,
        }
    }

    /// Whether readers see the story now.
    pub fn is_live(&self) -> bool {
        self.running.is_some()
    }
}

/// The condition that a working copy is in this status at this moment; the same rule as [`Schedule::status`].
pub fn in_status(status: Status, now: Timestamp) -> Condition<articles::table> {
    // Not boxed: a boxed query cannot stand inside another one on two backends.
    let open = || publications::table.filter(not(publications::superseded));
    let running = || open().filter(publications::live_from.le(now)).filter(publications::live_until.gt(now));
    let is_open = || articles::id.eq_any(open().select(publications::article_id));
    let is_running = || articles::id.eq_any(running().select(publications::article_id));
    let is_pending =
        || articles::id.eq_any(open().filter(publications::live_from.gt(now)).select(publications::article_id));
    let is_current = || {
        let this = running().filter(publications::article_id.eq(articles::id));
        exists(this.filter(publications::revision.eq(articles::version)))
    };
    match status {
        Status::Published => Box::new(is_current()),
        Status::Changed => Box::new(is_running().and(not(is_current()))),
        Status::Scheduled => Box::new(is_pending().and(not(is_running()))),
        Status::Expired => Box::new(is_open().and(not(is_running())).and(not(is_pending()))),
        Status::Draft => Box::new(not(is_open())),
    }
}
