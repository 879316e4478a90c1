//! Public notes about a story. A note waits in the working copy until a publication carries it to readers, and every
//! publication after that carries it, too: nobody can lose one by editing.

use diesel::prelude::*;

use super::draft::Draft;
use super::publishing::{self, Passed, Publish};
use super::row::ArticleRow;
use super::schedule::Schedule;
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::articles;
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::Journal;
use crate::live::{Correction, CorrectionKind};

/// Most notes of one story.
const MOST: usize = 100;

/// The publication that carries notes to readers for the first time.
#[derive(Debug, Clone, Copy)]
pub struct Carrier {
    /// Its number.
    pub number: i32,
    /// Number of what readers saw before.
    pub previous: Option<i32>,
    /// When it begins.
    pub from: Timestamp,
}

/// Whether a note belongs to no publication that will be read: one that waits, or one whose carrier is cancelled.
pub fn any_waits(notes: &[Correction], cancelled: Option<i32>) -> bool {
    notes.iter().any(|note| waits(note, cancelled))
}

fn waits(note: &Correction, cancelled: Option<i32>) -> bool {
    note.publication.is_none() || note.publication == cancelled
}

/// Hands the notes that wait to a publication.
pub fn carry(notes: &mut [Correction], cancelled: Option<i32>, carrier: Carrier) {
    for note in notes.iter_mut().filter(|note| waits(note, cancelled)) {
        note.publication = Some(carrier.number);
        note.previous_publication = carrier.previous;
        note.published_at = Some(carrier.from);
    }
}

/// Lets the notes of a publication that was cancelled wait again.
pub fn release(notes: &mut [Correction], cancelled: i32) {
    for note in notes.iter_mut().filter(|note| note.publication == Some(cancelled)) {
        note.publication = None;
        note.previous_publication = None;
        note.published_at = None;
    }
}

/// Moves the notes that a publication carried, and that nobody has read yet, to the one that takes its place.
pub fn move_to(notes: &mut [Correction], (from, to): (i32, i32), begins: Timestamp) {
    for note in notes.iter_mut().filter(|note| note.publication == Some(from)) {
        note.publication = Some(to);
        note.published_at = note.published_at.map(|moment| moment.max(begins));
    }
}

/// Adds a note to a story that readers know, as a new version of it.
///
/// Errors: 409 when readers never saw the story or it has too many notes; 412 when it was changed meanwhile.
pub fn add(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: ArticleRow,
    (kind, text): (CorrectionKind, String),
) -> Result<ArticleRow> {
    let now = publishing::hold(connection, journal, &row)?;
    // The notes as they are now that the story is held: a publication may have taken some along meanwhile.
    let (corrections, first_published_at): (String, Timestamp) = articles::table
        .find(&row.id)
        .select((articles::corrections, articles::first_published_at))
        .first(connection)?;
    if first_published_at > now {
        let detail = "readers have not seen this article yet, so there is nothing to correct; change it instead";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    let row = ArticleRow { corrections, ..row };
    let mut draft = Draft::from_row(&row)?;
    if draft.document.corrections.len() >= MOST {
        let detail = format!("this article has {MOST} notes already, which is the most");
        return Err(Error::Conflict(Rejection::anywhere("too_many", detail)));
    }
    let note =
        Correction { id: new_id(), kind, text, published_at: None, publication: None, previous_publication: None };
    draft.document.corrections.push(note);
    store::save_draft(connection, journal, row, draft, Some(format!("a public note: {kind}")))
}

/// Publishes the working copy with its notes. What readers see keeps its end.
///
/// Errors: 409 when another publication is scheduled, which would be lost; what [`publishing::publish`] gives.
pub fn publish(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<Passed> {
    let schedule = Schedule::of(connection, &row.id, journal.now())?;
    if let Some(pending) = &schedule.pending {
        let detail = format!(
            "another publication of this article is scheduled for {} and would be lost; unschedule it first, or leave \
             out publish and schedule the article again, which takes the note along",
            pending.live_from
        );
        return Err(Error::Conflict(Rejection::field("/publish", "scheduled", detail)));
    }
    let until = schedule.running.and_then(|running| running.expires_at.unless_forever());
    publishing::publish(connection, journal, row, Publish { until, ..Publish::default() })
}
