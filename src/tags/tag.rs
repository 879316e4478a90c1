//! What a tag is, what people may say about it, and how it looks from outside.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::http::fields::{Line, Text};
use crate::http::input::{Complete, Input, Partial};
use crate::http::page::List;
use crate::http::patch::Patch;
use crate::slugs::Slug;
use crate::tallies;

text_enum! {
    /// What a tag stands for.
    pub enum TagKind {
        /// A subject: `nato`, `climate`.
        Topic = "topic",
        /// A part of the publication: `politics`, `sport`. A story stands in one section.
        Section = "section",
        /// Somebody in the news.
        Person = "person",
        /// A body in the news.
        Organisation = "organisation",
        /// Somewhere in the news.
        Place = "place",
        /// Something that happens at a time: an election, a festival.
        Event = "event",
    }
}

/// A tag that nobody said more about is a topic.
impl Default for TagKind {
    fn default() -> TagKind {
        TagKind::Topic
    }
}

/// A tag.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tag {
    /// Never changes.
    pub id: String,
    /// Its name in addresses; a former slug leads here for ever.
    pub slug: String,
    /// As readers see it.
    pub name: String,
    /// What it stands for.
    pub kind: TagKind,
    /// A line or two for tag pages.
    #[schema(required)]
    pub description: Option<String>,
    /// The broader tag.
    #[schema(required)]
    pub parent: Option<TagReference>,
    /// The code of the concept in a scheme of yours, such as IPTC Media Topics.
    #[schema(required)]
    pub code: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How many stories readers see under it at this moment; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub live_count: Option<i64>,
}

/// A tag as it stands inside other things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagReference {
    /// The tag's id.
    pub id: String,
    /// The tag's slug.
    pub slug: String,
    /// The tag's name.
    pub name: String,
}

/// What can be said about a tag.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct TagInput {
    /// As readers see it, up to 120 characters.
    #[serde(default)]
    #[schema(value_type = Line<120>)]
    pub name: Patch<Line<120>>,
    /// Its name in addresses; made from the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    pub slug: Patch<Slug>,
    /// What it stands for; `topic` when absent.
    #[serde(default)]
    #[schema(value_type = Option<TagKind>)]
    pub kind: Patch<TagKind>,
    /// A line or two for tag pages, up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<2000>>)]
    pub description: Patch<Text<2000>>,
    /// The broader tag, by id or slug.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent: Patch<String>,
    /// The code of the concept in a scheme of yours, up to 120 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<120>>)]
    pub code: Patch<Line<120>>,
}

/// A whole tag: what `POST` and `PUT` take.
pub type NewTag = Complete<TagInput>;

/// A change of a tag: what `PATCH` takes.
pub type TagPatch = Partial<TagInput>;

/// One page of tags.
pub type TagList = List<Tag>;

impl Input for TagInput {
    const REQUIRED: &'static [&'static str] = &["name"];
}

impl Tag {
    /// An example of a list, for the API docs.
    pub fn list_sample() -> Value {
        tallies::list_sample(Tag::samples())
    }

    /// Examples for the API docs.
    pub fn samples() -> [Value; 2] {
        [
            json!({
                "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10",
                "slug": "kosovo",
                "name": "Kosovo",
                "kind": "place",
                "description": "News from Kosovo and about it.",
                "parent": { "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a11", "slug": "balkans", "name": "Balkans" },
                "code": "medtop:20000650",
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-02T09:30:00Z"
            }),
            json!({
                "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a12",
                "slug": "nato",
                "name": "NATO",
                "kind": "organisation",
                "description": null,
                "parent": null,
                "code": null,
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-04T16:05:11.250Z"
            }),
        ]
    }
}

impl TagInput {
    /// The same in a replacement: what is absent is cleared, except the slug, which addresses depend on.
    pub fn replacing(self) -> TagInput {
        TagInput {
            name: self.name,
            slug: self.slug,
            kind: self.kind.or_null(),
            description: self.description.or_null(),
            parent: self.parent.or_null(),
            code: self.code.or_null(),
        }
    }

    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({ "name": "KFOR", "kind": "organisation", "description": "The NATO-led force in Kosovo." })
    }
}
