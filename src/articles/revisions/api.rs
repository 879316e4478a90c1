//! `/v1/articles/{id}/revisions`: what was saved, when and by whom; what changed; and the way back.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::number::{RevisionNumber, TwoRevisionNumbers};
use super::restore;
use super::storage::Content;
use super::store::{self, Revision};
use crate::articles::article::WorkingCopy;
use crate::articles::row::ArticleRow;
use crate::articles::{access, showing, store as articles};
use crate::auth::{Allow, Permission, SignedIn, needs};
use crate::clock::Clock;
use crate::db::{AnyConnection, Db, Named};
use crate::error::{Error, Result};
use crate::events::Ledger;
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::fields::Text;
use crate::http::idempotency::IdempotencyHeader;
use crate::http::input::{Complete, Input};
use crate::http::page::{Cursors, List, Paging};
use crate::http::patch::Patch;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{ListQuery, NoFilter, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;
use crate::live::difference::{self, Budget, Change, Unchanged};
use crate::live::{Article, References, Times};
use crate::slugs;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list_revisions).service(get_revision).service(compare_revisions).service(restore_revision);
}

/// One page of revisions.
pub type RevisionList = List<Revision>;

/// A revision with what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeRevision {
    /// Who saved it when.
    #[serde(flatten)]
    revision: Revision,
    /// The members of the article as they were, with the present names of what they refer to.
    #[schema(value_type = BTreeMap<String, Value>)]
    article: Map<String, Value>,
    /// For colleagues.
    #[schema(required)]
    editor_note: Option<String>,
}

/// What changed between two revisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// The first of them.
    from: Revision,
    /// The second.
    to: Revision,
    /// Every member that is not the same.
    changes: Vec<Change>,
}

/// The content of a revision as an article shows it.
fn shown(connection: &mut AnyConnection, row: &ArticleRow, content: &Content) -> Result<Map<String, Value>> {
    let document = restore::document(connection, content)?;
    let references = References::load(connection, [&document])?;
    let times = Times {
        first_published_at: None,
        published_at: None,
        modified_at: None,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    let article = Article::new(row.id.clone(), content.slug.clone(), document, times, &references);
    Ok(difference::content(&Article { body: Some(content.body.clone()), ..article }))
}

/// List the revisions of an article
///
/// Every accepted save, newest first, without the texts.
#[utoipa::path(
    operation_id = "list_revisions", tag = "Revisions", params(IdOrSlug, Paging), security(("bearer" = [])),
    responses((status = 200, body = RevisionList, example = json!({ "data": [Revision::sample()], "next": null }))),
)]
#[get("/articles/{id}/revisions")]
async fn list_revisions(
    caller: Allow<needs::ReadDrafts>,
    reference: Reference,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &query.binding)?;
    let now = clock.now();
    let list: RevisionList = db
        .read(move |connection| {
            let row = articles::get(connection, (&caller, Permission::ReadDrafts), &reference, now)?;
            store::list(connection, &row.id, &page)
        })
        .await?;
    Ok(Answer::list(&list, Audience::Caller))
}

/// Read a revision
///
/// The article as it was saved, with its text. What it refers to has its present name; what no longer exists is left out.
#[utoipa::path(
    operation_id = "get_revision", tag = "Revisions", params(IdOrSlug, RevisionNumber), security(("bearer" = [])),
    responses((status = 200, body = WholeRevision, example = json!(WholeRevision::sample()))),
)]
#[get("/articles/{id}/revisions/{number}")]
async fn get_revision(
    caller: Allow<needs::ReadDrafts>,
    reference: Reference,
    revision: RevisionNumber,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer> {
    let (number, now) = (revision.number, clock.now());
    let read = move |connection: &mut _| {
        let row = articles::get(connection, (&caller, Permission::ReadDrafts), &reference, now)?;
        let (revision, content) = store::find(connection, &row.id, number)?;
        let article = shown(connection, &row, &content)?;
        Ok(WholeRevision { revision, article, editor_note: content.editor_note })
    };
    Ok(Answer::one(&db.read(read).await?, Audience::Caller))
}

/// Compare two revisions
///
/// Every member that differs; title, summary and body word by word, as data and as text to read.
#[utoipa::path(
    operation_id = "compare_revisions", tag = "Revisions", params(IdOrSlug, TwoRevisionNumbers), security(("bearer" = [])),
    responses((status = 200, body = Difference, example = json!(Difference::sample()))),
)]
#[get("/articles/{id}/revisions/{from}/diff/{to}")]
async fn compare_revisions(
    caller: Allow<needs::ReadDrafts>,
    reference: Reference,
    numbers: TwoRevisionNumbers,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer> {
    let (TwoRevisionNumbers { from, to }, now) = (numbers, clock.now());
    let read = move |connection: &mut _| {
        let row = articles::get(connection, (&caller, Permission::ReadDrafts), &reference, now)?;
        let (from, before) = store::find(connection, &row.id, from)?;
        let (to, after) = store::find(connection, &row.id, to)?;
        Ok((from, to, shown(connection, &row, &before)?, shown(connection, &row, &after)?))
    };
    let (from, to, before, after) = db.read(read).await?;
    // Beside the database and the threads that answer: comparing takes its time.
    let compare = move || difference::changes(&before, &after, Unchanged::Whole, &mut Budget::of(1));
    let changes = tokio::task::spawn_blocking(compare).await.map_err(Error::internal)?;
    Ok(Answer::one(&Difference { from, to, changes }, Audience::Caller))
}

/// What `restore` takes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RevisionRestoreInput {
    /// What this save is about, up to 500 characters; that it was restored, when absent.
    #[serde(default)]
    #[schema(value_type = Option<Text<500>>)]
    note: Patch<Text<500>>,
}

/// What `restore` takes; nothing at all will do.
pub type NewRevisionRestore = Complete<RevisionRestoreInput>;

impl Input for RevisionRestoreInput {}

/// Restore a revision
///
/// Saves what it holds as the newest version, with authors, tags and source in their order; nothing of the history is
/// rewritten. The slug, the original of a translation, the public notes and the embargo stay as they are.
#[utoipa::path(
    operation_id = "restore_revision", tag = "Revisions",
    params(IdOrSlug, RevisionNumber, IfMatchHeader, IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = Option<NewRevisionRestore>, example = json!({ "note": "The lawyers prefer this one." })),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/revisions/{number}/restore")]
async fn restore_revision(
    caller: Allow<needs::WriteArticles>,
    reference: Reference,
    revision: RevisionNumber,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewRevisionRestore,
) -> Result<Answer> {
    let (if_match, number) = (if_match.require()?, revision.number);
    let (user, note) = (SignedIn::clone(&caller), body.0.note.value().map(String::from));
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        slugs::wait_for(connection, Named::Articles, (&reference, &if_match))?;
        let row = articles::get(connection, (&user, Permission::WriteArticles), &reference, journal.now())?;
        if_match.check(row.version)?;
        let before = row.clone();
        let row = restore::restore(connection, journal, row, (number, note))?;
        access::check_written(Some(&user), &row)?;
        access::check_moved(Some(&user), &before, &row)?;
        let copy = showing::show(connection, row, journal.now())?;
        Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
    });
    write.await
}

impl Revision {
    /// An example for the API docs.
    pub fn sample() -> Value {
        Revision::sample_of(7)
    }

    fn sample_of(number: i32) -> Value {
        json!({
            "number": number,
            "title": "NATO urges restraint in Kosovo",
            "saved_by": "01997b2e-cc10-7d3e-8d41-3f6c2f0e9e50",
            "saved_at": "2026-03-04T18:29:12.000480Z",
            "note": "after the call with the ministry"
        })
    }
}

impl WholeRevision {
    fn sample() -> Value {
        let mut sample = Revision::sample();
        if let Some(members) = sample.as_object_mut() {
            let article = json!({ "title": "NATO urges restraint in Kosovo", "body": "Peacekeepers are …" });
            members.insert("article".to_owned(), article);
            members.insert("editor_note".to_owned(), Value::Null);
        }
        sample
    }
}

impl Difference {
    fn sample() -> Value {
        let words = json!([
            { "op": "same", "text": "NATO urges " }, { "op": "removed", "text": "calm" },
            { "op": "added", "text": "restraint" }, { "op": "same", "text": " in Kosovo" }
        ]);
        let text = "NATO urges [-calm-]{+restraint+} in Kosovo";
        json!({
            "from": Revision::sample_of(3), "to": Revision::sample(),
            "changes": [{ "field": "title", "words": words, "text": text }, { "field": "urgency", "before": null, "after": 3 }]
        })
    }
}
