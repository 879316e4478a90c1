//! Tags in the database.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::tag::{Tag, TagInput, TagKind, TagReference};
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction, sort_columns};
use crate::db::schema::{article_tags, articles, publication_tags, publications, tags};
use crate::db::types::new_id;
use crate::db::{self, AnyConnection, Backend, Named, Turn};
use crate::error::{Error, Rejection, Result};
use crate::events::{Event, Journal, Resource, Sealed};
use crate::http::etag::IfMatch;
use crate::http::page::{List, Page};
use crate::http::path::Reference;
use crate::http::query;
use crate::slugs::{self, Slug};
use crate::tallies::{self, Ranking, Role};

/// A row of `tags`.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tags, treat_none_as_null = true)]
pub struct TagRow {
    /// Never changes.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// As readers see it.
    pub name: String,
    /// What it stands for.
    pub kind: TagKind,
    /// A line or two.
    pub description: Option<String>,
    /// The broader tag.
    pub parent_id: Option<String>,
    /// Its code in a scheme of the newsroom's.
    pub code: Option<String>,
    /// Counts the saves.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Sealed for TagRow {
    const RESOURCE: Resource = Resource::Tag;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, connection: &mut AnyConnection) -> Result<String> {
        slugs::seal(connection, Resource::Tag, (&self.id, self))
    }
}

sort_columns! {
    /// What tags can be sorted by.
    pub enum TagColumn for tags, TagRow {
        /// By name.
        Name = "name": text name,
        /// By when they were made.
        CreatedAt = "created_at": time created_at,
        /// By when they were last changed.
        UpdatedAt = "updated_at": time updated_at,
        /// By id.
        Id = "id": text id,
    }
}

/// Which tags a list gives.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TagFilter {
    /// Only these kinds: `kind=person,place`.
    #[param(value_type = Option<String>, example = "person,place")]
    pub kind: query::List<TagKind>,
    /// Only tags right under this one, by id or slug.
    pub parent: Option<String>,
    /// Sorted by `name`, `created_at`, `updated_at` or `id`, or by `live_count` alone; a minus for descending. Default:
    /// `name`.
    #[param(value_type = Option<String>, example = "-live_count")]
    pub sort: Option<Ranking<TagColumn>>,
}

/// One page of tags, with the total when it was asked for.
pub fn list(connection: &mut AnyConnection, filter: &TagFilter, page: &Page, now: Timestamp) -> Result<List<Tag>> {
    let parent = match &filter.parent {
        Some(text) => Some(find(connection, &Reference::parse(text))?.map(|row| row.id)),
        None => None,
    };
    let filtered = || {
        let mut query = tags::table.into_boxed::<Backend>();
        if !filter.kind.0.is_empty() {
            query = query.filter(tags::kind.eq_any(filter.kind.0.clone()));
        }
        match &parent {
            Some(Some(id)) => query = query.filter(tags::parent_id.eq(id.clone())),
            // A parent that does not exist has no children.
            Some(None) => query = query.filter(tags::id.eq("")),
            None => {}
        }
        query
    };
    let list = rows(connection, filtered, (filter, page), now)?;
    let parents = parents(connection, &list.data)?;
    let names = list.data.iter().map(|row| row.id.as_str()).collect();
    let counts = tallies::of(connection, &ROLES, names, now)?;
    Ok(list.map(|row| {
        let live_count = Some(counts.get(role(row.kind), &row.id));
        Tag { live_count, ..view(row, &parents) }
    }))
}

/// As what stories name a tag: what counts under a section is what stands in it.
const ROLES: [Role; 2] = [Role::Tag, Role::Section];

fn role(kind: TagKind) -> Role {
    if kind == TagKind::Section { Role::Section } else { Role::Tag }
}

/// The rows of a page, in the order that the filter asks for.
fn rows<'a>(
    connection: &mut AnyConnection,
    filtered: impl Fn() -> tags::BoxedQuery<'a, Backend>,
    (filter, page): (&TagFilter, &Page),
    now: Timestamp,
) -> Result<List<TagRow>> {
    if let Some(direction) = filter.sort.as_ref().and_then(Ranking::count) {
        let names: Vec<(String, TagKind)> = filtered().select((tags::id, tags::kind)).load(connection)?;
        let counts = tallies::of_all(connection, &ROLES, now)?;
        let counted = names.into_iter().map(|(id, kind)| (counts.get(role(kind), &id), id)).collect();
        let names = tallies::page_by_count(counted, direction, page)?;
        let these = tags::table.filter(tags::id.eq_any(names.data.clone())).select(TagRow::as_select());
        return Ok(tallies::in_order(names, these.load(connection)?, |row: &TagRow| &row.id));
    }
    let total = if page.count { Some(filtered().count().get_result(connection)?) } else { None };
    let sort = filter.sort.as_ref().and_then(Ranking::columns);
    let order = keyset::total(sort, (TagColumn::Name, Direction::Ascending), TagColumn::Id);
    let rows = TagColumn::sorted(filtered(), &order, page)?.select(TagRow::as_select()).load(connection)?;
    Ok(page.list(rows, total, |row| TagColumn::keys(&order, row)))
}

/// The tag that an id, a slug or a former slug names.
pub fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<TagRow>> {
    slugs::look_up(
        connection,
        Resource::Tag,
        reference,
        |connection, id| tags::table.find(id).select(TagRow::as_select()).get_result(connection),
        |connection, slug| tags::table.filter(tags::slug.eq(slug)).select(TagRow::as_select()).get_result(connection),
    )
}

/// The tag that must be there, or 404.
pub fn get(connection: &mut AnyConnection, reference: &Reference) -> Result<TagRow> {
    find(connection, reference)?.ok_or(Error::NotFound("tag"))
}

/// A tag as it looks from outside.
pub fn show(connection: &mut AnyConnection, row: TagRow) -> Result<Tag> {
    let parents = parents(connection, std::slice::from_ref(&row))?;
    Ok(view(row, &parents))
}

fn parents(connection: &mut AnyConnection, rows: &[TagRow]) -> Result<HashMap<String, TagReference>> {
    let ids: Vec<String> = rows.iter().filter_map(|row| row.parent_id.clone()).collect();
    references(connection, ids)
}

/// The tags with these ids, as they stand inside other things.
fn references(connection: &mut AnyConnection, ids: Vec<String>) -> Result<HashMap<String, TagReference>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, String, String)> =
        tags::table.filter(tags::id.eq_any(ids)).select((tags::id, tags::slug, tags::name)).load(connection)?;
    Ok(rows.into_iter().map(|(id, slug, name)| (id.clone(), TagReference { id, slug, name })).collect())
}

fn view(row: TagRow, parents: &HashMap<String, TagReference>) -> Tag {
    Tag {
        parent: row.parent_id.as_ref().and_then(|id| parents.get(id).cloned()),
        id: row.id,
        slug: row.slug,
        name: row.name,
        kind: row.kind,
        description: row.description,
        code: row.code,
        created_at: row.created_at,
        updated_at: row.updated_at,
        live_count: None,
    }
}

/// Stores a new tag.
pub fn create(connection: &mut AnyConnection, journal: &mut Journal, input: TagInput) -> Result<TagRow> {
    let mut row = TagRow {
        id: new_id(),
        slug: String::new(),
        name: String::new(),
        kind: TagKind::Topic,
        description: None,
        parent_id: None,
        code: None,
        version: 1,
        created_at: journal.now(),
        updated_at: journal.now(),
    };
    let slug = input.slug.as_value().cloned();
    apply(connection, &mut row, input)?;
    let made = Slug::from_title(&row.name, "tag");
    let id = row.id.clone();
    let row = slugs::first_free(
        connection,
        Resource::Tag,
        &id,
        slug,
        || made,
        |connection, slug| {
            row.slug = slug.to_owned();
            diesel::insert_into(tags::table).values(row.clone()).execute(connection)?;
            Ok(row.clone())
        },
    )?;
    journal.record(Event::created(Resource::Tag, id).sealing(row.seal(connection)?));
    Ok(row)
}

/// Writes what was said about everything but the slug into the row.
fn apply(connection: &mut AnyConnection, row: &mut TagRow, input: TagInput) -> Result<()> {
    if let Some(name) = input.name.value() {
        row.name = name.into();
    }
    input.kind.apply_or_default(&mut row.kind);
    input.description.map(String::from).apply_to(&mut row.description);
    input.code.map(String::from).apply_to(&mut row.code);
    input.parent.apply_to(&mut row.parent_id);
    if let Some(parent) = row.parent_id.take() {
        row.parent_id = Some(parent_of(connection, row, &parent)?);
    }
    Ok(())
}

/// The id of the parent that was named; a tag can be neither its own parent nor its own ancestor.
fn parent_of(connection: &mut AnyConnection, row: &TagRow, named: &str) -> Result<String> {
    let refuse = |code, detail: &str| Error::Unprocessable(vec![Rejection::field("/parent", code, detail)]);
    // Two tags that are put below each other at the same moment would each find the other one free.
    db::take_turns(connection, Turn::MovingTags)?;
    let Some(parent) = find(connection, &Reference::parse(named))? else {
        return Err(refuse("unknown_reference", "there is no tag with this id or slug"));
    };
    let mut ancestor = Some(parent.id.clone());
    while let Some(id) = ancestor {
        if id == row.id {
            return Err(refuse("circular", "is this tag itself or a tag below it"));
        }
        ancestor = tags::table.find(&id).select(tags::parent_id).get_result(connection).optional()?.flatten();
    }
    Ok(parent.id)
}

/// Changes a tag.
pub fn update(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    input: TagInput,
) -> Result<TagRow> {
    if input.parent.is_present() {
        db::take_turns(connection, Turn::MovingTags)?;
    }
    slugs::wait_for(connection, Named::Tags, (reference, if_match))?;
    let before = get(connection, reference)?;
    if_match.check(before.version)?;
    let mut row = before.clone();
    let slug = input.slug.as_value().cloned();
    apply(connection, &mut row, input)?;
    row.version += 1;
    row.updated_at = journal.now();
    slugs::rename(connection, Resource::Tag, &before.id, (&before.slug, slug), journal.now(), |connection, slug| {
        row.slug = slug.to_owned();
        save(connection, &row, before.version)
    })?;
    journal.record(Event::updated(Resource::Tag, &row.id, row.version).sealing(row.seal(connection)?));
    Ok(row)
}

/// Stores a changed row, unless somebody changed it since it was read.
fn save(connection: &mut AnyConnection, row: &TagRow, based_on: i32) -> Result<()> {
    let target = tags::table.filter(tags::id.eq(&row.id)).filter(tags::version.eq(based_on));
    match diesel::update(target).set(row).execute(connection)? {
        0 => Err(Error::version_mismatch(based_on + 1)),
        _ => Ok(()),
    }
}

/// Deletes a tag. One that stories use is only deleted with `force`, which takes it off them.
pub fn delete(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    force: bool,
) -> Result<()> {
    // A tag that is put below this one meanwhile would lose its parent without an entry in the log.
    db::take_turns(connection, Turn::MovingTags)?;
    let row = get(connection, reference)?;
    if_match.check(row.version)?;
    db::hold_for_good(connection, Named::Tags, &row.id)?;
    let uses = uses(connection, &row.id, journal.now())?;
    if uses > 0 && !force {
        let detail = format!(
            "{uses} articles use this tag, those in the trash counted; send ?force=true to take it off them and \
             delete it"
        );
        return Err(Error::Conflict(Rejection::anywhere("in_use", detail)));
    }
    leave_children(connection, journal, &row.id)?;
    // The links and the sections follow by the database's own rules.
    let target = tags::table.filter(tags::id.eq(&row.id)).filter(tags::version.eq(row.version));
    if diesel::delete(target).execute(connection)? == 0 {
        return Err(Error::version_mismatch(row.version + 1));
    }
    slugs::forget(connection, Resource::Tag, &row.id)?;
    journal.record(Event::deleted(Resource::Tag, row.id, row.version));
    Ok(())
}

/// Puts the tags below this one at the top, each as a change of its own.
fn leave_children(connection: &mut AnyConnection, journal: &mut Journal, parent: &str) -> Result<()> {
    let children: Vec<TagRow> = tags::table
        .filter(tags::parent_id.eq(parent))
        .order(tags::id.asc())
        .select(TagRow::as_select())
        .load(connection)?;
    for child in children {
        let row = TagRow { parent_id: None, version: child.version + 1, updated_at: journal.now(), ..child.clone() };
        save(connection, &row, child.version)?;
        journal.record(Event::updated(Resource::Tag, &row.id, row.version).sealing(row.seal(connection)?));
    }
    Ok(())
}

/// How many articles use a tag: in their working copy, in what readers see, or as their section.
fn uses(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<i64> {
    let linked = articles::table.filter(
        articles::section_id
            .eq(id)
            .or(articles::id
                .eq_any(article_tags::table.filter(article_tags::tag_id.eq(id)).select(article_tags::article_id)))
            .or(articles::id.eq_any(
                publications::table
                    .filter(diesel::dsl::not(publications::superseded))
                    .filter(publications::live_until.gt(now))
                    .filter(
                        publications::section_id.eq(id).or(publications::id
                            .eq_any(
                                publication_tags::table
                                    .filter(publication_tags::tag_id.eq(id))
                                    .select(publication_tags::publication_id),
                            )
                            .assume_not_null()),
                    )
                    .select(publications::article_id),
            ))
            .assume_not_null(),
    );
    Ok(linked.count().get_result(connection)?)
}
