//! Which tag somebody means: by name, by id, by slug or by a former slug.

use std::collections::HashMap;

use diesel::prelude::*;

use super::store::find;
use super::tag::TagKind;
use crate::db::schema::tags;
use crate::db::{AnyConnection, Backend, Prepare, in_few_lengths};
use crate::error::Result;
use crate::http::path::Reference;
use crate::slugs::Slug;

/// The id of the oldest tag with this name, of this kind when one is given. Case makes no difference: whoever types
/// "nato" means NATO.
pub fn find_by_name(connection: &mut AnyConnection, name: &str, kind: Option<TagKind>) -> Result<Option<String>> {
    let slug = Slug::from_title(name, "tag");
    let mut query = tags::table.filter(tags::name.eq(name).or(tags::slug.eq(slug.as_str()))).into_boxed::<Backend>();
    if let Some(kind) = kind {
        query = query.filter(tags::kind.eq(kind));
    }
    let candidates: Vec<(String, String)> =
        query.order(tags::id.asc()).select((tags::id, tags::name)).load(connection)?;
    let same = |(_, known): &(String, String)| known.to_lowercase() == name.to_lowercase();
    Ok(candidates.into_iter().find(same).map(|(id, _)| id))
}

/// A tag that somebody named.
#[derive(Debug, Clone)]
pub struct KnownTag {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// What kind of tag it is.
    pub kind: TagKind,
}

/// The tags that these ids, slugs or former slugs name; what names none is left out. One query, and one more for each
/// name that is not a present one.
pub fn known(connection: &mut AnyConnection, texts: Vec<String>) -> Result<HashMap<String, KnownTag>> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let named = in_few_lengths(&texts);
    let present: Vec<(String, String, TagKind)> = tags::table
        .filter(tags::id.eq_any(&named).or(tags::slug.eq_any(&named)))
        .select((tags::id, tags::slug, tags::kind))
        .prepared()
        .load(connection)?;
    let mut known: HashMap<String, KnownTag> = HashMap::new();
    for (id, slug, kind) in present {
        let tag = KnownTag { id, slug, kind };
        known.insert(tag.slug.clone(), tag.clone());
        known.insert(tag.id.clone(), tag);
    }
    for text in texts {
        if !known.contains_key(&text)
            && let Some(row) = find(connection, &Reference::parse(&text))?
        {
            known.insert(text, KnownTag { id: row.id, slug: row.slug, kind: row.kind });
        }
    }
    Ok(known)
}
