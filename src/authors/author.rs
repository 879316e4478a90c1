//! What an author is, what people may say about one, and how it looks from outside.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::error::Rejection;
use crate::http::fields::{Email, Line, Text, WebUrl};
use crate::http::input::{Complete, Input, Partial};
use crate::http::page::List;
use crate::http::patch::Patch;
use crate::slugs::Slug;
use crate::tallies;

/// Most links of one author.
const MOST_LINKS: usize = 20;

/// An author.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Author {
    /// Never changes.
    pub id: String,
    /// Its name in addresses; a former slug leads here for ever.
    pub slug: String,
    /// As printed.
    pub name: String,
    /// What they do here.
    #[schema(required)]
    pub job_title: Option<String>,
    /// A few lines for their page.
    #[schema(required)]
    pub bio: Option<String>,
    /// Where readers can write to; public.
    #[schema(required)]
    pub contact_email: Option<String>,
    /// Their portrait.
    #[schema(required)]
    pub image_url: Option<String>,
    /// Where else they are, in order.
    pub links: Vec<Link>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How many stories readers see under it at this moment; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub live_count: Option<i64>,
}

/// An author as they stand on a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorReference {
    /// The author's id.
    pub id: String,
    /// The author's slug.
    pub slug: String,
    /// The author's name.
    pub name: String,
}

/// A place on the web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is called, up to 100 characters.
    #[schema(value_type = Line<100>)]
    pub label: Line<100>,
    /// Where it leads.
    #[schema(value_type = WebUrl)]
    pub url: WebUrl,
}

/// What can be said about an author.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AuthorInput {
    /// As printed, up to 200 characters.
    #[serde(default)]
    #[schema(value_type = Line<200>)]
    pub name: Patch<Line<200>>,
    /// Its name in addresses; made from the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    pub slug: Patch<Slug>,
    /// What they do here, up to 200 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub job_title: Patch<Line<200>>,
    /// A few lines for their page, up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    pub bio: Patch<Text<5000>>,
    /// Where readers can write to; public.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    pub contact_email: Patch<Email>,
    /// Their portrait.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub image_url: Patch<WebUrl>,
    /// Where else they are, in order; at most 20.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Link>>, max_items = 20)]
    pub links: Patch<Vec<Link>>,
}

/// A whole author: what `POST` and `PUT` take.
pub type NewAuthor = Complete<AuthorInput>;

/// A change of an author: what `PATCH` takes.
pub type AuthorPatch = Partial<AuthorInput>;

/// One page of authors.
pub type AuthorList = List<Author>;

impl Input for AuthorInput {
    const REQUIRED: &'static [&'static str] = &["name"];

    fn check(&self, refuse: &mut Vec<Rejection>) {
        if self.links.as_value().is_some_and(|links| links.len() > MOST_LINKS) {
            refuse.push(Rejection::field("/links", "too_many", format!("may have at most {MOST_LINKS} links")));
        }
    }
}

impl Author {
    /// An example of a list, for the API docs.
    pub fn list_sample() -> Value {
        tallies::list_sample(Author::samples())
    }

    /// Examples for the API docs.
    pub fn samples() -> [Value; 2] {
        [
            json!({
                "id": "01997b2e-aa10-7d3e-8d41-3f6c2f0e9c30",
                "slug": "zoe-lindqvist",
                "name": "Zoë Lindqvist",
                "job_title": "Harbour correspondent",
                "bio": "Writes about ships, tides and money.",
                "contact_email": "zoe@packet.example",
                "image_url": "https://packet.example/people/zoe.jpg",
                "links": [{ "label": "Mastodon", "url": "https://social.example/@zoe" }],
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-02T09:30:00Z"
            }),
            json!({
                "id": "01997b2e-aa10-7d3e-8d41-3f6c2f0e9c31",
                "slug": "tomas-reyl",
                "name": "Tomáš Reyl",
                "job_title": null,
                "bio": null,
                "contact_email": null,
                "image_url": null,
                "links": [],
                "created_at": "2026-03-02T09:30:00Z",
                "updated_at": "2026-03-02T09:30:00Z"
            }),
        ]
    }
}

impl AuthorInput {
    /// The same in a replacement: what is absent is cleared, except the slug, which addresses depend on.
    pub fn replacing(self) -> AuthorInput {
        AuthorInput {
            name: self.name,
            slug: self.slug,
            job_title: self.job_title.or_null(),
            bio: self.bio.or_null(),
            contact_email: self.contact_email.or_null(),
            image_url: self.image_url.or_null(),
            links: self.links.or_null(),
        }
    }

    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({ "name": "Tomáš Reyl", "links": [{ "label": "Homepage", "url": "https://reyl.example/" }] })
    }
}
