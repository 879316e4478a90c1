//! Publications in the database, for reading. Every query here says whose sight and which moment it is about.

use diesel::dsl::not;
use diesel::prelude::*;

use super::article::{Article, Times, TranslationReference};
use super::document::Document;
use super::extras::Extras;
use super::filter::ArticleFilter;
use super::listing;
use super::publication::PublicationRow;
use super::references::References;
use super::sight::Sight;
use super::withdrawal;
use crate::clock::Timestamp;
use crate::db::listing::in_order;
use crate::db::schema::{publications, withdrawals};
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
        Sight::Past { then, .. } => publications::table
            .filter(publications::live_from.le(then))
            .filter(publications::live_until.gt(then))
            .filter(publications::article_id.ne_all(
                withdrawals::table.filter(withdrawals::ended_at.eq(Timestamp::FOREVER)).select(withdrawals::article_id),
            ))
            .into_boxed(),
    }
}

/// One page of what these eyes see: which stories, what they hold, and one query for all their names.
pub fn list(
    connection: &mut AnyConnection,
    (filter, extras): (&ArticleFilter, Extras),
    page: &Page,
    sight: Sight,
) -> Result<List<Article>> {
    let picked = listing::pick(connection, filter, page, sight)?;
    Ok(List { data: show_all(connection, &picked.data, extras, sight)?, next: picked.next, total: picked.total })
}

/// A row, and its text when that is wanted.
type Listed = (PublicationRow, Option<(String, String)>);

/// The stories with these ids as lists have them, in this order. One that went out of sight meanwhile is left out.
fn show_all(connection: &mut AnyConnection, ids: &[String], extras: Extras, sight: Sight) -> Result<Vec<Article>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = load(connection, ids, extras, sight)?;
    let mut documents = Vec::with_capacity(rows.len());
    for (row, _) in &rows {
        documents.push(row.document()?);
    }
    let now = match sight {
        Sight::Past { .. } => None,
        Sight::Readers(_) | Sight::Partners(_) => Some(References::load(connection, &documents)?),
    };
    let show_one = |((row, text), document): (Listed, Document)| {
        let corrections = extras.corrections.then(|| document.corrections.clone());
        let article = match &now {
            Some(references) => show(row, document, references, sight),
            None => show_as_printed(row, document, sight),
        };
        let article = Article { corrections, ..article };
        match text {
            Some((body, body_html)) => article.with_text(body, body_html, extras),
            None => article,
        }
    };
    Ok(rows.into_iter().zip(documents).map(show_one).collect())
}

/// The rows of these stories, in this order.
fn load(connection: &mut AnyConnection, ids: &[String], extras: Extras, sight: Sight) -> Result<Vec<Listed>> {
    let these = seen_by(sight).filter(publications::article_id.eq_any(ids));
    let rows: Vec<Listed> = match extras.needs_text() {
        true => {
            let columns = (PublicationRow::as_select(), (publications::body, publications::body_html));
            let rows: Vec<(PublicationRow, (String, String))> = these.select(columns).load(connection)?;
            rows.into_iter().map(|(row, text)| (row, Some(text))).collect()
        }
        false => {
            let rows: Vec<PublicationRow> = these.select(PublicationRow::as_select()).load(connection)?;
            rows.into_iter().map(|row| (row, None)).collect()
        }
    };
    Ok(in_order(rows, ids, |(row, _)| &row.article_id))
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
