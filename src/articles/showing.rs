//! Working copies as editors see them: the document with its names, and where it stands.

use super::article::{Status, WorkingCopy};
use super::held::Passed;
use super::killing;
use super::row::{Listed, ListedRow};
use super::schedule::Schedule;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::live::{Article, Document, Extras, References, Times};

/// Working copies as lists have them: one query for the schedules and one for each kind of name.
pub fn show_all(
    connection: &mut AnyConnection,
    rows: Vec<Listed>,
    extras: Extras,
    now: Timestamp,
) -> Result<Vec<WorkingCopy>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut documents = Vec::with_capacity(rows.len());
    for (row, _) in &rows {
        documents.push(row.document()?);
    }
    let references = References::load(connection, &documents)?;
    let mut schedules = Schedule::load(connection, rows.iter().map(|(row, _)| row.id.clone()), now)?;
    let show_one = |((row, text), document): (Listed, Document)| {
        let schedule = schedules.remove(&row.id).unwrap_or_default();
        let corrections = extras.corrections.then(|| document.corrections.clone());
        let copy = show_with(row, document, &schedule, &references, now);
        let article = Article { corrections, ..copy.article };
        let article = match text {
            Some((body, body_html)) => article.with_text(body, body_html, extras),
            None => article,
        };
        WorkingCopy { article, ..copy }
    };
    Ok(rows.into_iter().zip(documents).map(show_one).collect())
}

/// One working copy, with its text, its notes, and what only one of them needs.
pub fn show(connection: &mut AnyConnection, passed: impl Into<Passed>, now: Timestamp) -> Result<WorkingCopy> {
    let Passed { row, schedule, references } = passed.into();
    let document = row.document()?;
    let references = match references {
        Some(references) => references,
        None => References::load(connection, [&document])?,
    };
    let schedule = match schedule {
        Some(schedule) => schedule,
        None if row.publication_number == 0 => Schedule::default(),
        None => Schedule::of(connection, &row.id, now)?,
    };
    let corrections = document.corrections.clone();
    let (listed, body, body_html) = row.apart();
    let killed = match listed.killed_at {
        Some(_) => killing::find(connection, &listed.id)?,
        None => None,
    };
    let copy = show_with(listed, document, &schedule, &references, now);
    let article = copy.article.with_body(body, body_html).with_corrections(corrections);
    Ok(WorkingCopy { article, killed, ..copy })
}

fn show_with(
    row: ListedRow,
    document: Document,
    schedule: &Schedule,
    references: &References,
    now: Timestamp,
) -> WorkingCopy {
    let shown = schedule.running.as_ref().or(schedule.expired());
    let times = Times {
        first_published_at: Some(row.first_published_at).filter(|first| *first <= now),
        published_at: shown.map(|slot| slot.published_at),
        modified_at: shown.map(|slot| slot.modified_at),
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    let ends = schedule.pending.as_ref().or(schedule.running.as_ref()).or(schedule.expired());
    let status = match (row.deleted_at, row.killed_at) {
        (Some(_), _) => Status::Trashed,
        (None, Some(_)) => Status::Killed,
        (None, None) => schedule.status(row.version),
    };
    let translation_of = document.translation_of.clone();
    let article = Article::new(row.id, row.slug, document, times, references);
    WorkingCopy {
        status,
        version: row.version,
        editor_note: row.editor_note,
        scheduled_for: schedule.pending.as_ref().map(|slot| slot.live_from),
        expires_at: ends.and_then(|slot| slot.expires_at.unless_forever()),
        translation_of,
        killed: None,
        trashed_at: row.deleted_at,
        review: row.review.show(row.version),
        editing: None,
        created_by: row.created_by,
        article: Article { embargo_until: row.embargo_until, ..article },
    }
}
