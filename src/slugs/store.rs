//! Slugs that are no longer in use but still lead somewhere.

use diesel::prelude::*;
use serde::Serialize;

use super::Slug;
use crate::clock::Timestamp;
use crate::db::schema::former_slugs;
use crate::db::{self, AnyConnection, Named};
use crate::error::{Error, Result};
use crate::events::{Resource, chain};
use crate::http::etag::IfMatch;
use crate::http::path::Reference;

/// Most numbers that are tried behind a slug before the caller is asked to choose one.
const MOST_NUMBERS: u32 = 200;

/// Notes that `slug` used to name this resource, so that it leads there for ever.
fn retire(connection: &mut AnyConnection, kind: Resource, slug: &str, resource_id: &str, now: Timestamp) -> Result<()> {
    let columns = (
        former_slugs::kind.eq(kind),
        former_slugs::slug.eq(slug),
        former_slugs::resource_id.eq(resource_id),
        former_slugs::retired_at.eq(now),
    );
    diesel::insert_into(former_slugs::table).values(columns).execute(connection)?;
    Ok(())
}

/// Takes a slug back into use: it no longer is a former one of this resource.
fn reuse(connection: &mut AnyConnection, kind: Resource, slug: &str, resource_id: &str) -> Result<()> {
    let mine = former_slugs::table
        .filter(former_slugs::kind.eq(kind))
        .filter(former_slugs::slug.eq(slug))
        .filter(former_slugs::resource_id.eq(resource_id));
    diesel::delete(mine).execute(connection)?;
    Ok(())
}

/// Gives up every former slug of a resource that is gone.
pub fn forget(connection: &mut AnyConnection, kind: Resource, resource_id: &str) -> Result<()> {
    let mine =
        former_slugs::table.filter(former_slugs::kind.eq(kind)).filter(former_slugs::resource_id.eq(resource_id));
    diesel::delete(mine).execute(connection)?;
    Ok(())
}

/// What the log seals of something that has former slugs: its row, and all of them in their order.
#[derive(Serialize)]
struct SealedName<'a, Row> {
    #[serde(flatten)]
    row: &'a Row,
    former_slugs: Vec<String>,
}

/// The hash of a row together with the former slugs that lead to it, for the log.
pub fn seal(connection: &mut AnyConnection, kind: Resource, (id, row): (&str, &impl Serialize)) -> Result<String> {
    let of_resource = former_slugs::table.filter(former_slugs::kind.eq(kind)).filter(former_slugs::resource_id.eq(id));
    let former_slugs = of_resource.order(former_slugs::slug.asc()).select(former_slugs::slug).load(connection)?;
    chain::digest(&SealedName { row, former_slugs })
}

/// The id of the resource that this former slug leads to.
fn current_owner(connection: &mut AnyConnection, kind: Resource, slug: &str) -> Result<Option<String>> {
    let owner =
        former_slugs::table.find((kind, slug)).select(former_slugs::resource_id).get_result(connection).optional()?;
    Ok(owner)
}

/// Refuses a slug that still leads to another resource.
fn refuse_former(connection: &mut AnyConnection, kind: Resource, slug: &str, resource_id: &str) -> Result<()> {
    match current_owner(connection, kind, slug)? {
        Some(owner) if owner != resource_id => {
            let detail = format!("this slug used to name another {kind} and still leads to it; choose another one");
            Err(Error::taken("/slug", detail))
        }
        _ => Ok(()),
    }
}

/// Stores something under the slug that was asked for, or else under the first free one of those made from its title:
/// `attempt` is called with candidates until the database takes one. Two writers can want the same slug at the same
/// moment; the unique index decides, and the loser of a made-up slug simply gets the next number.
///
/// Errors: 409 on `/slug` when the slug that was asked for is in use; whatever else `attempt` gives.
pub fn choose<T>(
    connection: &mut AnyConnection,
    asked: Option<Slug>,
    made: impl FnOnce() -> Slug,
    mut attempt: impl FnMut(&mut AnyConnection, &str) -> Result<T>,
) -> Result<T> {
    // A savepoint: on PostgreSQL a refused insert would spoil the whole transaction.
    let mut attempt = |connection: &mut AnyConnection, slug: &Slug| {
        connection.transaction(|connection| attempt(connection, slug.as_str()))
    };
    if let Some(slug) = asked {
        return attempt(connection, &slug);
    }
    let made = made();
    for number in 1..=MOST_NUMBERS {
        let candidate = if number == 1 { made.clone() } else { made.numbered(number) };
        match attempt(connection, &candidate) {
            Err(Error::Conflict(rejection)) if rejection.pointer.as_deref() == Some("/slug") => {}
            result => return result,
        }
    }
    Err(Error::taken("/slug", format!("{} and its numbers are all in use; choose a slug", made.as_str())))
}

/// [`choose`] for resources whose former slugs are kept here.
pub fn first_free<T>(
    connection: &mut AnyConnection,
    kind: Resource,
    resource_id: &str,
    asked: Option<Slug>,
    made: impl FnOnce() -> Slug,
    mut store: impl FnMut(&mut AnyConnection, &str) -> Result<T>,
) -> Result<T> {
    choose(connection, asked, made, |connection, slug| {
        refuse_former(connection, kind, slug, resource_id)?;
        reuse(connection, kind, slug, resource_id)?;
        let stored = store(connection, slug)?;
        // Again: storing may have waited for somebody who was just giving this slug up.
        refuse_former(connection, kind, slug, resource_id)?;
        Ok(stored)
    })
}

/// Waits for whoever is changing what this names, when the caller wants to change whatever is there then. Who names a
/// version does not have to: after a change it is another one.
pub fn wait_for(
    connection: &mut AnyConnection,
    table: Named,
    (reference, if_match): (&Reference, &IfMatch),
) -> Result<()> {
    match (if_match, reference) {
        (IfMatch::Any, Reference::Id(name) | Reference::Slug(name)) => db::hold_named(connection, table, &[name]),
        _ => Ok(()),
    }
}

/// The row that an id, a slug or a former slug names.
pub fn look_up<Row>(
    connection: &mut AnyConnection,
    kind: Resource,
    reference: &Reference,
    by_id: impl Fn(&mut AnyConnection, &str) -> QueryResult<Row>,
    by_slug: impl Fn(&mut AnyConnection, &str) -> QueryResult<Row>,
) -> Result<Option<Row>> {
    Ok(match reference {
        Reference::Id(id) => by_id(connection, id).optional()?,
        Reference::Slug(slug) => match by_slug(connection, slug).optional()? {
            Some(row) => Some(row),
            None => match current_owner(connection, kind, slug)? {
                Some(id) => by_id(connection, &id).optional()?,
                None => None,
            },
        },
        Reference::Nothing => None,
    })
}

/// Saves a changed resource, under a new slug when one was asked for; the old one leads to it from now on.
///
/// Errors: 409 on `/slug` when the slug is in use; what `save` gives.
pub fn rename(
    connection: &mut AnyConnection,
    kind: Resource,
    resource_id: &str,
    (from, to): (&str, Option<Slug>),
    now: Timestamp,
    mut save: impl FnMut(&mut AnyConnection, &str) -> Result<()>,
) -> Result<()> {
    let Some(to) = to.filter(|slug| slug.as_str() != from) else {
        return save(connection, from);
    };
    first_free(connection, kind, resource_id, Some(to.clone()), || to, save)?;
    retire(connection, kind, from, resource_id, now)
}
