//! A publication as a list needs it.

use diesel::prelude::*;

use super::document::Document;
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::error::{Error, Result};

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

impl PublicationRow {
    /// The stored document; one that cannot be read is a fault of ours, never an empty story.
    pub fn document(&self) -> Result<Document> {
        serde_json::from_str(&self.document)
            .map_err(|error| Error::internal(format!("a stored document cannot be read: {error}")))
    }
}
