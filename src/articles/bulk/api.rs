//! `/v1/articles/bulk`: many changes in one request.

use actix_web::post;
use diesel::Connection;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::apply::apply;
use super::input::{self, BulkInput, NewBulk, Step};
use crate::articles::article::{Status, WorkingCopy};
use crate::articles::review::ReviewState;
use crate::auth::{Allow, SignedIn, needs};
use crate::db::{self, AnyConnection, Named, Turn};
use crate::error::{Error, Rejection, Result};
use crate::events::{Journal, Ledger};
use crate::http::answer::{Answer, Audience};
use crate::http::idempotency::IdempotencyHeader;
use crate::http::query::{Query, WriteOptions};
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(change_articles);
}

/// What became of a bulk request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// What became of each item, in order.
    results: Vec<ItemResult>,
}

/// What became of one item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemResult {
    /// The article, as the item named it.
    id: String,
    /// The status that the single operation would have answered.
    status: u16,
    /// The article as it is then, in short; when the item was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    article: Option<ShortArticle>,
    /// Why the item was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<ItemProblem>,
}

/// An article in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShortArticle {
    /// Its id.
    id: String,
    /// Its slug.
    slug: String,
    /// Its version.
    version: i32,
    /// Where it stands.
    status: Status,
    /// Where its review stands.
    review: ReviewState,
}

/// Why an item was not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemProblem {
    /// Stable, for programs.
    code: String,
    /// For people.
    detail: String,
    /// Every refused field, with pointers into the whole request.
    errors: Vec<Rejection>,
}

/// Change many articles
///
/// Up to 100 changes in one request, in order, with the permissions, versions and errors of the single operations. With
/// `atomic` (the default) all are done or none, and the errors name every item that stood in the way; without it, each
/// item has a result of its own.
#[utoipa::path(
    operation_id = "change_articles", tag = "Articles", params(IdempotencyHeader, WriteOptions), security(("bearer" = [])),
    request_body(content = NewBulk, example = json!(BulkInput::sample())),
    responses((status = 200, body = BulkResult, example = json!(BulkResult::sample()))),
)]
#[post("/articles/bulk")]
async fn change_articles(
    caller: Allow<needs::WriteArticles>,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewBulk,
) -> Result<Answer> {
    let atomic = body.0.atomic.value().unwrap_or(true);
    let mut steps = Vec::new();
    for item in body.0.items.value().unwrap_or_default() {
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        steps.push((id, input::read(item).await));
    }
    let user = SignedIn::clone(&caller);
    let write = ledger.answer(caller.actor(), options.0, move |connection, journal| {
        wait_for_all(connection, &steps)?;
        let (mut results, mut refused) = (Vec::new(), Vec::new());
        for (index, (id, step)) in steps.into_iter().enumerate() {
            let done = step.and_then(|step| one(connection, journal, &user, step));
            match done {
                Ok(copy) => results.push(ItemResult::done(id, &copy)),
                Err(error @ (Error::Internal(_) | Error::Unavailable(_))) => return Err(error),
                Err(error) => {
                    let error = error.below(&format!("/items/{index}"));
                    refused.extend(rejections(&error, index));
                    results.push(ItemResult::refused(id, &error));
                }
            }
        }
        match atomic && !refused.is_empty() {
            true => Err(Error::Unprocessable(refused)),
            false => Ok(Answer::one(&BulkResult { results }, Audience::Caller)),
        }
    });
    write.await
}

/// Waits for everybody who is changing one of these stories before any of them is held: two who change the same stories in
/// different orders, one by one, would wait for each other. So would those who make names meanwhile.
fn wait_for_all(connection: &mut AnyConnection, steps: &[(String, Result<Step>)]) -> Result<()> {
    db::take_turns(connection, Turn::Translating)?;
    db::take_turns(connection, Turn::MakingByName)?;
    let named: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    db::hold_named(connection, Named::Articles, &named)?;
    db::take_turns(connection, Turn::Announcing)
}

/// One item in a savepoint: what is refused leaves nothing behind, in the log either.
fn one(connection: &mut AnyConnection, journal: &mut Journal, caller: &SignedIn, step: Step) -> Result<WorkingCopy> {
    let mark = journal.mark();
    let done = connection.transaction(|connection| apply(connection, journal, caller, step));
    if done.is_err() {
        journal.forget_since(mark);
    }
    done
}

/// What was refused, each with a pointer to the item at least.
fn rejections(error: &Error, index: usize) -> Vec<Rejection> {
    match error.rejections() {
        [] => vec![Rejection::field(format!("/items/{index}"), error.code(), error.detail())],
        rejections => rejections.to_vec(),
    }
}

impl ItemResult {
    fn done(id: String, copy: &WorkingCopy) -> ItemResult {
        let article = ShortArticle {
            id: copy.article.id.clone(),
            slug: copy.article.slug.clone(),
            version: copy.version,
            status: copy.status,
            review: copy.review.state,
        };
        ItemResult { id, status: 200, article: Some(article), problem: None }
    }

    fn refused(id: String, error: &Error) -> ItemResult {
        let problem =
            ItemProblem { code: error.code().to_owned(), detail: error.detail(), errors: error.rejections().to_vec() };
        ItemResult { id, status: error.status(), article: None, problem: Some(problem) }
    }
}

impl BulkResult {
    fn sample() -> Value {
        let id = "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40";
        json!({
            "results": [
                {
                    "id": "budget", "status": 200,
                    "article": {
                        "id": id, "slug": "budget", "version": 8, "status": "changed", "review": "none"
                    }
                },
                {
                    "id": "old-draft", "status": 404,
                    "problem": {
                        "code": "not_found", "errors": [],
                        "detail": "There is no article here that you can see. Check the id or slug."
                    }
                }
            ]
        })
    }
}
