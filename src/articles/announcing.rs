//! Says in the log what the clock did: a scheduled story went live, a story expired. Whether readers see a story never
//! depends on it; the log's readers learn of it here, exactly once, however many servers there are.

use diesel::prelude::*;

use super::publication::Publication;
use crate::clock::Timestamp;
use crate::db::schema::{announcements, publications};
use crate::db::types::text_enum;
use crate::db::{self, AnyConnection, Turn};
use crate::error::Result;
use crate::events::{Action, Event, Journal, Resource};

/// Most announcements in one transaction: other writers should not wait for long.
const MOST_AT_ONCE: i64 = 200;

text_enum! {
    /// What the clock does to a story.
    pub enum Change {
        /// Readers begin to see a scheduled publication.
        WentLive = "went_live",
        /// Readers stop seeing a publication that had an end.
        Expired = "expired",
    }
}

/// Notes what will have to be said about a publication. What the door changes later is found out when it is due.
pub fn expect(connection: &mut AnyConnection, publication: &Publication, now: Timestamp) -> Result<()> {
    let begins = (publication.live_from > now).then_some((Change::WentLive, publication.live_from));
    let ends = publication.expires_at.unless_forever().map(|end| (Change::Expired, end));
    for (change, due_at) in begins.into_iter().chain(ends) {
        let columns = (
            announcements::publication_id.eq(&publication.id),
            announcements::change.eq(change),
            announcements::due_at.eq(due_at),
        );
        diesel::insert_into(announcements::table).values(columns).execute(connection)?;
    }
    Ok(())
}

/// Whether anything has to be said at this moment.
pub fn is_due(connection: &mut AnyConnection, now: Timestamp) -> Result<bool> {
    let due = announcements::table.filter(announcements::due_at.le(now));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(connection)?)
}

/// Says what is due, and gives how many things were settled; more may be due when it is as many as fit.
pub fn announce(connection: &mut AnyConnection, journal: &mut Journal) -> Result<usize> {
    // One server after the other: the second finds nothing left of what the first has said.
    db::take_turns(connection, Turn::Announcing)?;
    let due: Vec<(String, Change, Timestamp)> = announcements::table
        .filter(announcements::due_at.le(journal.now()))
        .order((announcements::due_at.asc(), announcements::publication_id.asc()))
        .limit(MOST_AT_ONCE)
        .select((announcements::publication_id, announcements::change, announcements::due_at))
        .load(connection)?;
    for (publication, change, due_at) in &due {
        diesel::delete(announcements::table.find((publication, change))).execute(connection)?;
        let (article, live_from, live_until): (String, Timestamp, Timestamp) = publications::table
            .find(publication)
            .select((publications::article_id, publications::live_from, publications::live_until))
            .first(connection)?;
        // What was cancelled before it began, or ended by hand before its time, was said when that happened.
        let action = match change {
            Change::WentLive if live_until > live_from => Action::WentLive,
            Change::Expired if live_until == *due_at => Action::Expired,
            Change::WentLive | Change::Expired => continue,
        };
        journal.record(Event::new(action, Resource::Article, article));
    }
    Ok(due.len())
}
