//! The tables that lists are made of, as their rooms describe them.

use crate::db::keyset::Direction;
use crate::error::{Error, Result};
use crate::http::page::Key;

use super::predicate::Value;

/// A table whose rows are listed.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that tells two rows of a list apart, ends every order, and is what a list gives.
    pub key: &'static str,
}

/// A table that links rows of a [`Table`] with something that they are found by.
#[derive(Debug)]
pub struct Link {
    /// Its name.
    pub name: &'static str,
    /// Its column that refers to the row.
    pub row: &'static str,
    /// The column of the row that it refers to.
    pub refers_to: &'static str,
    /// Columns of the row that it repeats, and what they are called there: as long as a question needs no other, it is
    /// answered without the row.
    pub repeats: &'static [(&'static str, &'static str)],
    /// The column of the row by which its index has the rows of one value in order, if it has.
    pub ordered_by: Option<&'static str>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A moment.
    Time,
    /// A text.
    Text,
    /// A number that is never negative, by which rows are counted and not listed.
    Number,
}

impl Kind {
    /// What is true of every value. It says nothing, but makes the index that begins with the column look better to
    /// SQLite than one without it, which it would otherwise take and sort.
    pub(super) fn always_true(self) -> &'static str {
        match self {
            Kind::Time => " >= '0001-01-01 00:00:00'",
            Kind::Text => " >= ''",
            Kind::Number => " >= 0",
        }
    }
}

/// A column that lists can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// A key of a cursor as a value of this column.
    ///
    /// Errors: 400 when the key is of another kind.
    pub fn value(self, key: &Key) -> Result<Value> {
        Ok(match self.kind {
            Kind::Time => Value::Time(key.time()?),
            Kind::Text => Value::Text(key.text()?),
            Kind::Number => Value::Number(i32::try_from(key.position()?).map_err(Error::internal)?),
        })
    }
}

/// What a list is sorted by. The last column is the key of the table, so that no two rows are equal.
pub type Order = Vec<(Column, Direction)>;

/// Where a branch of a statement finds the columns of a row: in the table, or first in a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub table: &'static Table,
    pub link: Option<&'static Link>,
}

impl Place {
    /// The table and the name under which a column of the row is found here.
    pub fn column(self, name: &'static str) -> (&'static str, &'static str) {
        let repeated =
            self.link.and_then(|link| Some((link.name, link.repeats.iter().find(|(of_row, _)| *of_row == name)?.1)));
        repeated.unwrap_or((self.table.name, name))
    }

    /// Whether the link has this column of the row.
    pub fn is_repeated(self, name: &'static str) -> bool {
        self.column(name).0 != self.table.name
    }
}
