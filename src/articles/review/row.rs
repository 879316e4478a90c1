//! The columns of a review in the row of its story.

use diesel::prelude::*;
use serde::Serialize;

use super::state::{Review, ReviewState, Step};
use crate::clock::Timestamp;
use crate::db::keyset::Condition;
use crate::db::schema::articles;
use crate::error::Result;
use crate::events::chain;

/// The last step of a review, and to which version of the story; nothing when there is none.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ReviewRow {
    pub review_step: Option<Step>,
    pub review_version: Option<i32>,
    pub review_by: Option<String>,
    pub review_at: Option<Timestamp>,
    pub review_note: Option<String>,
    pub submitted_by: Option<String>,
}

impl ReviewRow {
    /// The hash of all of it, for the log.
    pub fn seal(&self) -> Result<String> {
        chain::digest(self)
    }

    /// Where the review of a story stands that is in this version now.
    pub fn state(&self, version: i32) -> ReviewState {
        match self.review_step {
            None => ReviewState::None,
            Some(Step::ChangesRequested) => ReviewState::ChangesRequested,
            Some(Step::Approved) if self.review_version == Some(version) => ReviewState::Approved,
            Some(Step::Submitted | Step::Approved) => ReviewState::InReview,
        }
    }

    /// Whether the last step was to submit the story, in this version.
    pub fn is_submission_of(&self, version: i32) -> bool {
        (self.review_step, self.review_version) == (Some(Step::Submitted), Some(version))
    }

    /// The review of a story that is in this version now, as editors see it.
    pub fn show(self, version: i32) -> Review {
        let state = self.state(version);
        Review {
            state,
            version: self.review_version,
            approval_void: self.review_step == Some(Step::Approved) && state == ReviewState::InReview,
            submitted_by: self.submitted_by,
            by: self.review_by,
            at: self.review_at,
            note: self.review_note,
        }
    }
}

/// The condition that the review of a working copy stands here; the same rule as [`ReviewRow::state`].
pub fn in_state(state: ReviewState) -> Condition<articles::table> {
    let last = |step: Step| articles::review_step.assume_not_null().eq(step.as_str());
    let is_current = || articles::review_version.assume_not_null().eq(articles::version);
    let is_outdated = || articles::review_version.assume_not_null().ne(articles::version);
    match state {
        ReviewState::None => Box::new(articles::review_step.is_null()),
        ReviewState::InReview => Box::new(last(Step::Submitted).or(last(Step::Approved).and(is_outdated()))),
        ReviewState::ChangesRequested => Box::new(last(Step::ChangesRequested)),
        ReviewState::Approved => Box::new(last(Step::Approved).and(is_current())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(step: Step) -> ReviewRow {
        ReviewRow { review_step: Some(step), review_version: Some(3), ..ReviewRow::default() }
    }

    #[test]
    fn an_approval_is_of_one_version_and_nothing_else_is() {
        let states = |step| [3, 4].map(|version| after(step).state(version));
        assert_eq!(states(Step::Submitted), [ReviewState::InReview, ReviewState::InReview]);
        assert_eq!(states(Step::ChangesRequested), [ReviewState::ChangesRequested, ReviewState::ChangesRequested]);
        assert_eq!(states(Step::Approved), [ReviewState::Approved, ReviewState::InReview]);
        assert_eq!(ReviewRow::default().state(1), ReviewState::None);
        let void = |step| [3, 4].map(|version| after(step).show(version).approval_void);
        assert_eq!((void(Step::Submitted), void(Step::Approved)), ([false, false], [false, true]));
    }

    #[test]
    fn a_state_is_looked_for_among_the_steps_that_lead_to_it() {
        for step in Step::ALL {
            for version in [3, 4] {
                assert!(after(*step).state(version).steps().contains(step), "{step} {version}");
            }
        }
    }
}
