//! Where a review stands, as editors see it.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::events::Action;

text_enum! {
    /// What was done last in a review.
    pub enum Step {
        /// Somebody submitted the story.
        Submitted = "submitted",
        /// Somebody sent it back.
        ChangesRequested = "changes_requested",
        /// Somebody approved it.
        Approved = "approved",
    }
}

text_enum! {
    /// Where the review of an article stands.
    pub enum ReviewState {
        /// Nobody submitted it, or it was published since.
        None = "none",
        /// It waits for somebody to look at it: it was submitted, or it was changed after it was approved.
        InReview = "in_review",
        /// It was sent back, and `note` says what has to change.
        ChangesRequested = "changes_requested",
        /// The present version is approved.
        Approved = "approved",
    }
}

/// The review of an article: where it stands, and the last step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Review {
    /// Where it stands.
    pub state: ReviewState,
    /// The version that the last step was about: that was submitted, sent back or approved. The article may have a newer
    /// one by now.
    #[schema(required, minimum = 1)]
    pub version: Option<i32>,
    /// Whether it was approved in that version and changed since: that approval holds no more.
    pub approval_void: bool,
    /// Id of the account that submitted it.
    #[schema(required)]
    pub submitted_by: Option<String>,
    /// Id of the account that took the last step.
    #[schema(required)]
    pub by: Option<String>,
    /// When the last step was taken.
    #[schema(required)]
    pub at: Option<Timestamp>,
    /// What that account said with it; for colleagues only.
    #[schema(required)]
    pub note: Option<String>,
}

impl Review {
    /// An example for the API docs.
    pub fn sample() -> Value {
        json!({
            "state": "changes_requested",
            "version": 7,
            "approval_void": false,
            "submitted_by": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50",
            "by": "01997b2e-cc11-7a52-8f07-0c9a3b5e7d22",
            "at": "2026-03-04T18:30:00Z",
            "note": "Who says so? We need a second source."
        })
    }
}

impl Step {
    /// How the log calls it.
    pub fn action(self) -> Action {
        match self {
            Step::Submitted => Action::Submitted,
            Step::ChangesRequested => Action::ChangesRequested,
            Step::Approved => Action::Approved,
        }
    }
}

impl ReviewState {
    /// The steps after which a review may stand here.
    pub fn steps(self) -> &'static [Step] {
        match self {
            ReviewState::None => &[],
            // Approved, and changed since.
            ReviewState::InReview => &[Step::Submitted, Step::Approved],
            ReviewState::ChangesRequested => &[Step::ChangesRequested],
            ReviewState::Approved => &[Step::Approved],
        }
    }
}
