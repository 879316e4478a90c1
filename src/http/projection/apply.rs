//! Cuts a projection out of finished JSON. What is kept whole is copied as it stands, byte for byte.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Projected, Projection, Tree};
use crate::error::{Error, Result};

/// The members of an object in their order, unread.
struct Object<'a>(Vec<(Key<'a>, &'a RawValue)>);

/// A member's name; borrowed unless it is written with escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<T: Projected> Projection<T> {
    /// What is wanted of one thing.
    ///
    /// Errors: [`Error::Internal`] when it is not JSON.
    pub fn one(&self, json: &[u8]) -> Result<Vec<u8>> {
        let mut out = String::with_capacity(json.len());
        let json: &RawValue = serde_json::from_slice(json).map_err(Error::internal)?;
        cut(json, self.kept.as_ref(), Some(&self.left_out), &mut out).map_err(Error::internal)?;
        Ok(out.into_bytes())
    }

    /// What is wanted of each row in the `data` of a list.
    ///
    /// Errors: [`Error::Internal`] when it is not a list.
    pub fn list(&self, json: &[u8]) -> Result<Vec<u8>> {
        let mut out = String::with_capacity(json.len());
        let list: Object<'_> = serde_json::from_slice(json).map_err(Error::internal)?;
        write_object(list, &mut out, |key, value, out| {
            if key == "data" {
                return cut(value, self.kept.as_ref(), Some(&self.left_out), out).map(|()| true);
            }
            out.push_str(value.get());
            Ok(true)
        })
        .map_err(Error::internal)?;
        Ok(out.into_bytes())
    }
}

/// Writes what is wanted of a value: `kept` says what, or everything, and `left_out` what not.
fn cut(value: &RawValue, kept: Option<&Tree>, left_out: Option<&Tree>, out: &mut String) -> serde_json::Result<()> {
    let text = value.get();
    if kept.is_none() && left_out.is_none_or(|tree| tree.0.is_empty()) {
        out.push_str(text);
        return Ok(());
    }
    match text.as_bytes().first() {
        Some(b'{') => write_object(serde_json::from_str(text)?, out, |key, value, out| {
            let below = match kept.map(|tree| tree.0.get(key)) {
                Some(None) => return Ok(false),
                Some(Some(below)) => Some(below).filter(|below| !below.0.is_empty()),
                None => None,
            };
            match left_out.and_then(|tree| tree.0.get(key)) {
                Some(without) if without.0.is_empty() => Ok(false),
                without => cut(value, below, without, out).map(|()| true),
            }
        }),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            out.push('[');
            for (index, item) in items.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                cut(item, kept, left_out, out)?;
            }
            out.push(']');
            Ok(())
        }
        _ => {
            out.push_str(text);
            Ok(())
        }
    }
}

/// Writes those members of an object of which `write` writes the value.
fn write_object(
    object: Object<'_>,
    out: &mut String,
    mut write: impl FnMut(&str, &RawValue, &mut String) -> serde_json::Result<bool>,
) -> serde_json::Result<()> {
    out.push('{');
    let mut first = true;
    for (key, value) in object.0 {
        let before = out.len();
        out.push_str(if first { "" } else { "," });
        out.push_str(&serde_json::to_string(&key.0)?);
        out.push(':');
        match write(&key.0, value, out)? {
            true => first = false,
            false => out.truncate(before),
        }
    }
    out.push('}');
    Ok(())
}
