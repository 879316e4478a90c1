//! Whose a slug is: what once led readers to a story leads there for ever, unless an editor takes it over on purpose.

use diesel::alias;
use diesel::dsl::{exists, max, not};
use diesel::prelude::*;

use super::access;
use super::input::ArticleInput;
use super::row::ArticleRow;
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::schema::{articles, publications};
use crate::db::{AnyConnection, Prepare};
use crate::error::{Error, Rejection, Result};
use crate::slugs::Slug;

/// Slugs that no story can have, because something else is read at `/v1/articles/…`.
const RESERVED: [&str; 1] = ["export"];

/// The story that was last published, or is scheduled, under this slug.
pub fn published_as(connection: &mut AnyConnection, slug: &str) -> Result<Option<String>> {
    Ok(latest(connection, slug)?.map(|(article, _)| article))
}

/// Whether the story that was last published under this slug is killed, in the trash or not.
pub fn was_killed(connection: &mut AnyConnection, slug: &str) -> Result<bool> {
    let Some(article) = published_as(connection, slug)? else { return Ok(false) };
    let killed = articles::table.find(article).filter(articles::killed_at.is_not_null());
    Ok(diesel::select(exists(killed)).get_result(connection)?)
}

/// The story that was last published under this slug, and since when readers know it so.
fn latest(connection: &mut AnyConnection, slug: &str) -> Result<Option<(String, Timestamp)>> {
    // The newest moment first, which the index of slugs ends with: a story may have had its slug for many publications.
    let same = alias!(publications as same);
    let newest = same
        .filter(same.field(publications::slug).eq(slug))
        .filter(same.field(publications::live_until).gt(same.field(publications::live_from)))
        .select(max(same.field(publications::live_from)));
    let latest = publications::table
        .filter(publications::slug.eq(slug))
        .filter(publications::live_until.gt(publications::live_from))
        .filter(publications::live_from.nullable().eq_any(newest))
        .order(publications::id.desc())
        .select((publications::article_id, publications::live_from));
    Ok(latest.get_result(connection).optional()?)
}

/// Refuses a slug that once led readers to another story, unless an editor takes it over on purpose; and even then
/// while readers find or will find that story under it.
pub fn refuse_published(
    connection: &mut AnyConnection,
    row: (&str, &str),
    taken_over: bool,
    now: Timestamp,
) -> Result<()> {
    let (article, slug) = row;
    if RESERVED.contains(&slug) {
        return Err(Error::taken("/slug", "is an address of the API itself; choose another one"));
    }
    let other = latest(connection, slug)?.filter(|(other, _)| other != article);
    let Some((other, known_since)) = other else { return Ok(()) };
    if !taken_over {
        // What waits is told as a draft is, in the words of the database's own refusal: whether it waits is not
        // everybody's to know.
        let detail = match known_since > now {
            true => "this slug is already in use; choose another one",
            false => {
                "readers once found another article under this slug; choose another one, or send \"take_over\": true if \
                 it should lead to this one"
            }
        };
        return Err(Error::taken("/slug", detail));
    }
    let still_read = publications::table
        .filter(not(publications::superseded))
        .filter(publications::slug.eq(slug))
        .filter(publications::article_id.eq(other))
        .filter(publications::live_until.gt(now));
    match diesel::select(exists(still_read)).get_result(connection)? {
        true => {
            let detail = "another article is read or scheduled under this slug; publish that one under its new slug, or \
                          unpublish it, first";
            Err(Error::taken("/slug", detail))
        }
        false => Ok(()),
    }
}

/// Notes whether a working copy takes its slug over from another story.
pub fn mark(connection: &mut AnyConnection, article: &str, taken_over: bool) -> Result<()> {
    diesel::update(articles::table.find(article)).set(articles::slug_taken_over.eq(taken_over)).execute(connection)?;
    Ok(())
}

/// Ends what was allowed before a story was killed: other working copies that took its slugs over need an admin's leave to
/// be published under them from now on. What the killed story itself took over it comes back to.
pub fn end_takeovers(connection: &mut AnyConnection, killed: &str) -> Result<()> {
    let its_slugs = publications::table.filter(publications::article_id.eq(killed)).select(publications::slug);
    let takers = articles::table
        .filter(articles::slug.eq_any(its_slugs))
        .filter(articles::id.ne(killed))
        .filter(articles::deleted_at.is_null())
        .filter(articles::slug_taken_over);
    diesel::update(takers).set(articles::slug_taken_over.eq(false)).execute(connection)?;
    Ok(())
}

/// Whether the caller takes over a slug from another story, which is a decision about what readers of that one find:
/// the slug that is sent, or else that of the story as it is, `before`.
///
/// Errors: 403 when that is not the caller's to do; 422 when the slug would be made from the title: what is taken has to
/// be named.
pub fn takes_over(
    connection: &mut AnyConnection,
    (input, before): (&ArticleInput, Option<&ArticleRow>),
    caller: Option<&SignedIn>,
    now: Timestamp,
) -> Result<bool> {
    let asked = input.take_over.as_value().copied().unwrap_or(false);
    let (true, Some(caller)) = (asked, caller) else { return Ok(asked) };
    let refusal = || Error::Forbidden("Taking over another article's slug is an editor's decision.".into());
    if !caller.may(Permission::PublishArticles) {
        return Err(refusal());
    }
    let Some(slug) = input.slug.as_value().map(Slug::as_str).or(before.map(|row| row.slug.as_str())) else {
        let detail = "send the slug that you take over, too";
        return Err(Error::Unprocessable(vec![Rejection::field("/slug", "required", detail)]));
    };
    let other = latest(connection, slug)?.filter(|(other, _)| before.is_none_or(|row| row.id != *other));
    let Some((other, known_since)) = other else { return Ok(true) };
    // Held until the commit, so that a kill of that one comes entirely before this or after.
    let held = diesel::update(articles::table.find(other)).set(articles::version.eq(articles::version));
    let other: Option<ArticleRow> =
        held.returning(ArticleRow::columns()).prepared().get_result(connection).optional()?;
    match other {
        // At the address of what was killed readers are told so; who puts something else there lifts the kill.
        Some(other) if other.killed_at.is_some() && !access::may(caller, Permission::LiftKills, &other) => {
            Err(Error::Forbidden("That article was killed; only an admin gives its slug to another one.".into()))
        }
        Some(other) if !access::may(caller, Permission::PublishArticles, &other) => match known_since > now {
            // That one waits there is not theirs to know: the slug is in use, as a draft's would be.
            true => Ok(false),
            false => Err(refusal()),
        },
        _ => Ok(true),
    }
}
