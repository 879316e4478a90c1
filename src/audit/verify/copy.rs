//! The working copy: its revisions, and the columns of which its next publication would be made.

use std::collections::BTreeMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::publications::Published;
use super::story::Logged;
use super::{Checked, Counts, expect, readable};
use crate::articles::{ArticleRow, revisions};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{names, users};
use crate::error::{Error, Result};
use crate::events::Action;
use crate::live::{Correction, Document};

fn place(row: &ArticleRow) -> String {
    format!("articles, id {}", row.id)
}

/// Every save that the log knows is a revision, no other is, and the working copy is the newest of them.
pub fn check_revisions(
    connection: &mut AnyConnection,
    row: &ArticleRow,
    log: &[Logged],
    counts: &mut Counts,
) -> Checked {
    let saves = log.iter().filter(|entry| matches!(entry.action, Action::Created | Action::Updated));
    let mut expected: BTreeMap<i32, &str> =
        saves.filter_map(|entry| Some((entry.version?, entry.digest.as_deref()?))).collect();
    let revision = |number: i32| format!("revisions, article {}, number {number}", row.id);
    let (mut found, mut began, mut newest) = (Ok(()), None, None);
    revisions::each(connection, &row.id, |number, save| {
        let what = match (expected.remove(&number), save.digest()) {
            (Some(kept), Ok(digest)) if kept == digest => {
                counts.revisions += 1;
                began = began.take().or(Some(save.saved_by));
                newest = Some((number, save.content));
                return;
            }
            (Some(_), _) => "its content, or what it says of the save, is not what was saved",
            (None, _) => "the log does not know it",
        };
        if found.is_ok() {
            found = expect(false, revision(number), what);
        }
    })?;
    found?;
    if let Some((number, _)) = expected.first_key_value() {
        expect(false, revision(*number), "it was removed by hand")?;
    }
    let digest = readable(place(row), revisions::digest_of(row))?;
    expect(newest == Some((row.version, digest)), place(row), "the working copy is not what was saved last")?;
    let is_theirs = began == Some(row.created_by.clone()) || is_orphaned(connection, row, began.flatten())?;
    expect(is_theirs, place(row), "it is not the draft of whoever began it")
}

/// Whether nobody has a story because the account that began it was deleted.
fn is_orphaned(connection: &mut AnyConnection, row: &ArticleRow, began: Option<String>) -> Result<bool> {
    let there = users::table.filter(users::id.eq(began.unwrap_or_default()));
    let there: bool = diesel::select(exists(there)).get_result(connection)?;
    Ok(row.created_by.is_none() && !there)
}

/// The columns beside the document say what it says. What was deleted since is let go by them.
pub fn check_index(connection: &mut AnyConnection, row: &ArticleRow, log: &[Logged]) -> Checked {
    let document = serde_json::from_str(&row.document).map_err(Error::internal);
    let document: Document = readable(place(row), document)?;
    let begun = log.first().map(|entry| entry.at);
    let columns = row.title == document.title
        && row.language == document.language
        && row.kind == document.kind
        && row.featured == document.featured
        && row.has_image == document.image.is_some()
        && row.translation_of == document.translation_of
        && Some(row.created_at) == begun
        && refers(connection, row.section_id.as_ref(), document.section.as_ref())?
        && refers(connection, row.source_id.as_ref(), document.source.as_ref())?;
    expect(columns, place(row), "the columns beside the document do not say what it says")
}

/// Whether a column refers to what the document names, or to nothing because that was deleted.
fn refers(connection: &mut AnyConnection, column: Option<&String>, named: Option<&String>) -> Result<bool> {
    match (column, named) {
        (None, Some(named)) => {
            let there = names::table.filter(names::id.eq(named));
            let there: bool = diesel::select(exists(there)).get_result(connection)?;
            Ok(!there)
        }
        (column, named) => Ok(column == named),
    }
}

/// What the door keeps in the working copy follows from the publications: the notes that they carry, the dates of the
/// newest one that is or will be read, and the seal that the next one builds on.
pub fn check_door(row: &ArticleRow, log: &[Logged], published: &Published) -> Checked {
    let newest = published.newest.as_ref();
    let dates = newest
        .map_or((Timestamp::FOREVER, Timestamp::FOREVER), |(slot, _)| (slot.first_published_at, slot.published_at));
    let as_published = usize::try_from(row.publication_number).ok() == Some(published.slots.len())
        && row.publication_hash == published.hash
        && (row.first_published_at, row.published_at) == dates;
    expect(as_published, place(row), "its dates or its seal are not those of what was published")?;
    // A door that was passed in the future would let the next publication begin there.
    let passed = log.iter().any(|entry| entry.at >= row.passed_at);
    expect(passed, place(row), "its door was passed later than the log says")?;
    let carried = newest.map_or(&[] as &[Correction], |(_, notes)| notes.as_slice());
    for note in readable(place(row), row.corrections())? {
        let waits = Correction { published_at: None, publication: None, previous_publication: None, ..note.clone() };
        let expected = carried.iter().find(|carried| carried.id == note.id).unwrap_or(&waits);
        expect(note == *expected, place(row), "its public notes are not those of what was published")?;
    }
    Ok(())
}
