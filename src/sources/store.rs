//! Sources in the database.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::source::{Source, SourceInput, SourceKind};
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction, sort_columns};
use crate::db::schema::{articles, publications, sources};
use crate::db::types::new_id;
use crate::db::{self, AnyConnection, Backend, Named};
use crate::error::{Error, Rejection, Result};
use crate::events::{Event, Journal, Resource, Sealed};
use crate::http::etag::IfMatch;
use crate::http::fields::CountryCode;
use crate::http::page::{List, Page};
use crate::http::path::Reference;
use crate::http::query;
use crate::slugs::{self, Slug};
use crate::tallies::{self, Ranking, Role};

/// A row of `sources`.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sources, treat_none_as_null = true)]
pub struct SourceRow {
    /// Never changes.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// As readers see it.
    pub name: String,
    /// What it stands for.
    pub kind: SourceKind,
    /// Its front page.
    pub homepage_url: Option<String>,
    /// Its feed.
    pub feed_url: Option<String>,
    /// Where it is at home.
    pub country: Option<String>,
    /// What it writes in.
    pub language: Option<String>,
    /// How it wants to be named.
    pub credit_line: Option<String>,
    /// What it allows.
    pub usage_terms: Option<String>,
    /// Its mark.
    pub logo_url: Option<String>,
    /// Counts the saves.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Sealed for SourceRow {
    const RESOURCE: Resource = Resource::Source;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, connection: &mut AnyConnection) -> Result<String> {
        slugs::seal(connection, Resource::Source, (&self.id, self))
    }
}

sort_columns! {
    /// What sources can be sorted by.
    pub enum SourceColumn for sources, SourceRow {
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

/// Which sources a list gives.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SourceFilter {
    /// Only these kinds: `kind=agency,broadcaster`.
    #[param(value_type = Option<String>, example = "agency,broadcaster")]
    pub kind: query::List<SourceKind>,
    /// Only these countries, by code: `country=DE,FR`.
    #[param(value_type = Option<String>, example = "DE,FR")]
    pub country: query::List<CountryCode>,
    /// Sorted by `name`, `created_at`, `updated_at` or `id`, or by `live_count` alone; a minus for descending. Default:
    /// `name`.
    #[param(value_type = Option<String>, example = "-live_count")]
    pub sort: Option<Ranking<SourceColumn>>,
}

/// One page of sources, with the total when it was asked for.
pub fn list(
    connection: &mut AnyConnection,
    filter: &SourceFilter,
    page: &Page,
    now: Timestamp,
) -> Result<List<Source>> {
    let filtered = || {
        let mut query = sources::table.into_boxed::<Backend>();
        if !filter.kind.0.is_empty() {
            query = query.filter(sources::kind.eq_any(filter.kind.0.clone()));
        }
        if !filter.country.0.is_empty() {
            query = query
                .filter(sources::country.eq_any(filter.country.0.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        query
    };
    let list = rows(connection, filtered, (filter, page), now)?;
    let names = list.data.iter().map(|row| row.id.as_str()).collect();
    let counts = tallies::of(connection, &[Role::Source], names, now)?;
    Ok(list.map(|row| Source { live_count: Some(counts.get(Role::Source, &row.id)), ..show(row) }))
}

/// The rows of a page, in the order that the filter asks for.
fn rows<'a>(
    connection: &mut AnyConnection,
    filtered: impl Fn() -> sources::BoxedQuery<'a, Backend>,
    (filter, page): (&SourceFilter, &Page),
    now: Timestamp,
) -> Result<List<SourceRow>> {
    if let Some(direction) = filter.sort.as_ref().and_then(Ranking::count) {
        let names: Vec<String> = filtered().select(sources::id).load(connection)?;
        let counts = tallies::of_all(connection, &[Role::Source], now)?;
        let counted = names.into_iter().map(|id| (counts.get(Role::Source, &id), id)).collect();
        let names = tallies::page_by_count(counted, direction, page)?;
        let these = sources::table.filter(sources::id.eq_any(names.data.clone())).select(SourceRow::as_select());
        return Ok(tallies::in_order(names, these.load(connection)?, |row: &SourceRow| &row.id));
    }
    let total = if page.count { Some(filtered().count().get_result(connection)?) } else { None };
    let sort = filter.sort.as_ref().and_then(Ranking::columns);
    let order = keyset::total(sort, (SourceColumn::Name, Direction::Ascending), SourceColumn::Id);
    let rows = SourceColumn::sorted(filtered(), &order, page)?.select(SourceRow::as_select()).load(connection)?;
    Ok(page.list(rows, total, |row| SourceColumn::keys(&order, row)))
}

/// The source that an id, a slug or a former slug names.
pub fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<SourceRow>> {
    slugs::look_up(
        connection,
        Resource::Source,
        reference,
        |connection, id| sources::table.find(id).select(SourceRow::as_select()).get_result(connection),
        |connection, slug| {
            sources::table.filter(sources::slug.eq(slug)).select(SourceRow::as_select()).get_result(connection)
        },
    )
}

/// The source that must be there, or 404.
pub fn get(connection: &mut AnyConnection, reference: &Reference) -> Result<SourceRow> {
    find(connection, reference)?.ok_or(Error::NotFound("source"))
}

/// A source as it looks from outside.
pub fn show(row: SourceRow) -> Source {
    Source {
        id: row.id,
        slug: row.slug,
        name: row.name,
        kind: row.kind,
        homepage_url: row.homepage_url,
        feed_url: row.feed_url,
        country: row.country,
        language: row.language,
        credit_line: row.credit_line,
        usage_terms: row.usage_terms,
        logo_url: row.logo_url,
        created_at: row.created_at,
        updated_at: row.updated_at,
        live_count: None,
    }
}

/// Stores a new source.
pub fn create(connection: &mut AnyConnection, journal: &mut Journal, input: SourceInput) -> Result<SourceRow> {
    let mut row = SourceRow {
        id: new_id(),
        slug: String::new(),
        name: String::new(),
        kind: SourceKind::Publisher,
        homepage_url: None,
        feed_url: None,
        country: None,
        language: None,
        credit_line: None,
        usage_terms: None,
        logo_url: None,
        version: 1,
        created_at: journal.now(),
        updated_at: journal.now(),
    };
    let slug = input.slug.as_value().cloned();
    apply(&mut row, input);
    let made = Slug::from_title(&row.name, "source");
    let id = row.id.clone();
    let row = slugs::first_free(
        connection,
        Resource::Source,
        &id,
        slug,
        || made,
        |connection, slug| {
            row.slug = slug.to_owned();
            diesel::insert_into(sources::table).values(row.clone()).execute(connection)?;
            Ok(row.clone())
        },
    )?;
    journal.record(Event::created(Resource::Source, id).sealing(row.seal(connection)?));
    Ok(row)
}

/// Writes what was said about everything but the slug into the row.
fn apply(row: &mut SourceRow, input: SourceInput) {
    if let Some(name) = input.name.value() {
        row.name = name.into();
    }
    input.kind.apply_or_default(&mut row.kind);
    input.homepage_url.map(String::from).apply_to(&mut row.homepage_url);
    input.feed_url.map(String::from).apply_to(&mut row.feed_url);
    input.country.map(String::from).apply_to(&mut row.country);
    input.language.map(String::from).apply_to(&mut row.language);
    input.credit_line.map(String::from).apply_to(&mut row.credit_line);
    input.usage_terms.map(String::from).apply_to(&mut row.usage_terms);
    input.logo_url.map(String::from).apply_to(&mut row.logo_url);
}

/// Changes a source.
pub fn update(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    input: SourceInput,
) -> Result<SourceRow> {
    slugs::wait_for(connection, Named::Sources, (reference, if_match))?;
    let before = get(connection, reference)?;
    if_match.check(before.version)?;
    let mut row = before.clone();
    let slug = input.slug.as_value().cloned();
    apply(&mut row, input);
    row.version += 1;
    row.updated_at = journal.now();
    slugs::rename(
        connection,
        Resource::Source,
        &before.id,
        (&before.slug, slug),
        journal.now(),
        |connection, slug| {
            row.slug = slug.to_owned();
            save(connection, &row, before.version)
        },
    )?;
    journal.record(Event::updated(Resource::Source, &row.id, row.version).sealing(row.seal(connection)?));
    Ok(row)
}

/// Stores a changed row, unless somebody changed it since it was read.
fn save(connection: &mut AnyConnection, row: &SourceRow, based_on: i32) -> Result<()> {
    let target = sources::table.filter(sources::id.eq(&row.id)).filter(sources::version.eq(based_on));
    match diesel::update(target).set(row).execute(connection)? {
        0 => Err(Error::version_mismatch(based_on + 1)),
        _ => Ok(()),
    }
}

/// Deletes a source. One that stories use is only deleted with `force`, which takes it off them.
pub fn delete(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    reference: &Reference,
    if_match: &IfMatch,
    force: bool,
) -> Result<()> {
    let row = get(connection, reference)?;
    if_match.check(row.version)?;
    db::hold_for_good(connection, Named::Sources, &row.id)?;
    let uses = uses(connection, &row.id, journal.now())?;
    if uses > 0 && !force {
        let detail = format!(
            "{uses} articles use this source, those in the trash counted; send ?force=true to take it off them and \
             delete it"
        );
        return Err(Error::Conflict(Rejection::anywhere("in_use", detail)));
    }
    // The stories keep their printed credit; the links follow by the database's own rules.
    let target = sources::table.filter(sources::id.eq(&row.id)).filter(sources::version.eq(row.version));
    if diesel::delete(target).execute(connection)? == 0 {
        return Err(Error::version_mismatch(row.version + 1));
    }
    slugs::forget(connection, Resource::Source, &row.id)?;
    journal.record(Event::deleted(Resource::Source, row.id, row.version));
    Ok(())
}

/// How many articles use a source: in their working copy, or in what readers see or will see.
fn uses(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<i64> {
    let published = publications::table
        .filter(diesel::dsl::not(publications::superseded))
        .filter(publications::live_until.gt(now))
        .filter(publications::source_id.eq(id))
        .select(publications::article_id);
    let used = articles::source_id.eq(id).assume_not_null().or(articles::id.eq_any(published));
    Ok(articles::table.filter(used).count().get_result(connection)?)
}

/// The id of the oldest source with this name. Case makes no difference: whoever types "nato" means NATO.
pub fn find_by_name(connection: &mut AnyConnection, name: &str) -> Result<Option<String>> {
    let slug = Slug::from_title(name, "source");
    let candidates: Vec<(String, String)> = sources::table
        .filter(sources::name.eq(name).or(sources::slug.eq(slug.as_str())))
        .order(sources::id.asc())
        .select((sources::id, sources::name))
        .load(connection)?;
    let same = |(_, known): &(String, String)| known.to_lowercase() == name.to_lowercase();
    Ok(candidates.into_iter().find(same).map(|(id, _)| id))
}
