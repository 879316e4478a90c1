//! A member of a request body with three states, as JSON Merge Patch (RFC 7396) needs it: absent is not null.

use serde::{Deserialize, Deserializer};

/// What a caller said about one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member was not sent: keep what is there.
    #[default]
    Absent,
    /// The member was sent as `null`: clear it.
    Null,
    /// The member was sent with a value: set it.
    Value(T),
}

impl<T> Patch<T> {
    /// Writes what was said into `current`; says nothing when the member was absent.
    pub fn apply_to(self, current: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Null => *current = None,
            Patch::Value(value) => *current = Some(value),
        }
    }

    /// Writes what was said into a member that cannot be empty: `null` sets its default.
    pub fn apply_or_default(self, current: &mut T)
    where
        T: Default,
    {
        match self {
            Patch::Absent => {}
            Patch::Null => *current = T::default(),
            Patch::Value(value) => *current = value,
        }
    }

    /// Writes what was said into a text whose default is `otherwise`: `null` sets that.
    pub fn apply_to_text(self, current: &mut String, otherwise: &str)
    where
        T: Into<String>,
    {
        match self {
            Patch::Absent => {}
            Patch::Null => *current = otherwise.to_owned(),
            Patch::Value(value) => *current = value.into(),
        }
    }

    /// The value, when there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    /// The value by reference, when there is one.
    pub fn as_value(&self) -> Option<&T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    /// The same statement in a replacement, where an absent member is cleared.
    pub fn or_null(self) -> Patch<T> {
        match self {
            Patch::Absent => Patch::Null,
            sent => sent,
        }
    }

    /// Whether the member was sent at all.
    pub fn is_present(&self) -> bool {
        !matches!(self, Patch::Absent)
    }

    /// The same statement about a converted value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => Patch::Value(convert(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(value) => Patch::Value(value),
            None => Patch::Null,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default)]
        name: Patch<String>,
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        let read = |text: &str| serde_json::from_str::<Sample>(text).unwrap().name;
        assert_eq!(read("{}"), Patch::Absent);
        assert_eq!(read(r#"{"name": null}"#), Patch::Null);
        assert_eq!(read(r#"{"name": "KFOR"}"#), Patch::Value("KFOR".to_owned()));
    }
}
