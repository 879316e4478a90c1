//! When a story should be read: what an editor asks of the door, and the interval and the dates that it comes to.

use super::held::Held;
use super::publication::{Dates, Interval};
use super::row::ArticleRow;
use super::schedule::Schedule;
use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::error::{Error, Rejection, Result};

text_enum! {
    /// Whether readers are told that a story's text changed.
    pub enum Modified {
        /// They are: `modified_at` moves.
        Editorial = "editorial",
        /// They are not: a comma, a link.
        Silent = "silent",
    }
}

/// When a story should be read.
#[derive(Debug, Clone, Default)]
pub struct Publish {
    /// From when; at once when `None`.
    pub at: Option<Timestamp>,
    /// Until when; without end when `None`.
    pub until: Option<Timestamp>,
    /// Whether readers are told that it changed; they are when `None`.
    pub modified: Option<Modified>,
    /// Why, for the log.
    pub note: Option<String>,
    /// The date that readers are told when an import brings an older story. The interval still begins now: a log that
    /// can prove what it said and when does not claim to have said it earlier.
    pub dated: Option<Timestamp>,
    /// Whether a story that is killed comes back; an admin's to say.
    pub lifts_kill: bool,
}

/// The interval that was asked for.
///
/// Errors: 422 with what is wrong with it.
pub fn interval(wish: &Publish, held: &Held) -> Result<Interval> {
    let now = held.now;
    let ahead = wish.at.unwrap_or(now);
    let from = held.row.embargo_until.map_or(ahead, |end| end.max(ahead));
    let until = wish.until.unwrap_or(Timestamp::FOREVER);
    let mut refused = Vec::new();
    if ahead < now {
        let detail = format!("is in the past: it is {now} now; leave it out to publish at once");
        refused.push(Rejection::field("/at", "in_the_past", detail));
    }
    if until <= from {
        let embargoed = if from > ahead { ", when the embargo ends" } else { "" };
        let detail = format!("must be later than {from}{embargoed}");
        refused.push(Rejection::field("/until", "before_start", detail));
    }
    // Those who read ahead find what is replaced until they find this one, whatever their clock says.
    let ahead = match &held.schedule.pending {
        Some(pending) if from > now && wish.at.is_none() => pending.partner_from.min(ahead),
        _ => ahead,
    };
    if refused.is_empty() { Ok(Interval { ahead, from, until }) } else { Err(Error::Unprocessable(refused)) }
}

/// The times that readers are told. A correction keeps the date of the run it corrects; a story that comes back after
/// it was taken down begins a new run.
pub fn dates(row: &ArticleRow, schedule: &Schedule, (from, wish): (Timestamp, &Publish), now: Timestamp) -> Dates {
    let first = Some(row.first_published_at).filter(|first| *first <= now);
    let goes_on = schedule.running.as_ref().filter(|running| running.expires_at >= from);
    Dates {
        first_published_at: first.or(wish.dated).unwrap_or(from),
        published_at: goes_on.map(|running| running.published_at).or(wish.dated).map_or(from, |date| date.min(from)),
        modified_at: match (goes_on, wish.modified) {
            (Some(running), Some(Modified::Silent)) => running.modified_at,
            (Some(_), _) => from,
            (None, _) => wish.dated.unwrap_or(from),
        },
    }
}
