//! A story as it looks from outside.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::document::{ArticleKind, Correction, Credit, Document, Image, Urgency};
use super::excerpt;
use super::extras::Extras;
use super::references::References;
use crate::clock::Timestamp;
use crate::http::projection::{Members, Projected, Size};
use crate::sources::SourceReference;
use crate::tags::TagReference;

/// A story, as readers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Article {
    /// Never changes.
    pub id: String,
    /// Its name in addresses; a former slug leads here for ever.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// A sentence or two for lists.
    #[schema(required)]
    pub summary: Option<String>,
    /// The text in Markdown; only when one article is read, or in lists when `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body: Option<String>,
    /// The text as HTML, rendered and cleaned by the server; only when one article is read, or in lists when `fields` names
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_html: Option<String>,
    /// The beginning of the text, without any marks; only when `fields` names it: `excerpt(200)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub excerpt: Option<String>,
    /// BCP 47.
    pub language: String,
    /// What kind of text it is.
    #[serde(rename = "type")]
    pub kind: ArticleKind,
    /// Whether it stands out.
    pub featured: bool,
    /// Where it stands: a tag of kind `section`.
    #[schema(required)]
    pub section: Option<TagReference>,
    /// Who wrote it, in order.
    pub authors: Vec<ArticleAuthor>,
    /// As printed, when it differs from the authors' names.
    #[schema(required)]
    pub byline: Option<String>,
    /// Where it comes from, when it is not our own.
    #[schema(required)]
    pub source: Option<SourceReference>,
    /// The original story.
    #[schema(required)]
    pub source_url: Option<String>,
    /// How the source is credited; the source's own line when the story says nothing else.
    #[schema(required)]
    pub credit_line: Option<String>,
    /// What others may do with it.
    #[schema(required)]
    pub usage_terms: Option<String>,
    /// The address that search engines should know it by.
    #[schema(required)]
    pub canonical_url: Option<String>,
    /// What it is about, in order.
    pub tags: Vec<TagReference>,
    /// Where it was written.
    #[schema(required)]
    pub dateline: Option<String>,
    /// 1 is the most urgent, 9 the least.
    #[schema(required, value_type = Option<Urgency>)]
    pub urgency: Option<Urgency>,
    /// The picture that stands for it.
    #[schema(required)]
    pub image: Option<Image>,
    /// Whatever your front end needs beyond this.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub custom: Map<String, Value>,
    /// How many public notes it carries.
    pub corrections_count: usize,
    /// Whether one of them is a retraction: it stays readable and no longer stands.
    pub retracted: bool,
    /// The public notes, oldest first; only when one article is read, or in lists when `fields` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub corrections: Option<Vec<Correction>>,
    /// The same story in other languages, as far as readers see it; only when one article is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub translations: Option<Vec<TranslationReference>>,
    /// Until when readers do not see it; only while an embargo holds, and only for those who may read it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub embargo_until: Option<Timestamp>,
    /// When readers first saw it; never changes.
    #[schema(required)]
    pub first_published_at: Option<Timestamp>,
    /// When its present run began; a correction does not move it.
    #[schema(required)]
    pub published_at: Option<Timestamp>,
    /// When its text last changed for readers.
    #[schema(required)]
    pub modified_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When anything about it last changed for whoever reads this.
    pub updated_at: Timestamp,
}

/// An author of a story, and what they did for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleAuthor {
    /// The author's id.
    pub id: String,
    /// The author's slug.
    pub slug: String,
    /// The author's name.
    pub name: String,
    /// What they did: `reporter`, `photographer`, `translator`, …
    #[schema(required)]
    pub role: Option<String>,
}

/// The same story in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TranslationReference {
    /// The other story's id.
    pub id: String,
    /// The other story's slug.
    pub slug: String,
    /// BCP 47.
    pub language: String,
    /// Its headline.
    pub title: String,
}

/// The four times that readers are told, and the one of the beginning.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// When readers first saw it.
    pub first_published_at: Option<Timestamp>,
    /// When its present run began.
    pub published_at: Option<Timestamp>,
    /// When its text last changed for readers.
    pub modified_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed for whoever reads this.
    pub updated_at: Timestamp,
}

impl Article {
    /// A story from its document. Names are the present ones; what no longer exists is left out, except the source's
    /// printed credit.
    pub fn new(id: String, slug: String, document: Document, times: Times, references: &References) -> Article {
        let retracted = document.is_retracted();
        let printed = document.printed.unwrap_or_default();
        let credited = document.source.as_ref().and_then(|id| references.credit_line(id));
        Article {
            id,
            slug,
            title: document.title,
            summary: document.summary,
            body: None,
            body_html: None,
            excerpt: None,
            corrections_count: document.corrections.len(),
            retracted,
            corrections: None,
            translations: None,
            embargo_until: None,
            language: document.language,
            kind: document.kind,
            featured: document.featured,
            section: document.section.and_then(|id| references.tag(&id)),
            authors: document.authors.into_iter().filter_map(|credit| author(credit, references)).collect(),
            byline: document.byline,
            source: document.source.and_then(|id| references.source(&id)),
            source_url: document.source_url,
            credit_line: document.credit_line.or(printed.credit_line).or(credited),
            usage_terms: document.usage_terms,
            canonical_url: document.canonical_url,
            tags: document.tags.into_iter().filter_map(|id| references.tag(&id)).collect(),
            dateline: document.dateline,
            urgency: document.urgency,
            image: document.image,
            custom: document.custom,
            first_published_at: times.first_published_at,
            published_at: times.published_at,
            modified_at: times.modified_at,
            created_at: times.created_at,
            updated_at: times.updated_at,
        }
    }

    /// The same with its text.
    pub fn with_body(self, body: String, body_html: String) -> Article {
        Article { body: Some(body), body_html: Some(body_html), ..self }
    }

    /// The same with as much of the text as somebody wants.
    pub fn with_text(self, body: String, body_html: String, extras: Extras) -> Article {
        let article = self.with_body(body, body_html).with_excerpt(extras);
        match extras.body {
            true => article,
            false => Article { body: None, body_html: None, ..article },
        }
    }

    /// The same with the beginning of its text, when that is wanted.
    pub fn with_excerpt(self, extras: Extras) -> Article {
        let html = self.body_html.as_deref();
        Article { excerpt: extras.excerpt.zip(html).map(|(size, html)| excerpt::of(html, size)), ..self }
    }

    /// The same with its notes.
    pub fn with_corrections(self, corrections: Vec<Correction>) -> Article {
        Article { corrections: Some(corrections), ..self }
    }

    /// Examples for the API docs: one article, with its text.
    pub fn sample() -> Value {
        json!({
            "id": "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40",
            "slug": "nato-urges-restraint-in-kosovo",
            "title": "NATO urges restraint in Kosovo",
            "summary": "Peacekeepers are ready to do more if needed.",
            "body": "Peacekeepers are “ready to do more” if needed, the alliance said on Wednesday.\n\nTalks go on.",
            "body_html": "<p>Peacekeepers are “ready to do more” if needed, the alliance said on Wednesday.</p>\n<p>Talks go on.</p>\n",
            "language": "en",
            "type": "report",
            "featured": false,
            "section": { "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a13", "slug": "politics", "name": "Politics" },
            "authors": [{
                "id": "01997b2e-aa10-7d3e-8d41-3f6c2f0e9c30", "slug": "zoe-lindqvist", "name": "Zoë Lindqvist",
                "role": "reporter"
            }],
            "byline": null,
            "source": {
                "id": "01997b2e-9a10-7d3e-8d41-3f6c2f0e9b20", "slug": "coastline-press-agency",
                "name": "Coastline Press Agency"
            },
            "source_url": "https://coastline.example/2026/nato-kosovo",
            "credit_line": "Coastline Press Agency",
            "usage_terms": null,
            "canonical_url": null,
            "tags": [
                { "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a12", "slug": "nato", "name": "NATO" },
                { "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10", "slug": "kosovo", "name": "Kosovo" }
            ],
            "dateline": "BRUSSELS",
            "urgency": 3,
            "image": { "url": "https://packet.example/nato.jpg", "alt": "A convoy on a mountain road" },
            "custom": {},
            "corrections_count": 1,
            "retracted": false,
            "corrections": [{
                "id": "01997b2e-dd10-7d3e-8d41-3f6c2f0e9f60", "type": "correction",
                "text": "An earlier version named the wrong day.", "published_at": "2026-03-04T18:30:00Z",
                "publication": 2, "previous_publication": 1
            }],
            "translations": [],
            "first_published_at": "2026-03-04T16:00:00Z",
            "published_at": "2026-03-04T16:00:00Z",
            "modified_at": "2026-03-04T18:30:00Z",
            "created_at": "2026-03-04T14:12:09.120Z",
            "updated_at": "2026-03-04T18:30:00Z"
        })
    }

    /// The example as it stands in a list: without its text.
    pub fn list_sample() -> Value {
        let mut sample = Article::sample();
        if let Some(members) = sample.as_object_mut() {
            for only_alone in ["body", "body_html", "corrections", "translations"] {
                members.remove(only_alone);
            }
        }
        json!({ "data": [sample], "next": null })
    }
}

impl Projected for Article {
    const SIZED: &'static [Size] = &[excerpt::SIZE];

    fn members() -> &'static Members {
        static MEMBERS: LazyLock<Members> = LazyLock::new(Members::of::<Article>);
        &MEMBERS
    }
}

fn author(credit: Credit, references: &References) -> Option<ArticleAuthor> {
    let author = references.author(&credit.id)?;
    Some(ArticleAuthor { id: author.id, slug: author.slug, name: author.name, role: credit.role })
}
