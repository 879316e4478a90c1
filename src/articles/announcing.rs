//! Says in the log what the clock did: a scheduled story went live, a story expired. Whether readers see a story never
//! depends on it; the log's readers learn of it here, exactly once, however many servers there are.

use diesel::dsl::not;
use diesel::prelude::*;

use super::publication::Publication;
use super::schedule::{Schedule, Slot};
use crate::clock::Timestamp;
use crate::db::schema::{announcements, publications};
use crate::db::{self, AnyConnection, Turn};
use crate::error::Result;
use crate::events::{Action, Event, Journal, Resource};

/// Most announcements in one transaction: other writers should not wait for long.
const MOST_AT_ONCE: i64 = 200;

/// Notes when something will have to be said about a publication.
pub fn expect(connection: &mut AnyConnection, publication: &Publication, now: Timestamp) -> Result<()> {
    let printing = &publication.printing;
    let begins = Some(printing.live_from).filter(|begin| *begin > now);
    let Some(due_at) = begins.or(printing.expires_at.unless_forever()) else { return Ok(()) };
    let columns = (announcements::publication_id.eq(&printing.id), announcements::due_at.eq(due_at));
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
    let due: Vec<(Slot, Timestamp)> = announcements::table
        .inner_join(publications::table.on(publications::id.eq(announcements::publication_id)))
        .filter(announcements::due_at.le(journal.now()))
        .order((announcements::due_at.asc(), announcements::publication_id.asc()))
        .limit(MOST_AT_ONCE)
        .select((Slot::as_select(), announcements::due_at))
        .load(connection)?;
    for (slot, due_at) in &due {
        say(connection, journal, slot, *due_at)?;
    }
    Ok(due.len())
}

/// Says what is due of one story, so that whatever is done to it now comes later in the log, too. Gives where it stands,
/// and the publications of which something will still have to be said. The caller holds the story.
pub fn settle(connection: &mut AnyConnection, journal: &mut Journal, article: &str) -> Result<(Schedule, Vec<String>)> {
    let slots: Vec<(Slot, Option<Timestamp>)> = publications::table
        .left_join(announcements::table.on(announcements::publication_id.eq(publications::id)))
        .filter(not(publications::superseded))
        .filter(publications::article_id.eq(article))
        .order(publications::number.asc())
        .select((Slot::as_select(), announcements::due_at.nullable()))
        .load(connection)?;
    let mut awaited = Vec::new();
    for (slot, due_at) in &slots {
        let mut next = *due_at;
        while let Some(due_at) = next.filter(|due_at| *due_at <= journal.now()) {
            next = say(connection, journal, slot, due_at)?;
        }
        awaited.extend(next.map(|_| slot.id.clone()));
    }
    Ok((Schedule::at(slots.into_iter().map(|(slot, _)| slot), journal.now()), awaited))
}

/// Says what became of a publication when this was due, and gives when there will be more to say. Two may want to say
/// it at the same moment: the one who takes the row away does.
fn say(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    slot: &Slot,
    due_at: Timestamp,
) -> Result<Option<Timestamp>> {
    let next = slot.expires_at.unless_forever().filter(|end| *end > due_at);
    let row = announcements::table.filter(announcements::publication_id.eq(&slot.id));
    let row = row.filter(announcements::due_at.eq(due_at));
    let settled = match next {
        Some(end) => diesel::update(row).set(announcements::due_at.eq(end)).execute(connection)?,
        None => diesel::delete(row).execute(connection)?,
    };
    // What is shorter than was planned is replaced at its end, and does not expire.
    if settled > 0 && slot.live_from == due_at && slot.live_until > slot.live_from {
        journal.record_by_clock(Event::new(Action::WentLive, Resource::Article, &slot.article_id));
    } else if settled > 0 && slot.expires_at == due_at && slot.live_until == due_at {
        journal.record_by_clock(Event::new(Action::Expired, Resource::Article, &slot.article_id));
    }
    Ok(next)
}

/// Forgets what can no longer happen to these publications.
pub fn forget(connection: &mut AnyConnection, publications: Vec<&String>) -> Result<()> {
    if !publications.is_empty() {
        let forgotten = announcements::table.filter(announcements::publication_id.eq_any(publications));
        diesel::delete(forgotten).execute(connection)?;
    }
    Ok(())
}
