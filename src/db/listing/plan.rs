//! How a list is read: by a walk through its order, or by a search for the few rows that a filter leaves.

use diesel::prelude::*;
use diesel::query_builder::AstPass;

use super::predicate::{After, Predicate, Value, separated, walk_linked};
use super::statement::{Branch, Dialect, Estimate, Pick, PickedRow, Slots, Tally, Term, Total, slots};
use super::table::{Column, Kind, Link, Order, Place, Table};
use crate::db::keyset::Direction;
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::http::page::{Key, List, Page, Start};

/// From this many rows on, a filter leaves many: sorting them would cost more than walking through the order and
/// testing each row, because one in every few fits.
const MANY: i64 = 2000;

/// A filter that an index can answer.
pub enum Facet {
    /// By columns of the table: any of several things.
    Own {
        /// One of these; each is answered by an index of its own or by another part of one.
        any: Vec<Predicate>,
        /// The column by which that index has the rows of each of them in order, if it has.
        ordered_by: Option<&'static str>,
    },
    /// By a column that lists are sorted by: a part of that order.
    Range {
        /// The column.
        column: &'static str,
        /// Where it begins and ends.
        within: Vec<Predicate>,
    },
    /// By a table of links: any of several things.
    Linked {
        /// The table.
        link: &'static Link,
        /// One of these values in these columns of it.
        any: Vec<(&'static str, Value)>,
    },
}

/// A part of a table that a list is about.
#[derive(Default)]
pub struct Part {
    /// Says so in the words of the partial indexes that hold nothing else.
    pub of_partial_indexes: Option<Predicate>,
    /// Says so by a column that stands in the indexes that hold the other parts too, before the order. By itself it
    /// leaves too many rows to search by, though SQLite does not believe it.
    pub in_whole_indexes: Option<Predicate>,
}

/// What a list is asked for.
pub struct Question {
    /// The table.
    pub table: &'static Table,
    /// What belongs to the list at all, in one part or several.
    pub parts: Vec<Part>,
    /// Whether the rows of each part can be walked through in any order.
    pub walkable: bool,
    /// The filters that an index can answer, the one that usually leaves least first.
    pub facets: Vec<Facet>,
    /// What else is to be true of every row.
    pub tests: Vec<Predicate>,
    /// The order; its last column is the table's key.
    pub order: Order,
}

impl Question {
    /// The column that the order begins with.
    fn first_column(&self) -> Option<&'static str> {
        self.order.first().map(|(column, _)| column.name)
    }
}

impl Part {
    fn terms(&self, sought: bool) -> Vec<Term<'_>> {
        let in_whole = self.in_whole_indexes.as_ref().map(if sought { Term::Sought } else { Term::Tested });
        self.of_partial_indexes.as_ref().map(Term::Sought).into_iter().chain(in_whole).collect()
    }
}

impl Facet {
    /// Writes the filter as a test on a row.
    pub(super) fn walk<'b>(&'b self, place: Place, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        match self {
            Facet::Own { any, .. } => separated(&mut out, " OR ", any, |one, out| one.walk(place, out)),
            Facet::Range { within, .. } => separated(&mut out, " AND ", within, |one, out| one.walk(place, out)),
            Facet::Linked { link, any } => walk_linked(&mut out, place, link, any),
        }
    }

    pub(super) fn is_repeated(&self, place: Place) -> bool {
        match self {
            Facet::Own { any, .. } => any.iter().all(|one| one.is_repeated(place)),
            Facet::Range { column, .. } => place.is_repeated(column),
            Facet::Linked { link, .. } => place.is_repeated(link.refers_to),
        }
    }

    pub(super) fn values(&self) -> usize {
        match self {
            Facet::Own { any, .. } => any.iter().map(Predicate::values).sum(),
            Facet::Range { within, .. } => within.len(),
            Facet::Linked { any, .. } => any.len(),
        }
    }

    fn ordered_by(&self) -> Option<&'static str> {
        match self {
            Facet::Own { ordered_by, .. } => *ordered_by,
            Facet::Range { column, .. } => Some(column),
            Facet::Linked { link, .. } => link.ordered_by,
        }
    }

    /// Whether its rows come in an order that begins with this column.
    fn is_ordered_by(&self, first: Option<&'static str>) -> bool {
        first.is_some() && self.ordered_by() == first
    }

    /// Where a list that begins with this column begins and ends, when that is what this says.
    fn range_of(&self, first: Option<&'static str>) -> Option<&[Predicate]> {
        match self {
            Facet::Range { column, within } if first == Some(column) => Some(within),
            _ => None,
        }
    }

    /// What says that a row is of this part, for rows that this facet leads to: its index has the parts when it has an
    /// order.
    fn terms<'a>(&self, part: &'a Part) -> Vec<Term<'a>> {
        part.terms(self.ordered_by().is_some())
    }

    /// One branch for each of its values, with nothing else in it.
    fn branches(&self, table: &'static Table, dialect: Dialect) -> Vec<Branch<'_>> {
        let with = |link, terms| Branch { place: Place { table, link }, terms, dialect, ordered: false };
        let branch = |link, term| with(link, vec![term]);
        match self {
            Facet::Own { any, .. } => any.iter().map(|one| branch(None, Term::Sought(one))).collect(),
            Facet::Range { within, .. } => vec![with(None, within.iter().map(Term::Sought).collect())],
            Facet::Linked { link, any } => {
                any.iter().map(|(column, value)| branch(Some(*link), Term::Link(column, value))).collect()
            }
        }
    }
}

/// The keys of the rows on one page of what was asked for, in at most two statements.
///
/// Errors: 400 when the cursor is not of this order.
pub fn pick(connection: &mut AnyConnection, question: &Question, page: &Page) -> Result<List<String>> {
    let after = match &page.start {
        Start::After(keys) => Some(after(&question.order, keys)?),
        Start::Top | Start::At(_) => None,
    };
    let leader = leader(connection, question)?;
    let pick = Pick {
        table: question.table,
        order: &question.order,
        branches: branches(question, leader, Dialect::of(connection)),
        after: after.as_ref(),
        limit: page.fetch(),
        offset: page.offset(),
        counted: page.count,
    };
    let rows: Vec<PickedRow> = (&pick).load(connection)?;
    let total = match rows.first() {
        Some(first) => first.5,
        // Nobody was there to carry it.
        None if page.count => Some((&Total(&pick)).get_result(connection)?),
        None => None,
    };
    let slots = slots(&question.order, question.table.key);
    Ok(page.list(rows, total, |row| keys(row, slots, question.order.len())).map(|row| row.0))
}

/// How many rows of what was asked for have each value of a column with numbers, the largest first, for at most so many
/// values.
pub fn count_by(
    connection: &mut AnyConnection,
    mut question: Question,
    column: &'static str,
    most: i64,
) -> Result<Vec<(i32, i64)>> {
    question.order = vec![(Column { name: column, kind: Kind::Number }, Direction::Descending)];
    let leader = leader(connection, &question)?;
    let branches = branches(&question, leader, Dialect::of(connection));
    let tally = Tally { table: question.table, order: &question.order, branches, most };
    Ok((&tally).load(connection)?)
}

/// The keys of everything that was asked for, in order, up to `most` of them.
pub fn pick_all(connection: &mut AnyConnection, question: &Question, most: i64) -> Result<Vec<String>> {
    let leader = leader(connection, question)?;
    let pick = Pick {
        table: question.table,
        order: &question.order,
        branches: branches(question, leader, Dialect::of(connection)),
        after: None,
        limit: most,
        offset: 0,
        counted: false,
    };
    let rows: Vec<PickedRow> = (&pick).load(connection)?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// What a cursor needs to go on after a row.
fn keys((key, first, second, third, text, _): &PickedRow, slots: Slots, columns: usize) -> Vec<Key> {
    let mut keys = vec![Key::from(key.clone()); columns];
    let values = [first.map(Key::from), second.map(Key::from), third.map(Key::from), text.clone().map(Key::from)];
    for ((column, _), value) in slots.into_iter().zip(values) {
        if let (Some(place), Some(value)) = (column.and_then(|index| keys.get_mut(index)), value) {
            *place = value;
        }
    }
    keys
}

/// Where a page goes on.
fn after(order: &Order, keys: &[Key]) -> Result<After> {
    if order.len() != keys.len() {
        return Err(Error::wrong_cursor());
    }
    let values: Result<Vec<Value>> = order.iter().zip(keys).map(|((column, _), key)| column.value(key)).collect();
    Ok(After { values: values? })
}

/// The facet that leads to the rows; `None` walks through the order.
fn leader<'a>(connection: &mut AnyConnection, question: &'a Question) -> Result<Option<&'a Facet>> {
    let first = question.first_column();
    let in_order = question.facets.iter().find(|one| one.is_ordered_by(first) && one.range_of(first).is_none());
    // With one of those, a range of the order only says where the walk through it begins and ends.
    let is_rival = |facet: &&Facet| in_order.is_none() || facet.range_of(first).is_none();
    let rivals: Vec<&Facet> = question.facets.iter().filter(is_rival).collect();
    match (rivals.as_slice(), in_order) {
        ([], _) => Ok(None),
        ([_], Some(only)) => Ok(Some(only)),
        // Where the walk begins and ends, and nothing else.
        ([only], None) if only.is_ordered_by(first) && question.walkable => Ok(None),
        _ => {
            let fewest = fewest(connection, question, &rivals)?;
            let can_walk = question.walkable || in_order.is_some();
            Ok(fewest.filter(|(_, rows)| *rows < MANY || !can_walk).map_or(in_order, |(facet, _)| Some(facet)))
        }
    }
}

/// The facet that leaves the fewest rows, and how many that are, counted to [`MANY`].
fn fewest<'a>(
    connection: &mut AnyConnection,
    question: &'a Question,
    rivals: &[&'a Facet],
) -> Result<Option<(&'a Facet, i64)>> {
    let dialect = Dialect::of(connection);
    let branches = |facet: &&'a Facet| {
        let of_part = |part: &'a Part| {
            let mut branches = facet.branches(question.table, dialect);
            for branch in &mut branches {
                // What only the row could tell is not worth a look at each of them.
                let place = branch.place;
                let here = |term: &Term<'_>| place.link.is_none() || term.is_repeated(place);
                branch.terms.extend(facet.terms(part).into_iter().filter(here));
            }
            branches
        };
        question.parts.iter().flat_map(of_part).collect()
    };
    let estimate = Estimate { branches: rivals.iter().map(branches).collect(), limit: MANY };
    let counted: Vec<(i32, i64)> = (&estimate).load(connection)?;
    let fewest = counted.into_iter().min_by_key(|(place, rows)| (*rows, *place));
    Ok(fewest.and_then(|(place, rows)| Some((*rivals.get(usize::try_from(place).ok()?)?, rows))))
}

/// The branches that give the rows, led by one facet or by the order.
fn branches<'a>(question: &'a Question, leader: Option<&'a Facet>, dialect: Dialect) -> Vec<Branch<'a>> {
    let first = question.first_column();
    let ordered = leader.map_or(question.walkable, |facet| facet.is_ordered_by(first));
    let is_leader = |facet: &Facet| leader.is_some_and(|leader| std::ptr::eq(leader, facet));
    let mut branches = Vec::new();
    for part in &question.parts {
        let (led, terms) = match leader {
            Some(facet) => (facet.branches(question.table, dialect), facet.terms(part)),
            None => {
                let place = Place { table: question.table, link: None };
                (vec![Branch { place, terms: Vec::new(), dialect, ordered }], part.terms(true))
            }
        };
        for (mut branch, terms) in led.into_iter().zip(std::iter::repeat(terms)) {
            branch.ordered = ordered;
            branch.terms.extend(terms);
            for facet in question.facets.iter().filter(|facet| !is_leader(facet)) {
                match facet.range_of(first) {
                    Some(within) if ordered => branch.terms.extend(within.iter().map(Term::Sought)),
                    _ => branch.terms.push(Term::Facet(facet)),
                }
            }
            branch.terms.extend(question.tests.iter().map(Term::Tested));
            branches.push(branch);
        }
    }
    branches
}
