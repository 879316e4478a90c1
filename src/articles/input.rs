//! What can be said about a story.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::mention::{AuthorMention, Mention};
use crate::clock::Timestamp;
use crate::error::{Error, Rejection, Result};
use crate::http::fields::{LanguageTag, Line, Markdown, Text, WebUrl};
use crate::http::input::{Complete, Input, LARGEST_BODY, Partial};
use crate::http::patch::Patch;
use crate::live::{ArticleKind, Image, Urgency, render};
use crate::slugs::Slug;

/// Most tags of a story.
const MOST_TAGS: usize = 50;

/// Most authors of a story.
const MOST_AUTHORS: usize = 20;

/// Largest `custom`, in bytes of JSON.
const LARGEST_CUSTOM: usize = 64 * 1024;

/// What can be said about a story.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ArticleInput {
    /// The headline, up to 300 characters.
    #[serde(default)]
    #[schema(value_type = Line<300>)]
    pub title: Patch<Line<300>>,
    /// Its name in addresses; made from the title when absent.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    pub slug: Patch<Slug>,
    /// Whether the slug may be one that once led readers to another story; it leads to this one as soon as that is read.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub take_over: Patch<bool>,
    /// A sentence or two for lists, up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<2000>>)]
    pub summary: Patch<Text<2000>>,
    /// The text in Markdown (CommonMark with tables), up to 5 MiB.
    #[serde(default)]
    #[schema(value_type = Option<Markdown>)]
    pub body: Patch<Markdown>,
    /// The body as HTML, when it was rendered before the transaction; see [`ArticleInput::render`].
    #[serde(skip)]
    #[schema(ignore)]
    pub body_html: Option<String>,
    /// BCP 47; `en` when absent.
    #[serde(default)]
    #[schema(value_type = Option<LanguageTag>)]
    pub language: Patch<LanguageTag>,
    /// What kind of text it is; `report` when absent.
    #[serde(default, rename = "type")]
    #[schema(rename = "type", value_type = Option<ArticleKind>)]
    pub kind: Patch<ArticleKind>,
    /// Whether it stands out; `false` when absent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub featured: Patch<bool>,
    /// Where it stands: a tag of kind `section`.
    #[serde(default)]
    #[schema(value_type = Option<Mention>)]
    pub section: Patch<Mention>,
    /// Who wrote it, in order; at most 20.
    #[serde(default)]
    #[schema(value_type = Option<Vec<AuthorMention>>, max_items = 20)]
    pub authors: Patch<Vec<AuthorMention>>,
    /// As printed, when it differs from the authors' names; up to 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<300>>)]
    pub byline: Patch<Line<300>>,
    /// Where it comes from, when it is not our own.
    #[serde(default)]
    #[schema(value_type = Option<Mention>)]
    pub source: Patch<Mention>,
    /// The original story.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub source_url: Patch<WebUrl>,
    /// How the source is credited, when it differs from the source's own line; up to 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<300>>)]
    pub credit_line: Patch<Line<300>>,
    /// What others may do with it, up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    pub usage_terms: Patch<Text<5000>>,
    /// The address that search engines should know it by.
    #[serde(default)]
    #[schema(value_type = Option<WebUrl>)]
    pub canonical_url: Patch<WebUrl>,
    /// What it is about, in order; at most 50.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Mention>>, max_items = 50)]
    pub tags: Patch<Vec<Mention>>,
    /// Where it was written, up to 200 characters.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub dateline: Patch<Line<200>>,
    /// 1 is the most urgent, 9 the least.
    #[serde(default)]
    #[schema(value_type = Option<Urgency>)]
    pub urgency: Patch<Urgency>,
    /// The picture that stands for it.
    #[serde(default)]
    #[schema(value_type = Option<Image>)]
    pub image: Patch<Image>,
    /// Whatever your front end needs beyond this: an object, up to 64 KiB.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub custom: Patch<Map<String, Value>>,
    /// The story that this one is a translation of, by id or slug.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub translation_of: Patch<String>,
    /// Until when no publication of it is read, except by those who may read under embargo. Changing it while readers
    /// see the story takes it down or brings it back at once; a `PUT` without it leaves it as it is.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    pub embargo_until: Patch<Timestamp>,
    /// For colleagues; readers never see it. Up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    pub editor_note: Patch<Text<5000>>,
    /// What this save is about, up to 500 characters; kept with its revision.
    #[serde(default)]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Patch<Text<500>>,
}

/// A whole story: what `POST` and `PUT` take.
pub type NewArticle = Complete<ArticleInput>;

/// A change of a story: what `PATCH` takes.
pub type ArticlePatch = Partial<ArticleInput>;

impl Input for ArticleInput {
    const REQUIRED: &'static [&'static str] = &["title"];
    const LARGEST: usize = LARGEST_BODY;
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "body_html",
        "status",
        "version",
        "first_published_at",
        "published_at",
        "modified_at",
        "created_at",
        "updated_at",
        "created_by",
        "scheduled_for",
        "expires_at",
        "corrections",
        "corrections_count",
        "retracted",
        "translations",
        "killed",
        "trashed_at",
        "review",
        "editing",
    ];

    fn check(&self, refuse: &mut Vec<Rejection>) {
        let too_many = |name: &str, most: usize| {
            Rejection::field(format!("/{name}"), "too_many", format!("may have at most {most} {name}"))
        };
        if self.tags.as_value().is_some_and(|tags| tags.len() > MOST_TAGS) {
            refuse.push(too_many("tags", MOST_TAGS));
        }
        if self.authors.as_value().is_some_and(|authors| authors.len() > MOST_AUTHORS) {
            refuse.push(too_many("authors", MOST_AUTHORS));
        }
        let custom = self.custom.as_value().and_then(|custom| serde_json::to_vec(custom).ok());
        if custom.is_some_and(|bytes| bytes.len() > LARGEST_CUSTOM) {
            let detail = format!("must have at most {LARGEST_CUSTOM} bytes of JSON");
            refuse.push(Rejection::field("/custom", "too_long", detail));
        }
    }
}

impl ArticleInput {
    /// Whether anything is mentioned by its name, which is made when there is none of that name.
    pub fn names_anything(&self) -> bool {
        let authors = self.authors.as_value().into_iter().flatten().map(|author| &author.who);
        let tags = self.tags.as_value().into_iter().flatten();
        let mentions = authors.chain(tags).chain(self.section.as_value()).chain(self.source.as_value());
        mentions.into_iter().any(|mention| mention.name.is_some())
    }

    /// Renders the body, off the threads that answer and before the transaction: nobody else's write waits for it.
    pub async fn render(mut self) -> Result<ArticleInput> {
        if let Some(body) = self.body.as_value().map(ToString::to_string) {
            let rendered = tokio::task::spawn_blocking(move || render::render(&body)).await;
            self.body_html = Some(rendered.map_err(Error::internal)?);
        }
        Ok(self)
    }

    /// The same in a replacement: what is absent is cleared, except the slug, which addresses depend on.
    pub fn replacing(self) -> ArticleInput {
        ArticleInput {
            title: self.title,
            slug: self.slug,
            take_over: self.take_over,
            summary: self.summary.or_null(),
            body: self.body.or_null(),
            body_html: self.body_html,
            language: self.language.or_null(),
            kind: self.kind.or_null(),
            featured: self.featured.or_null(),
            section: self.section.or_null(),
            authors: self.authors.or_null(),
            byline: self.byline.or_null(),
            source: self.source.or_null(),
            source_url: self.source_url.or_null(),
            credit_line: self.credit_line.or_null(),
            usage_terms: self.usage_terms.or_null(),
            canonical_url: self.canonical_url.or_null(),
            tags: self.tags.or_null(),
            dateline: self.dateline.or_null(),
            urgency: self.urgency.or_null(),
            image: self.image.or_null(),
            custom: self.custom.or_null(),
            translation_of: self.translation_of.or_null(),
            // Clearing it would show the story: that has to be said.
            embargo_until: self.embargo_until,
            editor_note: self.editor_note.or_null(),
            note: self.note,
        }
    }

    /// An example of a request, for the API docs; it works on an empty server.
    pub fn sample() -> Value {
        json!({
            "title": "NATO urges restraint in Kosovo",
            "summary": "Peacekeepers are ready to do more if needed.",
            "body": "Peacekeepers are “ready to do more” if needed, the alliance said on Wednesday.\n\nTalks go on.",
            "section": { "name": "Politics" },
            "authors": [{ "name": "Zoë Lindqvist", "role": "reporter" }],
            "source": { "name": "Coastline Press Agency" },
            "source_url": "https://coastline.example/2026/nato-kosovo",
            "tags": [{ "name": "NATO" }, { "name": "Kosovo" }],
            "dateline": "BRUSSELS",
            "urgency": 3
        })
    }
}
