//! How a story names an author, a source, a section or a tag: by id, by slug, or by a name that is found or made.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::fields::{self, Line};

/// `"nato"`, `{"slug": "nato"}`, `{"id": "…"}` or `{"name": "NATO"}`; what an answer gives can be sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The id or slug.
    pub known: Option<String>,
    /// The name, when no id or slug was given: found, or made.
    pub name: Option<String>,
}

/// A [`Mention`] of an author, with what they did for the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorMention {
    /// Who.
    pub who: Mention,
    /// What they did: `reporter`, `photographer`, …
    pub role: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    id: Option<String>,
    slug: Option<String>,
    /// As long as the longest name of anything; what is made is checked by its own rule.
    name: Option<Line<200>>,
    role: Option<Line<60>>,
}

struct MentionVisitor;

impl<'de> Visitor<'de> for MentionVisitor {
    type Value = AuthorMention;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an id, a slug, or an object with an id, a slug or a name")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AuthorMention, E> {
        Ok(AuthorMention { who: Mention { known: Some(text.to_owned()), name: None }, role: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AuthorMention, A::Error> {
        let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
        let known = parts.id.or(parts.slug);
        if known.is_none() && parts.name.is_none() {
            return Err(fields::refusal("empty", "needs an id, a slug or a name"));
        }
        let name = parts.name.filter(|_| known.is_none()).map(String::from);
        Ok(AuthorMention { who: Mention { known, name }, role: parts.role.map(String::from) })
    }
}

impl<'de> Deserialize<'de> for AuthorMention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MentionVisitor)
    }
}

impl<'de> Deserialize<'de> for Mention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mention = deserializer.deserialize_any(MentionVisitor)?;
        match mention.role {
            Some(_) => Err(fields::refusal("unknown_field", "only authors have a role")),
            None => Ok(mention.who),
        }
    }
}

fn schema_with(members: &[&str]) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let object = members.iter().fold(ObjectBuilder::new(), |object, name| object.property(*name, text()));
    let object = object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    OneOfBuilder::new()
        .description(Some("An id or a slug; or an object with an id, a slug or a name. A name is found, or made."))
        .item(text())
        .item(object)
        .into()
}

impl PartialSchema for Mention {
    fn schema() -> RefOr<Schema> {
        schema_with(&["id", "slug", "name"])
    }
}

impl ToSchema for Mention {}

impl PartialSchema for AuthorMention {
    fn schema() -> RefOr<Schema> {
        schema_with(&["id", "slug", "name", "role"])
    }
}

impl ToSchema for AuthorMention {}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_mention_is_a_text_or_an_object() {
        let known = |text: &str| Mention { known: Some(text.to_owned()), name: None };
        assert_eq!(from_value::<Mention>(json!("nato")).unwrap(), known("nato"));
        assert_eq!(from_value::<Mention>(json!({"slug": "nato", "name": "NATO"})).unwrap(), known("nato"));
        let named = Mention { known: None, name: Some("KFOR".to_owned()) };
        assert_eq!(from_value::<Mention>(json!({"name": " KFOR "})).unwrap(), named);
        let author: AuthorMention = from_value(json!({"name": "KFOR", "role": "reporter"})).unwrap();
        assert_eq!(author, AuthorMention { who: named, role: Some("reporter".to_owned()) });
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [json!(5), json!({}), json!({"nmae": "x"}), json!({"name": "x", "role": "y"}), json!([])] {
            assert!(from_value::<Mention>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
