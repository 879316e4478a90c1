//! What a new, moved or lifted embargo does to what is published already: it takes effect at once, because an embargo
//! is a gate and not a label.

use super::held::{Passed, hold};
use super::killing::{self, Reasons};
use super::publication::Interval;
use super::publishing;
use super::row::ArticleRow;
use super::schedule::{Schedule, Slot};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::live::WithdrawalKind;

/// Brings what is published, and what was, in line with the embargo that was just saved in `row`; `before` is the one
/// that it replaces.
///
/// Errors: 403 when that changes what is or will be read and the caller may not publish; 409 when readers see the story
/// and a change of it is scheduled, too.
pub fn apply(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: ArticleRow,
    (before, may_publish): (Option<Timestamp>, bool),
) -> Result<Passed> {
    let held = hold(connection, journal, &row)?;
    let now = held.now;
    let holds = |embargo: Option<Timestamp>| embargo.filter(|end| *end > now);
    let (lifted, embargo) = (holds(before), holds(held.row.embargo_until));
    if held.row.publication_number == 0 || (lifted, embargo) == (None, None) {
        return Ok(held.into());
    }
    if !may_publish {
        let detail = "This changes when readers see what is or was published; an editor has to do that.";
        return Err(Error::Forbidden(detail.into()));
    }
    if lifted.is_some() {
        killing::end(connection, &row.id, WithdrawalKind::Embargoed, now)?;
    }
    if let Some(end) = embargo {
        killing::begin(connection, journal, &held.row, (WithdrawalKind::Embargoed, Reasons::default(), end))?;
    }
    let Some((slot, interval)) = moved(&held.schedule, embargo, now)? else { return Ok(held.into()) };
    if interval.until <= interval.from {
        // Its time would be over before the embargo is.
        let passed = publishing::take_down(connection, held)?;
        let taken = Event::new(Action::Unpublished, Resource::Article, &passed.row.id);
        journal.record(Event { before: Some(passed.row.version), ..taken });
        return Ok(passed);
    }
    let (publication, passed) = publishing::move_to(connection, held, (&slot, interval))?;
    let again = Event::new(Action::Embargoed, Resource::Article, &passed.row.id).touching(publication.original_id);
    let again = again.sealing(publication.printing.hash);
    journal.record(Event { after: Some(publication.revision), ..again });
    Ok(passed)
}

/// What has to be published in another interval because of this embargo, and which.
fn moved(schedule: &Schedule, embargo: Option<Timestamp>, now: Timestamp) -> Result<Option<(Slot, Interval)>> {
    // Those who may read it now go on reading it, whatever their clock says.
    let again = |slot: &Slot, from: Timestamp| {
        let interval = Interval { ahead: slot.partner_from.min(from), from, until: slot.expires_at };
        (slot.clone(), interval)
    };
    match (&schedule.running, &schedule.pending, embargo) {
        (Some(_), Some(_), Some(_)) => {
            let detail = "readers see this article and a change of it is scheduled; unpublish or unschedule it first, so \
                          that it is clear what the embargo should hold back";
            Err(Error::Conflict(Rejection::field("/embargo_until", "scheduled", detail)))
        }
        (Some(running), None, Some(end)) => Ok(Some(again(running, end))),
        (None, Some(pending), _) => {
            let from = embargo.map_or(pending.partner_from, |end| end.max(pending.partner_from)).max(now);
            Ok((from != pending.live_from).then(|| again(pending, from)))
        }
        (_, _, None) | (None, None, _) => Ok(None),
    }
}
