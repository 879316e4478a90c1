//! A story as editors see it.

use std::borrow::Cow;
use std::sync::LazyLock;

use diesel::Queryable;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::review::Review;
use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::http::page::List;
use crate::http::projection::{self, Members, Projected, Size};
use crate::live::{Article, Tombstone};

text_enum! {
    /// Where a story stands between draft and reader.
    pub enum Status {
        /// Readers do not see it, and nothing is planned.
        Draft = "draft",
        /// Readers will see it at `scheduled_for`.
        Scheduled = "scheduled",
        /// Readers see exactly this version.
        Published = "published",
        /// Readers see an earlier version.
        Changed = "changed",
        /// Readers saw it until `expires_at`.
        Expired = "expired",
        /// Readers are told that it was withdrawn; only an admin publishes it again.
        Killed = "killed",
        /// It is in the trash: nobody sees it who does not look there.
        Trashed = "trashed",
    }
}

/// A story as editors see it: the working copy, and where it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkingCopy {
    /// What readers would see of it.
    #[serde(flatten)]
    pub article: Article,
    /// Where it stands between draft and reader.
    pub status: Status,
    /// Counts the saves; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i32,
    /// For colleagues; readers never see it.
    #[schema(required)]
    pub editor_note: Option<String>,
    /// When readers will see what is scheduled.
    #[schema(required)]
    pub scheduled_for: Option<Timestamp>,
    /// When readers stop seeing it.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// Id of the story that this one is a translation of.
    #[schema(required)]
    pub translation_of: Option<String>,
    /// Why it was killed, while it is.
    #[schema(required)]
    pub killed: Option<Kill>,
    /// When it was put into the trash.
    #[schema(required)]
    pub trashed_at: Option<Timestamp>,
    /// Where its review stands.
    pub review: Review,
    /// Who works on it just now; only when one article is read and somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub editing: Option<Vec<Presence>>,
    /// Id of the account that began it.
    #[schema(required)]
    pub created_by: Option<String>,
}

/// Somebody who works on a story just now. It is a hint for colleagues and blocks nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Presence {
    /// The account.
    pub user_id: String,
    /// The person's name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when this counts, unless it is said again.
    pub expires_at: Timestamp,
}

/// Why a story was killed, as editors see it; the same columns, in the same order, are read from `withdrawals`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize, ToSchema)]
pub struct Kill {
    /// When.
    pub killed_at: Timestamp,
    /// By which account.
    #[schema(required)]
    pub killed_by: Option<String>,
    /// What readers are told.
    #[schema(required)]
    pub reason_public: Option<String>,
    /// What colleagues should know; readers never see it.
    #[schema(required)]
    pub reason_internal: Option<String>,
}

impl WorkingCopy {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let mut sample = Article::sample();
        let more = json!({
            "status": "changed",
            "version": 7,
            "editor_note": "Call the ministry again before noon.",
            "scheduled_for": null,
            "expires_at": null,
            "translation_of": null,
            "killed": null,
            "trashed_at": null,
            "review": Review::sample(),
            "created_by": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50"
        });
        if let (Some(members), Value::Object(more)) = (sample.as_object_mut(), more) {
            members.extend(more);
        }
        sample
    }
}

/// A story as this caller sees it: published for readers, the working copy for editors.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ArticleView {
    /// What editors see.
    WorkingCopy(Box<WorkingCopy>),
    /// What readers see.
    Live(Box<Article>),
}

/// A row of a list of stories: what this caller sees, or what is left of what nobody sees any more.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ListedArticle {
    /// A story.
    Seen(ArticleView),
    /// What is left of one.
    Gone(Tombstone),
}

impl From<Article> for ListedArticle {
    fn from(article: Article) -> ListedArticle {
        ListedArticle::Seen(ArticleView::Live(Box::new(article)))
    }
}

impl From<WorkingCopy> for ListedArticle {
    fn from(copy: WorkingCopy) -> ListedArticle {
        ListedArticle::Seen(ArticleView::WorkingCopy(Box::new(copy)))
    }
}

impl From<Tombstone> for ListedArticle {
    fn from(tombstone: Tombstone) -> ListedArticle {
        ListedArticle::Gone(tombstone)
    }
}

/// One page of stories.
pub type ListedArticleList = List<ListedArticle>;

impl PartialSchema for ListedArticle {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .description(Some("A working copy, what readers see, or with `status=gone` what is left of a story."))
            .item(Ref::from_schema_name("ArticleView"))
            .item(Ref::from_schema_name("Tombstone"))
            .into()
    }
}

impl ToSchema for ListedArticle {
    fn name() -> Cow<'static, str> {
        "ListedArticle".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ArticleView::name().into_owned(), ArticleView::schema()));
        ArticleView::schemas(schemas);
        schemas.push((Tombstone::name().into_owned(), Tombstone::schema()));
        Tombstone::schemas(schemas);
    }
}

impl PartialSchema for ArticleView {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .description(Some("The working copy for those who may edit it (`view=draft`), what readers see otherwise."))
            .item(Ref::from_schema_name("WorkingCopy"))
            .item(Ref::from_schema_name("Article"))
            .item(Ref::from_schema_name(ArticlePart::name()))
            .into()
    }
}

impl ToSchema for ArticleView {
    fn name() -> Cow<'static, str> {
        "ArticleView".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Article::name().into_owned(), Article::schema()));
        schemas.push((WorkingCopy::name().into_owned(), WorkingCopy::schema()));
        schemas.push((ArticlePart::name().into_owned(), ArticlePart::schema()));
        WorkingCopy::schemas(schemas);
    }
}

impl Projected for ArticleView {
    const SIZED: &'static [Size] = Article::SIZED;

    fn members() -> &'static Members {
        WorkingCopy::members()
    }
}

impl Projected for WorkingCopy {
    const SIZED: &'static [Size] = Article::SIZED;

    fn members() -> &'static Members {
        static MEMBERS: LazyLock<Members> = LazyLock::new(Members::of::<WorkingCopy>);
        &MEMBERS
    }
}

/// What `fields` leaves of a story; for the API docs.
struct ArticlePart;

impl PartialSchema for ArticlePart {
    fn schema() -> RefOr<Schema> {
        let mut part = projection::without_required::<WorkingCopy>();
        if let RefOr::T(Schema::AllOf(all)) = &mut part {
            all.description = Some("What `fields` names of an article, in the usual order.".to_owned());
        }
        part
    }
}

impl ToSchema for ArticlePart {
    fn name() -> Cow<'static, str> {
        "ArticlePart".into()
    }
}
