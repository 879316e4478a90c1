//! Public notes about a story. A note waits in the working copy until a publication carries it to readers, and every
//! publication after that carries it, too: nobody can lose one by editing.

use super::draft::Draft;
use super::held::{Held, Passed};
use super::publishing;
use super::row::ArticleRow;
use super::store;
use super::wish::Publish;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
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

/// Whether a note belongs to no publication that is or will be read: it waits, or its carrier is among the `unread`.
pub fn any_waits(notes: &[Correction], unread: &[i32]) -> bool {
    notes.iter().any(|note| waits(note, unread))
}

fn waits(note: &Correction, unread: &[i32]) -> bool {
    note.publication.is_none_or(|number| unread.contains(&number))
}

/// Hands the notes that wait to a publication.
pub fn carry(notes: &mut [Correction], unread: &[i32], carrier: Carrier) {
    for note in notes.iter_mut().filter(|note| waits(note, unread)) {
        note.publication = Some(carrier.number);
        note.previous_publication = carrier.previous;
        note.published_at = Some(carrier.from);
    }
}

/// Lets the notes of publications that nobody will read wait again.
pub fn release(notes: &mut [Correction], unread: &[i32]) {
    for note in notes.iter_mut().filter(|note| waits(note, unread)) {
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

/// Adds a note to a story that readers know, as a new version of it. `publish` shows it to them at once: the working copy
/// is published with its notes, and what readers see keeps its end.
///
/// Errors: 409 when readers never saw the story, or with `publish` do not see it now; when it has too many notes, or
/// another publication is scheduled and would be lost; what [`publishing::publish`] gives.
pub fn add(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    (kind, text, publish): (CorrectionKind, String, bool),
) -> Result<Passed> {
    if held.schedule.running.is_none() && !publishing::has_been_read(connection, &held.row.id, held.now)? {
        let detail = "readers have not seen this article yet, so there is nothing to correct; change it instead";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    let mut draft = Draft::from_row(&held.row)?;
    if draft.document.corrections.len() >= MOST {
        let detail = format!("this article has {MOST} notes already, which is the most");
        return Err(Error::Conflict(Rejection::anywhere("too_many", detail)));
    }
    let note =
        Correction { id: new_id(), kind, text, published_at: None, publication: None, previous_publication: None };
    draft.document.corrections.push(note);
    let row = store::save_draft(connection, journal, held.row, draft, Some(format!("a public note: {kind}")))?;
    match publish {
        true => show(connection, journal, Held { row, ..held }),
        false => Ok(Passed { row, schedule: Some(held.schedule), references: None }),
    }
}

/// Takes the notes that readers saw out of the working copy, as a new version of it; those that wait stay.
pub fn withdraw(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<ArticleRow> {
    let mut draft = Draft::from_row(&row)?;
    let all = draft.document.corrections.len();
    draft.document.corrections.retain(|note| waits(note, &[]));
    match draft.document.corrections.len() == all {
        true => Ok(row),
        false => {
            let note = "the public notes of what was killed went with it".to_owned();
            store::save_draft(connection, journal, row, draft, Some(note))
        }
    }
}

/// Publishes the working copy with its notes; what readers see keeps its end. A story that they do not see is brought
/// back by `publish`, and not by a note.
fn show(connection: &mut AnyConnection, journal: &mut Journal, held: Held) -> Result<Passed> {
    if let Some(pending) = &held.schedule.pending {
        let detail = format!(
            "another publication of this article is scheduled for {} and would be lost; unschedule it first, or leave \
             out publish and schedule the article again, which takes the note along",
            pending.live_from
        );
        return Err(Error::Conflict(Rejection::field("/publish", "scheduled", detail)));
    }
    if held.schedule.running.is_none() && held.row.killed_at.is_none() {
        let detail = "readers do not see this article now; leave out publish, and publish it when it should come back, \
                      which takes the note along";
        return Err(Error::Conflict(Rejection::field("/publish", "not_published", detail)));
    }
    let until = held.schedule.running.as_ref().and_then(|running| running.expires_at.unless_forever());
    publishing::publish(connection, journal, held, Publish { until, ..Publish::default() })
}
