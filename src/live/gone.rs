//! What readers no longer see: for mirrors, which must take away what we took away.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::withdrawal::WithdrawalKind;
use crate::clock::Timestamp;
use crate::db::keyset::{self, Direction, sort_columns};
use crate::db::schema::{departures, withdrawals};
use crate::db::types::text_enum;
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::http::page::{List, Page};

text_enum! {
    /// Why readers no longer see a story.
    pub enum GoneReason {
        /// It was taken down; it may come back.
        Unpublished = "unpublished",
        /// Its time was over.
        Expired = "expired",
        /// It was withdrawn, its past included.
        Killed = "killed",
    }
}

/// A story that readers no longer see. Nothing is told of what was in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tombstone {
    /// The story's id.
    pub id: String,
    /// The slug under which it was last read; another story may have it now. `null` when the story was removed for good.
    #[schema(required)]
    pub slug: Option<String>,
    /// Since when readers do not see it; of a killed one, when it was killed.
    pub gone_at: Timestamp,
    /// Why.
    pub reason: GoneReason,
    /// What readers are told about a killed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason_public: Option<String>,
}

/// A row of `departures`.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = departures)]
pub struct DepartureRow {
    article_id: String,
    slug: Option<String>,
    gone_at: Timestamp,
    reason: GoneReason,
}

sort_columns! {
    /// What tombstones are sorted by.
    pub enum DepartureColumn for departures, DepartureRow {
        /// By when readers stopped seeing the story.
        GoneAt = "gone_at": time gone_at,
        /// By the story's id.
        Id = "id": text article_id,
    }
}

/// One page of the stories that readers do not see now and saw until some moment after `since`, in the order in which
/// they went.
pub fn list(
    connection: &mut AnyConnection,
    since: Option<Timestamp>,
    page: &Page,
    now: Timestamp,
) -> Result<List<Tombstone>> {
    let gone = || {
        let gone = departures::table
            .filter(departures::gone_at.le(now))
            .filter(departures::back_at.gt(now))
            .into_boxed::<Backend>();
        match since {
            Some(since) => gone.filter(departures::gone_at.gt(since)),
            None => gone,
        }
    };
    let total = if page.count { Some(gone().count().get_result(connection)?) } else { None };
    let order = keyset::total(None, (DepartureColumn::GoneAt, Direction::Ascending), DepartureColumn::Id);
    let rows: Vec<DepartureRow> =
        DepartureColumn::sorted(gone(), &order, page)?.select(DepartureRow::as_select()).load(connection)?;
    let list = page.list(rows, total, |row| DepartureColumn::keys(&order, row));
    let mut reasons = public_reasons(connection, &list.data)?;
    Ok(list.map(|row| Tombstone {
        reason_public: reasons.remove(&row.article_id),
        id: row.article_id,
        slug: row.slug,
        gone_at: row.gone_at,
        reason: row.reason,
    }))
}

/// Notes that a publication (its id, its story and its slug) was ended at the very moment at which it began. The triggers
/// take an empty interval for one that nobody saw; but whoever asked at that moment saw it, and has to be told.
pub fn note_same_moment(
    connection: &mut AnyConnection,
    ended: Option<(String, String, String)>,
    now: Timestamp,
) -> Result<()> {
    let Some((publication, article, slug)) = ended else { return Ok(()) };
    // Whoever was told before that it is gone has seen it come back, and has to be told anew.
    let absent = departures::table
        .filter(departures::article_id.eq(&article))
        .filter(departures::gone_at.le(now))
        .filter(departures::back_at.gt(now));
    diesel::update(absent).set(departures::back_at.eq(now)).execute(connection)?;
    let columns = (
        departures::publication_id.eq(publication),
        departures::article_id.eq(article),
        departures::slug.eq(slug),
        departures::gone_at.eq(now),
        departures::back_at.eq(Timestamp::FOREVER),
        departures::reason.eq(GoneReason::Unpublished),
    );
    diesel::insert_into(departures::table).values(columns).execute(connection)?;
    Ok(())
}

/// What readers are told about those that were killed.
fn public_reasons(connection: &mut AnyConnection, rows: &[DepartureRow]) -> Result<HashMap<String, String>> {
    let killed = rows.iter().filter(|row| row.reason == GoneReason::Killed);
    let killed: Vec<&str> = killed.map(|row| row.article_id.as_str()).collect();
    if killed.is_empty() {
        return Ok(HashMap::new());
    }
    let told: Vec<(String, Option<String>)> = withdrawals::table
        .filter(withdrawals::article_id.eq_any(killed))
        .filter(withdrawals::ended_at.eq(Timestamp::FOREVER))
        .filter(withdrawals::kind.eq(WithdrawalKind::Killed))
        .select((withdrawals::article_id, withdrawals::reason_public))
        .load(connection)?;
    Ok(told.into_iter().filter_map(|(id, reason)| Some((id, reason?))).collect())
}

impl Tombstone {
    /// An example for the API docs: a page of two.
    pub fn list_sample() -> Value {
        json!({
            "data": [
                {
                    "id": "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d41", "slug": "ferry-timetable",
                    "gone_at": "2026-03-04T17:00:00Z", "reason": "expired"
                },
                {
                    "id": "01997b2e-bb10-7d3e-8d41-3f6c2f0e9d42", "slug": "the-harbour-papers",
                    "gone_at": "2026-03-04T18:45:10.250Z", "reason": "killed",
                    "reason_public": "It rested on a forged document."
                }
            ],
            "next": null
        })
    }
}
