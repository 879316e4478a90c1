//! The door: the one file that writes publications.
//!
//! A publication is an immutable document with an interval. Publishing begins one, scheduling begins one in the future,
//! unpublishing ends the one that runs and cancels the one that waits. Nothing here runs at the appointed time: readers
//! ask which interval holds now, so a schedule is kept even if every background job is dead. An embargo is nothing else
//! than a later beginning for readers.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::held::{self, Held, Passed};
use super::publication::{Interval, Publication};
use super::review::ReviewRow;
use super::row::ArticleRow;
use super::schedule::{Ending, SETTLING, Schedule, Slot};
use super::wish::{Publish, dates, interval};
use super::{announcing, corrections, killing, published_links, slug_ownership};
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::db::types::new_id;
use crate::db::{AnyConnection, Prepare, in_few_lengths};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::live::seal::Printing;
use crate::live::words::index::{self, Indexed};
use crate::live::{self, Document, Printed, References, WithdrawalKind, was_read};

/// Publishes the working copy: now, or in the future, and not before its embargo ends. What runs ends where the new
/// publication begins, and what was scheduled before is cancelled. A review is over with it. `note` goes to the log.
///
/// Errors: 403 for a story that is killed, unless the wish brings it back; 422 for an interval that begins in the past or
/// is empty; 409 when the slug belongs to another story's past.
pub fn publish(connection: &mut AnyConnection, journal: &mut Journal, held: Held, wish: Publish) -> Result<Passed> {
    if held.row.killed_at.is_some() && !wish.lifts_kill {
        return Err(Error::Forbidden("This article was killed; only an admin publishes it again.".into()));
    }
    let interval = interval(&wish, &held)?;
    let is_lifting = held.row.killed_at.is_some();
    let Held { row, schedule, awaited, now } = lift_kill(connection, journal, held, interval)?;
    // What readers find under this slug already was let through before.
    let known = schedule.running.as_ref().is_some_and(|running| running.slug == row.slug);
    if !known {
        slug_ownership::refuse_published(connection, (&row.id, &row.slug), row.slug_taken_over, now)?;
    }
    let dates = dates(&row, &schedule, (interval.from, &wish), now);
    let mut document = row.document()?;
    let endings = schedule.make_room(interval.from, now);
    let unread = schedule.never_read(&endings);
    if corrections::any_waits(&document.corrections, &unread) {
        let running = schedule.running.as_ref().filter(|slot| !unread.contains(&slot.number));
        let previous = match running.or(schedule.expired()) {
            // What was killed is not told of.
            _ if is_lifting => None,
            Some(slot) => Some(slot.number),
            None => last_read(connection, &row.id, now)?.map(|read| read.number),
        };
        let carrier = corrections::Carrier { number: row.publication_number + 1, previous, from: interval.from };
        corrections::carry(&mut document.corrections, &unread, carrier);
    }
    let references = References::load(connection, [&document])?;
    let publication = Publication::of(&row, document.clone(), &references, (interval, dates))?;
    write_ends(connection, &endings, &awaited, now)?;
    insert(connection, &publication, &references.printed(&document))?;
    announcing::expect(connection, &publication, now)?;
    let slot = Slot::from(&publication);
    let row = ArticleRow {
        published_at: dates.published_at,
        first_published_at: dates.first_published_at,
        publication_number: publication.printing.number,
        publication_hash: Some(publication.printing.hash.clone()),
        corrections: serde_json::to_string(&document.corrections).map_err(Error::internal)?,
        review: ReviewRow::default(),
        ..row
    };
    held::store(connection, &row)?;
    let published = Event::new(Action::Published, Resource::Article, &row.id).noted(wish.note);
    let published = published.touching(&publication.original_id);
    journal.record(Event { after: Some(row.version), ..published.sealing(publication.printing.hash) });
    Ok(Passed { schedule: Some(schedule.after(&endings, Some(slot), now)), row, references: Some(references) })
}

/// Takes a kill back, and only for a story that is read at once: one that was killed and waits would no longer be told as
/// killed. What was killed stays out of sight, with the notes that readers saw beside it; revisions keep them. That the story
/// was first published before stays true.
fn lift_kill(connection: &mut AnyConnection, journal: &mut Journal, held: Held, interval: Interval) -> Result<Held> {
    if held.row.killed_at.is_none() {
        return Ok(held);
    }
    if interval.from > held.now {
        let detail = "this article was killed; it comes back at once or not at all: leave out at, and lift its embargo";
        return Err(Error::Conflict(Rejection::field("/at", "killed", detail)));
    }
    killing::end(connection, &held.row.id, WithdrawalKind::Killed, held.now)?;
    let row = corrections::withdraw(connection, journal, held.row)?;
    Ok(Held { row: ArticleRow { killed_at: None, ..row }, ..held })
}

/// Ends what readers see, now, and cancels what is scheduled.
///
/// Errors: 409 when there is neither.
pub fn unpublish(connection: &mut AnyConnection, journal: &mut Journal, held: Held) -> Result<Passed> {
    if held.schedule.running.is_none() && held.schedule.pending.is_none() {
        let detail = "readers do not see this article and nothing is scheduled; there is nothing to take down";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    let passed = take_down(connection, held)?;
    let unpublished = Event::new(Action::Unpublished, Resource::Article, &passed.row.id);
    journal.record(Event { before: Some(passed.row.version), ..unpublished });
    Ok(passed)
}

/// Cancels what is scheduled and leaves what readers see as it is.
///
/// Errors: 409 when nothing is scheduled.
pub fn unschedule(connection: &mut AnyConnection, journal: &mut Journal, held: Held) -> Result<Passed> {
    if held.schedule.pending.is_none() {
        let detail = "nothing is scheduled; to take down what readers see, use unpublish";
        return Err(Error::Conflict(Rejection::anywhere("not_scheduled", detail)));
    }
    let endings = held.schedule.call_off();
    let passed = take_back(connection, held, &endings)?;
    let unscheduled = Event::new(Action::Unscheduled, Resource::Article, &passed.row.id);
    journal.record(Event { before: Some(passed.row.version), ..unscheduled });
    Ok(passed)
}

/// Ends whatever is or will be read of a story, now. The caller says in the log what that was.
pub(super) fn take_down(connection: &mut AnyConnection, held: Held) -> Result<Passed> {
    let endings = held.schedule.end(held.now);
    let (ended, now) = (ended_as_it_began(&held.schedule, held.now), held.now);
    let row = take_back(connection, held, &endings)?;
    live::note_same_moment(connection, ended, now)?;
    Ok(row)
}

/// What readers see since this very moment: its interval is empty once it is ended now, although somebody may have read
/// it. Its id, its story and its slug.
fn ended_as_it_began(schedule: &Schedule, now: Timestamp) -> Option<(String, String, String)> {
    let running = schedule.running.as_ref().filter(|running| running.live_from == now);
    running.map(|slot| (slot.id.clone(), slot.article_id.clone(), slot.slug.clone()))
}

/// Ends whatever is or will be read of a story, and publishes once more what stands in one of its publications, in
/// another interval: an embargo came, moved or went.
pub(super) fn move_to(
    connection: &mut AnyConnection,
    held: Held,
    (slot, interval): (&Slot, Interval),
) -> Result<(Publication, Passed)> {
    let Held { row, schedule, awaited, now } = held;
    let before: Publication =
        publications::table.find(&slot.id).select(Publication::as_select()).get_result(connection)?;
    let mut document: Document = serde_json::from_str(&before.printing.document).map_err(Error::internal)?;
    let number = row.publication_number + 1;
    let mut of_story = row.corrections()?;
    let endings = schedule.end(now);
    // A note that readers saw keeps its date, and the publication that brought it.
    if schedule.never_read(&endings).contains(&slot.number) {
        for notes in [&mut document.corrections, &mut of_story] {
            corrections::move_to(notes, (before.printing.number, number), interval.from);
        }
    }
    write_ends(connection, &endings, &awaited, now)?;
    live::note_same_moment(connection, ended_as_it_began(&schedule, now), now)?;
    let first = match slot.is_read(now) {
        true => slot.first_published_at,
        false => last_read(connection, &row.id, now)?.map_or(interval.from, |read| read.first_published_at),
    };
    // What was to appear later had the date of that moment, which does not hold any more.
    let modified = Some(before.printing.modified_at).filter(|modified| *modified <= now);
    let printing = Printing {
        id: new_id(),
        number,
        partner_from: interval.ahead,
        live_from: interval.from,
        expires_at: interval.until,
        document: serde_json::to_string(&document).map_err(Error::internal)?,
        first_published_at: first,
        published_at: interval.from,
        modified_at: modified.map_or(interval.from, |modified| modified.max(interval.from)),
        previous_hash: row.publication_hash.clone(),
        ..before.printing
    };
    let publication = Publication { printing, live_until: interval.until, superseded: false, ..before };
    let publication = publication.finished(&document)?;
    insert(connection, &publication, document.printed.as_ref().unwrap_or(&Printed::default()))?;
    announcing::expect(connection, &publication, now)?;
    let row = ArticleRow {
        published_at: interval.from,
        first_published_at: first,
        publication_number: number,
        publication_hash: Some(publication.printing.hash.clone()),
        corrections: serde_json::to_string(&of_story).map_err(Error::internal)?,
        ..row
    };
    held::store(connection, &row)?;
    let schedule = schedule.after(&endings, Some(Slot::from(&publication)), now);
    Ok((publication, Passed { row, schedule: Some(schedule), references: None }))
}

/// Drops what was replaced, and is over by everybody's clock, out of the indexes that live reads use. Says how many
/// publications that were.
pub fn tidy(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let replaced = publications::table
        .filter(not(publications::superseded))
        .filter(publications::live_until.le(now.before(SETTLING)))
        // What came to its end by itself stands for the story until something follows.
        .filter(publications::live_until.lt(publications::expires_at));
    Ok(diesel::update(replaced).set(publications::superseded.eq(true)).execute(connection)?)
}

/// Removes a story's publications for good; nothing of it is or will be read.
pub(super) fn purge(connection: &mut AnyConnection, article: &str) -> Result<()> {
    let of_story = publications::table.filter(publications::article_id.eq(article));
    let removed: Vec<Indexed> = of_story.select(Indexed::as_select()).load(connection)?;
    diesel::delete(of_story).execute(connection)?;
    index::forget(connection, &removed)
}

/// Writes how publications end, and forgets what the log will no longer have to say of them. What only is put away is
/// one statement, however much it is.
fn write_ends(connection: &mut AnyConnection, endings: &[Ending], awaited: &[String], now: Timestamp) -> Result<()> {
    let (moved, done): (Vec<&Ending>, Vec<&Ending>) = endings.iter().partition(|ending| ending.until.is_some());
    for Ending { id, until, superseded } in moved {
        let columns = (until.map(|until| publications::live_until.eq(until)), publications::superseded.eq(superseded));
        diesel::update(publications::table.find(id))
            .set(columns)
            .returning(publications::number)
            .prepared()
            .run(connection)?;
    }
    if !done.is_empty() {
        let done =
            publications::table.filter(publications::id.eq_any(in_few_lengths(done.iter().map(|ending| &ending.id))));
        diesel::update(done)
            .set(publications::superseded.eq(true))
            .returning(publications::number)
            .prepared()
            .run(connection)?;
    }
    // What only gets shorter is looked at again when it is due.
    let ended = endings.iter().filter(|ending| ending.superseded || ending.until.is_some_and(|until| until <= now));
    let ended = ended.map(|ending| &ending.id).filter(|id| awaited.contains(id)).collect();
    announcing::forget(connection, ended)
}

/// Ends publications that nothing replaces. What nobody ever read leaves neither a date nor a note behind.
fn take_back(connection: &mut AnyConnection, held: Held, endings: &[Ending]) -> Result<Passed> {
    let Held { row, schedule, awaited, now } = held;
    write_ends(connection, endings, &awaited, now)?;
    let read = last_read(connection, &row.id, now)?;
    let mut notes = row.corrections()?;
    corrections::release(&mut notes, &schedule.never_read(endings));
    let row = ArticleRow {
        published_at: read.as_ref().map_or(Timestamp::FOREVER, |read| read.published_at),
        first_published_at: read.as_ref().map_or(Timestamp::FOREVER, |read| read.first_published_at),
        corrections: serde_json::to_string(&notes).map_err(Error::internal)?,
        ..row
    };
    held::store(connection, &row)?;
    Ok(Passed { schedule: Some(schedule.after(endings, None, now)), row, references: None })
}

/// What readers were told of a story when they saw it last.
#[derive(Queryable, Selectable)]
#[diesel(table_name = publications)]
struct Read {
    number: i32,
    first_published_at: Timestamp,
    published_at: Timestamp,
}

/// Whether readers ever saw the story. A date of its own does not say so: it may be that of another house.
pub(super) fn has_been_read(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<bool> {
    let read = publications::table.filter(publications::article_id.eq(article)).filter(was_read(now));
    Ok(diesel::select(exists(read)).get_result(connection)?)
}

/// What readers saw last. What waits, and what was cancelled before it began, was never read.
fn last_read(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Option<Read>> {
    let read = publications::table
        .filter(publications::article_id.eq(article))
        .filter(was_read(now))
        .order(publications::number.desc())
        .select(Read::as_select());
    Ok(read.first(connection).optional()?)
}

/// Writes a publication, its links, and its words for search.
fn insert(connection: &mut AnyConnection, publication: &Publication, printed: &Printed) -> Result<()> {
    diesel::insert_into(publications::table).values(publication.clone()).execute(connection)?;
    published_links::write(connection, publication, printed)?;
    index::add(connection, &publication.into())
}
