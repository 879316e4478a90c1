//! A publication, whole: what the door writes and never changes again, but for its end.

use diesel::prelude::*;

use super::row::ArticleRow;
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::db::types::new_id;
use crate::error::{Error, Result};
use crate::live::seal::Printing;
use crate::live::words::index::Indexed;
use crate::live::{ArticleKind, Document, References, Times, card};

/// A row of `publications`.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = publications, treat_none_as_default_value = false)]
pub struct Publication {
    /// What is sealed, and never changes.
    #[diesel(embed)]
    pub printing: Printing,
    pub revision: i32,
    pub live_until: Timestamp,
    pub superseded: bool,
    pub title: String,
    pub language: String,
    pub kind: ArticleKind,
    pub featured: bool,
    pub has_image: bool,
    pub has_corrections: bool,
    pub section_id: Option<String>,
    pub section_slug: Option<String>,
    pub source_id: Option<String>,
    pub source_slug: Option<String>,
    pub original_id: String,
    pub card: String,
}

impl From<&Publication> for Indexed {
    fn from(publication: &Publication) -> Indexed {
        let printing = &publication.printing;
        Indexed {
            id: printing.id.clone(),
            article_id: printing.article_id.clone(),
            published_at: printing.published_at,
            partner_from: printing.partner_from,
            live_from: printing.live_from,
            live_until: publication.live_until,
            document: printing.document.clone(),
            body_html: printing.body_html.clone(),
        }
    }
}

/// From when until when a publication is read, and from when by those who may read under embargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// From when partners read it; the same as `from` without an embargo.
    pub ahead: Timestamp,
    /// From when readers read it.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The times that readers are told.
#[derive(Debug, Clone, Copy)]
pub struct Dates {
    /// When they first saw the story.
    pub first_published_at: Timestamp,
    /// When its present run began.
    pub published_at: Timestamp,
    /// When its text last changed.
    pub modified_at: Timestamp,
}

impl Publication {
    /// The working copy as a publication, with the names of everything as they are now.
    pub fn of(
        row: &ArticleRow,
        mut document: Document,
        references: &References,
        (interval, dates): (Interval, Dates),
    ) -> Result<Publication> {
        let printed = references.printed(&document);
        let (section_slug, source_slug) =
            (printed.section.as_ref().map(|tag| tag.slug.clone()), printed.source.as_ref().map(|one| one.slug.clone()));
        document.printed = Some(printed);
        let printing = Printing {
            id: new_id(),
            article_id: row.id.clone(),
            number: row.publication_number + 1,
            partner_from: interval.ahead,
            live_from: interval.from,
            expires_at: interval.until,
            slug: row.slug.clone(),
            document: serde_json::to_string(&document).map_err(Error::internal)?,
            body: row.body.clone(),
            body_html: row.body_html.clone(),
            created_at: row.created_at,
            first_published_at: dates.first_published_at,
            published_at: dates.published_at,
            modified_at: dates.modified_at,
            previous_hash: row.publication_hash.clone(),
            hash: String::new(),
        };
        let publication = Publication {
            printing,
            revision: row.version,
            live_until: interval.until,
            superseded: false,
            title: row.title.clone(),
            language: row.language.clone(),
            kind: row.kind,
            featured: row.featured,
            has_image: row.has_image,
            has_corrections: !document.corrections.is_empty(),
            section_id: row.section_id.clone(),
            section_slug,
            source_id: row.source_id.clone(),
            source_slug,
            original_id: row.translation_of.clone().unwrap_or_else(|| row.id.clone()),
            card: String::new(),
        };
        publication.finished(&document)
    }

    /// The same with its card and its seal.
    pub fn finished(self, document: &Document) -> Result<Publication> {
        Ok(Publication { card: self.make_card(document)?, printing: self.printing.sealed()?, ..self })
    }

    /// What lists show of it.
    pub fn make_card(&self, document: &Document) -> Result<String> {
        let printing = &self.printing;
        let times = Times {
            first_published_at: Some(printing.first_published_at),
            published_at: Some(printing.published_at),
            modified_at: Some(printing.modified_at),
            created_at: printing.created_at,
            updated_at: printing.live_from,
        };
        card::of((&printing.article_id, &printing.slug), document, times)
    }
}
