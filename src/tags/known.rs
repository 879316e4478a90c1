//! Which tag somebody means: by name, by id, by slug or by a former slug.

use std::collections::HashMap;

use diesel::prelude::*;

use super::store::find;
use super::tag::TagKind;
use crate::db::schema::tags;
use crate::db::{AnyConnection, Prepare, in_few_lengths};
use crate::error::Result;
use crate::http::path::Reference;
use crate::slugs::Slug;

/// A tag that somebody named.
#[derive(Debug, Clone, Queryable)]
pub struct KnownTag {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// What kind of tag it is.
    pub kind: TagKind,
}

/// The tags that somebody named, as far as there are such tags.
#[derive(Debug, Default)]
pub struct KnownTags {
    /// Those whose id, slug or name was said, oldest first.
    present: Vec<KnownTag>,
    /// Those whose former slug was said.
    former: HashMap<String, KnownTag>,
}

impl KnownTags {
    /// The tags with these ids, slugs or former slugs, and those with these names. One query, and one more for each
    /// reference that is not a present one.
    pub fn load(connection: &mut AnyConnection, references: Vec<String>, names: &[&str]) -> Result<KnownTags> {
        if references.is_empty() && names.is_empty() {
            return Ok(KnownTags::default());
        }
        let slugs = names.iter().map(|name| slug_of(name).into_string());
        let said = slugs.chain(names.iter().map(|name| (*name).to_owned())).chain(references.iter().cloned());
        let said = in_few_lengths(said);
        // Each is looked for as all three, so that the question is always the same; what it meant is asked below.
        let named = tags::id.eq_any(&said).or(tags::slug.eq_any(&said)).or(tags::name.eq_any(&said));
        let mut present: Vec<KnownTag> = tags::table
            .filter(named)
            .select((tags::id, tags::slug, tags::name, tags::kind))
            .prepared()
            .load(connection)?;
        present.sort_by(|one, other| one.id.cmp(&other.id));
        let mut known = KnownTags { present, former: HashMap::new() };
        for reference in references {
            if known.get(&reference).is_none()
                && let Some(row) = find(connection, &Reference::parse(&reference))?
            {
                known.former.insert(reference, KnownTag { id: row.id, slug: row.slug, name: row.name, kind: row.kind });
            }
        }
        Ok(known)
    }

    /// The tag with this id, slug or former slug.
    pub fn get(&self, reference: &str) -> Option<&KnownTag> {
        let present = self.present.iter().find(|tag| tag.id == reference || tag.slug == reference);
        present.or_else(|| self.former.get(reference))
    }

    /// The oldest tag with this name, of this kind when one is given. Case makes no difference: whoever types "nato"
    /// means NATO.
    pub fn named(&self, name: &str, kind: Option<TagKind>) -> Option<&KnownTag> {
        let (slug, lower) = (slug_of(name), name.to_lowercase());
        self.present.iter().find(|tag| {
            (tag.name == name || tag.slug == slug.as_str())
                && tag.name.to_lowercase() == lower
                && kind.is_none_or(|kind| tag.kind == kind)
        })
    }
}

/// The slug that a tag of this name has when nobody chose another one.
fn slug_of(name: &str) -> Slug {
    Slug::from_title(name, "tag")
}
