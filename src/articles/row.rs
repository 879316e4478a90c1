//! A working copy as it is stored.

use diesel::prelude::*;

use super::draft::Draft;
use super::review::ReviewRow;
use crate::clock::Timestamp;
use crate::db::Backend;
use crate::db::schema::articles;
use crate::error::{Error, Result};
use crate::live::{ArticleKind, Correction, Document};

/// A row of `articles`: the document and the text, the columns that are their index, and who and when.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = articles, treat_none_as_default_value = false)]
pub struct ArticleRow {
    pub id: String,
    pub slug: String,
    pub slug_taken_over: bool,
    pub version: i32,
    pub title: String,
    pub language: String,
    pub kind: ArticleKind,
    pub featured: bool,
    pub has_image: bool,
    pub section_id: Option<String>,
    pub source_id: Option<String>,
    pub document: String,
    pub body: String,
    pub body_html: String,
    pub editor_note: Option<String>,
    pub embargo_until: Option<Timestamp>,
    pub translation_of: Option<String>,
    pub corrections: String,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub published_at: Timestamp,
    pub first_published_at: Timestamp,
    pub publication_number: i32,
    pub publication_hash: Option<String>,
    pub killed_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub passed_at: Timestamp,
    #[diesel(embed)]
    pub review: ReviewRow,
}

/// What a list needs of a row: everything but the text, which may have megabytes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ListedRow {
    pub id: String,
    pub slug: String,
    pub version: i32,
    pub title: String,
    pub section_id: Option<String>,
    pub source_id: Option<String>,
    pub document: String,
    pub editor_note: Option<String>,
    pub embargo_until: Option<Timestamp>,
    pub corrections: String,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub published_at: Timestamp,
    pub first_published_at: Timestamp,
    pub killed_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    #[diesel(embed)]
    pub review: ReviewRow,
}

/// A row of a list, and its text (as Markdown and as HTML) when that is wanted.
pub type Listed = (ListedRow, Option<(String, String)>);

/// What a save writes of a draft: the document, the text, and the columns that are its index.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct Index {
    pub title: String,
    pub language: String,
    pub kind: ArticleKind,
    pub featured: bool,
    pub has_image: bool,
    pub section_id: Option<String>,
    pub source_id: Option<String>,
    pub document: String,
    pub body: String,
    pub body_html: String,
    pub editor_note: Option<String>,
    pub embargo_until: Option<Timestamp>,
    pub translation_of: Option<String>,
}

impl Index {
    /// What a draft says.
    pub fn of(draft: &Draft) -> Result<Index> {
        // The notes are in a column of their own, which no save of the text touches.
        let document = Document { corrections: Vec::new(), ..draft.document.clone() };
        Ok(Index {
            document: serde_json::to_string(&document).map_err(Error::internal)?,
            title: document.title,
            language: document.language,
            kind: document.kind,
            featured: document.featured,
            has_image: document.image.is_some(),
            section_id: document.section,
            source_id: document.source,
            body: draft.body.clone(),
            body_html: draft.body_html.clone(),
            editor_note: draft.editor_note.clone(),
            embargo_until: draft.embargo_until,
            translation_of: document.translation_of,
        })
    }
}

impl ArticleRow {
    /// Its columns, for what an update gives back.
    pub fn columns() -> <ArticleRow as Selectable<Backend>>::SelectExpression {
        <ArticleRow as Selectable<Backend>>::construct_selection()
    }

    /// The same row with what a draft says.
    pub fn saying(self, index: Index) -> ArticleRow {
        ArticleRow {
            title: index.title,
            language: index.language,
            kind: index.kind,
            featured: index.featured,
            has_image: index.has_image,
            section_id: index.section_id,
            source_id: index.source_id,
            document: index.document,
            body: index.body,
            body_html: index.body_html,
            editor_note: index.editor_note,
            embargo_until: index.embargo_until,
            translation_of: index.translation_of,
            ..self
        }
    }

    /// The row without its text, and the text: as Markdown and as HTML.
    pub fn apart(self) -> (ListedRow, String, String) {
        let listed = ListedRow {
            id: self.id,
            slug: self.slug,
            version: self.version,
            title: self.title,
            section_id: self.section_id,
            source_id: self.source_id,
            document: self.document,
            editor_note: self.editor_note,
            embargo_until: self.embargo_until,
            corrections: self.corrections,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            published_at: self.published_at,
            first_published_at: self.first_published_at,
            killed_at: self.killed_at,
            deleted_at: self.deleted_at,
            review: self.review,
        };
        (listed, self.body, self.body_html)
    }

    /// The stored document.
    pub fn document(&self) -> Result<Document> {
        document(&self.document, &self.corrections, self.section_id.as_ref(), self.source_id.as_ref())
    }

    /// The stored notes.
    pub fn corrections(&self) -> Result<Vec<Correction>> {
        serde_json::from_str(&self.corrections).map_err(unreadable)
    }
}

impl ListedRow {
    /// The stored document.
    pub fn document(&self) -> Result<Document> {
        document(&self.document, &self.corrections, self.section_id.as_ref(), self.source_id.as_ref())
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal(format!("a stored document cannot be read: {error}"))
}

/// A stored document with its notes. A section or source that was deleted meanwhile is no longer in its column, and is
/// let go here too, so that the story can be saved again.
fn document(text: &str, corrections: &str, section: Option<&String>, source: Option<&String>) -> Result<Document> {
    let mut document: Document = serde_json::from_str(text).map_err(unreadable)?;
    document.corrections = serde_json::from_str(corrections).map_err(unreadable)?;
    document.section = section.cloned();
    document.source = source.cloned();
    Ok(document)
}
