//! Every accepted save, whole. A revision's number is the version of the story that it made.

use diesel::prelude::*;

use super::row::ArticleRow;
use crate::db::AnyConnection;
use crate::db::schema::revisions;
use crate::error::Result;
use crate::events::Journal;

/// Keeps the story as it was just saved.
pub fn keep(connection: &mut AnyConnection, journal: &Journal, row: &ArticleRow) -> Result<()> {
    let columns = (
        revisions::article_id.eq(&row.id),
        revisions::number.eq(row.version),
        revisions::slug.eq(&row.slug),
        revisions::document.eq(&row.document),
        revisions::body.eq(&row.body),
        revisions::editor_note.eq(row.editor_note.as_deref()),
        revisions::saved_by.eq(journal.actor().user_id()),
        revisions::saved_at.eq(journal.now()),
    );
    diesel::insert_into(revisions::table).values(columns).execute(connection)?;
    Ok(())
}
