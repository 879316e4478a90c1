//! What a source is, what people may say about it, and how it looks from outside.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::http::fields::{CountryCode, LanguageTag, Line, Text, WebUrl};
use crate::http::input::{Complete, Input, Partial};
use crate::http::page::List;
use crate::http::patch::Patch;
use crate::slugs::Slug;
use crate::tallies;

text_enum! {
    /// What kind of body a source is.
    pub enum SourceKind {
        /// A newspaper, a magazine, a news site.
        Publisher = "publisher",
        /// A news agency.
        Agency = "agency",
        /// Radio or television.
        Broadcaster = "broadcaster",
        /// A government, an authority, a court.
        Government = "government",
        /// A company, a club, a charity, a university.
        Organisation = "organisation",
        /// Somebody's own site.
        Blog = "blog",
    }
}

/// A source that nobody said more about is a publisher.
impl Default for SourceKind {
    fn default() -> SourceKind {
        SourceKind::Publisher
    }
}

/// A source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Source {
    /// Never changes.
    pub id: String,
    /// Its name in addresses; a former slug leads here for ever.
    pub slug: String,
    /// As readers see it.
    pub name: String,
    /// What kind of body it is.
    pub kind: SourceKind,
    /// Its front page.
    #[schema(required)]
    pub homepage_url: Option<String>,
    /// Where its stories can be fetched from.
    #[schema(required)]
    pub feed_url: Option<String>,
    /// Where it sits: ISO 3166-1 alpha-2.
    #[schema(required)]
    pub country: Option<String>,
    /// What it usually writes in: BCP 47.
    #[schema(required)]
    pub language: Option<String>,
    /// How its stories are credited when a story says nothing else.
    #[schema(required)]
    pub credit_line: Option<String>,
    /// What may be done with its stories.
    #[schema(required)]
    pub usage_terms: Option<String>,
    /// Its logo.
    #[schema(required)]
    pub logo_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How many stories readers see under it at this moment; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub live_count: Option<i64>,
}

/// A source as it stands inside a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceReference {
    /// The source's id.
    pub id: String,
    /// The source's slug.
    pub slug: String,
    /// The source's name.
    pub name: String,
}

/// What can be said about a source.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SourceInput {
    /// As readers see it, up to 200 characters.
    #[serde(default)]
    #[schema(value_type = Line<200>)]
    pub name: Patch<Line<200>>,
    /// Its name in addresses; made from the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    pub slug: Patch<Slug>,
    /// What kind of body it is; `publisher` when absent.
    #[serde(default)]
    #[schema(value_type = Option<SourceKind>)]
    pub kind: Patch<SourceKind>,
    /// Its front page.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub homepage_url: Patch<WebUrl>,
    /// Where its stories can be fetched from.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub feed_url: Patch<WebUrl>,
    /// Where it sits: ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(value_type = Option<CountryCode>)]
    pub country: Patch<CountryCode>,
    /// What it usually writes in: BCP 47.
    #[serde(default)]
    #[schema(value_type = Option<LanguageTag>)]
    pub language: Patch<LanguageTag>,
    /// How its stories are credited when a story says nothing else, up to 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<300>>)]
    pub credit_line: Patch<Line<300>>,
    /// What may be done with its stories, up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    pub usage_terms: Patch<Text<5000>>,
    /// Its logo.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub logo_url: Patch<WebUrl>,
}

/// A whole source: what `POST` and `PUT` take.
pub type NewSource = Complete<SourceInput>;

/// A change of a source: what `PATCH` takes.
pub type SourcePatch = Partial<SourceInput>;

/// One page of sources.
pub type SourceList = List<Source>;

impl Input for SourceInput {
    const REQUIRED: &'static [&'static str] = &["name"];
}

impl Source {
    /// An example of a list, for the API docs.
    pub fn list_sample() -> Value {
        tallies::list_sample(Source::samples())
    }

    /// Examples for the API docs.
    pub fn samples() -> [Value; 2] {
        [
            json!({
                "id": "01997b2e-9a10-7d3e-8d41-3f6c2f0e9b20",
                "slug": "coastline-press-agency",
                "name": "Coastline Press Agency",
                "kind": "agency",
                "homepage_url": "https://coastline.example/",
                "feed_url": "https://coastline.example/feed.xml",
                "country": "GB",
                "language": "en",
                "credit_line": "Coastline Press Agency",
                "usage_terms": "Subscribers only. No resale.",
                "logo_url": null,
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-02T09:30:00Z"
            }),
            json!({
                "id": "01997b2e-9a10-7d3e-8d41-3f6c2f0e9b21",
                "slug": "harbour-authority",
                "name": "Harbour Authority",
                "kind": "government",
                "homepage_url": null,
                "feed_url": null,
                "country": null,
                "language": null,
                "credit_line": null,
                "usage_terms": null,
                "logo_url": null,
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-02T09:30:00Z"
            }),
        ]
    }
}

impl SourceInput {
    /// The same in a replacement: what is absent is cleared, except the slug, which addresses depend on.
    pub fn replacing(self) -> SourceInput {
        SourceInput {
            name: self.name,
            slug: self.slug,
            kind: self.kind.or_null(),
            homepage_url: self.homepage_url.or_null(),
            feed_url: self.feed_url.or_null(),
            country: self.country.or_null(),
            language: self.language.or_null(),
            credit_line: self.credit_line.or_null(),
            usage_terms: self.usage_terms.or_null(),
            logo_url: self.logo_url.or_null(),
        }
    }

    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({ "name": "Harbour Authority", "kind": "government" })
    }
}
