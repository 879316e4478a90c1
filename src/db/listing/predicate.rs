//! Conditions on the rows of a list.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Integer, Text, Timestamp as SqlTimestamp};

use super::table::{Link, Order, Place};
use crate::clock::Timestamp;
use crate::db::Backend;
use crate::db::keyset::Direction;

/// A part of a statement that diesel wrote.
pub type Fragment = Box<dyn QueryFragment<Backend>>;

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A moment.
    Time(Timestamp),
    /// A number.
    Number(i32),
    /// Yes or no.
    Flag(bool),
    /// A text that the statement spells out, because the condition of a partial index does.
    Literal(&'static str),
    /// The id of what has this slug now, or had it once and nothing else has it: looked up by the statement itself.
    Named {
        /// Where it is looked up.
        table: &'static str,
        /// What it is called among the former slugs.
        kind: &'static str,
        /// The slug.
        slug: String,
    },
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Not later than.
    AtMost,
    /// Later than.
    Above,
    /// Earlier than.
    Below,
    /// The same.
    Is,
    /// Another one than.
    IsNot,
}

/// A condition on a row. Columns are those of the row, wherever the statement finds them.
pub enum Predicate {
    /// The column has one of these values.
    In(&'static str, Vec<Value>),
    /// The column has none of these values, or no value.
    NotIn(&'static str, Vec<Value>),
    /// The column compares like this.
    Compare(&'static str, Operator, Value),
    /// The column has a value.
    Present(&'static str),
    /// The column has no value.
    Absent(&'static str),
    /// The flag is off, in the words of a partial index.
    Off(&'static str),
    /// The link has a row with one of these values in these columns.
    Linked(&'static Link, Vec<(&'static str, Value)>),
    /// The link has no such row.
    NotLinked(&'static Link, Vec<(&'static str, Value)>),
    /// The column is not among the results of a query.
    NotAmong(&'static str, Fragment),
    /// What diesel wrote about the table.
    Sql(Fragment),
    /// Not this.
    Not(Box<Predicate>),
}

type Pass<'a, 'b> = AstPass<'a, 'b, Backend>;

/// Puts something between the parts of a list.
pub(super) fn separated<'a, 'b, T: 'b>(
    out: &mut Pass<'a, 'b>,
    separator: &str,
    parts: impl IntoIterator<Item = T>,
    mut walk: impl FnMut(T, Pass<'_, 'b>) -> QueryResult<()>,
) -> QueryResult<()> {
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push_sql(separator);
        }
        walk(part, out.reborrow())?;
    }
    Ok(())
}

pub(super) fn push_column(out: &mut Pass<'_, '_>, (table, column): (&str, &str)) {
    for part in [table, ".", column] {
        out.push_sql(part);
    }
}

impl Value {
    pub(super) fn walk<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        match self {
            Value::Text(text) => out.push_bind_param::<Text, _>(text),
            Value::Time(moment) => out.push_bind_param::<SqlTimestamp, _>(moment),
            Value::Number(number) => out.push_bind_param::<Integer, _>(number),
            // Spelled out: a partial index is only used when the statement says its condition.
            Value::Flag(flag) => {
                out.push_sql(if *flag { "TRUE" } else { "FALSE" });
                Ok(())
            }
            Value::Literal(text) => {
                for part in ["'", text, "'"] {
                    out.push_sql(part);
                }
                Ok(())
            }
            Value::Named { table, kind, slug } => {
                for part in ["COALESCE((SELECT id FROM ", table, " WHERE slug = "] {
                    out.push_sql(part);
                }
                out.push_bind_param::<Text, _>(slug)?;
                for part in ["), (SELECT resource_id FROM former_slugs WHERE kind = '", kind, "' AND slug = "] {
                    out.push_sql(part);
                }
                out.push_bind_param::<Text, _>(slug)?;
                out.push_sql("))");
                Ok(())
            }
        }
    }
}

/// `column = value`, or `column IN (values)`.
fn walk_in<'b>(
    out: &mut Pass<'_, 'b>,
    column: (&str, &str),
    values: impl ExactSizeIterator<Item = &'b Value>,
) -> QueryResult<()> {
    push_column(out, column);
    let one = values.len() == 1;
    out.push_sql(if one { " = " } else { " IN (" });
    separated(out, ", ", values, |value, out| value.walk(out))?;
    out.push_sql(if one { "" } else { ")" });
    Ok(())
}

/// A row of the link, found from the row, with one of these values.
pub(super) fn walk_linked<'b>(
    out: &mut Pass<'_, 'b>,
    place: Place,
    link: &'static Link,
    any: &'b [(&'static str, Value)],
) -> QueryResult<()> {
    for part in ["EXISTS (SELECT 1 FROM ", link.name, " AS linked WHERE linked.", link.row, " = "] {
        out.push_sql(part);
    }
    push_column(out, place.column(link.refers_to));
    out.push_sql(" AND (");
    separated(out, " OR ", by_column(any), |(column, values), mut out| {
        walk_in(&mut out, ("linked", column), values.into_iter())
    })?;
    // Only the row leads to the link: whoever went by the value would go through all rows that have it. SQLite is kept
    // from that by IS TRUE, PostgreSQL by the offset.
    out.push_sql(") IS TRUE LIMIT 1 OFFSET 0)");
    Ok(())
}

/// The values of each column.
fn by_column<'b>(any: &'b [(&'static str, Value)]) -> Vec<(&'static str, Vec<&'b Value>)> {
    let mut columns: Vec<(&'static str, Vec<&'b Value>)> = Vec::new();
    for (column, value) in any {
        match columns.iter_mut().find(|(known, _)| known == column) {
            Some((_, values)) => values.push(value),
            None => columns.push((column, vec![value])),
        }
    }
    columns
}

impl Predicate {
    /// Writes the condition for a place where the columns are found.
    pub(super) fn walk<'b>(&'b self, place: Place, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        match self {
            Predicate::In(column, values) => walk_in(&mut out, place.column(column), values.iter())?,
            // Not NOT: neither a missing value nor a name that names nothing makes a row one of them.
            Predicate::NotIn(column, values) => {
                out.push_sql("(");
                walk_in(&mut out, place.column(column), values.iter())?;
                out.push_sql(") IS NOT TRUE");
            }
            Predicate::Compare(column, operator, value) => {
                push_column(&mut out, place.column(column));
                out.push_sql(operator.as_sql());
                value.walk(out)?;
            }
            Predicate::Present(column) | Predicate::Absent(column) => {
                push_column(&mut out, place.column(column));
                out.push_sql(if matches!(self, Predicate::Present(_)) { " IS NOT NULL" } else { " IS NULL" });
            }
            Predicate::Off(column) => {
                out.push_sql("NOT ");
                push_column(&mut out, place.column(column));
            }
            Predicate::Linked(link, any) => walk_linked(&mut out, place, link, any)?,
            Predicate::NotLinked(link, any) => {
                out.push_sql("NOT ");
                walk_linked(&mut out, place, link, any)?;
            }
            Predicate::NotAmong(column, query) => {
                push_column(&mut out, place.column(column));
                out.push_sql(" NOT IN (");
                query.walk_ast(out.reborrow())?;
                out.push_sql(")");
            }
            Predicate::Sql(fragment) => fragment.walk_ast(out)?,
            Predicate::Not(other) => {
                out.push_sql("(");
                other.walk(place, out.reborrow())?;
                out.push_sql(") IS NOT TRUE");
            }
        }
        Ok(())
    }

    /// Whether the link of this place has every column that the condition needs.
    pub(super) fn is_repeated(&self, place: Place) -> bool {
        match self {
            Predicate::In(column, _)
            | Predicate::NotIn(column, _)
            | Predicate::Compare(column, ..)
            | Predicate::Present(column)
            | Predicate::Absent(column)
            | Predicate::Off(column)
            | Predicate::NotAmong(column, _) => place.is_repeated(column),
            Predicate::Linked(link, _) | Predicate::NotLinked(link, _) => place.is_repeated(link.refers_to),
            Predicate::Sql(_) => false,
            Predicate::Not(other) => other.is_repeated(place),
        }
    }

    /// How many values it names.
    pub(super) fn values(&self) -> usize {
        match self {
            Predicate::In(_, values) | Predicate::NotIn(_, values) => values.len(),
            Predicate::Linked(_, any) | Predicate::NotLinked(_, any) => any.len(),
            Predicate::Not(other) => other.values(),
            _ => 1,
        }
    }
}

impl Operator {
    fn as_sql(self) -> &'static str {
        match self {
            Operator::AtMost => " <= ",
            Operator::Above => " > ",
            Operator::Below => " < ",
            Operator::Is => " = ",
            Operator::IsNot => " <> ",
        }
    }
}

/// The rows after one of them, in an order.
#[derive(Debug)]
pub(super) struct After {
    /// What that row has in the columns of the order.
    pub values: Vec<Value>,
}

impl After {
    /// For `(a, b, id)` it is `a ≥ x AND (a > x OR (a = x AND (b > y OR (b = y AND id > z))))`; the first part says
    /// nothing new, but lets both databases begin at the right place of an index, when they are meant to use one.
    pub fn walk<'b>(&'b self, order: &Order, sought: bool, place: Place, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let keys: Vec<_> =
            order.iter().map(|(column, direction)| (column.name, *direction)).zip(&self.values).collect();
        out.push_sql("(");
        if let (Some(((name, direction), value)), true) = (keys.first(), sought) {
            push_column(&mut out, place.column(name));
            out.push_sql(if *direction == Direction::Ascending { " >= " } else { " <= " });
            value.walk(out.reborrow())?;
            out.push_sql(" AND ");
        }
        out.push_sql("(");
        for (index, ((name, direction), value)) in keys.iter().enumerate() {
            push_column(&mut out, place.column(name));
            out.push_sql(if *direction == Direction::Ascending { " > " } else { " < " });
            value.walk(out.reborrow())?;
            if index + 1 < keys.len() {
                out.push_sql(" OR (");
                push_column(&mut out, place.column(name));
                out.push_sql(" = ");
                value.walk(out.reborrow())?;
                out.push_sql(" AND (");
            }
        }
        out.push_sql(&"))".repeat(keys.len().saturating_sub(1)));
        out.push_sql(") IS TRUE)");
        Ok(())
    }
}
