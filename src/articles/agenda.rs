//! What will happen by itself: which stories go live or end when, in order.

use diesel::dsl;
use diesel::helper_types::InnerJoinQuerySource;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::access;
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::schema::{articles, publications};
use crate::db::types::text_enum;
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::http::page::{Key, List, Page, Start};

text_enum! {
    /// What will happen to a story.
    pub enum Planned {
        /// Readers begin to see a publication, in place of what they see now if they see something.
        GoesLive = "goes_live",
        /// Readers no longer see it.
        Expires = "expires",
    }
}

/// Something that will happen by itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Appointment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Planned,
    /// To which story.
    pub article: PlannedArticle,
    /// With which of its publications.
    pub publication: i32,
    /// Whether an embargo is what it waits for.
    pub embargoed: bool,
}

/// A story that something will happen to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlannedArticle {
    /// Its id.
    pub id: String,
    /// Its name in addresses, as it will be published.
    pub slug: String,
    /// Its headline, as it will be published.
    pub title: String,
}

/// One page of what will happen.
pub type AppointmentList = List<Appointment>;

type Row = (String, String, String, String, i32, Timestamp, Timestamp, Timestamp);

/// One page of what will happen to this caller's stories, the next thing first. Two queries, merged: every publication
/// begins and ends at different moments, so its id and the moment name one appointment.
pub fn list(connection: &mut AnyConnection, caller: &SignedIn, page: &Page, now: Timestamp) -> Result<AppointmentList> {
    let begins = || open(caller).filter(publications::live_from.gt(now));
    let ends = || {
        open(caller)
            .filter(publications::live_until.gt(now))
            .filter(publications::live_until.lt(Timestamp::FOREVER))
            // What is replaced does not end.
            .filter(publications::live_until.eq(publications::expires_at))
    };
    let total = match page.count {
        true => Some(begins().count().get_result::<i64>(connection)? + ends().count().get_result::<i64>(connection)?),
        false => None,
    };
    let (mut beginning, mut ending) = (begins(), ends());
    if let Start::After(keys) = &page.start {
        let (Some(at), Some(id)) = (keys.first(), keys.get(1)) else { return Err(Error::wrong_cursor()) };
        let (at, id) = (at.time()?, id.text()?);
        let begins_later = publications::live_from.eq(at).and(publications::id.gt(id.clone()));
        beginning = beginning.filter(publications::live_from.gt(at).or(begins_later));
        let ends_later = publications::live_until.eq(at).and(publications::id.gt(id));
        ending = ending.filter(publications::live_until.gt(at).or(ends_later));
    }
    // Rows of either kind may stand before the page.
    let most = page.offset() + page.fetch();
    let beginning: Vec<Row> = beginning
        .order((publications::live_from.asc(), publications::id.asc()))
        .limit(most)
        .select(COLUMNS)
        .load(connection)?;
    let ending: Vec<Row> = ending
        .order((publications::live_until.asc(), publications::id.asc()))
        .limit(most)
        .select(COLUMNS)
        .load(connection)?;
    let begins = beginning.into_iter().map(|row| (row.0.clone(), appointment(row, Planned::GoesLive)));
    let ends = ending.into_iter().map(|row| (row.0.clone(), appointment(row, Planned::Expires)));
    let mut rows: Vec<(String, Appointment)> = begins.chain(ends).collect();
    rows.sort_by(|(one, first), (other, second)| (first.at, one).cmp(&(second.at, other)));
    let before = usize::try_from(page.offset()).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..before);
    let list = page.list(rows, total, |(id, row)| vec![Key::from(row.at), Key::from(id.clone())]);
    Ok(list.map(|(_, row)| row))
}

const COLUMNS: (
    publications::id,
    publications::article_id,
    publications::slug,
    publications::title,
    publications::number,
    publications::partner_from,
    publications::live_from,
    publications::live_until,
) = (
    publications::id,
    publications::article_id,
    publications::slug,
    publications::title,
    publications::number,
    publications::partner_from,
    publications::live_from,
    publications::live_until,
);

/// The working copy of a publication.
type OfArticle = dsl::Eq<publications::article_id, articles::id>;

/// The publications, of stories that this caller may read, that the door has not ended.
fn open<'a>(
    caller: &SignedIn,
) -> dsl::IntoBoxed<'a, dsl::InnerJoinOn<publications::table, articles::table, OfArticle>, Backend> {
    type Joined = InnerJoinQuerySource<publications::table, articles::table, OfArticle>;
    let theirs = access::scope::<Joined>(caller, Permission::ReadDrafts);
    let joined = publications::table.inner_join(articles::table.on(publications::article_id.eq(articles::id)));
    joined.into_boxed().filter(publications::superseded.eq(false)).filter(theirs)
}

fn appointment(
    (_, id, slug, title, publication, partner_from, live_from, live_until): Row,
    change: Planned,
) -> Appointment {
    let begins = change == Planned::GoesLive;
    Appointment {
        at: if begins { live_from } else { live_until },
        change,
        article: PlannedArticle { id, slug, title },
        publication,
        embargoed: begins && partner_from < live_from,
    }
}

impl Appointment {
    /// An example for the API docs: a page of one.
    pub fn list_sample() -> Value {
        let one = json!({
            "at": "2027-03-01T05:00:00Z",
            "change": "goes_live",
            "article": {
                "id": "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d40", "slug": "budget", "title": "The budget, line by line"
            },
            "publication": 1,
            "embargoed": true
        });
        json!({ "data": [one], "next": null })
    }
}
