//! Publications in the database, for reading. Every query here says which moment it is about.

use diesel::dsl::not;
use diesel::prelude::*;

use super::article::{Article, Times};
use super::document::Document;
use super::filter::{ArticleColumn, ArticleFilter, narrow};
use super::publication::PublicationRow;
use super::references::References;
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction};
use crate::db::schema::{publication_authors, publication_tags, publications};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::http::page::{List, Page};
use crate::http::path::Reference;

type Publications<'a> = publications::BoxedQuery<'a, Backend>;

/// What readers see at this moment. The condition on `superseded` is spelled out so that both databases can use the
/// indexes that hold no history.
fn live_at<'a>(now: Timestamp) -> Publications<'a> {
    publications::table
        .filter(not(publications::superseded))
        .filter(publications::live_from.le(now))
        .filter(publications::live_until.gt(now))
        .into_boxed()
}

/// One page of what readers see at this moment: the page, and one query for each kind of name on it.
pub fn list(
    connection: &mut AnyConnection,
    filter: &ArticleFilter,
    page: &Page,
    now: Timestamp,
) -> Result<List<Article>> {
    let total = if page.count { Some(filtered(filter, now).count().get_result(connection)?) } else { None };
    let sort = filter.sort.as_ref().map(|sort| sort.0.as_slice());
    let order = keyset::total(sort, (ArticleColumn::PublishedAt, Direction::Descending), ArticleColumn::Id);
    let rows: Vec<PublicationRow> = ArticleColumn::sorted(filtered(filter, now), &order, page)?
        .select(PublicationRow::as_select())
        .load(connection)?;
    let list = page.list(rows, total, |row| ArticleColumn::keys(&order, row));
    let mut documents = Vec::with_capacity(list.data.len());
    for row in &list.data {
        documents.push(document(&row.document)?);
    }
    let references = References::load(connection, &documents)?;
    let mut documents = documents.into_iter();
    Ok(list.map(|row| show(row, documents.next().unwrap_or_default(), &references)))
}

fn filtered<'a>(filter: &ArticleFilter, now: Timestamp) -> Publications<'a> {
    narrow!(live_at(now), filter, publications, publication_tags, publication_authors, publication_id, live_from)
}

/// What an address leads to.
#[derive(Debug)]
pub enum Found {
    /// The story.
    Here(Box<Article>),
    /// The story lives under this slug now.
    Moved(String),
}

/// The story that readers find under an id, a slug or a former slug at this moment.
///
/// Errors: 404 when there is none, whatever else may exist under that name.
pub fn find(connection: &mut AnyConnection, reference: &Reference, now: Timestamp) -> Result<Found> {
    let query = match reference {
        Reference::Id(id) => live_at(now).filter(publications::article_id.eq(id.clone())),
        Reference::Slug(slug) => live_at(now).filter(publications::slug.eq(slug.clone())),
        Reference::Nothing => return Err(Error::NotFound("article")),
    };
    let columns = (PublicationRow::as_select(), publications::body, publications::body_html);
    let row: Option<(PublicationRow, String, String)> = query.select(columns).first(connection).optional()?;
    match (row, reference) {
        (Some((row, body, body_html)), _) => {
            let document = document(&row.document)?;
            let references = References::load(connection, [&document])?;
            Ok(Found::Here(Box::new(show(row, document, &references).with_body(body, body_html))))
        }
        (None, Reference::Slug(slug)) => moved(connection, slug, now).map(Found::Moved),
        (None, _) => Err(Error::NotFound("article")),
    }
}

/// The slug under which a story is read that readers once found under this one.
fn moved(connection: &mut AnyConnection, former: &str, now: Timestamp) -> Result<String> {
    let article: Option<String> = publications::table
        .filter(publications::slug.eq(former))
        .filter(publications::live_from.le(now))
        // A publication that was cancelled before it began was never read.
        .filter(publications::live_until.gt(publications::live_from))
        .order((publications::live_from.desc(), publications::id.desc()))
        .select(publications::article_id)
        .first(connection)
        .optional()?;
    let article = article.ok_or(Error::NotFound("article"))?;
    let slug = live_at(now).filter(publications::article_id.eq(article)).select(publications::slug).first(connection);
    slug.optional()?.ok_or(Error::NotFound("article"))
}

/// A stored document; one that cannot be read is a fault of ours, never an empty story.
fn document(text: &str) -> Result<Document> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("a stored document cannot be read: {error}")))
}

fn show(row: PublicationRow, document: Document, references: &References) -> Article {
    let times = Times {
        first_published_at: Some(row.first_published_at),
        published_at: Some(row.published_at),
        modified_at: Some(row.modified_at),
        created_at: row.created_at,
        updated_at: row.live_from,
    };
    Article::new(row.article_id, row.slug, document, times, references)
}
