//! Which rows a list gives, and in which order: every question is answered from an index, whatever it combines.
//!
//! diesel writes the queries of the house; this one it cannot. A list may combine a dozen filters with any order, and
//! what makes it fast is decided for each question: either a walk through an index that has the order already, testing
//! each row, or a search for the few rows that one filter leaves, which are then sorted. So the statement is put
//! together here, from predicates that say which of them an index is meant to answer. What the rows hold is not asked
//! here: a list gives the keys of its rows, and whoever asked loads them.

mod plan;
mod predicate;
mod statement;
mod table;

use std::collections::HashMap;

pub use plan::{Facet, Part, Question, count_by, pick, pick_all};
pub use predicate::{Fragment, Operator, Predicate, Value};
pub use table::{Column, Kind, Link, Order, Table};

/// Puts rows that were loaded by their keys into the order of the keys.
pub fn in_order<Row>(mut rows: Vec<Row>, keys: &[String], key: impl Fn(&Row) -> &str) -> Vec<Row> {
    let places: HashMap<&str, usize> = keys.iter().enumerate().map(|(place, key)| (key.as_str(), place)).collect();
    rows.sort_by_key(|row| places.get(key(row)).copied());
    rows
}
