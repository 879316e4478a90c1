//! A story's document: everything about it that may be published, as it is stored.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::authors::AuthorReference;
use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::http::fields::{self, Line, Text, WebUrl};
use crate::sources::SourceReference;
use crate::tags::TagReference;

text_enum! {
    /// What kind of text a story is, so that readers know opinion from report.
    pub enum ArticleKind {
        /// What happened.
        Report = "report",
        /// What it means.
        Analysis = "analysis",
        /// What somebody thinks about it.
        Opinion = "opinion",
        /// What a work is worth.
        Review = "review",
        /// What came before.
        Background = "background",
        /// What is not meant.
        Satire = "satire",
        /// What somebody paid for.
        Sponsored = "sponsored",
        /// What is happening, as it happens.
        Live = "live",
    }
}

text_enum! {
    /// What a public note about a story says.
    pub enum CorrectionKind {
        /// Something was wrong, and is right now.
        Correction = "correction",
        /// Something could be misunderstood.
        Clarification = "clarification",
        /// Something happened since.
        Update = "update",
        /// The editors have something to say about it.
        EditorsNote = "editors_note",
        /// The story no longer stands; it stays readable and is marked.
        Retraction = "retraction",
    }
}

/// A public note about a story, and the publication that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// Names the note; never changes.
    pub id: String,
    /// What the note says.
    #[serde(rename = "type")]
    pub kind: CorrectionKind,
    /// The note, as readers see it.
    pub text: String,
    /// When readers first saw it; `null` until it is published.
    #[schema(required)]
    pub published_at: Option<Timestamp>,
    /// Number of the publication that came with it; `null` until it is published.
    #[schema(required)]
    pub publication: Option<i32>,
    /// Number of the publication before that one: what the note is about.
    #[schema(required)]
    pub previous_publication: Option<i32>,
}

/// A story that nobody said more about is a report.
impl Default for ArticleKind {
    fn default() -> ArticleKind {
        ArticleKind::Report
    }
}

/// Everything about a story that may be published, except its body, which is stored beside it. Authors, tags, section
/// and source are ids: their names are looked up when it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// The headline.
    pub title: String,
    /// A sentence or two for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// BCP 47.
    pub language: String,
    /// What kind of text it is.
    #[serde(rename = "type")]
    pub kind: ArticleKind,
    /// Whether it stands out.
    pub featured: bool,
    /// Id of the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Who wrote it, in order.
    pub authors: Vec<Credit>,
    /// As printed, when it differs from the authors' names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byline: Option<String>,
    /// Id of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The original story.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// How the source is credited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_line: Option<String>,
    /// What others may do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_terms: Option<String>,
    /// The address that search engines should know it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// Ids of the tags, in order.
    pub tags: Vec<String>,
    /// Where it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dateline: Option<String>,
    /// 1 is the most urgent, 9 the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// The picture that stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Whatever a front end needs beyond this.
    pub custom: Map<String, Value>,
    /// Id of the story that this one is a translation of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_of: Option<String>,
    /// Public notes, oldest first. A working copy has them in a column of its own, because no save may change them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// The names as they were when it was published; only in publications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printed: Option<Printed>,
}

impl Document {
    /// The ids of everything whose name stands on its page.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let authors = self.authors.iter().map(|credit| &credit.id);
        authors.chain(&self.tags).chain(&self.section).chain(&self.source).map(String::as_str)
    }

    /// Whether a note among its corrections says that it no longer stands.
    pub fn is_retracted(&self) -> bool {
        self.corrections.iter().any(|correction| correction.kind == CorrectionKind::Retraction)
    }
}

/// An author of a story, and what they did for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The author's id.
    pub id: String,
    /// What they did: `reporter`, `photographer`, `translator`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What stood on the page when it was published: for proof, and for when a name or a source is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Printed {
    /// The authors' names.
    pub authors: Vec<AuthorReference>,
    /// The section's name.
    pub section: Option<TagReference>,
    /// The source's name.
    pub source: Option<SourceReference>,
    /// How the source was credited.
    pub credit_line: Option<String>,
    /// The tags' names.
    pub tags: Vec<TagReference>,
}

/// The picture that stands for a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Where it is.
    #[schema(value_type = WebUrl)]
    pub url: WebUrl,
    /// What it shows, for those who cannot see it; up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Line<500>>)]
    pub alt: Option<Line<500>>,
    /// The text under it; up to 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<1000>>)]
    pub caption: Option<Text<1000>>,
    /// Who made it; up to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Line<200>>)]
    pub credit: Option<Line<200>>,
}

/// How much a story presses: 1 (most) to 9 (least), as news agencies count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Urgency(u8);

impl<'de> Deserialize<'de> for Urgency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer) {
            Ok(number @ 1..=9) => Ok(Urgency(number)),
            _ => Err(fields::refusal("out_of_range", "must be a whole number from 1 (most urgent) to 9")),
        }
    }
}

impl PartialSchema for Urgency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(9)).into()
    }
}

impl ToSchema for Urgency {}
