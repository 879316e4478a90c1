//! The names that stories refer to, loaded for a whole page at once: one query for each kind, never one for each story.

use std::collections::{HashMap, HashSet};

use super::document::{Document, Printed};
use crate::authors::{self, AuthorReference};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::sources::{self, SourceReference};
use crate::tags::{self, TagReference};

/// Authors, tags and sources by id, as they are called now.
#[derive(Debug, Default)]
pub struct References {
    authors: HashMap<String, AuthorReference>,
    tags: HashMap<String, TagReference>,
    sources: HashMap<String, (SourceReference, String)>,
}

impl References {
    /// Everything that these documents refer to and that still exists; at most three queries.
    pub fn load<'a>(
        connection: &mut AnyConnection,
        documents: impl IntoIterator<Item = &'a Document>,
    ) -> Result<References> {
        let (mut authors, mut tags, mut sources) = (HashSet::new(), HashSet::new(), HashSet::new());
        for document in documents {
            authors.extend(document.authors.iter().map(|credit| credit.id.clone()));
            tags.extend(document.tags.iter().chain(&document.section).cloned());
            sources.extend(document.source.clone());
        }
        Ok(References {
            authors: authors::references(connection, authors.into_iter().collect())?,
            tags: tags::references(connection, tags.into_iter().collect())?,
            sources: sources::references(connection, sources.into_iter().collect())?,
        })
    }

    /// What stood on the page when this was printed.
    pub fn printed_then(printed: Option<&Printed>) -> References {
        let Some(printed) = printed.cloned() else { return References::default() };
        let tags = printed.tags.into_iter().chain(printed.section);
        let credit_line = printed.credit_line.unwrap_or_default();
        References {
            authors: printed.authors.into_iter().map(|author| (author.id.clone(), author)).collect(),
            tags: tags.map(|tag| (tag.id.clone(), tag)).collect(),
            sources: printed.source.into_iter().map(|one| (one.id.clone(), (one, credit_line.clone()))).collect(),
        }
    }

    /// The author with this id, if there still is one.
    pub fn author(&self, id: &str) -> Option<AuthorReference> {
        self.authors.get(id).cloned()
    }

    /// The tag with this id, if there still is one.
    pub fn tag(&self, id: &str) -> Option<TagReference> {
        self.tags.get(id).cloned()
    }

    /// The source with this id, if there still is one.
    pub fn source(&self, id: &str) -> Option<SourceReference> {
        self.sources.get(id).map(|(source, _)| source.clone())
    }

    /// How the source with this id wants to be credited.
    pub fn credit_line(&self, id: &str) -> Option<String> {
        self.sources.get(id).map(|(_, credit)| credit.clone())
    }

    /// What stands on the page of this document now.
    pub fn printed(&self, document: &Document) -> Printed {
        Printed {
            authors: document.authors.iter().filter_map(|credit| self.author(&credit.id)).collect(),
            section: document.section.as_ref().and_then(|id| self.tag(id)),
            source: document.source.as_ref().and_then(|id| self.source(id)),
            credit_line: document.source.as_ref().and_then(|id| self.credit_line(id)),
            tags: document.tags.iter().filter_map(|id| self.tag(id)).collect(),
        }
    }
}
