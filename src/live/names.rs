//! What authors, tags and sources are called now, kept in memory as finished JSON: nearly every story needs some of
//! them, and there are few.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use serde::Serialize;

use super::references::References;
use crate::db::schema::names;
use crate::db::{AnyConnection, Prepare, directly, in_few_lengths};
use crate::error::{Error, Result};
use crate::http::cache::Parts;

/// The names on a page, by id: each an object without its closing brace, `{"id":…,"slug":…,"name":…`.
#[derive(Debug, Default)]
pub struct Names(HashMap<String, Arc<str>>);

#[derive(Serialize)]
struct Name<'a> {
    id: &'a str,
    slug: &'a str,
    name: &'a str,
}

impl Names {
    /// The present names of these things: from memory, and in one query those that are not there.
    pub fn load<'a>(
        connection: &mut AnyConnection,
        parts: Parts<'_>,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Names> {
        let (mut found, mut missing) = (HashMap::new(), HashSet::new());
        for id in ids {
            if found.contains_key(id) {
                continue;
            }
            match parts.get(id) {
                Some(name) => drop(found.insert(id.to_owned(), name)),
                None => drop(missing.insert(id)),
            }
        }
        if missing.is_empty() {
            return Ok(Names(found));
        }
        let these = names::table
            .filter(names::id.eq_any(in_few_lengths(missing.iter().copied())))
            .select((names::id, names::slug, names::name))
            .prepared();
        let rows: Vec<(String, String, String)> = directly!(connection, |connection| these.load(connection))?;
        for (id, slug, name) in rows {
            let text = open(&Name { id: &id, slug: &slug, name: &name })?;
            missing.remove(id.as_str());
            parts.keep(&id, &text);
            found.insert(id, text);
        }
        // What does not exist is remembered, too, or it would be asked for each time.
        for id in missing {
            parts.keep(id, &Arc::from(""));
        }
        Ok(Names(found))
    }

    /// What stood on the page when these references were printed.
    pub fn printed(references: &References, ids: impl IntoIterator<Item = String>) -> Result<Names> {
        let mut printed = HashMap::new();
        for id in ids {
            let reference = references
                .author(&id)
                .map(|author| (author.slug, author.name))
                .or_else(|| references.tag(&id).map(|tag| (tag.slug, tag.name)))
                .or_else(|| references.source(&id).map(|source| (source.slug, source.name)));
            if let Some((slug, name)) = reference {
                let text = open(&Name { id: &id, slug: &slug, name: &name })?;
                printed.insert(id, text);
            }
        }
        Ok(Names(printed))
    }

    /// The name of this thing, if there still is one.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|name| &**name).filter(|name| !name.is_empty())
    }
}

/// The object without its closing brace.
fn open(name: &Name) -> Result<Arc<str>> {
    let text = serde_json::to_string(name).map_err(Error::internal)?;
    text.strip_suffix('}').map(Arc::from).ok_or_else(|| Error::internal("a name is no object"))
}
