//! What a new, moved or lifted embargo does to what is published already: it takes effect at once, because an embargo
//! is a gate and not a label.

use super::publication::Interval;
use super::publishing;
use super::row::ArticleRow;
use super::schedule::{Schedule, Slot};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};

/// Brings what is published in line with the embargo that was just saved in `row`.
///
/// Errors: 403 when that changes what is or will be read and the caller may not publish; 409 when readers see the story
/// and a change of it is scheduled, too.
pub fn apply(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: ArticleRow,
    may_publish: bool,
) -> Result<ArticleRow> {
    let now = publishing::hold(connection, journal, &row)?;
    let schedule = Schedule::of(connection, &row.id, now)?;
    let embargo = row.embargo_until.filter(|end| *end > now);
    let Some((id, interval)) = moved(&schedule, embargo, now)? else { return Ok(row) };
    if !may_publish {
        let detail = "This changes when readers see what is published or scheduled; an editor has to do that.";
        return Err(Error::Forbidden(detail.into()));
    }
    if interval.until <= interval.from {
        // Its time would be over before the embargo is.
        let row = publishing::take_down(connection, row, &schedule, now)?;
        let taken = Event::new(Action::Unpublished, Resource::Article, &row.id);
        journal.record(Event { before: Some(row.version), ..taken });
        return Ok(row);
    }
    let (publication, row) = publishing::move_to(connection, row, &schedule, (&id, interval), now)?;
    let again = Event::new(Action::Embargoed, Resource::Article, &row.id).touching(publication.original_id);
    let again = again.sealing(publication.hash);
    journal.record(Event { after: Some(publication.revision), ..again });
    Ok(row)
}

/// What has to be published in another interval because of this embargo: the id of the publication, and the interval.
fn moved(schedule: &Schedule, embargo: Option<Timestamp>, now: Timestamp) -> Result<Option<(String, Interval)>> {
    let again = |slot: &Slot, ahead: Timestamp, from: Timestamp| {
        let interval = Interval { ahead, from, until: slot.expires_at };
        (slot.id.clone(), interval)
    };
    match (&schedule.running, &schedule.pending, embargo) {
        (Some(_), Some(_), Some(_)) => {
            let detail = "readers see this article and a change of it is scheduled; unpublish or unschedule it first, so \
                          that it is clear what the embargo should hold back";
            Err(Error::Conflict(Rejection::field("/embargo_until", "scheduled", detail)))
        }
        (Some(running), None, Some(end)) => Ok(Some(again(running, now, end))),
        (None, Some(pending), _) => {
            let from = embargo.map_or(pending.partner_from, |end| end.max(pending.partner_from)).max(now);
            let ahead = pending.partner_from.max(now).min(from);
            Ok((from != pending.live_from).then(|| again(pending, ahead, from)))
        }
        (_, _, None) | (None, None, _) => Ok(None),
    }
}
