//! Killing a story: readers who knew it are told that it was withdrawn, everywhere else it is gone at once, its past
//! included. Editors keep everything.

use diesel::prelude::*;

use super::article::Kill;
use super::held::{Held, Passed};
use super::review::ReviewRow;
use super::row::ArticleRow;
use super::{publishing, slug_ownership};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::withdrawals;
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource, chain};
use crate::live::WithdrawalKind;

/// Why a story is killed.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    /// What readers are told.
    pub public: Option<String>,
    /// What colleagues should know.
    pub internal: Option<String>,
}

/// Kills a story that is, was or will be read. A review that it is in is over.
///
/// Errors: 409 when it is killed already, or when nobody ever saw it.
pub fn kill(connection: &mut AnyConnection, journal: &mut Journal, held: Held, reasons: Reasons) -> Result<Passed> {
    if held.row.killed_at.is_some() {
        return Err(Error::Conflict(Rejection::anywhere("killed", "this article is killed already")));
    }
    if held.row.publication_number == 0 {
        let detail = "this article was never published, so there is nothing to withdraw; delete it instead";
        return Err(Error::Conflict(Rejection::anywhere("not_published", detail)));
    }
    let row = ArticleRow { killed_at: Some(held.now), review: ReviewRow::default(), ..held.row };
    let passed = publishing::take_down(connection, Held { row, ..held })?;
    let row = &passed.row;
    let killed = Event::new(Action::Killed, Resource::Article, &row.id).noted(reasons.internal.clone());
    let digest = told(&row.id, reasons.public.as_deref())?;
    begin(connection, journal, row, (WithdrawalKind::Killed, reasons, Timestamp::FOREVER))?;
    slug_ownership::end_takeovers(connection, &row.id)?;
    journal.record(Event { before: Some(row.version), ..killed.sealing(digest) });
    Ok(passed)
}

/// The hash of what readers are told of a kill, for the log.
pub fn told(article: &str, reason: Option<&str>) -> Result<String> {
    chain::digest(&serde_json::json!({ "format": "dateline-kill-1", "article": article, "reason_public": reason }))
}

/// Takes a story and its past out of the readers' sight, until it is brought back or until an embargo ends. The past that
/// a kill withdraws does not come back.
pub fn begin(
    connection: &mut AnyConnection,
    journal: &Journal,
    row: &ArticleRow,
    (kind, reasons, until): (WithdrawalKind, Reasons, Timestamp),
) -> Result<()> {
    let columns = (
        withdrawals::id.eq(new_id()),
        withdrawals::article_id.eq(&row.id),
        withdrawals::kind.eq(kind),
        withdrawals::begun_at.eq(journal.now()),
        withdrawals::ended_at.eq(until),
        withdrawals::up_to.eq(row.publication_number),
        withdrawals::reason_public.eq(reasons.public),
        withdrawals::reason_internal.eq(reasons.internal),
        withdrawals::withdrawn_by.eq(journal.actor().user_id()),
    );
    diesel::insert_into(withdrawals::table).values(columns).execute(connection)?;
    Ok(())
}

/// Brings a story back, unless it is back already; and its past, unless it was killed.
pub fn end(connection: &mut AnyConnection, article: &str, kind: WithdrawalKind, now: Timestamp) -> Result<()> {
    let running = withdrawals::table
        .filter(withdrawals::article_id.eq(article))
        .filter(withdrawals::kind.eq(kind))
        .filter(withdrawals::ended_at.gt(now));
    diesel::update(running).set(withdrawals::ended_at.eq(now)).execute(connection)?;
    Ok(())
}

/// Why a story is killed, as editors see it.
pub fn find(connection: &mut AnyConnection, article: &str) -> Result<Option<Kill>> {
    let running = withdrawals::table
        .filter(withdrawals::article_id.eq(article))
        .filter(withdrawals::kind.eq(WithdrawalKind::Killed))
        .filter(withdrawals::ended_at.eq(Timestamp::FOREVER))
        .select((
            withdrawals::begun_at,
            withdrawals::withdrawn_by,
            withdrawals::reason_public,
            withdrawals::reason_internal,
        ));
    Ok(running.first(connection).optional()?)
}
