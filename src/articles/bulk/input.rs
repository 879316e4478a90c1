//! What a bulk request says.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::door_api::{NewPublication, PublicationInput};
use crate::articles::input::{ArticleInput, ArticlePatch};
use crate::articles::mention::Mention;
use crate::auth::Permission;
use crate::db::types::text_enum;
use crate::error::{Error, Rejection, Result};
use crate::http::etag::IfMatch;
use crate::http::fields::{self, Text};
use crate::http::input::{Complete, Input, LARGEST_BODY};
use crate::http::patch::Patch;
use crate::http::path::Reference;

/// Most items of a request.
const MOST_ITEMS: usize = 100;

/// Many changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct BulkInput {
    /// `true` does all or nothing, `false` whatever can be done; `true` when absent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub atomic: Patch<bool>,
    /// The changes, in order; 1 to 100.
    #[serde(default)]
    #[schema(value_type = Vec<BulkItem>, min_items = 1, max_items = 100)]
    pub items: Patch<Vec<Value>>,
}

/// What a bulk request takes.
pub type NewBulk = Complete<BulkInput>;

impl Input for BulkInput {
    const REQUIRED: &'static [&'static str] = &["items"];
    const LARGEST: usize = LARGEST_BODY;

    fn check(&self, refuse: &mut Vec<Rejection>) {
        let count = self.items.as_value().map(Vec::len);
        if let Some(count) = count.filter(|count| !(1..=MOST_ITEMS).contains(count)) {
            let detail = format!("must have 1 to {MOST_ITEMS} items; there are {count}");
            refuse.push(Rejection::field("/items", "out_of_range", detail));
        }
    }
}

impl BulkInput {
    /// An example of a request, for the API docs.
    pub fn sample() -> Value {
        json!({
            "atomic": false,
            "items": [
                { "action": "patch", "id": "budget", "version": 7, "article": { "featured": true } },
                { "action": "publish", "id": "budget" },
                { "action": "tag", "id": "ferry-returns", "add": ["ferries"], "remove": ["weather"] },
                { "action": "approve", "id": "harbour-fire", "note": "Good." },
                { "action": "trash", "id": "old-draft", "version": "*" }
            ]
        })
    }
}

text_enum! {
    /// What is done to an article.
    pub enum BulkAction {
        /// Changes the working copy, as `PATCH` does.
        Patch = "patch",
        /// Publishes, as `publish` does.
        Publish = "publish",
        /// Takes down, as `unpublish` does.
        Unpublish = "unpublish",
        /// Moves to the trash, as `DELETE` does.
        Trash = "trash",
        /// Submits for review, as `submit` does.
        Submit = "submit",
        /// Takes back from review, as `unsubmit` does.
        Unsubmit = "unsubmit",
        /// Approves, as `approve` does.
        Approve = "approve",
        /// Sends back, as `request-changes` does.
        RequestChanges = "request_changes",
        /// Adds tags and takes some away, and leaves the others as they are.
        Tag = "tag",
    }
}

/// One change of one article.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = BulkItem)]
pub struct BulkItem {
    /// What is done.
    #[serde(default)]
    #[schema(value_type = BulkAction)]
    action: Patch<BulkAction>,
    /// The id or slug of the article.
    #[serde(default)]
    #[schema(value_type = String)]
    id: Patch<String>,
    /// The version that it is based on, as in `If-Match`: a number, or `"*"` for whatever is there. `patch` and `trash`
    /// need it.
    #[serde(default)]
    #[schema(value_type = Option<BasedOn>)]
    version: Patch<BasedOn>,
    /// What changes; for `patch`.
    #[serde(default)]
    #[schema(value_type = Option<ArticlePatch>)]
    article: Patch<Map<String, Value>>,
    /// When, and why; for `publish`.
    #[serde(default)]
    #[schema(value_type = Option<NewPublication>)]
    publication: Patch<Map<String, Value>>,
    /// What is said with a step of a review, up to 5,000 characters; `request_changes` needs it.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    note: Patch<Text<5000>>,
    /// Tags to add behind those that are there; for `tag`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Mention>>, max_items = 50)]
    add: Patch<Vec<Mention>>,
    /// Ids or slugs of tags to take away; for `tag`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    remove: Patch<Vec<String>>,
}

impl Input for BulkItem {
    const REQUIRED: &'static [&'static str] = &["action", "id"];
    const READ_ONLY: &'static [&'static str] = &[];

    fn check(&self, refuse: &mut Vec<Rejection>) {
        let Some(action) = self.action.as_value().copied() else { return };
        let needs = |name: &str| Rejection::field(format!("/{name}"), "required", format!("{action} needs it"));
        let not_for =
            |name: &str| Rejection::field(format!("/{name}"), "unknown_field", format!("is not for {action}"));
        if matches!(action, BulkAction::Patch | BulkAction::Trash) && self.version.as_value().is_none() {
            refuse.push(needs("version"));
        }
        match (action, self.article.as_value()) {
            (BulkAction::Patch, None) => refuse.push(needs("article")),
            (BulkAction::Patch, Some(_)) | (_, None) => {}
            (_, Some(_)) => refuse.push(not_for("article")),
        }
        if action == BulkAction::RequestChanges && self.note.as_value().is_none() {
            refuse.push(needs("note"));
        }
        if self.note.is_present() && !action.is_of_review() {
            refuse.push(not_for("note"));
        }
        if self.publication.is_present() && action != BulkAction::Publish {
            refuse.push(not_for("publication"));
        }
        for (name, given) in [("add", self.add.is_present()), ("remove", self.remove.is_present())] {
            if given && action != BulkAction::Tag {
                refuse.push(not_for(name));
            }
        }
    }
}

impl BulkAction {
    fn is_of_review(self) -> bool {
        use BulkAction::{Approve, RequestChanges, Submit, Unsubmit};
        matches!(self, Submit | Unsubmit | Approve | RequestChanges)
    }
}

/// What is to be done, checked as far as that can be without the database.
#[derive(Debug)]
pub struct Step {
    /// To which article.
    pub reference: Reference,
    /// Based on which version.
    pub based_on: IfMatch,
    /// What.
    pub change: Change,
}

/// What one item does.
#[derive(Debug)]
pub enum Change {
    /// Changes the working copy.
    Patch(Box<ArticleInput>),
    /// Publishes it.
    Publish(Box<PublicationInput>),
    /// Takes it down.
    Unpublish,
    /// Submits it for review, with a note.
    Submit(Option<String>),
    /// Takes it back from review.
    Unsubmit(Option<String>),
    /// Approves it.
    Approve(Option<String>),
    /// Sends it back, with what has to change.
    RequestChanges(String),
    /// Moves it to the trash.
    Trash,
    /// Adds tags and takes some away.
    Tag {
        /// To add.
        add: Vec<Mention>,
        /// To take away.
        remove: Vec<String>,
    },
}

impl Change {
    /// What it takes to do it.
    pub fn needs(&self) -> Permission {
        match self {
            Change::Patch(_) | Change::Submit(_) | Change::Unsubmit(_) | Change::Trash | Change::Tag { .. } => {
                Permission::WriteArticles
            }
            Change::Approve(_) | Change::RequestChanges(_) => Permission::ReviewArticles,
            Change::Publish(_) | Change::Unpublish => Permission::PublishArticles,
        }
    }
}

/// Reads an item.
///
/// Errors: 422 with everything in it that was refused.
pub async fn read(item: Value) -> Result<Step> {
    let item = Complete::<BulkItem>::from_value(item)?;
    let required = || Error::internal("a required member is not there");
    let id = item.id.value().ok_or_else(required)?;
    let based_on = item.version.value().map_or(IfMatch::Absent, |BasedOn(version)| version);
    let note = item.note.value().map(String::from);
    let change = match item.action.value().ok_or_else(required)? {
        BulkAction::Patch => {
            let members = Value::Object(item.article.value().unwrap_or_default());
            let input = ArticlePatch::from_value(members).map_err(|error| error.below("/article"))?;
            Change::Patch(Box::new(input.render().await?))
        }
        BulkAction::Publish => {
            let members = Value::Object(item.publication.value().unwrap_or_default());
            let input = NewPublication::from_value(members).map_err(|error| error.below("/publication"))?;
            Change::Publish(Box::new(input))
        }
        BulkAction::Unpublish => Change::Unpublish,
        BulkAction::Submit => Change::Submit(note),
        BulkAction::Unsubmit => Change::Unsubmit(note),
        BulkAction::Approve => Change::Approve(note),
        BulkAction::RequestChanges => Change::RequestChanges(note.unwrap_or_default()),
        BulkAction::Trash => Change::Trash,
        BulkAction::Tag => {
            Change::Tag { add: item.add.value().unwrap_or_default(), remove: item.remove.value().unwrap_or_default() }
        }
    };
    Ok(Step { reference: Reference::parse(&id), based_on, change })
}

/// The version that a change is based on: a number, or `"*"` for whatever is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasedOn(pub IfMatch);

impl<'de> Deserialize<'de> for BasedOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refused = || fields::refusal("invalid", "must be the number of a version, or \"*\" for whatever is there");
        match Value::deserialize(deserializer)? {
            Value::String(any) if any == "*" => Ok(BasedOn(IfMatch::Any)),
            Value::Number(number) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                number.map(|number| BasedOn(IfMatch::Versions(vec![number]))).ok_or_else(refused)
            }
            _ => Err(refused()),
        }
    }
}

impl PartialSchema for BasedOn {
    fn schema() -> RefOr<Schema> {
        let any = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["*"]));
        OneOfBuilder::new()
            .description(Some("The number of the version that this is based on, or `\"*\"` for whatever is there."))
            .item(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)))
            .item(any)
            .into()
    }
}

impl ToSchema for BasedOn {}
