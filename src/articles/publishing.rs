//! The door: the one file that writes publications.
//!
//! A publication is an immutable document with an interval. Publishing begins one, scheduling begins one in the future,
//! unpublishing ends the one that runs and cancels the one that waits. Nothing here runs at the appointed time: readers
//! ask which interval holds now, so a schedule is kept even if every background job is dead.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::draft::Draft;
use super::row::ArticleRow;
use super::schedule::{Schedule, Slot};
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{articles, authors, publication_authors, publication_tags, publications, tags};
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::live::{ArticleKind, References};

/// When a story should be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Publish {
    /// From when; at once when `None`.
    pub at: Option<Timestamp>,
    /// Until when; without end when `None`.
    pub until: Option<Timestamp>,
    /// The date that readers are told when an import brings an older story. The interval still begins now: a log that
    /// can prove what it said and when does not claim to have said it earlier.
    pub dated: Option<Timestamp>,
}

#[derive(Insertable)]
#[diesel(table_name = publications)]
struct NewPublication<'a> {
    id: String,
    article_id: &'a str,
    number: i32,
    revision: i32,
    live_from: Timestamp,
    live_until: Timestamp,
    expires_at: Timestamp,
    superseded: bool,
    slug: &'a str,
    title: &'a str,
    language: &'a str,
    kind: ArticleKind,
    featured: bool,
    section_id: Option<&'a str>,
    source_id: Option<&'a str>,
    document: String,
    body: &'a str,
    body_html: &'a str,
    created_at: Timestamp,
    first_published_at: Timestamp,
    published_at: Timestamp,
    modified_at: Timestamp,
}

/// The times of a publication.
struct Dates {
    first_published_at: Timestamp,
    published_at: Timestamp,
    modified_at: Timestamp,
}

/// Publishes the working copy as it is in `row`: now, or in the future. What runs ends where the new publication begins,
/// and what was scheduled before is cancelled.
///
/// Errors: 422 for an interval that begins in the past or is empty; 409 when the slug belongs to another story's past;
/// 412 when the story was changed meanwhile.
pub fn publish(connection: &mut AnyConnection, journal: &mut Journal, row: &ArticleRow, wish: Publish) -> Result<()> {
    let now = hold(connection, journal, row)?;
    let (from, until) = interval(wish, now)?;
    store::refuse_published(connection, &row.slug, &row.id)?;
    let schedule = Schedule::of(connection, &row.id, now)?;
    let dates = dates(connection, &row.id, &schedule, (from, wish.dated), now)?;
    make_room(connection, &row.id, &schedule, from, now)?;
    insert(connection, row, (from, until), &dates)?;
    diesel::update(articles::table.find(&row.id))
        .set(articles::published_at.eq(dates.published_at))
        .execute(connection)?;
    let versions = Event { after: Some(row.version), ..Event::new(Action::Published, Resource::Article, &row.id) };
    journal.record(versions);
    Ok(())
}

/// Ends what readers see, now, and cancels what is scheduled.
///
/// Errors: 409 when there is neither; 412 when the story was changed meanwhile.
pub fn unpublish(connection: &mut AnyConnection, journal: &mut Journal, row: &ArticleRow) -> Result<()> {
    let now = hold(connection, journal, row)?;
    let schedule = Schedule::of(connection, &row.id, now)?;
    if schedule.running.is_none() && schedule.pending.is_none() {
        let detail = "readers do not see this article and nothing is scheduled; there is nothing to take down";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    make_room(connection, &row.id, &schedule, now, now)?;
    // What was only planned leaves no date behind.
    let last = last_read(connection, &row.id, now)?;
    diesel::update(articles::table.find(&row.id))
        .set(articles::published_at.eq(last.map_or(Timestamp::FOREVER, |(_, published_at)| published_at)))
        .execute(connection)?;
    let versions = Event { before: Some(row.version), ..Event::new(Action::Unpublished, Resource::Article, &row.id) };
    journal.record(versions);
    Ok(())
}

/// Cancels what is scheduled, so that nothing of a story that is being deleted appears later.
///
/// Errors: 409 when readers see the story now: it has to be taken down first. 403 when it is scheduled and the caller
/// may not publish.
pub fn cancel_for_deletion(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: &ArticleRow,
    may_publish: bool,
) -> Result<()> {
    let now = hold(connection, journal, row)?;
    let schedule = Schedule::of(connection, &row.id, now)?;
    if schedule.is_live() {
        let detail = "readers see this article; unpublish it first, so that taking it down is a decision of its own";
        return Err(Error::Conflict(Rejection::anywhere("is_published", detail)));
    }
    match (schedule.pending.is_some(), may_publish) {
        (false, _) => Ok(()),
        (true, true) => unpublish(connection, journal, row),
        (true, false) => {
            Err(Error::Forbidden("This article is scheduled; an editor has to take that back first.".into()))
        }
    }
}

/// The interval that was asked for, or what is wrong with it.
fn interval(wish: Publish, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
    let from = wish.at.unwrap_or(now);
    let until = wish.until.unwrap_or(Timestamp::FOREVER);
    let mut refused = Vec::new();
    if from < now {
        let detail = format!("is in the past: it is {now} now; leave it out to publish at once");
        refused.push(Rejection::field("/at", "in_the_past", detail));
    }
    if until <= from {
        refused.push(Rejection::field("/until", "before_start", format!("must be later than {from}")));
    }
    if refused.is_empty() { Ok((from, until)) } else { Err(Error::Unprocessable(refused)) }
}

/// Holds the story until the transaction ends, so that two editors at the door pass one after the other, and gives the
/// moment from which it is held.
///
/// Errors: 412 when it was changed or deleted since `row` was read.
fn hold(connection: &mut AnyConnection, journal: &mut Journal, row: &ArticleRow) -> Result<Timestamp> {
    let target = store::unchanged(&row.id, row.version);
    match diesel::update(target).set(articles::version.eq(row.version)).execute(connection)? {
        0 => Err(Error::version_mismatch(row.version + 1)),
        _ => Ok(journal.look_again()),
    }
}

/// Ends or shortens what stands in the way of a publication that begins at `from`.
fn make_room(
    connection: &mut AnyConnection,
    article: &str,
    schedule: &Schedule,
    from: Timestamp,
    now: Timestamp,
) -> Result<()> {
    if let Some(pending) = &schedule.pending {
        // Cancelled before it began: its interval is empty, and nobody ever read it.
        end(connection, pending, pending.live_from, true)?;
    }
    if let Some(running) = &schedule.running {
        match from <= now {
            true => end(connection, running, now, true)?,
            false => end(connection, running, running.expires_at.min(from), false)?,
        }
    }
    let over = publications::table
        .filter(not(publications::superseded))
        .filter(publications::article_id.eq(article))
        .filter(publications::live_until.le(now));
    diesel::update(over).set(publications::superseded.eq(true)).execute(connection)?;
    Ok(())
}

fn end(connection: &mut AnyConnection, slot: &Slot, until: Timestamp, superseded: bool) -> Result<()> {
    diesel::update(publications::table.find(&slot.id))
        .set((publications::live_until.eq(until), publications::superseded.eq(superseded)))
        .execute(connection)?;
    Ok(())
}

/// The times that readers are told. A correction keeps the date of the run it corrects; a story that comes back after
/// it was taken down begins a new run.
fn dates(
    connection: &mut AnyConnection,
    article: &str,
    schedule: &Schedule,
    (from, dated): (Timestamp, Option<Timestamp>),
    now: Timestamp,
) -> Result<Dates> {
    let first = last_read(connection, article, now)?.map(|(first_published_at, _)| first_published_at);
    let goes_on = schedule.running.as_ref().filter(|running| running.expires_at >= from);
    Ok(Dates {
        first_published_at: first.or(dated).unwrap_or(from),
        published_at: goes_on.map(|running| running.published_at).or(dated).unwrap_or(from),
        modified_at: if goes_on.is_some() { from } else { dated.unwrap_or(from) },
    })
}

/// When readers first saw a story, and when the run began in which they saw it last. What waits, and what was cancelled
/// before it began, was never read.
fn last_read(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<Option<(Timestamp, Timestamp)>> {
    let read = publications::table
        .filter(publications::article_id.eq(article))
        .filter(publications::live_from.le(now))
        .filter(publications::live_until.gt(publications::live_from))
        .order(publications::number.desc())
        .select((publications::first_published_at, publications::published_at));
    Ok(read.first(connection).optional()?)
}

fn insert(
    connection: &mut AnyConnection,
    row: &ArticleRow,
    (from, until): (Timestamp, Timestamp),
    dates: &Dates,
) -> Result<()> {
    let newest: Option<i32> = publications::table
        .filter(publications::article_id.eq(&row.id))
        .select(diesel::dsl::max(publications::number))
        .first(connection)?;
    let mut document = Draft::from_row(row)?.document;
    let references = References::load(connection, [&document])?;
    document.printed = Some(references.printed(&document));
    let publication = NewPublication {
        id: new_id(),
        article_id: &row.id,
        number: newest.unwrap_or(0) + 1,
        revision: row.version,
        live_from: from,
        live_until: until,
        expires_at: until,
        superseded: false,
        slug: &row.slug,
        title: &row.title,
        language: &row.language,
        kind: row.kind,
        featured: row.featured,
        section_id: row.section_id.as_deref(),
        source_id: row.source_id.as_deref(),
        document: serde_json::to_string(&document).map_err(Error::internal)?,
        body: &row.body,
        body_html: &row.body_html,
        created_at: row.created_at,
        first_published_at: dates.first_published_at,
        published_at: dates.published_at,
        modified_at: dates.modified_at,
    };
    let id = publication.id.clone();
    let author_ids: Vec<&String> = document.authors.iter().map(|credit| &credit.id).collect();
    diesel::insert_into(publications::table).values(publication).execute(connection)?;
    authors::table
        .filter(authors::id.eq_any(author_ids))
        .select((id.as_str().into_sql::<Text>(), authors::id))
        .insert_into(publication_authors::table)
        .into_columns((publication_authors::publication_id, publication_authors::author_id))
        .execute(connection)?;
    tags::table
        .filter(tags::id.eq_any(&document.tags))
        .select((id.as_str().into_sql::<Text>(), tags::id))
        .insert_into(publication_tags::table)
        .into_columns((publication_tags::publication_id, publication_tags::tag_id))
        .execute(connection)?;
    Ok(())
}
