//! Where the review of a story stands: as its last step left it, or nowhere when the door ended it.

use super::story::Logged;
use super::{Checked, expect, readable};
use crate::articles::{ArticleRow, ReviewRow};
use crate::events::Action;

/// The review of a story stands where the log says that it does.
pub fn check(row: &ArticleRow, log: &[Logged]) -> Checked {
    let place = format!("articles, id {}", row.id);
    let steps = log.iter().rev().find_map(|entry| match entry.action {
        Action::Submitted | Action::ChangesRequested | Action::Approved => Some(entry.digest.clone()),
        Action::Unsubmitted | Action::Published | Action::Killed => Some(None),
        _ => None,
    });
    let stands = match (row.review == ReviewRow::default(), steps.flatten()) {
        (is_over, None) => is_over,
        (_, Some(sealed)) => sealed == readable(&place, row.review.seal())?,
    };
    expect(stands, place, "where its review stands is not what the log says")
}
