//! A publication as a list needs it.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::schema::publications;

/// What a list needs of a row of `publications`: everything but the text.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub struct PublicationRow {
    pub article_id: String,
    pub slug: String,
    pub title: String,
    pub document: String,
    pub live_from: Timestamp,
    pub created_at: Timestamp,
    pub first_published_at: Timestamp,
    pub published_at: Timestamp,
    pub modified_at: Timestamp,
}
