//! The trash: out of everybody's sight, and back with everything; or gone for good.

use diesel::prelude::*;

use super::draft::Draft;
use super::held::{Held, hold};
use super::killing::{self, Reasons};
use super::row::ArticleRow;
use super::{access, publishing, slug_ownership, store};
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::articles;
use crate::error::{Error, Rejection, Result};
use crate::events::{self, Action, Event, Journal, Resource};
use crate::http::path::Reference;
use crate::live::WithdrawalKind;

/// Puts a working copy into the trash, with all that readers ever saw of it.
///
/// Errors: 409 while readers see it; 403 when it is scheduled and the caller may not publish; 412 when it was changed
/// meanwhile.
pub fn put(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: &SignedIn,
    row: ArticleRow,
) -> Result<ArticleRow> {
    let held = hold(connection, journal, &row)?;
    let may_publish = access::may(caller, Permission::PublishArticles, &held.row);
    let row = cancel(connection, journal, held, may_publish)?;
    let now = journal.now();
    let put_away = (articles::deleted_at.eq(now), articles::slug_taken_over.eq(false));
    diesel::update(articles::table.find(&row.id)).set(put_away).execute(connection)?;
    if row.publication_number > 0 {
        killing::begin(connection, journal, &row, (WithdrawalKind::Trashed, Reasons::default(), Timestamp::FOREVER))?;
    }
    journal.record(Event::deleted(Resource::Article, &row.id, row.version));
    Ok(ArticleRow { deleted_at: Some(now), ..row })
}

/// Cancels what is scheduled, so that nothing of a story that goes into the trash appears later.
///
/// Errors: 409 when readers see the story now: it has to be taken down first. 403 when it is scheduled and the caller
/// may not publish.
fn cancel(connection: &mut AnyConnection, journal: &mut Journal, held: Held, may_publish: bool) -> Result<ArticleRow> {
    if held.schedule.is_live() {
        let detail =
            "readers see this article; unpublish or kill it first, so that taking it down is a decision of its own";
        return Err(Error::Conflict(Rejection::anywhere("is_published", detail)));
    }
    match (held.schedule.pending.is_some(), may_publish) {
        (false, _) => Ok(held.row),
        (true, true) => Ok(publishing::unpublish(connection, journal, held)?.row),
        (true, false) => {
            Err(Error::Forbidden("This article is scheduled; an editor has to take that back first.".into()))
        }
    }
}

/// The stories in the trash that have this id or slug, those that were put there last first.
fn all(connection: &mut AnyConnection, reference: &Reference) -> Result<Vec<ArticleRow>> {
    let trashed = articles::table.filter(articles::deleted_at.is_not_null()).into_boxed::<crate::db::Backend>();
    let named = match reference {
        Reference::Id(id) => trashed.filter(articles::id.eq(id.clone())),
        Reference::Slug(slug) => trashed.filter(articles::slug.eq(slug.clone())),
        Reference::Nothing => return Ok(Vec::new()),
    };
    Ok(named.order(articles::deleted_at.desc()).select(ArticleRow::as_select()).load(connection)?)
}

/// The story in the trash that has this id, or that was put there last under this slug, whoever asks.
pub fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<ArticleRow>> {
    Ok(all(connection, reference)?.into_iter().next())
}

/// The story in the trash that this caller may do this with; of several with one slug the one that was put there last.
///
/// Errors: 404 when there is none, or the caller may not do this with it.
pub fn get(
    connection: &mut AnyConnection,
    (caller, action): (&SignedIn, Permission),
    reference: &Reference,
) -> Result<ArticleRow> {
    let mut rows = all(connection, reference)?.into_iter();
    rows.find(|row| access::may(caller, action, row)).ok_or(Error::NotFound("article"))
}

/// Brings a story back from the trash, with its links and its history; under another slug when that was asked for.
///
/// Errors: 409 when it is not in the trash, or when its slug was taken meanwhile; 404 when there is no such story.
pub fn restore(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: &SignedIn,
    (reference, slug): (&Reference, Option<String>),
) -> Result<ArticleRow> {
    let caller = (caller, Permission::WriteArticles);
    let trashed = get(connection, caller, reference).and_then(|row| hold_in_trash(connection, &row));
    let row = match trashed {
        Ok(row) => row,
        // Also when somebody else was bringing it back.
        Err(Error::NotFound(_)) => {
            store::get(connection, caller, reference, journal.now())?;
            let detail =
                "this article is not in the trash; to bring back an earlier text, restore one of its revisions";
            return Err(Error::Conflict(Rejection::anywhere("not_trashed", detail)));
        }
        Err(error) => return Err(error),
    };
    journal.look_again(row.deleted_at.unwrap_or(row.passed_at));
    let slug = slug.unwrap_or_else(|| row.slug.clone());
    slug_ownership::refuse_published(connection, (&row.id, &slug), false, journal.now())?;
    let nobody: Option<Timestamp> = None;
    let back = (articles::deleted_at.eq(nobody), articles::slug.eq(&slug));
    diesel::update(articles::table.find(&row.id)).set(back).execute(connection).map_err(|error| {
        match Error::from(error) {
            Error::Conflict(_) => {
                let detail = "another article has this slug now; send {\"slug\": …} to restore it under another one";
                Error::taken("/slug", detail)
            }
            other => other,
        }
    })?;
    killing::end(connection, &row.id, WithdrawalKind::Trashed, journal.now())?;
    journal.record(Event { after: Some(row.version), ..Event::new(Action::Restored, Resource::Article, &row.id) });
    let renamed = slug != row.slug;
    let row = ArticleRow { slug, slug_taken_over: false, deleted_at: None, ..row };
    if !renamed {
        return Ok(row);
    }
    let draft = Draft::from_row(&row)?;
    store::save_draft(connection, journal, row, draft, Some("restored under another slug".to_owned()))
}

/// The story that is to be removed for good: one in the trash when that was asked for or when nothing else has this name.
///
/// Errors: 404 when there is none.
pub fn get_for_purge(
    connection: &mut AnyConnection,
    caller: (&SignedIn, Permission),
    (reference, only_trashed): (&Reference, bool),
    now: Timestamp,
) -> Result<ArticleRow> {
    match store::get(connection, caller, reference, now) {
        Ok(row) if !only_trashed => Ok(row),
        Ok(_) | Err(Error::NotFound(_)) => get(connection, caller, reference),
        Err(error) => Err(error),
    }
}

/// Removes a story for good: working copy, revisions, everything that was published, and the kept answers that hold
/// its text. The log keeps that it was there.
///
/// Errors: 409 while readers see it or will see it; 404 when somebody else brought it back or removed it meanwhile.
pub fn purge(connection: &mut AnyConnection, journal: &mut Journal, row: ArticleRow) -> Result<()> {
    let row = match row.deleted_at {
        Some(_) => hold_in_trash(connection, &row)?,
        None => {
            let held = hold(connection, journal, &row)?;
            cancel(connection, journal, held, true)?
        }
    };
    publishing::purge(connection, &row.id)?;
    diesel::delete(articles::table.find(&row.id)).execute(connection)?;
    events::withhold_answers_about(connection, &row.id)?;
    let purged = Event::new(Action::Purged, Resource::Article, &row.id);
    journal.record(Event { before: Some(row.version), ..purged });
    Ok(())
}

/// Holds a story in the trash until the transaction ends: of two who want it, the second finds it gone.
fn hold_in_trash(connection: &mut AnyConnection, row: &ArticleRow) -> Result<ArticleRow> {
    let there = articles::table.find(&row.id).filter(articles::version.eq(row.version));
    let there = there.filter(articles::deleted_at.is_not_null());
    let held = diesel::update(there).set(articles::version.eq(row.version)).returning(ArticleRow::columns());
    held.get_result(connection).optional()?.ok_or(Error::NotFound("article"))
}
