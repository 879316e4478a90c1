//! Working copies as editors see them: the document with its names, and where it stands.

use super::article::WorkingCopy;
use super::row::{ArticleRow, ListedRow};
use super::schedule::Schedule;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::live::{Article, Document, References, Times};

/// Working copies without their text: one query for the schedules and one for each kind of name.
pub fn show_all(connection: &mut AnyConnection, rows: Vec<ListedRow>, now: Timestamp) -> Result<Vec<WorkingCopy>> {
    let mut documents = Vec::with_capacity(rows.len());
    for row in &rows {
        documents.push(row.document()?);
    }
    let references = References::load(connection, &documents)?;
    let mut schedules = Schedule::load(connection, rows.iter().map(|row| row.id.clone()).collect(), now)?;
    let show_one = |(row, document): (ListedRow, Document)| {
        let schedule = schedules.remove(&row.id).unwrap_or_default();
        show_with(row, document, &schedule, &references)
    };
    Ok(rows.into_iter().zip(documents).map(show_one).collect())
}

/// One working copy, with its text.
pub fn show(connection: &mut AnyConnection, row: ArticleRow, now: Timestamp) -> Result<WorkingCopy> {
    let (listed, body, body_html) = row.apart();
    let copy = show_all(connection, vec![listed], now)?.pop().ok_or(Error::NotFound("article"))?;
    Ok(WorkingCopy { article: copy.article.with_body(body, body_html), ..copy })
}

fn show_with(row: ListedRow, document: Document, schedule: &Schedule, references: &References) -> WorkingCopy {
    let shown = schedule.running.as_ref().or(schedule.expired.as_ref());
    let times = Times {
        first_published_at: shown.map(|slot| slot.first_published_at),
        published_at: shown.map(|slot| slot.published_at),
        modified_at: shown.map(|slot| slot.modified_at),
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    let ends = schedule.pending.as_ref().or(schedule.running.as_ref()).or(schedule.expired.as_ref());
    WorkingCopy {
        status: schedule.status(row.version),
        version: row.version,
        editor_note: row.editor_note,
        scheduled_for: schedule.pending.as_ref().map(|slot| slot.live_from),
        expires_at: ends.and_then(|slot| slot.expires_at.unless_forever()),
        created_by: row.created_by,
        article: Article::new(row.id, row.slug, document, times, references),
    }
}
