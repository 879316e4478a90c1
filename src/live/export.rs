//! Everything that readers see, with its text, piece by piece: each piece is read from the database at once and handed
//! over before the next one is asked for, so that memory stays the same however much there is.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::article::Article;
use super::extras::Extras;
use super::filter::{ArticleColumn, ArticleFilter};
use super::finished;
use super::listing;
use super::sight::Sight;
use super::store::seen_by;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::functions::octet_length;
use crate::db::keyset::Direction;
use crate::db::listing::in_order;
use crate::db::schema::publications;
use crate::error::{Error, Result};
use crate::http::cache::Parts;
use crate::http::page::{Key, Page};
use crate::http::query::Sort;

/// Most stories of one piece.
const MOST: u32 = 50;

/// Most bytes of text in one piece; a story that has more by itself is a piece of its own.
const LARGEST: i64 = 512 * 1024;

/// The order of an export: a story keeps its place as long as its run goes on, and one that begins another run moves to
/// the end, where it is met again.
const ORDER: [(ArticleColumn, Direction); 2] =
    [(ArticleColumn::PublishedAt, Direction::Ascending), (ArticleColumn::Id, Direction::Ascending)];

/// What a line has of a story.
const WHOLE: Extras = Extras { body: true, excerpt: None, corrections: true };

/// A line of an export: a story with its text, and where to go on behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedArticle {
    /// The story.
    #[serde(flatten)]
    pub article: Article,
    /// Give this as `cursor` to get what comes behind this line.
    pub cursor: String,
}

/// The last line of an export that is complete.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportEnd {
    /// Always `true`.
    pub end: bool,
    /// How many stories this answer had.
    #[schema(minimum = 0)]
    pub articles: u64,
}

/// A line of an export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ExportLine {
    /// A story.
    #[expect(dead_code, reason = "says how a line looks; a story is JSON already and is never made into this")]
    Article(Box<ExportedArticle>),
    /// The end.
    End(ExportEnd),
}

impl ExportLine {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let mut sample = Article::sample();
        if let Some(members) = sample.as_object_mut() {
            members.remove("translations");
            members.insert("cursor".to_owned(), "hJ0cQ1m9fHskR2vX0cLw1mQ9fHs".into());
        }
        sample
    }
}

/// A piece of an export.
pub struct Piece {
    /// Whole lines.
    pub lines: Vec<u8>,
    /// How many stories are in it.
    pub articles: u64,
    /// Where the next piece begins, unless this is the last one.
    pub next: Option<Page>,
}

/// The piece that begins where this page begins.
pub fn piece(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    filter: &ArticleFilter,
    page: &Page,
    sight: Sight,
) -> Result<Piece> {
    let picked = listing::pick(connection, filter, page, sight)?;
    let places = places(connection, &picked.data, sight)?;
    let fitting = fitting(&places);
    let is_last = picked.next.is_none() && fitting == places.len();
    let places = places.get(..fitting).unwrap_or_default();
    let next = match places.last() {
        _ if is_last => None,
        Some(last) => Some(page.following(last.keys())),
        // All of it went out of sight meanwhile: what is there now is looked for.
        None => Some(page.clone()),
    };
    let ids: Vec<String> = places.iter().map(|place| place.article.clone()).collect();
    let stories = finished::all(connection, parts, (&ids, WHOLE), sight)?;
    let cursors: HashMap<&str, String> =
        places.iter().map(|place| (place.article.as_str(), page.cursor(&place.keys()))).collect();
    let mut piece = Piece { lines: Vec::new(), articles: 0, next };
    for story in &stories {
        let cursor = cursors.get(story.id.as_str()).map(String::as_str).unwrap_or_default();
        write_story(&mut piece.lines, story.json.as_bytes(), cursor)?;
        piece.articles += 1;
    }
    Ok(piece)
}

/// A request for the first piece from this page on, of what this filter selects.
pub fn begin(filter: ArticleFilter, page: Page) -> (ArticleFilter, Page) {
    (ArticleFilter { sort: Some(Sort(ORDER.to_vec())), ..filter }, page.of(MOST))
}

/// The last line.
pub fn end(articles: u64) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    write_line(&mut line, &ExportLine::End(ExportEnd { end: true, articles }))?;
    Ok(line)
}

fn write_line(lines: &mut Vec<u8>, value: &ExportLine) -> Result<()> {
    serde_json::to_writer(&mut *lines, value).map_err(Error::internal)?;
    lines.push(b'\n');
    Ok(())
}

/// Writes a story that is JSON already, with its cursor as its last member.
fn write_story(lines: &mut Vec<u8>, json: &[u8], cursor: &str) -> Result<()> {
    let open = json.strip_suffix(b"}").ok_or_else(|| Error::internal("a finished story is no object"))?;
    lines.extend_from_slice(open);
    lines.extend_from_slice(b",\"cursor\":");
    serde_json::to_writer(&mut *lines, cursor).map_err(Error::internal)?;
    lines.extend_from_slice(b"}\n");
    Ok(())
}

/// Where a story stands in the order, and how long its texts are.
struct StoryPlace {
    article: String,
    published_at: Timestamp,
    bytes: i64,
}

impl StoryPlace {
    fn keys(&self) -> Vec<Key> {
        vec![Key::from(self.published_at), Key::from(self.article.clone())]
    }
}

/// The places of the stories with these ids, in this order.
fn places(connection: &mut AnyConnection, ids: &[String], sight: Sight) -> Result<Vec<StoryPlace>> {
    let lengths = (octet_length(publications::body), octet_length(publications::body_html));
    let places: Vec<(String, Timestamp, (i32, i32))> = seen_by(sight)
        .filter(publications::article_id.eq_any(ids))
        .select((publications::article_id, publications::published_at, lengths))
        .load(connection)?;
    let place = |(article, published_at, (body, html))| StoryPlace {
        article,
        published_at,
        bytes: i64::from(body) + i64::from(html),
    };
    Ok(in_order(places.into_iter().map(place).collect(), ids, |place: &StoryPlace| &place.article))
}

/// How many of these, from the first, have texts that fit into one piece; one at least, if there is one.
fn fitting(places: &[StoryPlace]) -> usize {
    let mut together = 0;
    let fits = |place: &&StoryPlace| {
        together += place.bytes;
        together <= LARGEST
    };
    places.iter().take_while(fits).count().max(1).min(places.len())
}
