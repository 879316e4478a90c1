//! The door: the one file that writes publications.
//!
//! A publication is an immutable document with an interval. Publishing begins one, scheduling begins one in the future,
//! unpublishing ends the one that runs and cancels the one that waits. Nothing here runs at the appointed time: readers
//! ask which interval holds now, so a schedule is kept even if every background job is dead. An embargo is nothing else
//! than a later beginning for readers.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamp as SqlTimestamp};

use super::held::{self, Held, hold};
use super::publication::{Dates, Interval, Publication};
use super::row::ArticleRow;
use super::schedule::{Ending, Schedule, Slot};
use super::{announcing, corrections, killing, store};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{authors, publication_authors, publication_tags, publications, tags};
use crate::db::types::{new_id, text_enum};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::live::{Document, References, WithdrawalKind};

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

/// A story behind the door: its row as it is now, where it stands, and the names of what it refers to.
pub struct Passed {
    /// The row.
    pub row: ArticleRow,
    /// Where it stands.
    pub schedule: Schedule,
    /// The names, for showing it.
    pub references: References,
}

/// Publishes the working copy: now, or in the future, and not before its embargo ends. What runs ends where the new
/// publication begins, and what was scheduled before is cancelled. `note` goes to the log.
///
/// Errors: 403 for a story that is killed, unless the wish brings it back; 422 for an interval that begins in the past or
/// is empty; 409 when the slug belongs to another story's past; 412 when the story was changed meanwhile.
pub fn publish(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: ArticleRow,
    wish: Publish,
) -> Result<Passed> {
    let held = hold(connection, journal, &row)?;
    publish_held(connection, journal, held, wish)
}

/// [`publish`] for a story that is held already.
pub(super) fn publish_held(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    wish: Publish,
) -> Result<Passed> {
    if held.row.killed_at.is_some() && !wish.lifts_kill {
        return Err(Error::Forbidden("This article was killed; only an admin publishes it again.".into()));
    }
    let interval = interval(&wish, &held)?;
    let Held { row, schedule, awaited, now } = lift_kill(connection, held, interval)?;
    // What readers find under this slug already was let through before.
    let known = schedule.running.as_ref().is_some_and(|running| running.slug == row.slug);
    if !known {
        store::refuse_published(connection, (&row.id, &row.slug), row.slug_taken_over, now)?;
    }
    let dates = dates(&row, &schedule, (interval.from, &wish), now);
    let mut document = row.document()?;
    let endings = schedule.make_room(interval.from, now);
    let unread = schedule.never_read(&endings);
    if corrections::any_waits(&document.corrections, &unread) {
        let running = schedule.running.as_ref().filter(|slot| !unread.contains(&slot.number));
        let previous = match running.or(schedule.expired()) {
            Some(slot) => Some(slot.number),
            None => last_read(connection, &row.id, now)?.map(|read| read.number),
        };
        let carrier = corrections::Carrier { number: row.publication_number + 1, previous, from: interval.from };
        corrections::carry(&mut document.corrections, &unread, carrier);
    }
    let references = References::load(connection, [&document])?;
    let publication = Publication::of(&row, document.clone(), &references, (interval, dates))?;
    write_ends(connection, &endings, &awaited, now)?;
    insert(connection, &publication, &document)?;
    announcing::expect(connection, &publication, now)?;
    let row = ArticleRow {
        published_at: dates.published_at,
        first_published_at: dates.first_published_at,
        publication_number: publication.number,
        publication_hash: Some(publication.hash.clone()),
        corrections: serde_json::to_string(&document.corrections).map_err(Error::internal)?,
        ..row
    };
    held::store(connection, &row)?;
    let published = Event::new(Action::Published, Resource::Article, &row.id).noted(wish.note);
    let published = published.touching(&publication.original_id);
    journal.record(Event { after: Some(row.version), ..published.sealing(publication.hash.as_str()) });
    Ok(Passed { schedule: schedule.after(&endings, Some(Slot::from(&publication)), now), row, references })
}

/// Takes a kill back, and only for a story that is read at once: one that was killed and waits would no longer be told as
/// killed, and its past would be seen again.
fn lift_kill(connection: &mut AnyConnection, held: Held, interval: Interval) -> Result<Held> {
    if held.row.killed_at.is_none() {
        return Ok(held);
    }
    if interval.from > held.now {
        let detail = "this article was killed; it comes back at once or not at all: leave out at, and lift its embargo";
        return Err(Error::Conflict(Rejection::field("/at", "killed", detail)));
    }
    killing::end(connection, &held.row.id, WithdrawalKind::Killed, held.now)?;
    Ok(Held { row: ArticleRow { killed_at: None, ..held.row }, ..held })
}

/// Ends what readers see, now, and cancels what is scheduled.
///
/// Errors: 409 when there is neither; 412 when the story was changed meanwhile.
pub fn unpublish(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<ArticleRow> {
    let held = hold(connection, journal, &row)?;
    unpublish_held(connection, journal, held)
}

fn unpublish_held(connection: &mut AnyConnection, journal: &mut Journal, held: Held) -> Result<ArticleRow> {
    if held.schedule.running.is_none() && held.schedule.pending.is_none() {
        let detail = "readers do not see this article and nothing is scheduled; there is nothing to take down";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    let row = take_down(connection, held)?;
    journal.record(Event { before: Some(row.version), ..Event::new(Action::Unpublished, Resource::Article, &row.id) });
    Ok(row)
}

/// Cancels what is scheduled and leaves what readers see as it is.
///
/// Errors: 409 when nothing is scheduled; 412 when the story was changed meanwhile.
pub fn unschedule(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<ArticleRow> {
    let held = hold(connection, journal, &row)?;
    if held.schedule.pending.is_none() {
        let detail = "nothing is scheduled; to take down what readers see, use unpublish";
        return Err(Error::Conflict(Rejection::anywhere("not_scheduled", detail)));
    }
    let endings = held.schedule.call_off();
    let row = take_back(connection, held, &endings)?;
    journal.record(Event { before: Some(row.version), ..Event::new(Action::Unscheduled, Resource::Article, &row.id) });
    Ok(row)
}

/// Ends whatever is or will be read of a story, now. The caller says in the log what that was.
pub(super) fn take_down(connection: &mut AnyConnection, held: Held) -> Result<ArticleRow> {
    let endings = held.schedule.end(held.now);
    take_back(connection, held, &endings)
}

/// Ends whatever is or will be read of a story, and publishes once more what stands in one of its publications, in
/// another interval: an embargo came, moved or went.
pub(super) fn move_to(
    connection: &mut AnyConnection,
    held: Held,
    (slot, interval): (&Slot, Interval),
) -> Result<(Publication, ArticleRow)> {
    let Held { row, schedule, awaited, now } = held;
    let before: Publication = publications::table.find(&slot.id).select(Publication::as_select()).first(connection)?;
    let mut document: Document = serde_json::from_str(&before.document).map_err(Error::internal)?;
    let number = row.publication_number + 1;
    let mut of_story = row.corrections()?;
    // A note that readers saw keeps its date, and the publication that brought it.
    if !slot.is_read(now) {
        for notes in [&mut document.corrections, &mut of_story] {
            corrections::move_to(notes, (before.number, number), interval.from);
        }
    }
    write_ends(connection, &schedule.end(now), &awaited, now)?;
    let first = last_read(connection, &row.id, now)?.map_or(interval.from, |read| read.first_published_at);
    let publication = Publication {
        id: new_id(),
        number,
        partner_from: interval.ahead,
        live_from: interval.from,
        live_until: interval.until,
        expires_at: interval.until,
        superseded: false,
        document: serde_json::to_string(&document).map_err(Error::internal)?,
        first_published_at: first,
        published_at: interval.from,
        modified_at: before.modified_at.max(interval.from),
        previous_hash: row.publication_hash.clone(),
        ..before
    };
    let publication = publication.finished(&document)?;
    insert(connection, &publication, &document)?;
    announcing::expect(connection, &publication, now)?;
    let row = ArticleRow {
        published_at: publication.published_at,
        first_published_at: first,
        publication_number: number,
        publication_hash: Some(publication.hash.clone()),
        corrections: serde_json::to_string(&of_story).map_err(Error::internal)?,
        ..row
    };
    held::store(connection, &row)?;
    Ok((publication, row))
}

/// Cancels what is scheduled, so that nothing of a story that goes into the trash appears later.
///
/// Errors: 409 when readers see the story now: it has to be taken down first. 403 when it is scheduled and the caller
/// may not publish.
pub(super) fn cancel_for_trash(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    may_publish: bool,
) -> Result<ArticleRow> {
    if held.schedule.is_live() {
        let detail =
            "readers see this article; unpublish or kill it first, so that taking it down is a decision of its own";
        return Err(Error::Conflict(Rejection::anywhere("is_published", detail)));
    }
    match (held.schedule.pending.is_some(), may_publish) {
        (false, _) => Ok(held.row),
        (true, true) => unpublish_held(connection, journal, held),
        (true, false) => {
            Err(Error::Forbidden("This article is scheduled; an editor has to take that back first.".into()))
        }
    }
}

/// Removes a story's publications for good; nothing of it is or will be read.
pub(super) fn purge(connection: &mut AnyConnection, article: &str) -> Result<()> {
    diesel::delete(publications::table.filter(publications::article_id.eq(article))).execute(connection)?;
    Ok(())
}

/// The interval that was asked for, or what is wrong with it.
fn interval(wish: &Publish, held: &Held) -> Result<Interval> {
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

/// Writes how publications end, and forgets what the log will no longer have to say of them.
fn write_ends(connection: &mut AnyConnection, endings: &[Ending], awaited: &[String], now: Timestamp) -> Result<()> {
    let put_away: Vec<&String> = endings.iter().filter(|ending| !ending.moves).map(|ending| &ending.id).collect();
    if !put_away.is_empty() {
        let these = publications::table.filter(publications::id.eq_any(put_away));
        diesel::update(these).set(publications::superseded.eq(true)).execute(connection)?;
    }
    for Ending { id, until, superseded, .. } in endings.iter().filter(|ending| ending.moves) {
        diesel::update(publications::table.find(id))
            .set((publications::live_until.eq(until), publications::superseded.eq(superseded)))
            .execute(connection)?;
    }
    // What only gets shorter is looked at again when it is due.
    let ended = endings.iter().filter(|ending| ending.superseded || ending.until <= now);
    let ended = ended.map(|ending| &ending.id).filter(|id| awaited.contains(id)).collect();
    announcing::forget(connection, ended)
}

/// Ends publications that nothing replaces. What nobody ever read leaves neither a date nor a note behind.
fn take_back(connection: &mut AnyConnection, held: Held, endings: &[Ending]) -> Result<ArticleRow> {
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
    Ok(row)
}

/// The times that readers are told. A correction keeps the date of the run it corrects; a story that comes back after
/// it was taken down begins a new run.
fn dates(row: &ArticleRow, schedule: &Schedule, (from, wish): (Timestamp, &Publish), now: Timestamp) -> Dates {
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

/// What readers were told of a story when they saw it last.
#[derive(Queryable, Selectable)]
#[diesel(table_name = publications)]
struct Read {
    number: i32,
    first_published_at: Timestamp,
    published_at: Timestamp,
}

/// What readers saw last. What waits, and what was cancelled before it began, was never read.
fn last_read(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Option<Read>> {
    let read = publications::table
        .filter(publications::article_id.eq(article))
        .filter(publications::live_from.le(now))
        .filter(publications::live_until.gt(publications::live_from))
        .order(publications::number.desc())
        .select(Read::as_select());
    Ok(read.first(connection).optional()?)
}

/// Writes a publication and its links, with the slugs that lead to them now. What no longer exists is left out. A link
/// repeats what lists by it need of the publication; the database keeps the end of the interval in step.
fn insert(connection: &mut AnyConnection, publication: &Publication, document: &Document) -> Result<()> {
    let author_ids: Vec<&String> = document.authors.iter().map(|credit| &credit.id).collect();
    diesel::insert_into(publications::table).values(publication.clone()).execute(connection)?;
    let repeated = || {
        (
            publication.id.as_str().into_sql::<Text>(),
            publication.article_id.as_str().into_sql::<Text>(),
            publication.published_at.into_sql::<SqlTimestamp>(),
            publication.live_from.into_sql::<SqlTimestamp>(),
            publication.live_until.into_sql::<SqlTimestamp>(),
            publication.superseded.into_sql::<Bool>(),
        )
    };
    authors::table
        .filter(authors::id.eq_any(author_ids))
        .select((authors::id, authors::slug, repeated()))
        .insert_into(publication_authors::table)
        .into_columns({
            use publication_authors::{article_id, author_id, live_from, live_until, publication_id, published_at};
            use publication_authors::{slug, superseded};
            (author_id, slug, (publication_id, article_id, published_at, live_from, live_until, superseded))
        })
        .execute(connection)?;
    tags::table
        .filter(tags::id.eq_any(&document.tags))
        .select((tags::id, tags::slug, repeated()))
        .insert_into(publication_tags::table)
        .into_columns({
            use publication_tags::{article_id, live_from, live_until, publication_id, published_at};
            use publication_tags::{slug, superseded, tag_id};
            (tag_id, slug, (publication_id, article_id, published_at, live_from, live_until, superseded))
        })
        .execute(connection)?;
    Ok(())
}
