//! A filter as conditions on tables. Readers' and editors' tables have the same columns, under different names where
//! they mean different things, so one translation serves both.

use super::document::ArticleKind;
use super::filter::{ArticleColumn, ArticleFilter, Part};
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction};
use crate::db::listing::{self, Column, Facet, Kind, Link, Operator, Order, Predicate, Question, Table, Value};
use crate::http::fields::LanguageTag;
use crate::http::path::Reference;

/// What the parts of a filter are called in the tables of one wing.
pub struct Wing {
    /// The table of the stories.
    pub table: &'static Table,
    /// Its links to tags.
    pub tags: &'static Link,
    /// Its links to authors.
    pub authors: &'static Link,
    /// When a story last changed for whoever reads the list.
    pub updated: &'static str,
    /// What says that a story has public notes, and the value that says so.
    pub corrected: (&'static str, Operator, Value),
    /// Which names are meant.
    pub names: Names,
    /// The column by which the indexes of single columns have their rows in order, if they have.
    pub ordered_by: Option<&'static str>,
    /// The order when none is asked for.
    pub usual: ArticleColumn,
}

/// Which names of tags, authors, sources and sections are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those that lead there now.
    Present,
    /// Those that were printed.
    Printed,
}

/// Something that has names: how a table refers to it, and where its names are.
struct Named {
    id: &'static str,
    slug: &'static str,
    table: &'static str,
    kind: &'static str,
}

const TAG: Named = Named { id: "tag_id", slug: "slug", table: "tags", kind: "tag" };
const AUTHOR: Named = Named { id: "author_id", slug: "slug", table: "authors", kind: "author" };
const SOURCE: Named = Named { id: "source_id", slug: "source_slug", table: "sources", kind: "source" };
const SECTION: Named = Named { id: "section_id", slug: "section_slug", table: "tags", kind: "tag" };

impl Wing {
    /// What a filter asks of this wing, beyond what belongs to it at all.
    pub fn question(&self, filter: &ArticleFilter, parts: Vec<listing::Part>, walkable: bool) -> Question {
        let mut question = Question {
            table: self.table,
            parts,
            walkable,
            facets: Vec::new(),
            tests: Vec::new(),
            order: self.order(filter),
        };
        self.ask_for_ids(filter, &mut question);
        self.ask_for_links(filter, &mut question);
        self.ask_for_columns(filter, &mut question);
        Self::ask_for_other_kinds(&filter.kind_not.0, &mut question);
        self.ask_for_parts(filter, &mut question);
        self.ask_for_times(filter, &mut question);
        question
    }

    /// The order that was asked for, as far as it says anything: nothing follows an id.
    fn order(&self, filter: &ArticleFilter) -> Order {
        let asked = filter.sort.as_ref().map(|sort| sort.0.as_slice());
        // Changes come in their order for those who follow them.
        let usual = match filter.updated_after {
            Some(_) => (ArticleColumn::UpdatedAt, Direction::Ascending),
            None => (self.usual, Direction::Descending),
        };
        let order = keyset::total(asked, usual, ArticleColumn::Id);
        let length =
            order.iter().position(|(column, _)| *column == ArticleColumn::Id).map_or(order.len(), |last| last + 1);
        order.into_iter().take(length).map(|(column, direction)| (self.column(column), direction)).collect()
    }

    fn column(&self, column: ArticleColumn) -> Column {
        let (name, kind) = match column {
            ArticleColumn::PublishedAt => ("published_at", Kind::Time),
            ArticleColumn::UpdatedAt => (self.updated, Kind::Time),
            ArticleColumn::CreatedAt => ("created_at", Kind::Time),
            ArticleColumn::Title => ("title", Kind::Text),
            ArticleColumn::Id => (self.table.key, Kind::Text),
        };
        Column { name, kind }
    }

    /// The column and the value by which a name is found.
    fn named(&self, text: &str, named: &Named) -> (&'static str, Value) {
        match (Reference::parse(text), self.names) {
            (Reference::Id(id), _) => (named.id, Value::Text(id)),
            (Reference::Slug(slug), Names::Printed) => (named.slug, Value::Text(slug)),
            (Reference::Slug(slug), Names::Present) => {
                (named.id, Value::Named { table: named.table, kind: named.kind, slug })
            }
            // No id is empty.
            (Reference::Nothing, _) => (named.id, Value::Text(String::new())),
        }
    }

    fn ask_for_ids(&self, filter: &ArticleFilter, question: &mut Question) {
        let by_name = |text: &String| match Reference::parse(text) {
            Reference::Slug(slug) => ("slug", Value::Text(slug)),
            Reference::Id(id) => (self.table.key, Value::Text(id)),
            Reference::Nothing => (self.table.key, Value::Text(String::new())),
        };
        if !filter.id.0.is_empty() {
            let any = by_column(filter.id.0.iter().map(by_name))
                .into_iter()
                .map(|(column, values)| Predicate::In(column, values));
            question.facets.push(Facet::Own { any: any.collect(), ordered_by: None });
        }
        question.tests.extend(none_of(filter.id_not.0.iter().map(by_name)));
    }

    fn ask_for_links(&self, filter: &ArticleFilter, question: &mut Question) {
        let authors = (&filter.author, &filter.author_all, &filter.author_not);
        let tags = (&filter.tag, &filter.tag_all, &filter.tag_not);
        for (link, named, (any, all, none)) in [(self.authors, AUTHOR, authors), (self.tags, TAG, tags)] {
            let value = |text: &String| self.named(text, &named);
            let linked = |any| Facet::Linked { link, any };
            question.facets.extend(all.0.iter().map(|one| linked(vec![value(one)])));
            if !any.0.is_empty() {
                question.facets.push(linked(any.0.iter().map(value).collect()));
            }
            if !none.0.is_empty() {
                question.tests.push(Predicate::NotLinked(link, none.0.iter().map(value).collect()));
            }
        }
    }

    fn ask_for_columns(&self, filter: &ArticleFilter, question: &mut Question) {
        let texts =
            |list: &[String], named: &Named| list.iter().map(|text| self.named(text, named)).collect::<Vec<_>>();
        let of_source = |list: &[String]| texts(list, &SOURCE);
        let of_section = |list: &[String]| texts(list, &SECTION);
        let kinds = |list: &[ArticleKind]| list.iter().map(|kind| ("kind", Value::Text(kind.to_string()))).collect();
        let languages = |list: &[LanguageTag]| {
            list.iter().map(|tag| ("language", Value::Text(tag.to_string()))).collect::<Vec<_>>()
        };
        let columns: [[Vec<(&'static str, Value)>; 3]; 4] = [
            [of_source(&filter.source.0), of_source(&filter.source_all.0), of_source(&filter.source_not.0)],
            [of_section(&filter.section.0), of_section(&filter.section_all.0), of_section(&filter.section_not.0)],
            [kinds(&filter.kind.0), kinds(&filter.kind_all.0), Vec::new()],
            [languages(&filter.language.0), languages(&filter.language_all.0), languages(&filter.language_not.0)],
        ];
        for [any, all, none] in columns {
            let own = |any: Vec<(&'static str, Value)>| {
                let any = any.into_iter().map(|(column, value)| Predicate::In(column, vec![value])).collect();
                Facet::Own { any, ordered_by: self.ordered_by }
            };
            question.facets.extend(all.into_iter().map(|one| own(vec![one])));
            if !any.is_empty() {
                question.facets.push(own(any));
            }
            question.tests.extend(none_of(none));
        }
    }

    /// There are few types, so that none of some is any of the others: which may be few stories, and found by it.
    fn ask_for_other_kinds(not: &[ArticleKind], question: &mut Question) {
        let value = |kind: &ArticleKind| Value::Text(kind.to_string());
        let others: Vec<Value> = ArticleKind::ALL.iter().filter(|kind| !not.contains(kind)).map(value).collect();
        match (not.is_empty(), others.is_empty()) {
            (true, _) => {}
            (false, true) => question.tests.push(Predicate::NotIn("kind", not.iter().map(value).collect())),
            (false, false) => {
                question.facets.push(Facet::Own { any: vec![Predicate::In("kind", others)], ordered_by: None });
            }
        }
    }

    fn ask_for_parts(&self, filter: &ArticleFilter, question: &mut Question) {
        let flag = |column, on| Predicate::In(column, vec![Value::Flag(on)]);
        let own = |one| Facet::Own { any: vec![one], ordered_by: self.ordered_by };
        match filter.featured {
            Some(true) => question.facets.push(own(flag("featured", true))),
            Some(false) => question.tests.push(flag("featured", false)),
            None => {}
        }
        let (column, operator, value) = &self.corrected;
        for part in &filter.has.0 {
            question.facets.push(match part {
                Part::Image => own(flag("has_image", true)),
                Part::Corrections => own(Predicate::Compare(column, *operator, value.clone())),
                Part::Source => own(Predicate::Present("source_id")),
            });
        }
        for part in &filter.has_not.0 {
            question.tests.push(match part {
                Part::Image => flag("has_image", false),
                Part::Corrections => Predicate::Not(Box::new(Predicate::Compare(column, *operator, value.clone()))),
                Part::Source => Predicate::Absent("source_id"),
            });
        }
    }

    fn ask_for_times(&self, filter: &ArticleFilter, question: &mut Question) {
        let published = ("published_at", filter.published_after, filter.published_before);
        let updated = (self.updated, filter.updated_after, filter.updated_before);
        for (column, after, before) in [published, updated] {
            let mut within = Vec::new();
            if let Some(after) = after {
                within.push(Predicate::Compare(column, Operator::Above, Value::Time(after)));
            }
            // What was never published is kept as the end of all time, and is not later than anything.
            if let Some(end) = before.or(after.map(|_| Timestamp::FOREVER)) {
                within.push(Predicate::Compare(column, Operator::Below, Value::Time(end)));
            }
            if !within.is_empty() {
                question.facets.push(Facet::Range { column, within });
            }
        }
    }
}

/// The values of each column.
fn by_column(named: impl IntoIterator<Item = (&'static str, Value)>) -> Vec<(&'static str, Vec<Value>)> {
    let mut columns: Vec<(&'static str, Vec<Value>)> = Vec::new();
    for (column, value) in named {
        match columns.iter_mut().find(|(known, _)| *known == column) {
            Some((_, values)) => values.push(value),
            None => columns.push((column, vec![value])),
        }
    }
    columns
}

/// That the columns have none of these values.
fn none_of(named: impl IntoIterator<Item = (&'static str, Value)>) -> impl Iterator<Item = Predicate> {
    by_column(named).into_iter().map(|(column, values)| Predicate::NotIn(column, values))
}
