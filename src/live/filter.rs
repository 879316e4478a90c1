//! Which stories a list gives, and in which order; the same words for readers and editors.

use serde::Deserialize;
use utoipa::IntoParams;

use super::document::ArticleKind;
use super::words::SearchText;
use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::http::fields::LanguageTag;
use crate::http::query::{List, Sort};

text_enum! {
    /// What articles can be sorted by.
    pub enum ArticleColumn {
        /// By when their present run began. Working copies that were never published come last, or first when descending.
        PublishedAt = "published_at",
        /// By when they last changed for whoever reads the list.
        UpdatedAt = "updated_at",
        /// By when they were begun.
        CreatedAt = "created_at",
        /// By headline.
        Title = "title",
        /// By id.
        Id = "id",
    }
}

text_enum! {
    /// What not every article has.
    pub enum Part {
        /// A picture that stands for it.
        Image = "image",
        /// Public notes.
        Corrections = "corrections",
        /// A source: it is not our own.
        Source = "source",
    }
}

/// Which articles a list gives. Several values in one parameter mean any of them, with `_all` all of them, with `_not`
/// none of them; several parameters mean all of them. Tags, authors, sources and sections are named by id or slug.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ArticleFilter {
    /// Only with any of these tags: `tag=nato,kosovo`.
    #[param(value_type = Option<String>, example = "nato,kosovo")]
    pub tag: List<String>,
    /// Only with all of these tags.
    #[param(value_type = Option<String>)]
    pub tag_all: List<String>,
    /// Only with none of these tags.
    #[param(value_type = Option<String>)]
    pub tag_not: List<String>,
    /// Only by any of these authors.
    #[param(value_type = Option<String>)]
    pub author: List<String>,
    /// Only by all of these authors together.
    #[param(value_type = Option<String>)]
    pub author_all: List<String>,
    /// Only by none of these authors.
    #[param(value_type = Option<String>)]
    pub author_not: List<String>,
    /// Only from any of these sources.
    #[param(value_type = Option<String>)]
    pub source: List<String>,
    /// Only from all of these sources; a story has one.
    #[param(value_type = Option<String>)]
    pub source_all: List<String>,
    /// Only from none of these sources.
    #[param(value_type = Option<String>)]
    pub source_not: List<String>,
    /// Only in any of these sections.
    #[param(value_type = Option<String>)]
    pub section: List<String>,
    /// Only in all of these sections; a story has one.
    #[param(value_type = Option<String>)]
    pub section_all: List<String>,
    /// Only in none of these sections.
    #[param(value_type = Option<String>)]
    pub section_not: List<String>,
    /// Only in any of these languages: `language=en,pt-BR`.
    #[param(value_type = Option<String>)]
    pub language: List<LanguageTag>,
    /// Only in all of these languages; a story has one.
    #[param(value_type = Option<String>)]
    pub language_all: List<LanguageTag>,
    /// Only in none of these languages.
    #[param(value_type = Option<String>)]
    pub language_not: List<LanguageTag>,
    /// Only of any of these types: `type=report,analysis`.
    #[serde(rename = "type")]
    #[param(rename = "type", value_type = Option<String>)]
    pub kind: List<ArticleKind>,
    /// Only of all of these types; a story has one.
    #[serde(rename = "type_all")]
    #[param(rename = "type_all", value_type = Option<String>)]
    pub kind_all: List<ArticleKind>,
    /// Only of none of these types.
    #[serde(rename = "type_not")]
    #[param(rename = "type_not", value_type = Option<String>, example = "sponsored")]
    pub kind_not: List<ArticleKind>,
    /// Only these articles, by id or slug: for what was picked by hand.
    #[param(value_type = Option<String>)]
    pub id: List<String>,
    /// Only others than these, by id or slug: for what is on the page already.
    #[param(value_type = Option<String>)]
    pub id_not: List<String>,
    /// Only those that stand out (`true`), or only the others (`false`).
    pub featured: Option<bool>,
    /// Only with all of these: `image`, `corrections`, `source`.
    #[param(value_type = Option<String>, example = "image,corrections")]
    pub has: List<Part>,
    /// Only with none of these.
    #[param(value_type = Option<String>)]
    pub has_not: List<Part>,
    /// Only published later than this.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    pub published_after: Option<Timestamp>,
    /// Only published earlier than this.
    #[param(value_type = Option<String>, format = DateTime)]
    pub published_before: Option<Timestamp>,
    /// Only changed later than this, for whoever reads the list; in the order of the changes, unless `sort` says
    /// otherwise. With `status=gone`: only gone later than this.
    #[param(value_type = Option<String>, format = DateTime)]
    pub updated_after: Option<Timestamp>,
    /// Only changed last earlier than this, for whoever reads the list.
    #[param(value_type = Option<String>, format = DateTime)]
    pub updated_before: Option<Timestamp>,
    /// Only with these words in what readers see, as in `GET /v1/search`: of more than 5,000 stories that have them, the
    /// newest 5,000. Not for working copies, nor for the past.
    #[param(value_type = Option<String>, max_length = 200, example = "harbour -ferry")]
    pub q: Option<SearchText>,
    /// Up to three of `published_at`, `updated_at`, `created_at`, `title`, `id`, separated by commas; a minus for
    /// descending. Default: `-published_at` for readers, `-updated_at` for working copies, and `updated_at` for both
    /// when `updated_after` is given.
    #[param(value_type = Option<String>, example = "-published_at,title")]
    pub sort: Option<Sort<ArticleColumn>>,
}
