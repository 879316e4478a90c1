//! The steps of a review. Each is of the version that the story has now, and each is in the log.

use super::row::ReviewRow;
use super::state::{ReviewState, Step};
use crate::articles::held::{self, Held, Passed};
use crate::articles::row::ArticleRow;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource};

/// Submits a story for review, in the version that it has now.
///
/// Errors: 409 when that version is in review or approved already, when readers see it or will, or when the story was
/// killed.
pub fn submit(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    note: Option<String>,
) -> Result<Passed> {
    let version = held.row.version;
    if held.row.killed_at.is_some() {
        return Err(conflict("killed", "this article was killed; nobody but an admin publishes it again"));
    }
    if held.schedule.shows(version) {
        let detail = "readers see this version of the article already, or will; change it, and submit that";
        return Err(conflict("published", detail));
    }
    match held.row.review.state(version) {
        ReviewState::Approved => {
            return Err(conflict(
                "approved",
                "this version of the article is approved already; it waits to be published",
            ));
        }
        ReviewState::InReview if held.row.review.is_submission_of(version) => {
            let detail = "this version of the article is in review already; unsubmit takes it back";
            return Err(conflict("in_review", detail));
        }
        ReviewState::None | ReviewState::InReview | ReviewState::ChangesRequested => {}
    }
    let submitted_by = journal.actor().user_id().map(str::to_owned);
    take(connection, journal, held, (Step::Submitted, note, submitted_by))
}

/// Takes a story back from its review, wherever that stands.
///
/// Errors: 409 when it is in none.
pub fn unsubmit(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    note: Option<String>,
) -> Result<Passed> {
    expect_submitted(&held.row)?;
    let row = ArticleRow { review: ReviewRow::default(), ..held.row };
    put(connection, journal, Held { row, ..held }, (Action::Unsubmitted, note))
}

/// Sends a story back, with what has to change; an approval that it has is taken back.
///
/// Errors: 409 when it was not submitted.
pub fn request_changes(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    note: String,
) -> Result<Passed> {
    expect_submitted(&held.row)?;
    let submitted_by = held.row.review.submitted_by.clone();
    take(connection, journal, held, (Step::ChangesRequested, Some(note), submitted_by))
}

/// Approves a story, in the version that it has now, even one that was sent back.
///
/// Errors: 409 when it was not submitted, or this version is approved already.
pub fn approve(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    note: Option<String>,
) -> Result<Passed> {
    expect_submitted(&held.row)?;
    if held.row.review.state(held.row.version) == ReviewState::Approved {
        return Err(conflict("approved", "this version of the article is approved already"));
    }
    let submitted_by = held.row.review.submitted_by.clone();
    take(connection, journal, held, (Step::Approved, note, submitted_by))
}

fn expect_submitted(row: &ArticleRow) -> Result<()> {
    match row.review.state(row.version) {
        ReviewState::None => {
            Err(conflict("not_submitted", "this article is not in review; it has to be submitted first"))
        }
        ReviewState::InReview | ReviewState::ChangesRequested | ReviewState::Approved => Ok(()),
    }
}

fn conflict(code: &str, detail: &str) -> Error {
    Error::Conflict(Rejection::anywhere(code, detail))
}

/// Takes a step with the present version of a story.
fn take(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    (step, note, submitted_by): (Step, Option<String>, Option<String>),
) -> Result<Passed> {
    let review = ReviewRow {
        review_step: Some(step),
        review_version: Some(held.row.version),
        review_by: journal.actor().user_id().map(str::to_owned),
        review_at: Some(held.now),
        review_note: note.clone(),
        submitted_by,
    };
    let row = ArticleRow { review, ..held.row };
    put(connection, journal, Held { row, ..held }, (step.action(), note))
}

/// Stores where the review of a story stands now, and says so in the log.
fn put(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    (action, note): (Action, Option<String>),
) -> Result<Passed> {
    held::store(connection, &held.row)?;
    let event = Event::new(action, Resource::Article, &held.row.id).noted(note).sealing(held.row.review.seal()?);
    journal.record(Event { after: Some(held.row.version), ..event });
    Ok(held.into())
}
