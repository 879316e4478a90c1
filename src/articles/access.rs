//! Which stories a caller may do something with: the decision of [`crate::auth::decide`], for one story and as a
//! condition for the database.

use diesel::dsl::Nullable;
use diesel::prelude::*;
use diesel::sql_types::{self, Bool};

use super::row::ArticleRow;
use crate::auth::{Grant, Permission, SignedIn, Story, decide};
use crate::db::Backend;
use crate::db::schema::articles;
use crate::error::{Error, Result};

/// A condition on working copies, in a query from `Source`.
type Condition<Source> = Box<dyn BoxableExpression<Source, Backend, SqlType = sql_types::Nullable<Bool>>>;

/// What the decision looks at.
fn story(row: &ArticleRow) -> Story<'_> {
    Story {
        created_by: row.created_by.as_deref(),
        submitted_by: row.review.submitted_by.as_deref(),
        section: row.section_id.as_deref(),
        source: row.source_id.as_deref(),
        language: &row.language,
        published: row.publication_number > 0,
    }
}

/// Whether this caller may do this to this story.
pub fn may(caller: &SignedIn, action: Permission, row: &ArticleRow) -> bool {
    decide(Some(caller), action, Some(&story(row))).is_ok()
}

/// Refuses what this caller may not do to this story: as not allowed when they or all readers see it, and as missing
/// when they should not know of it. `is_live` is asked only then.
pub fn check(
    caller: &SignedIn,
    action: Permission,
    row: &ArticleRow,
    is_live: impl FnOnce() -> Result<bool>,
) -> Result<()> {
    match decide(Some(caller), action, Some(&story(row))) {
        Ok(()) => Ok(()),
        Err(refusal) if may(caller, Permission::ReadDrafts, row) || is_live()? => Err(refusal.into()),
        Err(_) => Err(Error::NotFound("article")),
    }
}

/// Refuses a story that was just written and that its writer may not write as it is now: nobody moves a story out of
/// their own reach, or begins one there. `None` is the operator, who may do everything.
pub fn check_written(caller: Option<&SignedIn>, row: &ArticleRow) -> Result<()> {
    match caller {
        Some(caller) => Ok(decide(Some(caller), Permission::WriteArticles, Some(&story(row)))?),
        None => Ok(()),
    }
}

/// Refuses a change that brings a story which readers know into the reach of somebody who could not publish it before,
/// nor give it back or purge it: another section must not be the way to take it down.
pub fn check_moved(caller: Option<&SignedIn>, before: &ArticleRow, row: &ArticleRow) -> Result<()> {
    let Some(caller) = caller.filter(|_| before.publication_number > 0) else { return Ok(()) };
    let gains = |action| may(caller, action, row) && !may(caller, action, before);
    if [Permission::PublishArticles, Permission::LiftKills, Permission::PurgeArticles].into_iter().any(gains) {
        let detail = "This would move a published article to a section, source or language where you may publish; it is \
                      moved by somebody who may publish it where it is.";
        return Err(Error::Forbidden(detail.into()));
    }
    Ok(())
}

/// Whether this caller reads no working copies but own ones, which an index has in order; [`scope`] may narrow them more.
pub fn reads_own_only(caller: &SignedIn) -> bool {
    let mut reading = caller.rights.granted.iter().filter(|grant| grant.action.covers(Permission::ReadDrafts));
    reading.all(|grant| grant.own)
}

/// The condition that this caller may do this to a working copy: [`may`], as the database decides it. `Source` is what
/// the query is from: the working copies, alone or with something else.
pub fn scope<Source>(caller: &SignedIn, action: Permission) -> Condition<Source>
where
    Source: 'static,
    Nullable<articles::id>: SelectableExpression<Source>,
    articles::created_by: SelectableExpression<Source>,
    Nullable<articles::publication_number>: SelectableExpression<Source>,
    articles::section_id: SelectableExpression<Source>,
    articles::source_id: SelectableExpression<Source>,
    Nullable<articles::language>: SelectableExpression<Source>,
{
    // Whoever may do it to nothing at all has no grant to look at, whatever their role has.
    if !caller.may(action) {
        return any(std::iter::empty());
    }
    let layers = caller.rights.layers().map(|grants| within(caller, action, grants));
    layers.reduce(|one, other| Box::new(one.and(other))).unwrap_or_else(|| any(std::iter::empty()))
}

/// The condition that one of these grants reaches a working copy.
fn within<Source>(caller: &SignedIn, action: Permission, grants: &[Grant]) -> Condition<Source>
where
    Source: 'static,
    Nullable<articles::id>: SelectableExpression<Source>,
    articles::created_by: SelectableExpression<Source>,
    Nullable<articles::publication_number>: SelectableExpression<Source>,
    articles::section_id: SelectableExpression<Source>,
    articles::source_id: SelectableExpression<Source>,
    Nullable<articles::language>: SelectableExpression<Source>,
{
    let covering = grants.iter().filter(|grant| grant.action.covers(action));
    any(covering.map(|grant| {
        let limits = [
            grant.own.then(|| -> Condition<Source> { Box::new(articles::created_by.eq(caller.user_id.clone())) }),
            grant.unpublished.then(|| Box::new(articles::publication_number.nullable().eq(0)) as Condition<Source>),
            grant.sections.clone().map(|sections| Box::new(articles::section_id.eq_any(sections)) as Condition<Source>),
            grant.sources.clone().map(|sources| Box::new(articles::source_id.eq_any(sources)) as Condition<Source>),
            grant.languages.as_ref().map(|languages| any(languages.iter().map(|language| in_language(language)))),
        ];
        let all = limits.into_iter().flatten().reduce(|one, other| Box::new(one.and(other)));
        all.unwrap_or_else(|| Box::new(articles::id.nullable().eq(articles::id.nullable())))
    }))
}

/// At least one of these conditions; of none, nothing.
fn any<Source>(conditions: impl Iterator<Item = Condition<Source>>) -> Condition<Source>
where
    Source: 'static,
    Nullable<articles::id>: SelectableExpression<Source>,
{
    let either = conditions.reduce(|one, other| Box::new(one.or(other)));
    either.unwrap_or_else(|| Box::new(articles::id.nullable().ne(articles::id.nullable())))
}

/// In this language or a variety of it.
fn in_language<Source>(language: &str) -> Condition<Source>
where
    Source: 'static,
    Nullable<articles::language>: SelectableExpression<Source>,
{
    let variety = articles::language.nullable().like(format!("{language}-%"));
    Box::new(articles::language.nullable().eq(language.to_owned()).or(variety))
}
