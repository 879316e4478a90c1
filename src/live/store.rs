//! Publications in the database, for reading. Every query here says whose sight and which moment it is about.

use diesel::dsl::not;
use diesel::prelude::*;

use super::article::{Article, Times, TranslationReference};
use super::card;
use super::document::Document;
use super::extras::Extras;
use super::family;
use super::filter::ArticleFilter;
use super::finished::{self, Finished};
use super::listing;
use super::publication::PublicationRow;
use super::references::References;
use super::sight::Sight;
use super::withdrawal;
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::db::{AnyConnection, Backend, directly};
use crate::error::{Error, Result};
use crate::http::cache::{Freshness, Parts};
use crate::http::page::{List, Page};
use crate::http::path::Reference;

pub(super) type Publications<'a> = publications::BoxedQuery<'a, Backend>;

/// What these eyes see. The condition on `superseded` is spelled out so that both databases can use the indexes that
/// hold no history; only the past needs all of it, without what was withdrawn since.
pub(super) fn seen_by<'a>(sight: Sight) -> Publications<'a> {
    match sight {
        Sight::Readers(now) => read_at(now).into_boxed(),
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
            .filter(publications::id.ne_all(withdrawal::killed()))
            .into_boxed(),
    }
}

/// What readers see, now.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn read_at(now: Timestamp) -> _ {
    publications::table
        .filter(not(publications::superseded))
        .filter(publications::live_from.le(now))
        .filter(publications::live_until.gt(now))
}

/// That readers have seen a publication by this moment: it neither waits nor was cancelled before it began.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn was_read(now: Timestamp) -> _ {
    publications::live_from.le(now).and(publications::live_until.gt(publications::live_from))
}

/// The publications of a story that readers ever saw, or see at this moment: neither what waits nor what was cancelled,
/// nor what was killed.
pub(super) fn ever_read<'a>(article: &str, now: Timestamp) -> Publications<'a> {
    publications::table
        .filter(publications::article_id.eq(article.to_owned()))
        .filter(was_read(now))
        .filter(publications::id.ne_all(withdrawal::killed()))
        .into_boxed()
}

/// What these eyes see under an id or a slug of now; `None` for what cannot be a name at all.
fn named<'a>(reference: &Reference, sight: Sight) -> Option<Publications<'a>> {
    match reference {
        Reference::Id(id) => Some(seen_by(sight).filter(publications::article_id.eq(id.clone()))),
        Reference::Slug(slug) => Some(seen_by(sight).filter(publications::slug.eq(slug.clone()))),
        Reference::Nothing => None,
    }
}

/// One page of what these eyes see: which stories, and what they hold.
pub fn list(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    (filter, extras): (&ArticleFilter, Extras),
    page: &Page,
    sight: Sight,
) -> Result<List<Finished>> {
    let picked = listing::pick(connection, filter, page, sight)?;
    let data = finished::all(connection, parts, (&picked.data, extras), sight)?;
    Ok(List { data, next: picked.next, total: picked.total })
}

/// What a search looks through to show why a story was found.
#[derive(Debug)]
pub struct Texts {
    /// The story's id.
    pub id: String,
    /// The headline.
    pub title: String,
    /// A sentence or two.
    pub summary: Option<String>,
    /// The text as HTML.
    pub body_html: String,
}

/// The texts of these stories, as these eyes see them, in no order.
pub fn texts(connection: &mut AnyConnection, ids: &[String], sight: Sight) -> Result<Vec<Texts>> {
    let rows: Vec<(String, String, String)> = seen_by(sight)
        .filter(publications::article_id.eq_any(ids))
        .select((publications::article_id, publications::document, publications::body_html))
        .load(connection)?;
    let texts = |(id, document, body_html): (String, String, String)| {
        let document: Document = serde_json::from_str(&document).map_err(Error::internal)?;
        Ok(Texts { id, title: document.title, summary: document.summary, body_html })
    };
    rows.into_iter().map(texts).collect()
}

/// What an address leads to.
#[derive(Debug)]
pub enum Found {
    /// The story, and how long it stays so.
    Here(Finished, Option<Freshness>),
    /// The story lives under this slug.
    Moved(String),
}

/// The story that these eyes find under an id, a slug or a former slug.
///
/// Errors: 404 when there is none, whatever else may exist under that name; 410 when it was killed.
pub fn find(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    (reference, extras): (&Reference, Extras),
    sight: Sight,
) -> Result<Found> {
    let Some(Whole { row, text, original, live_until, kin }) = whole(connection, reference, sight)? else {
        return lead_on(connection, reference, sight).map(Found::Moved);
    };
    let (translations, freshness) = match sight {
        Sight::Readers(_) if kin == Some(1) => {
            (Vec::new(), Some(family::of_one((&original, &row.article_id), live_until)))
        }
        _ => translations(connection, (&original, &row.article_id), sight)?,
    };
    let freshness = freshness.map(|freshness| freshness.also(card::names(&row.card).map(str::to_owned)));
    let story = finished::alone(connection, parts, (row, text), (&translations, extras), sight)?;
    Ok(Found::Here(story, freshness))
}

/// A story as it is read by itself.
#[derive(Queryable)]
struct Whole {
    row: finished::Row,
    text: (String, String),
    original: String,
    live_until: Timestamp,
    /// How many publications are or will be read of the story and its translations: of nearly all it is this one.
    kin: Option<i64>,
}

/// The story that these eyes find under an id or a slug of now.
///
/// Errors: 404 for what cannot be a name at all.
fn whole(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<Option<Whole>> {
    let relatives = diesel::alias!(publications as relatives);
    let kin = relatives
        .filter(not(relatives.field(publications::superseded)))
        .filter(relatives.field(publications::original_id).eq(publications::original_id))
        .count()
        .single_value();
    // Their type is another one for each connection.
    macro_rules! columns {
        () => {
            (finished::Row::as_select(), finished::TEXT, publications::original_id, publications::live_until, kin)
        };
    }
    let found = match (sight, reference) {
        // What nearly everybody asks for has a statement of a type that says all of it.
        (Sight::Readers(now), Reference::Slug(slug)) => directly!(connection, |connection| {
            read_at(now).filter(publications::slug.eq(slug)).select(columns!()).get_result(connection)
        }),
        (Sight::Readers(now), Reference::Id(id)) => directly!(connection, |connection| {
            read_at(now).filter(publications::article_id.eq(id)).select(columns!()).get_result(connection)
        }),
        _ => {
            let query = named(reference, sight).ok_or(Error::NotFound("article"))?;
            query.select(columns!()).get_result(connection)
        }
    };
    Ok(found.optional()?)
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
    let query = named(reference, sight).ok_or(Error::NotFound("article"))?;
    match query.select(publications::article_id).get_result(connection).optional()? {
        Some(article) => Ok(Located::Here(article)),
        None => lead_on(connection, reference, sight).map(Located::Moved),
    }
}

/// Whether readers find a story under this name now.
pub fn is_read(connection: &mut AnyConnection, reference: &Reference, now: Timestamp) -> Result<bool> {
    match locate(connection, reference, Sight::Readers(now)) {
        Ok(_) => Ok(true),
        Err(Error::NotFound(_) | Error::Gone(_)) => Ok(false),
        Err(error) => Err(error),
    }
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
    slug.get_result(connection).optional()?.ok_or_else(missing)
}

/// The story that was last seen under this name, whatever became of it. A name that another story took over since still
/// is, in the past, that of the story that had it then.
pub(super) fn known_as(connection: &mut AnyConnection, reference: &Reference, sight: Sight) -> Result<Option<String>> {
    match sight {
        Sight::Readers(now) => {
            last_under(connection, reference, publications::table.filter(was_read(now)).into_boxed())
        }
        Sight::Partners(now) => {
            // A publication that was cancelled before it began was never seen.
            let seen = publications::table.filter(publications::partner_from.le(now));
            let seen = seen.filter(publications::live_until.gt(publications::live_from));
            last_under(connection, reference, seen.into_boxed())
        }
        Sight::Past { then, now } => match known_as(connection, reference, Sight::Readers(then))? {
            Some(article) => Ok(Some(article)),
            None => known_as(connection, reference, Sight::Readers(now)),
        },
    }
}

/// The story of the newest of these publications under this name.
fn last_under(connection: &mut AnyConnection, reference: &Reference, seen: Publications<'_>) -> Result<Option<String>> {
    let seen = match reference {
        Reference::Id(id) => seen.filter(publications::article_id.eq(id.clone())),
        Reference::Slug(slug) => seen.filter(publications::slug.eq(slug.clone())),
        Reference::Nothing => return Ok(None),
    };
    let newest = seen.order((publications::live_from.desc(), publications::id.desc())).select(publications::article_id);
    Ok(newest.first(connection).optional()?)
}

/// The same story in other languages, as far as readers see them, in the order of their codes; and how long that and the
/// story itself stay so, when that can be kept. Who may read ahead reads each of them by itself, marked and written down.
fn translations(
    connection: &mut AnyConnection,
    (original, article): (&str, &str),
    sight: Sight,
) -> Result<(Vec<TranslationReference>, Option<Freshness>)> {
    if let Sight::Readers(now) = sight.of_readers() {
        let family = family::load(connection, original)?;
        let freshness = matches!(sight, Sight::Readers(_)).then(|| family.freshness((original, article), now));
        return Ok((family.translations(article, now), freshness));
    }
    let rows: Vec<(String, String, String, String)> = seen_by(sight)
        .filter(publications::original_id.eq(original.to_owned()))
        .filter(publications::article_id.ne(article.to_owned()))
        .order((publications::language.asc(), publications::article_id.asc()))
        .select((publications::article_id, publications::slug, publications::language, publications::title))
        .load(connection)?;
    let reference = |(id, slug, language, title)| TranslationReference { id, slug, language, title };
    Ok((rows.into_iter().map(reference).collect(), None))
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
