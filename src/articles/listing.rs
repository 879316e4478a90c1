//! Which working copies a list has, and in which order.

use diesel::prelude::*;

use super::access;
use super::article::Status;
use super::review::{self, Step};
use super::schedule::{in_status, is_announced};
use super::states::Standing;
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::listing::{self, Facet, Link, Operator, Part, Predicate, Table, Value};
use crate::db::schema::articles;
use crate::error::{Error, Result};
use crate::http::page::{List, Page};
use crate::live::{ArticleColumn, ArticleFilter, Names, Wing};

const ARTICLES: Table = Table { name: "articles", key: "id" };

/// The links repeat nothing of a working copy: it changes with every save, and saves should be cheap.
const TAGS: Link = Link {
    name: "article_tags",
    row: "article_id",
    refers_to: "id",
    repeats: &[("id", "article_id")],
    ordered_by: None,
};

const AUTHORS: Link = Link { name: "article_authors", ..TAGS };

/// The editors' tables.
fn wing() -> Wing {
    Wing {
        table: &ARTICLES,
        tags: &TAGS,
        authors: &AUTHORS,
        updated: "updated_at",
        corrected: ("corrections", Operator::IsNot, Value::Literal("[]")),
        names: Names::Present,
        ordered_by: None,
        usual: ArticleColumn::UpdatedAt,
    }
}

/// The ids of the working copies on one page of those that this caller may see.
///
/// Errors: 400 when the trash is asked for together with something else.
pub fn pick(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    (filter, standings): (&ArticleFilter, &[Standing]),
    page: &Page,
    now: Timestamp,
) -> Result<List<String>> {
    let trashed = standings.contains(&Standing::Status(Status::Trashed));
    if trashed && standings.len() > 1 {
        let detail = "trashed is asked for alone, without other states";
        return Err(Error::bad_parameter("status", "trashed_alone", detail));
    }
    let place = if trashed { Predicate::Present("deleted_at") } else { Predicate::Absent("deleted_at") };
    let part = Part { of_partial_indexes: Some(place), ..Part::default() };
    let mut question = wing().question(filter, vec![part], !trashed);
    if access::reads_own_only(caller) {
        let own = Predicate::In("created_by", vec![Value::Text(caller.user_id.clone())]);
        question.facets.insert(0, Facet::Own { any: vec![own], ordered_by: Some("updated_at") });
    }
    if !caller.rights.read_every_draft() {
        let theirs = access::scope::<articles::table>(caller, Permission::ReadDrafts);
        question.tests.push(Predicate::Sql(Box::new(theirs)));
    }
    question.facets.extend(rare(standings, now));
    let stands_there = |standing: &Standing| match standing {
        Standing::Status(status) => in_status(*status, now),
        Standing::Review(state) => review::in_state(*state),
    };
    if let Some(any) = standings.iter().map(stands_there).reduce(|one, other| Box::new(one.or(other))) {
        question.tests.push(Predicate::Sql(Box::new(any)));
    }
    listing::pick(connection, &question, page)
}

/// What leads to the stories that stand where few do.
fn rare(standings: &[Standing], now: Timestamp) -> Option<Facet> {
    match standings {
        [Standing::Status(Status::Scheduled)] => {
            let waiting = Predicate::Sql(Box::new(is_announced(now)));
            Some(Facet::Own { any: vec![waiting], ordered_by: None })
        }
        [Standing::Status(Status::Killed)] => {
            Some(Facet::Own { any: vec![Predicate::Present("killed_at")], ordered_by: None })
        }
        _ => {
            let steps: Option<Vec<&[Step]>> = standings.iter().map(|standing| standing.steps()).collect();
            let mut steps = steps.filter(|steps| !steps.is_empty())?.concat();
            steps.sort_unstable_by_key(|step| step.as_str());
            steps.dedup();
            let last = |step: Step| Predicate::In("review_step", vec![Value::Text(step.to_string())]);
            Some(Facet::Own { any: steps.into_iter().map(last).collect(), ordered_by: Some("updated_at") })
        }
    }
}
