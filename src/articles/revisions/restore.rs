//! Bringing an earlier revision back, as a new one: history is never rewritten.

use super::storage::Content;
use super::store;
use crate::articles::draft::Draft;
use crate::articles::row::ArticleRow;
use crate::articles::store as articles;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::events::Journal;
use crate::live::{Document, References, render};

/// A document as it was, without what no longer exists: what it names by id has to be there to be linked.
pub fn document(connection: &mut AnyConnection, content: &Content) -> Result<Document> {
    let mut document: Document = serde_json::from_str(&content.document).map_err(crate::error::Error::internal)?;
    let references = References::load(connection, [&document])?;
    document.authors.retain(|credit| references.author(&credit.id).is_some());
    document.tags.retain(|id| references.tag(id).is_some());
    document.section = document.section.filter(|id| references.tag(id).is_some());
    document.source = document.source.filter(|id| references.source(id).is_some());
    Ok(document)
}

/// Saves the content of an earlier revision as the newest. The slug stays: addresses depend on it. So does what the story
/// is a translation of, because other stories depend on that, and so do the public notes and the embargo, which are no part
/// of a revision.
pub fn restore(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    row: ArticleRow,
    (number, note): (i32, Option<String>),
) -> Result<ArticleRow> {
    let (_, content) = store::find(connection, &row.id, number)?;
    let present = Draft::from_row(&row)?;
    let restored = Document {
        corrections: present.document.corrections.clone(),
        translation_of: present.document.translation_of.clone(),
        ..document(connection, &content)?
    };
    let body_html = render::render(&content.body);
    let draft =
        Draft { document: restored, body: content.body, body_html, editor_note: content.editor_note, ..present };
    let note = note.unwrap_or_else(|| format!("restored from revision {number}"));
    articles::save_draft(connection, journal, row, draft, Some(note))
}
