//! The `status` that a list of articles is asked for.

use std::str::FromStr;

use serde::de::value::Error as ValueError;
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use super::article::Status;
use super::review::{ReviewState, Step};
use crate::http::fields;
use crate::http::input::one_of;
use crate::http::query::{List, or_alone};

/// The word for what readers no longer see.
const GONE: &str = "gone";

/// Where a working copy stands: for readers, or in its review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Between draft and reader.
    Status(Status),
    /// In its review; never in none.
    Review(ReviewState),
}

/// What `status` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum States {
    /// Nothing.
    #[default]
    Any,
    /// Working copies that stand in one of these places.
    Working(Vec<Standing>),
    /// What readers no longer see.
    Gone,
}

impl Standing {
    /// Every one that can be asked for.
    fn all() -> impl Iterator<Item = Standing> {
        let in_review = ReviewState::ALL.iter().filter(|state| **state != ReviewState::None);
        Status::ALL.iter().copied().map(Standing::Status).chain(in_review.copied().map(Standing::Review))
    }

    /// The steps of a review after which a working copy may stand here; `None` when it needs none.
    pub fn steps(self) -> Option<&'static [Step]> {
        match self {
            Standing::Status(_) => None,
            Standing::Review(state) => Some(state.steps()),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Standing::Status(status) => status.as_str(),
            Standing::Review(state) => state.as_str(),
        }
    }
}

impl FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Standing, String> {
        let found = Standing::all().find(|standing| standing.as_str() == text);
        found.ok_or_else(|| one_of(text, &Standing::all().map(Standing::as_str).collect::<Vec<_>>()))
    }
}

impl<'de> Deserialize<'de> for Standing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|detail: String| fields::refusal("invalid", detail))
    }
}

impl States {
    /// Where the working copies stand that were asked for; nothing when it is all of them.
    pub fn working(&self) -> &[Standing] {
        match self {
            States::Working(standings) => standings,
            States::Any | States::Gone => &[],
        }
    }
}

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim() == GONE {
            return Ok(States::Gone);
        }
        if text.split(',').any(|word| word.trim() == GONE) {
            return Err(fields::refusal("gone_alone", "gone is asked for alone, without other states"));
        }
        let standings = List::<Standing>::deserialize(text.as_str().into_deserializer())
            .map_err(|refused: ValueError| D::Error::custom(or_alone(&refused, &text, GONE)))?;
        Ok(States::Working(standings.0))
    }
}
