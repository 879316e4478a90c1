//! From what was asked to a page of hits, with a bounded number of questions to the database, whatever was asked.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use super::answer::{SearchHit, SearchResult, TotalRelation};
use super::api::SearchOrder;
use super::highlight::highlights;
use super::ranking::Sought;
use super::{facets, suggestion};
use crate::db::AnyConnection;
use crate::db::fulltext::{self, Entry, Question, Span};
use crate::error::{Error, Result};
use crate::http::cache::Parts;
use crate::http::page::{Key, Page, Start};
use crate::live::words::{SearchText, Term, plain_text};
use crate::live::{self, ArticleFilter, Extras, Finished, Sight, Texts};

/// Most hits that are ranked, counted and given: the newest.
const MOST_RANKED: usize = 1_000;

/// Most older hits that are ranked because they have the words in their headline.
const MOST_BY_TITLE: i64 = 200;

/// Most hits that are looked through for those that a filter lets pass, in steps of [`MOST_RANKED`].
const MOST_STEPS: usize = 5;

/// What is wanted.
#[derive(Debug)]
pub struct Wish {
    /// The words.
    pub asked: SearchText,
    /// Which of the stories that have them.
    pub filter: ArticleFilter,
    /// Which come first.
    pub order: SearchOrder,
    /// Whose eyes look.
    pub sight: Sight,
}

/// The newest hits, and whether there are no others.
#[derive(Debug, Default)]
struct Newest {
    hits: Vec<Entry>,
    are_all: bool,
}

/// A hit and its place in the order: score, then number.
type Ranked = (i64, Entry);

/// One page of hits, and what can be said about all of them; and the stories on that page.
pub fn find(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    wish: &Wish,
    page: &Page,
) -> Result<(SearchResult, Vec<Finished>)> {
    let question = wish.asked.question(connection, wish.sight.seen())?;
    let newest = match &question {
        Some(question) => newest(connection, wish, question)?,
        None => Newest { hits: Vec::new(), are_all: true },
    };
    let facets = facets::count(connection, &newest.hits)?;
    let total = newest.hits.len();
    let relation = if newest.are_all { TotalRelation::Exact } else { TotalRelation::AtLeast };
    let did_you_mean = match total {
        0 => suggestion::suggest(connection, &wish.asked, wish.sight.seen())?,
        _ => None,
    };
    let older = match question {
        Some(question) if !newest.are_all => by_title(connection, wish, &question, &newest.hits)?,
        _ => Vec::new(),
    };
    let ranked = ranked(wish, newest.hits.into_iter().chain(older).collect());
    let keys = |(score, hit): &Ranked| vec![Key::from(*score), Key::from(hit.position)];
    let list = page.list(rows(ranked, page)?, None, keys);
    let shown = shown(connection, parts, wish, list.data)?;
    let result =
        SearchResult { data: shown.hits, next: list.next, total, total_relation: relation, facets, did_you_mean };
    Ok((result, shown.stories))
}

/// The span of numbers that a filter leaves; the filter itself is exact.
fn span(filter: &ArticleFilter) -> Span {
    Span::published(filter.published_after, filter.published_before)
}

/// The newest hits that pass the filter.
fn newest(connection: &mut AnyConnection, wish: &Wish, question: &Question) -> Result<Newest> {
    let step = i64::try_from(MOST_RANKED + 1).unwrap_or(i64::MAX);
    let (mut span, mut found) = (span(&wish.filter), Vec::new());
    for _ in 0..MOST_STEPS {
        let hits = fulltext::newest(connection, question, wish.sight.seen(), span, step)?;
        let last = hits.last().map(|hit| hit.position);
        let are_all = hits.len() <= MOST_RANKED;
        found.extend(passing(connection, wish, hits)?);
        if found.len() > MOST_RANKED {
            found.truncate(MOST_RANKED);
            return Ok(Newest { hits: found, are_all: false });
        }
        match last {
            Some(last) if !are_all => span.before = last,
            _ => return Ok(Newest { hits: found, are_all: true }),
        }
    }
    Ok(Newest { hits: found, are_all: false })
}

/// Those of these hits that pass the filter.
fn passing(connection: &mut AnyConnection, wish: &Wish, hits: Vec<Entry>) -> Result<Vec<Entry>> {
    if hits.is_empty() || wish.filter == ArticleFilter::default() {
        return Ok(hits);
    }
    let ids = hits.iter().map(|hit| hit.article_id.clone()).collect();
    let passing: HashSet<String> = live::passing(connection, &wish.filter, wish.sight, ids)?.into_iter().collect();
    Ok(hits.into_iter().filter(|hit| passing.contains(&hit.article_id)).collect())
}

/// Hits that are older than these and have the words in their headline: the best of a common word may be old.
fn by_title(connection: &mut AnyConnection, wish: &Wish, question: &Question, hits: &[Entry]) -> Result<Vec<Entry>> {
    let Some(oldest) = hits.last().filter(|_| wish.order == SearchOrder::Relevance && !question.all.is_empty()) else {
        return Ok(Vec::new());
    };
    let span = Span { before: oldest.position, ..span(&wish.filter) };
    let older = fulltext::newest(connection, &question.in_titles(), wish.sight.seen(), span, MOST_BY_TITLE)?;
    passing(connection, wish, older)
}

/// The hits in the order that was asked for; their numbers end it.
fn ranked(wish: &Wish, hits: Vec<Entry>) -> Vec<Ranked> {
    let sought = Sought::new(&wish.asked.wanted().collect::<Vec<_>>());
    let score = |hit: &Entry| match wish.order {
        SearchOrder::Relevance => sought.score(&hit.head),
        SearchOrder::Newest => 0,
    };
    let mut ranked: Vec<Ranked> = hits.into_iter().map(|hit| (score(&hit), hit)).collect();
    ranked.sort_unstable_by_key(|(score, hit)| std::cmp::Reverse((*score, hit.position)));
    ranked
}

/// The rows that a page asks for, and one more.
fn rows(ranked: Vec<Ranked>, page: &Page) -> Result<Vec<Ranked>> {
    let after = match &page.start {
        Start::After(keys) => match keys.as_slice() {
            [score, position] => Some((score.position()?, position.position()?)),
            _ => return Err(Error::wrong_cursor()),
        },
        Start::Top | Start::At(_) => None,
    };
    let rest = ranked.into_iter().filter(|(score, hit)| after.is_none_or(|after| (*score, hit.position) < after));
    let (skip, take) =
        (usize::try_from(page.offset()).unwrap_or(usize::MAX), usize::try_from(page.fetch()).unwrap_or(0));
    Ok(rest.skip(skip).take(take).collect())
}

/// The stories of these hits, with what was found in them.
fn shown(connection: &mut AnyConnection, parts: Parts<'_>, wish: &Wish, hits: Vec<Ranked>) -> Result<Shown> {
    let ids: Vec<String> = hits.into_iter().map(|(_, hit)| hit.article_id).collect();
    if ids.is_empty() {
        return Ok(Shown::default());
    }
    let terms: Vec<&Term> = wish.asked.wanted().collect();
    let stories = live::finished(connection, parts, (&ids, Extras::default()), wish.sight)?;
    let texts = live::texts(connection, &ids, wish.sight)?;
    let texts: HashMap<&str, &Texts> = texts.iter().map(|texts| (texts.id.as_str(), texts)).collect();
    let mut shown = Shown::default();
    for story in stories {
        let Some(texts) = texts.get(story.id.as_str()) else { continue };
        let body = plain_text(&texts.body_html);
        let highlights = highlights(&texts.title, texts.summary.as_deref(), &body, &terms);
        shown.hits.push(SearchHit::finished(&story.json, &highlights)?);
        shown.stories.push(story);
    }
    Ok(shown)
}

/// The hits of a page as they are sent, and the stories they are about.
#[derive(Debug, Default)]
struct Shown {
    hits: Vec<Box<RawValue>>,
    stories: Vec<Finished>,
}
