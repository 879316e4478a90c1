//! The rows of preview links.

use std::time::Duration;

use diesel::prelude::*;
use serde::Serialize;

use super::definition::{PreviewLink, PreviewLinkList};
use super::secret::PreviewSecret;
use crate::clock::Timestamp;
use crate::db::schema::preview_links;
use crate::db::{AnyConnection, Turn, take_turns};
use crate::error::{Error, Rejection, Result};
use crate::events::{Resource, Sealed, chain};
use crate::http::page::{Key, Page, Start};

/// Most links of one article that are good at the same time.
const MOST_LINKS: i64 = 50;

/// For how long a link is listed after it expired, so that people find out why it stopped.
const LISTED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A link as it is stored: without its secret.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = preview_links)]
pub struct PreviewLinkRow {
    pub id: String,
    pub article_id: String,
    pub made_by: String,
    pub token_id: Option<String>,
    pub label: Option<String>,
    pub hash: String,
    pub hint: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Sealed for PreviewLinkRow {
    const RESOURCE: Resource = Resource::PreviewLink;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        chain::digest(self)
    }
}

impl From<PreviewLinkRow> for PreviewLink {
    fn from(row: PreviewLinkRow) -> PreviewLink {
        PreviewLink {
            id: row.id,
            label: row.label,
            hint: row.hint,
            made_by: row.made_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Keeps a new link.
///
/// Errors: 409 when the article has as many as it may.
pub fn insert(connection: &mut AnyConnection, row: &PreviewLinkRow) -> Result<()> {
    take_turns(connection, Turn::MakingPreviewLinks)?;
    let of_story = preview_links::table.filter(preview_links::article_id.eq(&row.article_id));
    let good = of_story.filter(preview_links::expires_at.gt(row.created_at));
    if good.count().get_result::<i64>(connection)? >= MOST_LINKS {
        let detail = format!("this article has {MOST_LINKS} preview links, the most that are kept; revoke some");
        return Err(Error::Conflict(Rejection::anywhere("too_many_preview_links", detail)));
    }
    diesel::insert_into(preview_links::table).values(row).execute(connection)?;
    Ok(())
}

/// The link with this secret that has not expired.
pub fn find(connection: &mut AnyConnection, secret: &PreviewSecret, now: Timestamp) -> Result<Option<PreviewLinkRow>> {
    let link = preview_links::table.filter(preview_links::hash.eq(secret.hash()));
    let link = link.filter(preview_links::expires_at.gt(now)).select(PreviewLinkRow::as_select());
    Ok(link.get_result(connection).optional()?)
}

/// The link of this article with this id.
///
/// Errors: 404 when there is none, or it is another article's.
pub fn get(connection: &mut AnyConnection, article_id: &str, id: &str) -> Result<PreviewLinkRow> {
    let link = preview_links::table.find(id).filter(preview_links::article_id.eq(article_id));
    let link = link.select(PreviewLinkRow::as_select()).get_result(connection).optional()?;
    link.ok_or(Error::NotFound("preview link"))
}

/// One page of an article's links, the newest first.
pub fn list(connection: &mut AnyConnection, article_id: &str, page: &Page) -> Result<PreviewLinkList> {
    let of_story = || preview_links::table.filter(preview_links::article_id.eq(article_id.to_owned()));
    let total = if page.count { Some(of_story().count().get_result(connection)?) } else { None };
    let mut query = of_story().into_boxed::<crate::db::Backend>();
    if let Start::After(keys) = &page.start
        && let Some(id) = keys.first()
    {
        query = query.filter(preview_links::id.lt(id.text()?));
    }
    let rows: Vec<PreviewLinkRow> = query
        .order(preview_links::id.desc())
        .limit(page.fetch())
        .offset(page.offset())
        .select(PreviewLinkRow::as_select())
        .load(connection)?;
    Ok(page.list(rows, total, |row| vec![Key::from(row.id.clone())]).map(PreviewLink::from))
}

/// Revokes a link; `false` when somebody was faster.
pub fn revoke(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    Ok(diesel::delete(preview_links::table.find(id)).execute(connection)? == 1)
}

/// Removes links that expired a month ago and more, and says how many rows that were.
pub fn tidy(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let old = preview_links::table.filter(preview_links::expires_at.le(now.before(LISTED_FOR)));
    Ok(diesel::delete(old).execute(connection)?)
}
