//! A working copy as it is stored.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::schema::articles;
use crate::live::ArticleKind;

/// A row of `articles`: the document and the text, the columns that are their index, and who and when.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleRow {
    pub id: String,
    pub slug: String,
    pub version: i32,
    pub title: String,
    pub language: String,
    pub kind: ArticleKind,
    pub featured: bool,
    pub section_id: Option<String>,
    pub source_id: Option<String>,
    pub document: String,
    pub body: String,
    pub body_html: String,
    pub editor_note: Option<String>,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub published_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}
