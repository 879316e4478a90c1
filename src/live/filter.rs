//! Which stories a list gives, and in which order; the same words for readers and editors.

use diesel::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;

use super::document::ArticleKind;
use super::publication::PublicationRow;
use crate::clock::Timestamp;
use crate::db::Backend;
use crate::db::keyset::sort_columns;
use crate::db::schema::{publication_authors, publication_tags, publications};
use crate::http::fields::LanguageTag;
use crate::http::query::{List, Sort};

sort_columns! {
    /// What articles can be sorted by.
    pub enum ArticleColumn for publications, PublicationRow {
        /// By when their present run began.
        PublishedAt = "published_at": time published_at,
        /// By when they last changed for whoever reads the list.
        UpdatedAt = "updated_at": time live_from,
        /// By when they were begun.
        CreatedAt = "created_at": time created_at,
        /// By headline.
        Title = "title": text title,
        /// By id.
        Id = "id": text article_id,
    }
}

/// Which articles a list gives. Several values in one parameter mean any of them; several parameters mean all of them.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ArticleFilter {
    /// Only with any of these tags, by id or slug: `tag=nato,kosovo`.
    #[param(value_type = Option<String>, example = "nato,kosovo")]
    pub tag: List<String>,
    /// Only by any of these authors, by id or slug.
    #[param(value_type = Option<String>)]
    pub author: List<String>,
    /// Only from any of these sources, by id or slug.
    #[param(value_type = Option<String>)]
    pub source: List<String>,
    /// Only in any of these sections, by id or slug.
    #[param(value_type = Option<String>)]
    pub section: List<String>,
    /// Only in these languages: `language=en,pt-BR`.
    #[param(value_type = Option<String>)]
    pub language: List<LanguageTag>,
    /// Only of these types: `type=report,analysis`.
    #[serde(rename = "type")]
    #[param(rename = "type", value_type = Option<String>)]
    pub kind: List<ArticleKind>,
    /// Only those that stand out (`true`), or only the others (`false`).
    pub featured: Option<bool>,
    /// Only published later than this.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    pub published_after: Option<Timestamp>,
    /// Only published earlier than this.
    #[param(value_type = Option<String>, format = DateTime)]
    pub published_before: Option<Timestamp>,
    /// Only changed later than this, for whoever reads the list.
    #[param(value_type = Option<String>, format = DateTime)]
    pub updated_after: Option<Timestamp>,
    /// Up to three of `published_at`, `updated_at`, `created_at`, `title`, `id`, separated by commas; a minus for
    /// descending. Default: `-published_at` for readers, `-updated_at` for working copies.
    #[param(value_type = Option<String>, example = "-published_at,title")]
    pub sort: Option<Sort<ArticleColumn>>,
}

/// Narrows a query to what a filter asks for. Readers' and editors' tables have the same columns, under different
/// names where they mean different things: `$updated` is when a row last changed for whoever reads it.
macro_rules! narrow {
    ($query:expr, $filter:expr, $table:ident, $table_tags:ident, $table_authors:ident, $link:ident, $updated:ident) => {{
        use $crate::db::schema::{authors, sources, tags};
        let filter: &$crate::live::ArticleFilter = $filter;
        let mut query = $query;
        if let Some(names) = filter.tag.given() {
            let named = tags::table.filter(tags::slug.eq_any(names.clone()).or(tags::id.eq_any(names)));
            let linked = $table_tags::table.filter($table_tags::tag_id.eq_any(named.select(tags::id)));
            query = query.filter($table::id.eq_any(linked.select($table_tags::$link)));
        }
        if let Some(names) = filter.author.given() {
            let named = authors::table.filter(authors::slug.eq_any(names.clone()).or(authors::id.eq_any(names)));
            let linked = $table_authors::table.filter($table_authors::author_id.eq_any(named.select(authors::id)));
            query = query.filter($table::id.eq_any(linked.select($table_authors::$link)));
        }
        if let Some(names) = filter.source.given() {
            let named = sources::table.filter(sources::slug.eq_any(names.clone()).or(sources::id.eq_any(names)));
            query = query.filter($table::source_id.eq_any(named.select(sources::id.nullable())));
        }
        if let Some(names) = filter.section.given() {
            let named = tags::table.filter(tags::slug.eq_any(names.clone()).or(tags::id.eq_any(names)));
            query = query.filter($table::section_id.eq_any(named.select(tags::id.nullable())));
        }
        $crate::live::narrow_by_value!(query, filter, $table, $updated)
    }};
}

pub(crate) use narrow;

/// The part of [`narrow!`] that asks for no names.
macro_rules! narrow_by_value {
    ($query:expr, $filter:expr, $table:ident, $updated:ident) => {{
        let (mut query, filter): (_, &$crate::live::ArticleFilter) = ($query, $filter);
        if let Some(languages) = filter.language.given() {
            query = query.filter($table::language.eq_any(languages));
        }
        if let Some(kinds) = filter.kind.given() {
            query = query.filter($table::kind.eq_any(kinds));
        }
        if let Some(featured) = filter.featured {
            query = query.filter($table::featured.eq(featured));
        }
        if let Some(moment) = filter.published_after {
            // What was never published is kept as the end of all time, and is not later than anything.
            let published = $table::published_at.lt($crate::clock::Timestamp::FOREVER);
            query = query.filter($table::published_at.gt(moment)).filter(published);
        }
        if let Some(moment) = filter.published_before {
            query = query.filter($table::published_at.lt(moment));
        }
        if let Some(moment) = filter.updated_after {
            query = query.filter($table::$updated.gt(moment));
        }
        query
    }};
}

pub(crate) use narrow_by_value;

/// Narrows what was read at a moment that is over to what a filter asks for: names mean what was printed then, so that
/// the same question about the same moment always has the same answer.
pub fn narrow_past<'a>(
    query: publications::BoxedQuery<'a, Backend>,
    filter: &ArticleFilter,
) -> publications::BoxedQuery<'a, Backend> {
    let mut query = query;
    if let Some(names) = filter.tag.given() {
        let printed = publication_tags::slug.eq_any(names.clone()).or(publication_tags::tag_id.eq_any(names));
        let linked = publication_tags::table.filter(printed).select(publication_tags::publication_id);
        query = query.filter(publications::id.eq_any(linked));
    }
    if let Some(names) = filter.author.given() {
        let printed = publication_authors::slug.eq_any(names.clone()).or(publication_authors::author_id.eq_any(names));
        let linked = publication_authors::table.filter(printed).select(publication_authors::publication_id);
        query = query.filter(publications::id.eq_any(linked));
    }
    if let Some(names) = filter.source.given() {
        let printed = publications::source_slug.eq_any(names.clone()).or(publications::source_id.eq_any(names));
        query = query.filter(printed.assume_not_null());
    }
    if let Some(names) = filter.section.given() {
        let printed = publications::section_slug.eq_any(names.clone()).or(publications::section_id.eq_any(names));
        query = query.filter(printed.assume_not_null());
    }
    narrow_by_value!(query, filter, publications, live_from)
}
