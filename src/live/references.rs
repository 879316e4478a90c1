//! The names that stories refer to, loaded for a whole page at once: one query, never one for each story.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::document::{Document, Printed};
use crate::authors::AuthorReference;
use crate::db::schema::names;
use crate::db::{AnyConnection, Prepare, in_few_lengths};
use crate::error::Result;
use crate::sources::SourceReference;
use crate::tags::TagReference;

/// Authors, tags and sources by id, as they are called now.
#[derive(Debug, Default)]
pub struct References {
    authors: HashMap<String, AuthorReference>,
    tags: HashMap<String, TagReference>,
    sources: HashMap<String, (SourceReference, String)>,
}

impl References {
    /// Everything that these documents refer to and that still exists, in one query.
    pub fn load<'a>(
        connection: &mut AnyConnection,
        documents: impl IntoIterator<Item = &'a Document>,
    ) -> Result<References> {
        let ids: HashSet<&str> = documents.into_iter().flat_map(Document::names).collect();
        let mut references = References::default();
        if ids.is_empty() {
            return Ok(references);
        }
        let rows: Vec<(String, String, String, String, Option<String>)> = names::table
            .filter(names::id.eq_any(in_few_lengths(ids)))
            .select((names::kind, names::id, names::slug, names::name, names::credit_line))
            .prepared()
            .load(connection)?;
        for (kind, id, slug, name, credit_line) in rows {
            match kind.as_str() {
                "author" => drop(references.authors.insert(id.clone(), AuthorReference { id, slug, name })),
                "tag" => drop(references.tags.insert(id.clone(), TagReference { id, slug, name })),
                _ => {
                    let credit_line = credit_line.unwrap_or_else(|| name.clone());
                    references.sources.insert(id.clone(), (SourceReference { id, slug, name }, credit_line));
                }
            }
        }
        Ok(references)
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
