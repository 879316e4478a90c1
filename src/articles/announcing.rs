//! Says in the log what the clock did: a scheduled story went live, a story expired. Whether readers see a story never
//! depends on it; the log's readers learn of it here, exactly once, however many servers there are.

use diesel::prelude::*;

use super::publication::Publication;
use super::schedule::Slot;
use crate::clock::Timestamp;
use crate::db::schema::{announcements, publications};
use crate::db::{self, AnyConnection, Turn};
use crate::error::Result;
use crate::events::{Action, Event, Journal, Resource};

/// Most announcements in one transaction: other writers should not wait for long.
const MOST_AT_ONCE: i64 = 200;

/// Notes when something will have to be said about a publication. What the door changes later is found out when it is
/// due.
pub fn expect(connection: &mut AnyConnection, publication: &Publication, now: Timestamp) -> Result<()> {
    let begins = Some(publication.live_from).filter(|begin| *begin > now);
    let Some(due_at) = begins.or(publication.expires_at.unless_forever()) else { return Ok(()) };
    let columns = (announcements::publication_id.eq(&publication.id), announcements::due_at.eq(due_at));
    diesel::insert_into(announcements::table).values(columns).execute(connection)?;
    Ok(())
}

/// Whether anything has to be said at this moment.
pub fn is_due(connection: &mut AnyConnection, now: Timestamp) -> Result<bool> {
    let due = announcements::table.filter(announcements::due_at.le(now));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(connection)?)
}

/// Says what is due, and gives how much was settled; more may be due when it is as much as fits.
pub fn announce(connection: &mut AnyConnection, journal: &mut Journal) -> Result<usize> {
    // One server after the other: the second finds nothing left of what the first has said.
    db::take_turns(connection, Turn::Announcing)?;
    let due: Vec<(String, Timestamp)> = announcements::table
        .filter(announcements::due_at.le(journal.now()))
        .order((announcements::due_at.asc(), announcements::publication_id.asc()))
        .limit(MOST_AT_ONCE)
        .select((announcements::publication_id, announcements::due_at))
        .load(connection)?;
    for (publication, due_at) in &due {
        let slot: Slot = publications::table.find(publication).select(Slot::as_select()).first(connection)?;
        let next = slot.expires_at.unless_forever().filter(|end| end > due_at);
        let row = announcements::table.find(publication);
        match next {
            Some(end) => diesel::update(row).set(announcements::due_at.eq(end)).execute(connection)?,
            None => diesel::delete(row).execute(connection)?,
        };
        // What was cancelled before it began, or ended by hand before its time, was said when that happened.
        if slot.live_from == *due_at && slot.live_until > slot.live_from {
            journal.record(Event::new(Action::WentLive, Resource::Article, slot.article_id));
        } else if slot.expires_at == *due_at && slot.live_until == *due_at {
            journal.record(Event::new(Action::Expired, Resource::Article, slot.article_id));
        }
    }
    Ok(due.len())
}
