//! The two statements of a list: how many rows each filter leaves, and which rows the page has.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamp as SqlTimestamp};

use super::plan::Facet;
use super::predicate::{After, Predicate, Value, push_column, separated};
use super::table::{Kind, Link, Order, Place, Table};
use crate::clock::Timestamp;
use crate::db::keyset::Direction;
use crate::db::{AnyConnection, Backend};

type Pass<'a, 'b> = AstPass<'a, 'b, Backend>;

/// A limit that limits nothing, and keeps both databases from looking into a subquery.
const FENCE: i64 = i64::MAX;

/// Statements with more values than this are rare, and not kept prepared.
const MOST_KEPT_VALUES: usize = 8;

/// A condition of a branch.
#[derive(Clone, Copy)]
pub(super) enum Term<'a> {
    /// One that an index is meant to answer.
    Sought(&'a Predicate),
    /// One that is tested on each row, and must not lead the database to another index: `IS TRUE` sees to that.
    Tested(&'a Predicate),
    /// The value by which the link is searched.
    Link(&'static str, &'a Value),
    /// A facet that does not lead here, tested on each row.
    Facet(&'a Facet),
}

/// How a link is joined with its row, which differs: the link has to come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Keeps the order of a cross join.
    Sqlite,
    /// Knows no other order than that of a lateral join.
    Postgres,
}

impl Dialect {
    pub fn of(connection: &AnyConnection) -> Dialect {
        match connection {
            AnyConnection::Sqlite(_) => Dialect::Sqlite,
            AnyConnection::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// Rows that one index gives.
pub(super) struct Branch<'a> {
    pub place: Place,
    pub terms: Vec<Term<'a>>,
    pub dialect: Dialect,
    /// Whether the index gives them in the order of the list.
    pub ordered: bool,
}

/// The keys of one page, in order.
pub(super) struct Pick<'a> {
    pub table: &'static Table,
    pub order: &'a Order,
    pub branches: Vec<Branch<'a>>,
    pub after: Option<&'a After>,
    pub limit: i64,
    pub offset: i64,
    /// Whether each row comes with how many there are altogether.
    pub counted: bool,
}

/// The key, three moments and a text to sort by, and how many there are altogether.
pub(super) type PickedColumns =
    (Text, Nullable<SqlTimestamp>, Nullable<SqlTimestamp>, Nullable<SqlTimestamp>, Nullable<Text>, Nullable<BigInt>);

/// A row of [`PickedColumns`].
pub(super) type PickedRow =
    (String, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, Option<String>, Option<i64>);

/// How many rows the branches have altogether.
pub(super) struct Total<'a>(pub &'a Pick<'a>);

/// How many rows of the branches have each value of the column that the order consists of.
pub(super) struct Tally<'a> {
    pub table: &'static Table,
    pub order: &'a Order,
    pub branches: Vec<Branch<'a>>,
    pub most: i64,
}

/// How many rows each of these gives, counted to a limit.
pub(super) struct Estimate<'a> {
    pub branches: Vec<Vec<Branch<'a>>>,
    pub limit: i64,
}

impl Branch<'_> {
    /// Whether the row itself is needed, or the link has all that the statement asks for.
    fn needs_row(&self, order: &Order, table: &Table) -> bool {
        let repeated = |term: &Term<'_>| term.is_repeated(self.place);
        let sorted = order.iter().all(|(column, _)| self.place.is_repeated(column.name));
        self.place.link.is_none() || !(sorted && self.place.is_repeated(table.key) && self.terms.iter().all(repeated))
    }

    /// Everything from `FROM` to the end of `WHERE`.
    fn walk<'b>(&'b self, order: &Order, after: Option<&'b After>, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        let Place { table, link } = self.place;
        let joined = link.filter(|_| self.needs_row(order, table));
        out.push_sql(" FROM ");
        out.push_sql(link.map_or(table.name, |link| link.name));
        if let Some(link) = joined {
            self.push_join(link, out);
        }
        out.push_sql(" WHERE ");
        if let (Some(link), Dialect::Sqlite) = (joined, self.dialect) {
            push_column(out, (table.name, link.refers_to));
            out.push_sql(" = ");
            push_column(out, (link.name, link.row));
            out.push_sql(" AND ");
        }
        // SQLite begins a walk at the first end that it is told: a filter's would have it pass over every row up to the
        // cursor.
        let (begins, tested_last) = if self.ordered { (after, None) } else { (None, after) };
        if let Some(after) = begins {
            after.walk(order, true, self.place, out.reborrow())?;
            out.push_sql(" AND ");
        }
        separated(out, " AND ", &self.terms, |term, mut out| match term {
            Term::Sought(predicate) => predicate.walk(self.place, out),
            Term::Tested(predicate) => tested(&mut out, |out| predicate.walk(self.place, out)),
            Term::Facet(facet) => tested(&mut out, |out| facet.walk(self.place, out)),
            Term::Link(column, value) => {
                push_column(&mut out, (link.map_or(table.name, |link| link.name), column));
                out.push_sql(" = ");
                value.walk(out)
            }
        })?;
        if let (true, Some((column, _))) = (self.ordered, order.first()) {
            out.push_sql(" AND ");
            push_column(out, self.place.column(column.name));
            out.push_sql(column.kind.always_true());
        }
        if let Some(after) = tested_last {
            out.push_sql(" AND ");
            after.walk(order, false, self.place, out.reborrow())?;
        }
        Ok(())
    }

    /// From each row of the link to its row of the table, and never the other way round.
    fn push_join(&self, link: &Link, out: &mut Pass<'_, '_>) {
        let Place { table, .. } = self.place;
        let parts: &[&str] = match self.dialect {
            Dialect::Sqlite => &[" CROSS JOIN ", table.name],
            Dialect::Postgres => &[
                " CROSS JOIN LATERAL (SELECT * FROM ",
                table.name,
                " AS one WHERE one.",
                link.refers_to,
                " = ",
                link.name,
                ".",
                link.row,
                " OFFSET 0) AS ",
                table.name,
            ],
        };
        parts.iter().for_each(|part| out.push_sql(part));
    }

    fn push_order(&self, order: &Order, out: &mut Pass<'_, '_>) {
        out.push_sql(" ORDER BY ");
        for (index, (column, direction)) in order.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            push_column(out, self.place.column(column.name));
            out.push_sql(direction_sql(*direction));
        }
    }
}

fn tested<'b>(out: &mut Pass<'_, 'b>, walk: impl FnOnce(Pass<'_, 'b>) -> QueryResult<()>) -> QueryResult<()> {
    out.push_sql("(");
    walk(out.reborrow())?;
    out.push_sql(") IS TRUE");
    Ok(())
}

fn direction_sql(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => " ASC",
        Direction::Descending => " DESC",
    }
}

/// Which column of the order stands in each place of [`PickedColumns`] behind the key, and what stands there when none does.
pub(super) type Slots = [(Option<usize>, &'static str); 4];

/// The columns of an order in their places; the key has its own.
pub(super) fn slots(order: &Order, key: &str) -> Slots {
    let of_kind = |kind: Kind| {
        let mut found = order.iter().enumerate().filter(move |(_, (column, _))| column.kind == kind);
        move || found.find(|(_, (column, _))| column.name != key).map(|(index, _)| index)
    };
    let (mut time, mut text) = (of_kind(Kind::Time), of_kind(Kind::Text));
    let nothing = "CAST(NULL AS TIMESTAMP)";
    [(time(), nothing), (time(), nothing), (time(), nothing), (text(), "CAST(NULL AS TEXT)")]
}

impl Pick<'_> {
    /// The columns of a page, each of them as `name` spells it.
    fn push_columns(&self, out: &mut Pass<'_, '_>, mut name: impl FnMut(&mut Pass<'_, '_>, usize)) {
        out.push_sql("SELECT ");
        name(out, self.order.len().saturating_sub(1));
        for (column, nothing) in slots(self.order, self.table.key) {
            out.push_sql(", ");
            match column {
                Some(index) => name(out, index),
                None => out.push_sql(nothing),
            }
        }
        out.push_sql(", ");
    }

    fn walk_total<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        if let [branch] = self.branches.as_slice() {
            out.push_sql("SELECT COUNT(*)");
            return branch.walk(self.order, None, out);
        }
        out.push_sql("SELECT COUNT(*) FROM (");
        separated(out, " UNION ", &self.branches, |branch, mut out| {
            out.push_sql("SELECT ");
            push_column(&mut out, branch.place.column(self.table.key));
            branch.walk(self.order, None, &mut out)
        })?;
        out.push_sql(") AS counted");
        Ok(())
    }

    /// The total as a column, so that it costs no statement of its own.
    fn walk_total_column<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        if !self.counted {
            out.push_sql("CAST(NULL AS BIGINT)");
            return Ok(());
        }
        out.push_sql("(");
        self.walk_total(out)?;
        out.push_sql(")");
        Ok(())
    }

    /// Numbers are spelled out: PostgreSQL plans differently for a limit that it does not know.
    fn push_page(&self, out: &mut Pass<'_, '_>) {
        out.push_sql(&format!(" LIMIT {} OFFSET {}", self.limit, self.offset));
        let values: usize = self.branches.iter().flat_map(|branch| &branch.terms).map(Term::values).sum();
        if self.offset > 0 || self.branches.len() > 2 || values > MOST_KEPT_VALUES {
            out.unsafe_to_cache_prepared();
        }
    }

    fn walk_one<'b>(&'b self, branch: &'b Branch<'_>, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        self.push_columns(out, |out, index| {
            if let Some((column, _)) = self.order.get(index) {
                push_column(out, branch.place.column(column.name));
            }
        });
        self.walk_total_column(out)?;
        branch.walk(self.order, self.after, out)?;
        branch.push_order(self.order, out);
        self.push_page(out);
        Ok(())
    }

    /// Each branch gives the rows that can be on the page; what they have in common is shown once.
    fn walk_merged<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        self.push_columns(out, |out, index| out.push_sql(&format!("k{index}")));
        self.walk_total_column(out)?;
        out.push_sql(" FROM (");
        separated(out, " UNION ", self.branches.iter().enumerate(), |(number, branch), mut out| {
            out.push_sql("SELECT * FROM (SELECT ");
            for (index, (column, _)) in self.order.iter().enumerate() {
                out.push_sql(if index > 0 { ", " } else { "" });
                push_column(&mut out, branch.place.column(column.name));
                out.push_sql(&format!(" AS k{index}"));
            }
            branch.walk(self.order, self.after, &mut out)?;
            let most = match branch.ordered {
                true => {
                    branch.push_order(self.order, &mut out);
                    self.limit.saturating_add(self.offset)
                }
                false => FENCE,
            };
            out.push_sql(&format!(" LIMIT {most}) AS branch{number}"));
            Ok(())
        })?;
        out.push_sql(") AS merged ORDER BY ");
        for (index, (_, direction)) in self.order.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            out.push_sql(&format!("{comma}k{index}{}", direction_sql(*direction)));
        }
        self.push_page(out);
        Ok(())
    }
}

impl Term<'_> {
    /// Whether the link of this place has all that the condition needs.
    pub fn is_repeated(&self, place: Place) -> bool {
        match self {
            Term::Sought(predicate) | Term::Tested(predicate) => predicate.is_repeated(place),
            Term::Link(..) => true,
            Term::Facet(facet) => facet.is_repeated(place),
        }
    }

    fn values(&self) -> usize {
        match self {
            Term::Sought(predicate) | Term::Tested(predicate) => predicate.values(),
            Term::Link(..) => 1,
            Term::Facet(facet) => facet.values(),
        }
    }
}

impl QueryFragment<Backend> for Pick<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        match self.branches.as_slice() {
            [one] if one.ordered => self.walk_one(one, &mut out),
            _ => self.walk_merged(&mut out),
        }
    }
}

impl QueryFragment<Backend> for Total<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.0.walk_total(&mut out)
    }
}

impl QueryFragment<Backend> for Tally<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        let Some((column, direction)) = self.order.first() else { return Ok(()) };
        let end = |counted: &str| {
            format!(" GROUP BY {counted} ORDER BY {counted}{} LIMIT {}", direction_sql(*direction), self.most)
        };
        if let [branch] = self.branches.as_slice() {
            let (table, name) = branch.place.column(column.name);
            out.push_sql(&format!("SELECT {table}.{name}, COUNT(*)"));
            branch.walk(self.order, None, &mut out)?;
            out.push_sql(&end(&format!("{table}.{name}")));
            return Ok(());
        }
        // What several branches give is counted once.
        out.push_sql("SELECT counted, COUNT(*) FROM (");
        separated(&mut out, " UNION ", &self.branches, |branch, mut out| {
            out.push_sql("SELECT ");
            push_column(&mut out, branch.place.column(self.table.key));
            out.push_sql(", ");
            push_column(&mut out, branch.place.column(column.name));
            out.push_sql(" AS counted");
            branch.walk(self.order, None, &mut out)
        })?;
        out.push_sql(") AS rows_found");
        out.push_sql(&end("counted"));
        Ok(())
    }
}

impl QueryFragment<Backend> for Estimate<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        let nothing = Order::new();
        separated(&mut out, " UNION ALL ", self.branches.iter().enumerate(), |(number, branches), mut out| {
            out.push_sql(&format!("SELECT {number}, (SELECT COUNT(*) FROM ("));
            separated(&mut out, " UNION ALL ", branches, |branch, mut out| {
                out.push_sql("SELECT 1 AS one");
                branch.walk(&nothing, None, &mut out)
            })?;
            out.push_sql(&format!(" LIMIT {}) AS few)", self.limit));
            Ok(())
        })
    }
}

/// Says what a statement gives, and that its text tells it apart from others.
macro_rules! statement {
    ($name:ident gives $columns:ty) => {
        impl Query for $name<'_> {
            type SqlType = $columns;
        }

        impl QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl diesel::RunQueryDsl<AnyConnection> for &$name<'_> {}
    };
}

statement!(Pick gives PickedColumns);
statement!(Total gives BigInt);
statement!(Estimate gives (Integer, BigInt));
statement!(Tally gives (Integer, BigInt));
