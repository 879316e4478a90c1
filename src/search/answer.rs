//! What a search gives.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::http::answer::Json;
use crate::live::Article;

/// One page of hits, and what can be said about all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResult {
    /// The hits of this page, the best first.
    #[schema(value_type = Vec<SearchHit>, max_items = 100)]
    pub data: Vec<Box<RawValue>>,
    /// Give this as `cursor` to get the next page; `null` on the last one.
    #[schema(required)]
    pub next: Option<String>,
    /// How many hits there are; how exactly is said by `total_relation`.
    #[schema(minimum = 0)]
    pub total: usize,
    /// Whether `total` is all of them.
    pub total_relation: TotalRelation,
    /// How the hits that `total` counts are spread, the most frequent first.
    pub facets: Facets,
    /// The same search with its misspelled words corrected, when nothing was found as it is and something is then.
    #[schema(required)]
    pub did_you_mean: Option<String>,
}

text_enum! {
    /// Whether a number of hits is all of them.
    pub enum TotalRelation {
        /// There are no others.
        Exact = "exact",
        /// There are more: the newest were ranked and counted, and no others.
        AtLeast = "at_least",
    }
}

/// A story that was found, as it stands in lists, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHit {
    /// The story.
    #[serde(flatten)]
    article: Article,
    /// Where it has the words.
    highlights: Highlights,
}

impl SearchHit {
    /// A hit as it is sent: a story that is finished already, and one member more.
    pub fn finished(story: &Json, highlights: &Highlights) -> Result<Box<RawValue>> {
        let story = std::str::from_utf8(story.as_bytes()).map_err(Error::internal)?;
        let highlights = serde_json::to_string(highlights).map_err(Error::internal)?;
        let open = story.strip_suffix('}').ok_or_else(|| Error::internal("a finished story is no object"))?;
        RawValue::from_string(format!("{open},\"highlights\":{highlights}}}")).map_err(Error::internal)
    }
}

/// Where a story has the words.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlights {
    /// The headline, whole.
    pub title: Highlight,
    /// The part of the summary or of the text that says most about it.
    pub snippet: Snippet,
}

/// A text with what was found in it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// The text, plain: not HTML.
    pub text: String,
    /// The same as HTML: what was found stands in `<mark>`, everything else is escaped.
    pub html: String,
    /// What was found, as places in `text`.
    pub ranges: Vec<TextRange>,
}

/// A part of a story with what was found in it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Snippet {
    /// What it is a part of.
    pub of: SnippetOf,
    /// The text, plain: not HTML. `…` stands for what was left out.
    pub text: String,
    /// The same as HTML: what was found stands in `<mark>`, everything else is escaped.
    pub html: String,
    /// What was found, as places in `text`.
    pub ranges: Vec<TextRange>,
}

text_enum! {
    /// What a snippet is a part of.
    pub enum SnippetOf {
        /// The summary.
        Summary = "summary",
        /// The text of the story.
        Body = "body",
    }
}

/// A part of a text, in UTF-16 code units, as JavaScript counts: `text.slice(start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextRange {
    /// The first.
    #[schema(minimum = 0)]
    pub start: usize,
    /// The one after the last.
    #[schema(minimum = 0)]
    pub end: usize,
}

/// How hits are spread, the ten most frequent of each sort.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facets {
    /// Over sections.
    #[schema(max_items = 10)]
    pub section: Vec<FacetCount>,
    /// Over tags.
    #[schema(max_items = 10)]
    pub tag: Vec<FacetCount>,
    /// Over authors.
    #[schema(max_items = 10)]
    pub author: Vec<FacetCount>,
    /// Over sources.
    #[schema(max_items = 10)]
    pub source: Vec<FacetCount>,
    /// Over the years of `published_at`, in UTC.
    #[schema(max_items = 10)]
    pub year: Vec<YearCount>,
}

/// How many hits have one of these; give its slug to the filter of the same name to see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetCount {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// How many hits.
    #[schema(minimum = 1)]
    pub count: usize,
}

/// How many hits are of one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct YearCount {
    /// The year.
    pub year: i32,
    /// How many hits.
    #[schema(minimum = 1)]
    pub count: usize,
}

impl SearchResult {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let highlights = json!({
            "title": {
                "text": "NATO urges restraint in Kosovo", "html": "NATO urges restraint in <mark>Kosovo</mark>",
                "ranges": [{ "start": 24, "end": 30 }]
            },
            "snippet": {
                "of": "summary", "text": "Peacekeepers are ready to do more if needed.",
                "html": "Peacekeepers are ready to do more if needed.", "ranges": []
            }
        });
        let mut list = Article::list_sample();
        if let Some(hit) = list.pointer_mut("/data/0").and_then(Value::as_object_mut) {
            hit.insert("highlights".to_owned(), highlights);
        }
        let tag = json!([{
            "id": "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10", "slug": "kosovo", "name": "Kosovo", "count": 1
        }]);
        json!({
            "data": list.get("data"), "next": null, "total": 1, "total_relation": "exact",
            "facets": {
                "section": [], "tag": tag, "author": [], "source": [], "year": [{ "year": 2026, "count": 1 }]
            },
            "did_you_mean": null
        })
    }
}
