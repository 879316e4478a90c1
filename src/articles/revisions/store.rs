//! Revisions in the database.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::storage::{self, Content, Note, base_of, pack, unpack};
use crate::articles::row::ArticleRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::revisions;
use crate::error::{Error, Result};
use crate::events::{Journal, chain};
use crate::http::page::{Key, List, Page, Start};
use crate::live::Correction;

/// A revision as a list shows it: who saved what when, without the text.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = revisions)]
pub struct Revision {
    /// The version of the story that it made.
    pub number: i32,
    /// The headline.
    pub title: String,
    /// Id of the account that saved it.
    #[schema(required)]
    pub saved_by: Option<String>,
    /// When.
    pub saved_at: Timestamp,
    /// What the save was about.
    #[schema(required)]
    pub note: Option<String>,
}

/// Keeps the story as it was just saved, and gives the hash of what was kept. At most two statements: what leans on
/// another revision is packed with it.
pub fn keep(
    connection: &mut AnyConnection,
    journal: &Journal,
    row: &ArticleRow,
    note: Option<String>,
) -> Result<String> {
    let bytes = Content::of(row)?.to_bytes()?;
    let base = base_of(row.version);
    let leaning_on = match base == row.version {
        true => None,
        // A base that cannot be read was damaged: what is saved now stands alone, so that it is not lost, too.
        false => packed(connection, &row.id, base)?.and_then(|(_, bytes)| unpack(&bytes, None).ok()),
    };
    let packed = pack(&bytes, leaning_on.as_deref().map(|bytes| (base, bytes)))?;
    let save = Save {
        content: storage::digest(&bytes),
        saved_by: journal.actor().user_id().map(str::to_owned),
        saved_at: journal.now(),
        note,
    };
    let columns = (
        revisions::article_id.eq(&row.id),
        revisions::number.eq(row.version),
        revisions::title.eq(&row.title),
        revisions::base.eq(packed.base),
        revisions::content.eq(packed.bytes),
        revisions::saved_by.eq(&save.saved_by),
        revisions::saved_at.eq(save.saved_at),
        revisions::note.eq(&save.note),
    );
    diesel::insert_into(revisions::table).values(columns).execute(connection)?;
    save.digest()
}

/// A save as the log seals it: what was kept, who kept it when, and what they said about it.
#[derive(Debug, Serialize)]
pub struct Save {
    /// The hash of what was kept.
    pub content: String,
    /// Id of the account that saved it.
    pub saved_by: Option<String>,
    saved_at: Timestamp,
    note: Option<String>,
}

impl Save {
    /// The hash of the whole save.
    pub fn digest(&self) -> Result<String> {
        chain::digest(self)
    }
}

/// The hash of content that the newest revision of a story must have, to say what its working copy says.
pub fn digest_of(row: &ArticleRow) -> Result<String> {
    Ok(storage::digest(&Content::of(row)?.to_bytes()?))
}

impl Content {
    fn of(row: &ArticleRow) -> Result<Content> {
        let note = |note: Correction| Note { id: note.id, kind: note.kind, text: note.text };
        Ok(Content {
            slug: row.slug.clone(),
            document: row.document.clone(),
            body: row.body.clone(),
            editor_note: row.editor_note.clone(),
            body_html: storage::digest(row.body_html.as_bytes()),
            embargo_until: row.embargo_until,
            notes: row.corrections()?.into_iter().map(note).collect(),
        })
    }
}

/// One page of a story's revisions, newest first.
pub fn list(connection: &mut AnyConnection, article: &str, page: &Page) -> Result<List<Revision>> {
    let of_story = || revisions::table.filter(revisions::article_id.eq(article.to_owned()));
    let total = if page.count { Some(of_story().count().get_result(connection)?) } else { None };
    let mut query = of_story().into_boxed::<crate::db::Backend>();
    if let Start::After(keys) = &page.start {
        let number = i32::try_from(keys.first().ok_or_else(Error::wrong_cursor)?.position()?)
            .map_err(|_| Error::wrong_cursor())?;
        query = query.filter(revisions::number.lt(number));
    }
    let rows = query
        .order(revisions::number.desc())
        .limit(page.fetch())
        .offset(page.offset())
        .select(Revision::as_select())
        .load(connection)?;
    Ok(page.list(rows, total, |row| vec![Key::from(i64::from(row.number))]))
}

/// A revision with everything that it holds.
///
/// Errors: 404 when there is none with this number.
pub fn find(connection: &mut AnyConnection, article: &str, number: i32) -> Result<(Revision, Content)> {
    let missing = || Error::NotFound("revision");
    let revision = revisions::table.find((article, number)).select(Revision::as_select()).get_result(connection);
    let revision = revision.optional()?.ok_or_else(missing)?;
    let bytes = text_of(connection, article, number)?.ok_or_else(missing)?;
    Ok((revision, Content::from_bytes(&bytes)?))
}

/// The unpacked bytes of a revision.
pub fn text_of(connection: &mut AnyConnection, article: &str, number: i32) -> Result<Option<Vec<u8>>> {
    let Some((base, bytes)) = packed(connection, article, number)? else { return Ok(None) };
    let leaning_on = match base {
        None => None,
        Some(base) => packed(connection, article, base)?.map(|(_, bytes)| unpack(&bytes, None)).transpose()?,
    };
    unpack(&bytes, leaning_on.as_deref()).map(Some)
}

/// Goes through a story's revisions, oldest first; holds two of them at a time.
pub fn each(connection: &mut AnyConnection, article: &str, mut see: impl FnMut(i32, Save)) -> Result<()> {
    type Row = (i32, Option<String>, Timestamp, Option<String>);
    let rows: Vec<Row> = revisions::table
        .filter(revisions::article_id.eq(article))
        .order(revisions::number.asc())
        .select((revisions::number, revisions::saved_by, revisions::saved_at, revisions::note))
        .load(connection)?;
    for (number, saved_by, saved_at, note) in rows {
        // One that cannot be unpacked was tampered with, and has the hash of nothing.
        let content = match text_of(connection, article, number) {
            Ok(Some(bytes)) => storage::digest(&bytes),
            _ => String::new(),
        };
        see(number, Save { content, saved_by, saved_at, note });
    }
    Ok(())
}

fn packed(connection: &mut AnyConnection, article: &str, number: i32) -> Result<Option<(Option<i32>, Vec<u8>)>> {
    let row = revisions::table.find((article, number)).select((revisions::base, revisions::content));
    Ok(row.get_result(connection).optional()?)
}
