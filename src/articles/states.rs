//! The `status` that a list of articles is asked for.

use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Deserializer};

use super::article::Status;
use crate::http::fields;
use crate::http::query::List;

/// The word for what readers no longer see.
const GONE: &str = "gone";

/// What `status` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum States {
    /// Nothing.
    #[default]
    Any,
    /// Working copies in these states.
    Working(Vec<Status>),
    /// What readers no longer see.
    Gone,
}

impl States {
    /// The states of working copies that were asked for; none when it is all of them.
    pub fn working(&self) -> &[Status] {
        match self {
            States::Working(states) => states,
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
        let states = List::<Status>::deserialize(text.into_deserializer()).map_err(|error: ValueError| {
            let message = error.to_string();
            let (code, detail) = fields::take_apart(&message);
            fields::refusal(code, format_args!("{detail}, or gone alone"))
        })?;
        Ok(States::Working(states.0))
    }
}
