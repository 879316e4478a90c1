//! A permission with its limits: what roles and tokens are made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decide::Story;
use super::permission::Permission;
use crate::error::Rejection;
use crate::http::fields::LanguageTag;

/// A permission, for every story or only for those that meet all of its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What may be done.
    pub action: Permission,
    /// Only with stories that the person began.
    #[serde(default)]
    pub own: bool,
    /// Only with stories that were never published or scheduled.
    #[serde(default)]
    pub unpublished: bool,
    /// Only with stories in one of these sections, by id or slug; in all of them, and in none, when `null`.
    #[serde(default)]
    #[schema(max_items = 50, min_items = 1)]
    pub sections: Option<Vec<String>>,
    /// Only with stories from one of these sources, by id or slug; with all when `null`.
    #[serde(default)]
    #[schema(max_items = 50, min_items = 1)]
    pub sources: Option<Vec<String>>,
    /// Only with stories in one of these languages: `en` is `en-GB`, too. With all when `null`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<LanguageTag>>, max_items = 50, min_items = 1)]
    pub languages: Option<Vec<LanguageTag>>,
}

/// Most values of one limit.
const MOST_VALUES: usize = 50;

/// Refuses a limit that limits nothing, or names too much.
pub(super) fn check_limit<T>(values: Option<&Vec<T>>, place: String, refuse: &mut Vec<Rejection>) {
    if values.is_some_and(|values| values.is_empty() || values.len() > MOST_VALUES) {
        let detail = format!("must name 1 to {MOST_VALUES}; for no limit, leave it out or send null");
        refuse.push(Rejection::field(place, "out_of_range", detail));
    }
}

impl Grant {
    /// The permission without limits.
    pub fn of(action: Permission) -> Grant {
        Grant { action, own: false, unpublished: false, sections: None, sources: None, languages: None }
    }

    /// Whether it has no limits.
    pub fn is_unlimited(&self) -> bool {
        *self == Grant::of(self.action)
    }

    /// Whether the story is within the limits, for this account. The same rule as a condition for the database is in
    /// `articles::access`; a test holds the two against each other.
    pub(super) fn reaches(&self, user_id: &str, story: &Story) -> bool {
        (!self.own || story.created_by == Some(user_id))
            && !(self.unpublished && story.published)
            && names(self.sections.as_deref(), story.section)
            && names(self.sources.as_deref(), story.source)
            && self.languages.as_ref().is_none_or(|languages| languages.iter().any(|one| is_in(one, story.language)))
    }

    /// The limits in words: "your own stories, in certain sections".
    pub(super) fn limits_in_words(&self) -> String {
        let limits = [
            (self.own, "that you began"),
            (self.unpublished, "that were never published"),
            (self.sections.is_some(), "in certain sections"),
            (self.sources.is_some(), "from certain sources"),
            (self.languages.is_some(), "in certain languages"),
        ];
        let set: Vec<&str> = limits.iter().filter(|(set, _)| *set).map(|(_, words)| *words).collect();
        format!("stories {}", set.join(", "))
    }
}

/// Whether a list of ids, when there is one, has this id.
fn names(limit: Option<&[String]>, id: Option<&str>) -> bool {
    limit.is_none_or(|ids| id.is_some_and(|id| ids.iter().any(|one| one == id)))
}

/// Whether a language is the wanted one or a variety of it (RFC 4647, basic filtering).
fn is_in(wanted: &str, language: &str) -> bool {
    language.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
