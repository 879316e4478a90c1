//! Goes on in a list after a given row, by its sort keys instead of by counting rows, so that the last page costs what
//! the first one does.

use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Backend;
use crate::error::{Error, Result};
use crate::http::page::Key;

/// A condition on the rows of `Table`, whatever it is made of.
pub type Condition<Table> = Box<dyn BoxableExpression<Table, Backend, SqlType = Bool>>;

/// Which way a list runs along a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// How a column is compared with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Later in the list.
    Beyond(Direction),
    /// The same or later in the list.
    FromHere(Direction),
}

/// The condition that compares a column with a value.
macro_rules! compare {
    ($column:expr, $comparison:expr, $value:expr) => {{
        use $crate::db::keyset::{Comparison, Direction};
        let value = $value;
        match $comparison {
            Comparison::Equal => Box::new($column.eq(value)),
            Comparison::Beyond(Direction::Ascending) => Box::new($column.gt(value)),
            Comparison::Beyond(Direction::Descending) => Box::new($column.lt(value)),
            Comparison::FromHere(Direction::Ascending) => Box::new($column.ge(value)),
            Comparison::FromHere(Direction::Descending) => Box::new($column.le(value)),
        }
    }};
}

pub(crate) use compare;

/// Declares the columns that a table can be sorted by, once: how they are spelled, what they compare and which member
/// of a row they are. The last one must be unique, and ends every order.
macro_rules! sort_columns {
    (
        $(#[$meta:meta])*
        pub enum $name:ident for $table:ident, $row:ty {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal: $kind:ident $column:ident, )+
        }
    ) => {
        $crate::db::types::text_enum! {
            $(#[$meta])*
            pub enum $name { $( $(#[$variant_meta])* $variant = $text, )+ }
        }

        impl $name {
            /// The condition that compares this column with a key of a cursor.
            pub(crate) fn condition(
                self,
                comparison: $crate::db::keyset::Comparison,
                key: &$crate::http::page::Key,
            ) -> $crate::error::Result<$crate::db::keyset::Condition<$table::table>> {
                Ok(match self {
                    $( $name::$variant => $crate::db::keyset::compare!($table::$column, comparison, key.$kind()?), )+
                })
            }

            /// The keys of a row in this order, for a cursor.
            pub(crate) fn keys(
                order: &[($name, $crate::db::keyset::Direction)],
                row: &$row,
            ) -> Vec<$crate::http::page::Key> {
                let key = |(column, _): &($name, $crate::db::keyset::Direction)| match column {
                    $( $name::$variant => $crate::http::page::Key::from(row.$column.clone()), )+
                };
                order.iter().map(key).collect()
            }

            /// The query, sorted in this order and begun where the page begins.
            pub(crate) fn sorted<'a>(
                mut query: $table::BoxedQuery<'a, $crate::db::Backend>,
                order: &[($name, $crate::db::keyset::Direction)],
                page: &$crate::http::page::Page,
            ) -> $crate::error::Result<$table::BoxedQuery<'a, $crate::db::Backend>> {
                use $crate::db::keyset::{self, Direction};
                if let $crate::http::page::Start::After(keys) = &page.start {
                    query = query.filter(keyset::after(order, keys, $name::condition)?);
                }
                for (column, direction) in order {
                    query = match (column, direction) {
                        $(
                            ($name::$variant, Direction::Ascending) => query.then_order_by($table::$column.asc()),
                            ($name::$variant, Direction::Descending) => query.then_order_by($table::$column.desc()),
                        )+
                    };
                }
                Ok(query.limit(page.fetch()).offset(page.offset()))
            }
        }
    };
}

pub(crate) use sort_columns;

/// The order that was asked for, or the usual one, ended by a unique column in the direction of the first, so that no
/// two rows are equal and no row is shown twice or lost between pages.
pub fn total<Column: Copy + PartialEq>(
    asked: Option<&[(Column, Direction)]>,
    usual: (Column, Direction),
    unique: Column,
) -> Vec<(Column, Direction)> {
    let mut order = asked.map_or_else(|| vec![usual], <[_]>::to_vec);
    if !order.iter().any(|(column, _)| *column == unique) {
        let direction = order.first().map_or(usual.1, |(_, direction)| *direction);
        order.push((unique, direction));
    }
    order
}

/// The rows after the one with these keys, in this order. `column` gives the condition for one sort key; the last key
/// of `order` must be unique.
///
/// For `(a, b, id)` it is `a ≥ x and (a > x or (a = x and (b > y or (b = y and id > z))))`; the first part says nothing
/// new, but lets both databases begin at the right place of an index.
///
/// Errors: 400 when the keys are not of this order.
pub fn after<Column: Copy, Table: 'static>(
    order: &[(Column, Direction)],
    keys: &[Key],
    column: impl Fn(Column, Comparison, &Key) -> Result<Condition<Table>>,
) -> Result<Condition<Table>> {
    if order.len() != keys.len() {
        return Err(Error::wrong_cursor());
    }
    let mut beyond: Option<Condition<Table>> = None;
    for ((name, direction), key) in order.iter().zip(keys).rev() {
        let strictly = column(*name, Comparison::Beyond(*direction), key)?;
        beyond = Some(match beyond {
            None => strictly,
            Some(inner) => Box::new(strictly.or(column(*name, Comparison::Equal, key)?.and(inner))),
        });
    }
    let (first, direction) = order.first().ok_or_else(Error::wrong_cursor)?;
    let from_here = column(*first, Comparison::FromHere(*direction), keys.first().ok_or_else(Error::wrong_cursor)?)?;
    Ok(Box::new(from_here.and(beyond.ok_or_else(Error::wrong_cursor)?)))
}
