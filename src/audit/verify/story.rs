//! Every story against the log: what it says was saved and published is there, and nothing else.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{BATCH, Checked, Counts, copy, expect, publications, readable, review, withdrawals};
use crate::articles::ArticleRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{articles, events, publications as published};
use crate::error::Result;
use crate::events::{Action, Resource};

/// What the log says of a story, in order.
pub struct Logged {
    pub action: Action,
    pub at: Timestamp,
    pub version: Option<i32>,
    pub digest: Option<String>,
    pub note: Option<String>,
}

impl Logged {
    /// Whether a publication was made here.
    pub fn is_publication(&self) -> bool {
        matches!(self.action, Action::Published | Action::Embargoed)
    }
}

/// Goes through every story that the log or the database knows.
pub fn check_all(connection: &mut AnyConnection, now: Timestamp, counts: &mut Counts) -> Checked {
    let mut after = 0;
    loop {
        let begun: Vec<(i64, String)> = events::table
            .filter(events::position.gt(after))
            .filter(events::resource_kind.eq(Resource::Article))
            .filter(events::action.eq(Action::Created))
            .order(events::position.asc())
            .limit(BATCH)
            .select((events::position, events::resource_id))
            .load(connection)?;
        let Some((last, _)) = begun.last() else { break };
        after = *last;
        for (_, id) in begun {
            check(connection, &id, now, counts)?;
        }
    }
    refuse_invented(connection)
}

/// Refuses stories and publications that nothing in the log made.
fn refuse_invented(connection: &mut AnyConnection) -> Checked {
    let begun = || {
        let begun = events::table.filter(events::resource_kind.eq(Resource::Article));
        begun.filter(events::action.eq(Action::Created))
    };
    let known = exists(begun().filter(events::resource_id.eq(articles::id)));
    let invented = articles::table.filter(not(known)).order(articles::id).select(articles::id);
    if let Some(id) = invented.first::<String>(connection).optional()? {
        expect(false, format!("articles, id {id}"), "the log does not know this story")?;
    }
    let known = exists(begun().filter(events::resource_id.eq(published::article_id)));
    let invented = published::table.filter(not(known));
    let invented = invented.order(published::id).select(published::id);
    match invented.first::<String>(connection).optional()? {
        Some(id) => expect(false, format!("publications, id {id}"), "the log does not know its story"),
        None => Ok(()),
    }
}

/// Checks one story that the log knows.
fn check(connection: &mut AnyConnection, id: &str, now: Timestamp, counts: &mut Counts) -> Checked {
    let log = logged(connection, id)?;
    let place = format!("articles, id {id}");
    let row = articles::table.find(id).select(ArticleRow::as_select()).first(connection).optional();
    let row: Option<ArticleRow> = readable(&place, row)?;
    if log.iter().any(|entry| entry.action == Action::Purged) {
        counts.purged += 1;
        return expect(row.is_none(), place, "this story was purged and is here again");
    }
    let Some(row) = row else { return expect(false, place, "this story was removed by hand") };
    counts.stories += 1;
    copy::check_revisions(connection, &row, &log, counts)?;
    copy::check_index(connection, &row, &log)?;
    review::check(&row, &log)?;
    let published = publications::check(connection, id, &log, (now, counts))?;
    copy::check_door(&row, &log, &published)?;
    withdrawals::check(connection, &row, &log, (&published, now))
}

fn logged(connection: &mut AnyConnection, id: &str) -> Result<Vec<Logged>> {
    type Row = (Action, Timestamp, Option<i32>, Option<String>, Option<String>);
    let rows: Vec<Row> = events::table
        .filter(events::resource_kind.eq(Resource::Article))
        .filter(events::resource_id.eq(id))
        .order(events::position.asc())
        .select((events::action, events::at, events::version_after, events::digest, events::note))
        .load(connection)?;
    let entry = |(action, at, version, digest, note)| Logged { action, at, version, digest, note };
    Ok(rows.into_iter().map(entry).collect())
}
