//! Authors in the database.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::author::{Author, AuthorInput, Link};
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction, sort_columns};
use crate::db::schema::{article_authors, articles, authors, publication_authors, publications};
use crate::db::types::new_id;
use crate::db::{self, AnyConnection, Backend, Named, Prepare, in_few_lengths};
use crate::error::{Error, Rejection, Result};
use crate::events::{Event, Journal, Resource, Sealed};
use crate::http::etag::IfMatch;
use crate::http::page::{List, Page};
use crate::http::path::Reference;
use crate::slugs::{self, Slug};
use crate::tallies::{self, Ranking, Role};

/// A row of `authors`.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authors, treat_none_as_null = true)]
pub struct AuthorRow {
    /// Never changes.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// As readers see it.
    pub name: String,
    /// What they do.
    pub job_title: Option<String>,
    /// About them.
    pub bio: Option<String>,
    /// Where readers reach them.
    pub contact_email: Option<String>,
    /// A portrait.
    pub image_url: Option<String>,
    /// A JSON array of links.
    pub links: String,
    /// Counts the saves.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Sealed for AuthorRow {
    const RESOURCE: Resource = Resource::Author;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, connection: &mut AnyConnection) -> Result<String> {
        slugs::seal(connection, Resource::Author, (&self.id, self))
    }
}

sort_columns! {
    /// What authors can be sorted by.
    pub enum AuthorColumn for authors, AuthorRow {
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

/// Which authors a list gives.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuthorFilter {
    /// Sorted by `name`, `created_at`, `updated_at` or `id`, or by `live_count` alone; a minus for descending. Default:
    /// `name`.
    #[param(value_type = Option<String>, example = "-live_count")]
    pub sort: Option<Ranking<AuthorColumn>>,
}

/// One page of authors, with the total when it was asked for.
pub fn list(
    connection: &mut AnyConnection,
    filter: &AuthorFilter,
    page: &Page,
    now: Timestamp,
) -> Result<List<Author>> {
    let filtered = || authors::table.into_boxed::<Backend>();
    let list = rows(connection, filtered, (filter, page), now)?;
    let names = list.data.iter().map(|row| row.id.as_str()).collect();
    let counts = tallies::of(connection, &[Role::Author], names, now)?;
    Ok(list.map(|row| Author { live_count: Some(counts.get(Role::Author, &row.id)), ..show(row) }))
}

/// The rows of a page, in the order that the filter asks for.
fn rows<'a>(
    connection: &mut AnyConnection,
    filtered: impl Fn() -> authors::BoxedQuery<'a, Backend>,
    (filter, page): (&AuthorFilter, &Page),
    now: Timestamp,
) -> Result<List<AuthorRow>> {
    if let Some(direction) = filter.sort.as_ref().and_then(Ranking::count) {
        let names: Vec<String> = filtered().select(authors::id).load(connection)?;
        let counts = tallies::of_all(connection, &[Role::Author], now)?;
        let counted = names.into_iter().map(|id| (counts.get(Role::Author, &id), id)).collect();
        let names = tallies::page_by_count(counted, direction, page)?;
        let these = authors::table.filter(authors::id.eq_any(names.data.clone())).select(AuthorRow::as_select());
        return Ok(tallies::in_order(names, these.load(connection)?, |row: &AuthorRow| &row.id));
    }
    let total = if page.count { Some(filtered().count().get_result(connection)?) } else { None };
    let sort = filter.sort.as_ref().and_then(Ranking::columns);
    let order = keyset::total(sort, (AuthorColumn::Name, Direction::Ascending), AuthorColumn::Id);
    let rows = AuthorColumn::sorted(filtered(), &order, page)?.select(AuthorRow::as_select()).load(connection)?;
    Ok(page.list(rows, total, |row| AuthorColumn::keys(&order, row)))
}

/// The author that an id, a slug or a former slug names.
pub fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<AuthorRow>> {
    slugs::look_up(
        connection,
        Resource::Author,
        reference,
        |connection, id| authors::table.find(id).select(AuthorRow::as_select()).get_result(connection),
        |connection, slug| {
            authors::table.filter(authors::slug.eq(slug)).select(AuthorRow::as_select()).get_result(connection)
        },
    )
}

/// The author that must be there, or 404.
pub fn get(connection: &mut AnyConnection, reference: &Reference) -> Result<AuthorRow> {
    find(connection, reference)?.ok_or(Error::NotFound("author"))
}

/// An author as it looks from outside.
pub fn show(row: AuthorRow) -> Author {
    Author {
        id: row.id,
        slug: row.slug,
        name: row.name,
        job_title: row.job_title,
        bio: row.bio,
        contact_email: row.contact_email,
        image_url: row.image_url,
        links: links_of(&row.links),
        created_at: row.created_at,
        updated_at: row.updated_at,
        live_count: None,
    }
}

/// The links as they are kept; text that is not ours reads as none.
fn links_of(text: &str) -> Vec<Link> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Stores a new author.
pub fn create(connection: &mut AnyConnection, journal: &mut Journal, input: AuthorInput) -> Result<AuthorRow> {
    let mut row = AuthorRow {
        id: new_id(),
        slug: String::new(),
        name: String::new(),
        job_title: None,
        bio: None,
        contact_email: None,
        image_url: None,
        links: "[]".to_owned(),
        version: 1,
        created_at: journal.now(),
        updated_at: journal.now(),
    };
    let slug = input.slug.as_value().cloned();
    apply(&mut row, input)?;
    let made = Slug::from_title(&row.name, "author");
    let id = row.id.clone();
    let row = slugs::first_free(
        connection,
        Resource::Author,
        &id,
        slug,
        || made,
        |connection, slug| {
            row.slug = slug.to_owned();
            diesel::insert_into(authors::table).values(row.clone()).execute(connection)?;
            Ok(row.clone())
        },
    )?;
    journal.record(Event::created(Resource::Author, id).sealing(row.seal(connection)?));
    Ok(row)
}

/// Writes what was said about everything but the slug into the row.
fn apply(row: &mut AuthorRow, input: AuthorInput) -> Result<()> {
    if let Some(name) = input.name.value() {
        row.name = name.into();
    }
    input.job_title.map(String::from).apply_to(&mut row.job_title);
    input.bio.map(String::from).apply_to(&mut row.bio);
    input.contact_email.map(String::from).apply_to(&mut row.contact_email);
    input.image_url.map(String::from).apply_to(&mut row.image_url);
    if input.links.is_present() {
        row.links = serde_json::to_string(&input.links.value().unwrap_or_default()).map_err(Error::internal)?;
    }
    Ok(())
}

/// Changes an author.
pub fn update(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    input: AuthorInput,
) -> Result<AuthorRow> {
    slugs::wait_for(connection, Named::Authors, (reference, if_match))?;
    let before = get(connection, reference)?;
    if_match.check(before.version)?;
    let mut row = before.clone();
    let slug = input.slug.as_value().cloned();
    apply(&mut row, input)?;
    row.version += 1;
    row.updated_at = journal.now();
    slugs::rename(
        connection,
        Resource::Author,
        &before.id,
        (&before.slug, slug),
        journal.now(),
        |connection, slug| {
            row.slug = slug.to_owned();
            save(connection, &row, before.version)
        },
    )?;
    journal.record(Event::updated(Resource::Author, &row.id, row.version).sealing(row.seal(connection)?));
    Ok(row)
}

/// Stores a changed row, unless somebody changed it since it was read.
fn save(connection: &mut AnyConnection, row: &AuthorRow, based_on: i32) -> Result<()> {
    let target = authors::table.filter(authors::id.eq(&row.id)).filter(authors::version.eq(based_on));
    match diesel::update(target).set(row).execute(connection)? {
        0 => Err(Error::version_mismatch(based_on + 1)),
        _ => Ok(()),
    }
}

/// Deletes an author. One that stories use is only deleted with `force`, which takes it off them.
pub fn delete(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    force: bool,
) -> Result<()> {
    let row = get(connection, reference)?;
    if_match.check(row.version)?;
    db::hold_for_good(connection, Named::Authors, &row.id)?;
    let uses = uses(connection, &row.id, journal.now())?;
    if uses > 0 && !force {
        let detail = format!(
            "{uses} articles use this author, those in the trash counted; send ?force=true to take it off them and \
             delete it"
        );
        return Err(Error::Conflict(Rejection::anywhere("in_use", detail)));
    }
    // The links follow by the database's own rules; what was printed stays in the publications.
    let target = authors::table.filter(authors::id.eq(&row.id)).filter(authors::version.eq(row.version));
    if diesel::delete(target).execute(connection)? == 0 {
        return Err(Error::version_mismatch(row.version + 1));
    }
    slugs::forget(connection, Resource::Author, &row.id)?;
    journal.record(Event::deleted(Resource::Author, row.id, row.version));
    Ok(())
}

/// How many articles name an author: in their working copy, or in what readers see or will see.
fn uses(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<i64> {
    let working = article_authors::table.filter(article_authors::author_id.eq(id)).select(article_authors::article_id);
    let on_publications = publication_authors::table
        .filter(publication_authors::author_id.eq(id))
        .select(publication_authors::publication_id);
    let published = publications::table
        .filter(diesel::dsl::not(publications::superseded))
        .filter(publications::live_until.gt(now))
        .filter(publications::id.eq_any(on_publications))
        .select(publications::article_id);
    let used = articles::id.eq_any(working).or(articles::id.eq_any(published));
    Ok(articles::table.filter(used).count().get_result(connection)?)
}

/// The id of the oldest author with this name. Case makes no difference: whoever types "nato" means NATO.
pub fn find_by_name(connection: &mut AnyConnection, name: &str) -> Result<Option<String>> {
    let slug = Slug::from_title(name, "author");
    let candidates: Vec<(String, String)> = authors::table
        .filter(authors::name.eq(name).or(authors::slug.eq(slug.as_str())))
        .order(authors::id.asc())
        .select((authors::id, authors::name))
        .load(connection)?;
    let same = |(_, known): &(String, String)| known.to_lowercase() == name.to_lowercase();
    Ok(candidates.into_iter().find(same).map(|(id, _)| id))
}

/// The ids of the authors that these ids, slugs or former slugs name; what names none is left out. One query, and one more
/// for each name that is not a present one.
pub fn ids_of(connection: &mut AnyConnection, texts: Vec<String>) -> Result<HashMap<String, String>> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let named = in_few_lengths(&texts);
    let present: Vec<(String, String)> = authors::table
        .filter(authors::id.eq_any(&named).or(authors::slug.eq_any(&named)))
        .select((authors::id, authors::slug))
        .prepared()
        .load(connection)?;
    let mut ids: HashMap<String, String> = HashMap::new();
    for (id, slug) in present {
        ids.insert(slug, id.clone());
        ids.insert(id.clone(), id);
    }
    for text in texts {
        if !ids.contains_key(&text)
            && let Some(row) = find(connection, &Reference::parse(&text))?
        {
            ids.insert(text, row.id);
        }
    }
    Ok(ids)
}
