//! What readers were told, version by version: every publication that was ever read, with what changed in it.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::article::Article;
use super::difference::{self, Budget, Change, Unchanged};
use super::document::Correction;
use super::publication::PublicationRow;
use super::sight::Sight;
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::publications;
use crate::error::{Error, Result};
use crate::http::page::{Key, List, Page, Start};

/// A version of a story that readers saw.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    /// Counts the story's publications; some numbers may be missing, when something was planned and not published.
    pub number: i32,
    /// Its headline.
    pub title: String,
    /// Its name in addresses.
    pub slug: String,
    /// From when readers saw it.
    pub from: Timestamp,
    /// Until when; `null` while they see it.
    #[schema(required)]
    pub until: Option<Timestamp>,
    /// The public notes that came with it.
    pub corrections: Vec<Correction>,
    /// What changed since the version before; nothing in the first one.
    pub changes: Vec<Change>,
    /// Its seal: SHA-256 of what was published; see `proof`.
    pub hash: String,
}

/// One page of versions.
pub type VersionList = List<Version>;

/// Most versions of a page: each of them is compared with the one before it.
const MOST: u32 = 20;

type Row = (PublicationRow, String, (i32, Timestamp, String));

/// A version as it was printed, before it is compared.
#[derive(Debug)]
pub struct Printing {
    version: Version,
    content: Map<String, Value>,
}

/// One page of a story's versions, newest first, not compared yet. The last one may be there only for the comparison.
pub fn load(
    connection: &mut AnyConnection,
    article: &str,
    page: Page,
    now: Timestamp,
) -> Result<(Page, Vec<Printing>, Option<i64>)> {
    let page = page.at_most(MOST);
    let read = || store::ever_read(article, now);
    let total = if page.count { Some(read().count().get_result(connection)?) } else { None };
    let mut query = read();
    if let Start::After(keys) = &page.start {
        let number = i32::try_from(keys.first().ok_or_else(Error::wrong_cursor)?.position()?)
            .map_err(|_| Error::wrong_cursor())?;
        query = query.filter(publications::number.lt(number));
    }
    let rows: Vec<Row> = query
        .order(publications::number.desc())
        .limit(page.fetch())
        .offset(page.offset())
        .select((
            PublicationRow::as_select(),
            publications::body,
            (publications::number, publications::live_until, publications::hash),
        ))
        .load(connection)?;
    let printings = rows.into_iter().map(|row| printing(row, now)).collect::<Result<_>>()?;
    Ok((page, printings, total))
}

/// The page with what changed in each version. Needs no database, and takes its time.
pub fn compare((page, printings, total): (Page, Vec<Printing>, Option<i64>)) -> VersionList {
    let mut budget = Budget::of(printings.len());
    let mut printings = printings.into_iter().peekable();
    let mut versions = Vec::new();
    while let Some(Printing { version, content }) = printings.next() {
        let changes = printings
            .peek()
            .map(|before| difference::changes(&before.content, &content, Unchanged::Shortened, &mut budget));
        versions.push(Version { changes: changes.unwrap_or_default(), ..version });
    }
    page.list(versions, total, |version| vec![Key::from(i64::from(version.number))])
}

/// What was on the page, with the names of then.
fn printing((row, body, (number, until, hash)): Row, now: Timestamp) -> Result<Printing> {
    let document = row.document()?;
    let mut corrections = document.corrections.clone();
    corrections.retain(|correction| correction.publication == Some(number));
    let version = Version {
        number,
        title: row.title.clone(),
        slug: row.slug.clone(),
        from: row.live_from,
        // An end that is still to come is the editors' business.
        until: Some(until).filter(|until| *until <= now),
        corrections,
        changes: Vec::new(),
        hash,
    };
    let article = store::show_as_printed(row, document, Sight::Readers(now));
    let content = difference::content(&Article { body: Some(body), ..article });
    Ok(Printing { version, content })
}

impl Version {
    /// An example for the API docs: a page of one version.
    pub fn list_sample() -> Value {
        let version = json!({
            "number": 2,
            "title": "NATO urges restraint in Kosovo",
            "slug": "nato-urges-restraint-in-kosovo",
            "from": "2026-03-04T18:30:00Z",
            "until": null,
            "corrections": [{
                "id": "01997b2e-dd10-7d3e-8d41-3f6c2f0e9f60", "type": "correction",
                "text": "An earlier version named the wrong day.", "published_at": "2026-03-04T18:30:00Z",
                "publication": 2, "previous_publication": 1
            }],
            "changes": [{
                "field": "body",
                "words": [
                    { "op": "same", "text": "… the alliance said on " },
                    { "op": "removed", "text": "Tuesday" },
                    { "op": "added", "text": "Wednesday" },
                    { "op": "same", "text": ".…" }
                ],
                "text": "… the alliance said on [-Tuesday-]{+Wednesday+}.…"
            }],
            "hash": "9b74c9897bac770ffc029102a200c5de1f3c6d2c4b7d1a5e6f8090a1b2c3d4e5"
        });
        json!({ "data": [version], "next": null })
    }
}
