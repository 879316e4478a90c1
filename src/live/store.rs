//! Publications in the database, for reading. Every query here says whose sight and which moment it is about.

use diesel::dsl::not;
use diesel::prelude::*;

use super::article::{Article, Times, TranslationReference};
use super::document::Document;
use super::filter::{ArticleColumn, ArticleFilter, narrow, narrow_past};
use super::publication::PublicationRow;
use super::references::References;
use super::sight::Sight;
use super::withdrawal;
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction};
use crate::db::schema::{publication_authors, publication_tags, publications};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::http::page::{List, Page};
use crate::http::path::Reference;

pub(super) type Publications<'a> = publications::BoxedQuery<'a, Backend>;

/// What these eyes see. The condition on `superseded` is spelled out so that both databases can use the indexes that
/// hold no history; only the past needs all of it, without what was withdrawn since.
pub(super) fn seen_by<'a>(sight: Sight) -> Publications<'a> {
    match sight {
        Sight::Readers(now) => publications::table
            .filter(not(publications::superseded))
            .filter(publications::live_from.le(now))
            .filter(publications::live_until.gt(now))
            .into_boxed(),
        Sight::Partners(now) => publications::table
            .filter(not(publications::superseded))
            .filter(publications::partner_from.le(now))
            .filter(publications::live_until.gt(now))
            .into_boxed(),
        Sight::Past { then, now } => publications::table
            .filter(publications::live_from.le(then))
            .filter(publications::live_until.gt(then))
            // What runs at a moment was published before it: the index of the order needs no more of it.
            .filter(publications::published_at.le(then))
            .filter(publications::article_id.ne_all(withdrawal::withdrawn_at(now)))
            .into_boxed(),
    }
}

/// One page of what these eyes see: the page, and one query for each kind of name on it.
pub fn list(
    connection: &mut AnyConnection,
    filter: &ArticleFilter,
    page: &Page,
    sight: Sight,
) -> Result<List<Article>> {
    let total = if page.count { Some(filtered(filter, sight).count().get_result(connection)?) } else { None };
    let sort = filter.sort.as_ref().map(|sort| sort.0.as_slice());
    let order = keyset::total(sort, (ArticleColumn::PublishedAt, Direction::Descending), ArticleColumn::Id);
    let rows: Vec<PublicationRow> = ArticleColumn::sorted(filtered(filter, sight), &order, page)?
        .select(PublicationRow::as_select())
        .load(connection)?;
    let list = page.list(rows, total, |row| ArticleColumn::keys(&order, row));
    let mut documents = Vec::with_capacity(list.data.len());
    for row in &list.data {
        documents.push(row.document()?);
    }
    let now = match sight {
        Sight::Past { .. } => None,
        Sight::Readers(_) | Sight::Partners(_) => Some(References::load(connection, &documents)?),
    };
    let mut documents = documents.into_iter();
    Ok(list.map(|row| {
        let document = documents.next().unwrap_or_default();
        match &now {
            Some(references) => show(row, document, references, sight),
            None => show_as_printed(row, document, sight),
        }
    }))
}

fn filtered<'a>(filter: &ArticleFilter, sight: Sight) -> Publications<'a> {
    let seen = seen_by(sight);
    match sight {
        Sight::Past { .. } => narrow_past(seen, filter),
        Sight::Readers(_) | Sight::Partners(_) => {
            narrow!(seen, filter, publications, publication_tags, publication_authors, publication_id, live_from)
        }
    }
}

/// What an address leads to.
#[derive(Debug)]
pub enum Found {
    /// The story.
    Here(Box<Article>),
    /// The story lives under this slug.
    Moved(String),
}

/// The story that these eyes find under an id, a slug or a former slug.
///
/// Errors: 404 when there is none, whatever else may exist under that name; 410 when it was killed.
pub fn find(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<Found> {
    let query = match reference {
        Reference::Id(id) => seen_by(sight).filter(publications::article_id.eq(id.clone())),
        Reference::Slug(slug) => seen_by(sight).filter(publications::slug.eq(slug.clone())),
        Reference::Nothing => return Err(Error::NotFound("article")),
    };
    let columns = (PublicationRow::as_select(), publications::body, publications::body_html);
    let row: Option<(PublicationRow, String, String)> = query.select(columns).first(connection).optional()?;
    let Some((row, body, body_html)) = row else { return lead_on(connection, reference, sight).map(Found::Moved) };
    let document = row.document()?;
    let corrections = document.corrections.clone();
    let translations = translations(connection, &row.original_id, &row.article_id, sight)?;
    let article = match sight {
        Sight::Past { .. } => show_as_printed(row, document, sight),
        Sight::Readers(_) | Sight::Partners(_) => {
            let references = References::load(connection, [&document])?;
            show(row, document, &references, sight)
        }
    };
    let article = article.with_body(body, body_html).with_corrections(corrections);
    Ok(Found::Here(Box::new(Article { translations: Some(translations), ..article })))
}

/// Where the story is that an address leads to.
#[derive(Debug)]
pub enum Located {
    /// The story with this id.
    Here(String),
    /// The story lives under this slug.
    Moved(String),
}

/// The id of the story that these eyes find under an id, a slug or a former slug; errors as in [`find`].
pub fn locate(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<Located> {
    let query = match reference {
        Reference::Id(id) => seen_by(sight).filter(publications::article_id.eq(id.clone())),
        Reference::Slug(slug) => seen_by(sight).filter(publications::slug.eq(slug.clone())),
        Reference::Nothing => return Err(Error::NotFound("article")),
    };
    match query.select(publications::article_id).first(connection).optional()? {
        Some(article) => Ok(Located::Here(article)),
        None => lead_on(connection, reference, sight).map(Located::Moved),
    }
}

/// Whether readers find a story under this name now.
pub fn is_read(connection: &mut AnyConnection, reference: &Reference, now: Timestamp) -> bool {
    locate(connection, reference, Sight::Readers(now)).is_ok()
}

/// The slug under which these eyes see the story that readers know or knew by this name.
///
/// Errors: 410 when it was killed; 404 otherwise.
fn lead_on(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<String> {
    let missing = || Error::NotFound("article");
    let article = known_as(connection, reference, sight)?.ok_or_else(missing)?;
    withdrawal::refuse_killed(connection, &article)?;
    let Reference::Slug(_) = reference else { return Err(missing()) };
    let slug = seen_by(sight).filter(publications::article_id.eq(article)).select(publications::slug);
    slug.first(connection).optional()?.ok_or_else(missing)
}

/// The story that was last seen under this name, whatever became of it. A publication that was cancelled before it
/// began was never seen.
pub(super) fn known_as(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<Option<String>> {
    let seen = publications::table.filter(publications::live_until.gt(publications::live_from)).into_boxed();
    let seen = match sight {
        Sight::Readers(now) | Sight::Past { now, .. } => seen.filter(publications::live_from.le(now)),
        Sight::Partners(now) => seen.filter(publications::partner_from.le(now)),
    };
    let seen = match reference {
        Reference::Id(id) => seen.filter(publications::article_id.eq(id.clone())),
        Reference::Slug(slug) => seen.filter(publications::slug.eq(slug.clone())),
        Reference::Nothing => return Ok(None),
    };
    let newest = seen.order((publications::live_from.desc(), publications::id.desc())).select(publications::article_id);
    Ok(newest.first(connection).optional()?)
}

/// The same story in other languages, in the order of their codes.
fn translations(
    connection: &mut AnyConnection,
    original: &str,
    article: &str,
    sight: Sight,
) -> Result<Vec<TranslationReference>> {
    let rows: Vec<(String, String, String, String)> = seen_by(sight)
        .filter(publications::original_id.eq(original.to_owned()))
        .filter(publications::article_id.ne(article.to_owned()))
        .order((publications::language.asc(), publications::article_id.asc()))
        .select((publications::article_id, publications::slug, publications::language, publications::title))
        .load(connection)?;
    let reference = |(id, slug, language, title)| TranslationReference { id, slug, language, title };
    Ok(rows.into_iter().map(reference).collect())
}

pub(super) fn show_as_printed(row: PublicationRow, document: Document, sight: Sight) -> Article {
    let references = References::printed_then(document.printed.as_ref());
    show(row, document, &references, sight)
}

fn show(row: PublicationRow, document: Document, references: &References, sight: Sight) -> Article {
    let times = Times {
        first_published_at: Some(row.first_published_at),
        published_at: Some(row.published_at),
        modified_at: Some(row.modified_at),
        created_at: row.created_at,
        updated_at: row.live_from,
    };
    let embargo_until = sight.is_ahead_of(row.live_from).then_some(row.live_from);
    Article { embargo_until, ..Article::new(row.article_id, row.slug, document, times, references) }
}
