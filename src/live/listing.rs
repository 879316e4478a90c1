//! Which stories a reader's list has, and in which order. How they look is decided where they are loaded.

use super::filter::{ArticleColumn, ArticleFilter};
use super::question::{Names, Wing};
use super::sight::Sight;
use super::withdrawal;
use super::words::SearchText;
use crate::db::AnyConnection;
use crate::db::fulltext::{self, Span};
use crate::db::listing::{self, Facet, Link, Operator, Part, Predicate, Question, Table, Value};
use crate::error::{Error, Result};
use crate::http::page::{List, Page};

const PUBLICATIONS: Table = Table { name: "publications", key: "article_id" };

/// What the links repeat of a publication, under the same names.
const REPEATED: &[(&str, &str)] = &[
    ("id", "publication_id"),
    ("article_id", "article_id"),
    ("published_at", "published_at"),
    ("live_from", "live_from"),
    ("live_until", "live_until"),
    ("superseded", "superseded"),
];

const TAGS: Link = Link {
    name: "publication_tags",
    row: "publication_id",
    refers_to: "id",
    repeats: REPEATED,
    ordered_by: Some("published_at"),
};

const AUTHORS: Link = Link { name: "publication_authors", ..TAGS };

/// The readers' tables, with the names of now or those of then.
fn wing(names: Names) -> Wing {
    Wing {
        table: &PUBLICATIONS,
        tags: &TAGS,
        authors: &AUTHORS,
        updated: "live_from",
        corrected: ("has_corrections", Operator::Is, Value::Flag(true)),
        names,
        ordered_by: Some("published_at"),
        usual: ArticleColumn::PublishedAt,
    }
}

/// The ids of the stories on one page of what these eyes see. The past goes by the names that were printed then, so
/// that the same question about the same moment always has the same answer.
pub fn pick(connection: &mut AnyConnection, filter: &ArticleFilter, page: &Page, sight: Sight) -> Result<List<String>> {
    let question = question_with_words(connection, filter, sight)?;
    listing::pick(connection, &question, page)
}

/// How many of the stories that these eyes see began their run on each day, newest first: at most so many days, and only
/// those before a day, when one is given.
pub fn count_days(
    connection: &mut AnyConnection,
    filter: &ArticleFilter,
    (before, most): (Option<i32>, i64),
    sight: Sight,
) -> Result<Vec<(i32, i64)>> {
    let mut question = question_with_words(connection, filter, sight)?;
    if let Some(day) = before {
        question.tests.push(Predicate::Compare("published_day", Operator::Below, Value::Number(day)));
    }
    listing::count_by(connection, question, "published_day", most)
}

/// Which of these stories a filter lets pass, whatever words it asks for.
pub fn passing(
    connection: &mut AnyConnection,
    filter: &ArticleFilter,
    sight: Sight,
    ids: Vec<String>,
) -> Result<Vec<String>> {
    let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let mut question = question(filter, sight);
    question.facets.push(these(ids));
    listing::pick_all(connection, &question, most)
}

/// Most hits of a search that a list goes through: the newest.
const MOST_FOUND: i64 = 5_000;

/// The stories that these eyes find by words.
fn found(connection: &mut AnyConnection, asked: &SearchText, sight: Sight) -> Result<Vec<String>> {
    let seen = sight.seen();
    let Some(question) = asked.question(connection, seen)? else { return Ok(Vec::new()) };
    fulltext::newest_ids(connection, &question, seen, Span::ALL, MOST_FOUND)
}

/// These stories and no others.
fn these(ids: Vec<String>) -> Facet {
    // No id is empty.
    let ids = if ids.is_empty() { vec![String::new()] } else { ids };
    let ids = ids.into_iter().map(Value::Text).collect();
    Facet::Own { any: vec![Predicate::In(PUBLICATIONS.key, ids)], ordered_by: None }
}

/// What a filter asks of what these eyes see. The index of words holds what is published now: it knows no past.
fn question_with_words(connection: &mut AnyConnection, filter: &ArticleFilter, sight: Sight) -> Result<Question> {
    let mut question = question(filter, sight);
    // Who asks for nothing leaves nothing out.
    if let Some(words) = filter.q.as_ref().filter(|words| !words.is_blank()) {
        if let Sight::Past { .. } = sight {
            let detail = "searches what readers see now, and cannot be combined with as_of";
            return Err(Error::bad_parameter("q", "live_only", detail));
        }
        question.facets.push(these(found(connection, words, sight)?));
    }
    Ok(question)
}

/// What a filter asks of what these eyes see, but for words.
fn question(filter: &ArticleFilter, sight: Sight) -> Question {
    let part = |of_partial_indexes, ended| Part {
        of_partial_indexes,
        in_whole_indexes: Some(Predicate::In("superseded", vec![Value::Flag(ended)])),
    };
    let mut question = match sight {
        Sight::Readers(_) | Sight::Partners(_) => {
            let current = part(Some(Predicate::Off("superseded")), false);
            wing(Names::Present).question(filter, vec![current], true)
        }
        Sight::Past { .. } => wing(Names::Printed).question(filter, vec![part(None, false), part(None, true)], true),
    };
    question.tests.extend(seen(sight));
    question
}

/// What is true of every publication that these eyes see, beyond `superseded`.
fn seen(sight: Sight) -> Vec<Predicate> {
    let (begins, moment) = match sight {
        Sight::Readers(now) => ("live_from", now),
        Sight::Partners(now) => ("partner_from", now),
        Sight::Past { then, .. } => ("live_from", then),
    };
    let mut seen = vec![
        Predicate::Compare(begins, Operator::AtMost, Value::Time(moment)),
        Predicate::Compare("live_until", Operator::Above, Value::Time(moment)),
    ];
    if let Sight::Past { then, now } = sight {
        // What runs at a moment was published before it: the index of the order needs no more of it.
        seen.push(Predicate::Compare("published_at", Operator::AtMost, Value::Time(then)));
        seen.push(Predicate::NotAmong("article_id", Box::new(withdrawal::withdrawn_at(now))));
        seen.push(Predicate::NotAmong("id", Box::new(withdrawal::killed())));
    }
    seen
}
