//! The door's operations: publish, schedule, take down, kill, correct.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::agenda::{Appointment, AppointmentList};
use super::article::WorkingCopy;
use super::held::{self, Held, Passed};
use super::wish::{Modified, Publish};
use super::{access, agenda, corrections, killing, publishing, showing};
use crate::auth::{Allow, Permission, SignedIn, needs};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::events::{Journal, Ledger};
use crate::http::answer::{Answer, Audience};
use crate::http::etag::{IfMatch, IfMatchHeader};
use crate::http::fields::Text;
use crate::http::idempotency::IdempotencyHeader;
use crate::http::input::{Complete, Input};
use crate::http::page::{Cursors, Paging};
use crate::http::patch::Patch;
use crate::http::path::{IdOrSlug, Reference};
use crate::http::query::{ListQuery, NoFilter, Query, WriteOptions};
use crate::http::service_config::ServiceConfig;
use crate::live::CorrectionKind;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(publish_article).service(unpublish_article).service(unschedule_article);
    config.service(list_appointments).service(kill_article).service(correct_article);
}

/// When readers should see an article.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PublicationInput {
    /// From when; at once when absent. With an offset, and not in the past. Never before an embargo ends.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    at: Patch<Timestamp>,
    /// Until when; without end when absent.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    until: Patch<Timestamp>,
    /// Whether readers are told that the text changed; `editorial` when absent.
    #[serde(default)]
    #[schema(value_type = Option<Modified>)]
    modified: Patch<Modified>,
    /// Why, for the log; readers never see it. Up to 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<Text<500>>)]
    note: Patch<Text<500>>,
}

/// What `publish` takes; nothing at all publishes at once.
pub type NewPublication = Complete<PublicationInput>;

impl Input for PublicationInput {}

/// Why an article is killed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct KillInput {
    /// What readers are told, up to 1,000 characters; only that it was withdrawn when absent.
    #[serde(default)]
    #[schema(value_type = Option<Text<1000>>)]
    reason_public: Patch<Text<1000>>,
    /// What colleagues should know, up to 5,000 characters; readers never see it.
    #[serde(default)]
    #[schema(value_type = Option<Text<5000>>)]
    reason_internal: Patch<Text<5000>>,
}

/// What `kill` takes.
pub type NewKill = Complete<KillInput>;

impl Input for KillInput {}

/// A public note about an article.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CorrectionInput {
    /// What the note says.
    #[serde(default, rename = "type")]
    #[schema(rename = "type", value_type = CorrectionKind)]
    kind: Patch<CorrectionKind>,
    /// The note, as readers will see it; up to 2,000 characters.
    #[serde(default)]
    #[schema(value_type = Text<2000>)]
    text: Patch<Text<2000>>,
    /// `true` publishes the working copy with the note at once; otherwise the next publication carries it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    publish: Patch<bool>,
}

/// What `corrections` takes.
pub type NewCorrection = Complete<CorrectionInput>;

impl Input for CorrectionInput {
    const REQUIRED: &'static [&'static str] = &["type", "text"];
}

/// What every action at the door has in common: the story is found and held, its version checked when one was named, and
/// the answer is the working copy.
pub(super) async fn pass<F>(
    (user, action): (SignedIn, Permission),
    (reference, if_match, options): (Reference, IfMatch, WriteOptions),
    ledger: Ledger,
    act: F,
) -> Result<Answer>
where
    F: FnOnce(&mut AnyConnection, &mut Journal, Held, &SignedIn) -> Result<Passed> + Send + 'static,
{
    let write = ledger.answer(user.actor(), options, move |connection, journal| {
        let held = held::take(connection, journal, (&user, action), (&reference, &if_match))?;
        let passed = act(connection, journal, held, &user)?;
        let copy = showing::show(connection, passed, journal.now())?;
        Ok(Answer::one(&copy, Audience::Caller).version(copy.version))
    });
    write.await
}

/// Somebody who may publish, and wants to.
fn publisher(caller: &SignedIn) -> (SignedIn, Permission) {
    (caller.clone(), Permission::PublishArticles)
}

/// Publish an article
///
/// Shows readers the working copy as it is now: at once, or from `at` on, and until `until` if that is given. What
/// readers see now goes on until then, and what was scheduled before is replaced. The schedule is kept by the clock of
/// each reader's request: no background job has to run. With `If-Match`, only the version that you read is published. A
/// review that the article is in is over. An article that was killed is published again by an admin only, and at once:
/// 409 with an `at` or under an embargo.
#[utoipa::path(
    operation_id = "publish_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(
        content = Option<NewPublication>,
        examples(
            ("At once" = (value = json!({}))),
            ("For a week" = (value = json!({ "at": "2027-03-01T06:00:00+01:00", "until": "2027-03-08T06:00:00+01:00" }))),
            ("A comma" = (value = json!({ "modified": "silent", "note": "a comma in the second paragraph" }))),
        ),
    ),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/publish")]
async fn publish_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewPublication,
) -> Result<Answer> {
    pass(publisher(&caller), (reference, if_match, options.0), ledger, move |connection, journal, held, user| {
        publish(connection, journal, held, (user, body.0.into()))
    })
    .await
}

/// Publishes for this caller; only an admin brings back what was killed.
pub(super) fn publish(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    held: Held,
    (caller, wish): (&SignedIn, Publish),
) -> Result<Passed> {
    let wish = Publish { lifts_kill: access::may(caller, Permission::LiftKills, &held.row), ..wish };
    publishing::publish(connection, journal, held, wish)
}

impl From<PublicationInput> for Publish {
    fn from(input: PublicationInput) -> Publish {
        Publish {
            at: input.at.value(),
            until: input.until.value(),
            modified: input.modified.value(),
            note: input.note.value().map(String::from),
            ..Publish::default()
        }
    }
}

/// Unpublish an article
///
/// Readers no longer see it, from this moment; what is scheduled is cancelled. The working copy stays, and so does what
/// readers saw before: `as_of` and the log tell it. To withdraw that as well, kill the article.
#[utoipa::path(
    operation_id = "unpublish_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/unpublish")]
async fn unpublish_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<Answer> {
    pass(publisher(&caller), (reference, if_match, options.0), ledger, |connection, journal, held, _| {
        publishing::unpublish(connection, journal, held)
    })
    .await
}

/// Cancel what is scheduled
///
/// What readers see now stays as it is, with the end that it had before. 409 when nothing is scheduled.
#[utoipa::path(
    operation_id = "unschedule_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/unschedule")]
async fn unschedule_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
) -> Result<Answer> {
    pass(publisher(&caller), (reference, if_match, options.0), ledger, |connection, journal, held, _| {
        publishing::unschedule(connection, journal, held)
    })
    .await
}

/// Kill an article
///
/// Withdraws it with all its past: readers who knew its address are told so with 410 and the public reason, and it is in
/// no list, count or `as_of` any more. Editors keep it with its history. Only an admin publishes it again: then it begins
/// anew, and what was killed stays out of sight. Its former slugs still lead to it. Shared caches learn of a kill within a
/// minute; copies that readers or their browsers have already cannot be called back.
#[utoipa::path(
    operation_id = "kill_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(
        content = Option<NewKill>,
        example = json!({ "reason_public": "It rested on a forged document.", "reason_internal": "See the lawyers' letter." }),
    ),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/kill")]
async fn kill_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewKill,
) -> Result<Answer> {
    let reasons = killing::Reasons {
        public: body.0.reason_public.value().map(String::from),
        internal: body.0.reason_internal.value().map(String::from),
    };
    pass(publisher(&caller), (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        killing::kill(connection, journal, held, reasons)
    })
    .await
}

/// Correct an article
///
/// Adds a public note, dated and tied to the publication that carries it. The note is a new version of the working copy
/// and goes out with the next publication, or at once with `publish`: then the working copy is published as it is, and
/// what readers see keeps its end. An article that they do not see now comes back with `publish` only: 409.
#[utoipa::path(
    operation_id = "correct_article", tag = "Articles", params(IdOrSlug, IfMatchHeader, IdempotencyHeader, WriteOptions),
    security(("bearer" = [])),
    request_body(
        content = NewCorrection,
        example = json!({ "type": "correction", "text": "An earlier version named the wrong day.", "publish": true }),
    ),
    responses((status = 200, body = WorkingCopy, example = json!(WorkingCopy::sample()))),
)]
#[post("/articles/{id}/corrections")]
async fn correct_article(
    caller: Allow<needs::PublishArticles>,
    reference: Reference,
    if_match: IfMatch,
    options: Query<WriteOptions>,
    ledger: Ledger,
    body: NewCorrection,
) -> Result<Answer> {
    let (kind, text) = (body.0.kind.value(), body.0.text.value().map(String::from).unwrap_or_default());
    let at_once = body.0.publish.value().unwrap_or(false);
    let kind = kind.ok_or_else(|| Error::internal("a required member is not there"))?;
    pass(publisher(&caller), (reference, if_match, options.0), ledger, move |connection, journal, held, _| {
        corrections::add(connection, journal, held, (kind, text, at_once))
    })
    .await
}

/// List what will happen
///
/// Which articles go live or end by themselves, and when, the next one first: everything that is scheduled, held back by
/// an embargo, or published with an end. Writers see their own.
#[utoipa::path(
    operation_id = "list_appointments", tag = "Articles", params(Paging), security(("bearer" = [])),
    responses((status = 200, body = AppointmentList, example = json!(Appointment::list_sample()))),
)]
#[get("/schedule")]
async fn list_appointments(
    caller: Allow<needs::ReadDrafts>,
    query: ListQuery<NoFilter>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    let page = query.paging.page(&cursors, &format!("{} {}", caller.user_id, query.binding))?;
    let now = clock.now();
    let list = db.read(move |connection| agenda::list(connection, &caller, &page, now)).await?;
    Ok(Answer::list(&list, Audience::Caller))
}
