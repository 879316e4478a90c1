//! Whether a story is killed, under embargo or in the trash: exactly when the log and the working copy say so.

use diesel::prelude::*;

use super::publications::Published;
use super::story::Logged;
use super::{Checked, expect, readable};
use crate::articles::{ArticleRow, told_of_kill};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::withdrawals;
use crate::events::Action;
use crate::live::WithdrawalKind;

/// A row of `withdrawals`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = withdrawals)]
struct Withdrawal {
    kind: WithdrawalKind,
    begun_at: Timestamp,
    ended_at: Timestamp,
    up_to: i32,
    reason_public: Option<String>,
    reason_internal: Option<String>,
}

/// Holds a story's withdrawals against the log and against its embargo.
pub fn check(
    connection: &mut AnyConnection,
    row: &ArticleRow,
    log: &[Logged],
    (published, now): (&Published, Timestamp),
) -> Checked {
    let rows = withdrawals::table
        .filter(withdrawals::article_id.eq(&row.id))
        // In the order in which they were made.
        .order((withdrawals::up_to.asc(), withdrawals::id.asc()))
        .select(Withdrawal::as_select())
        .load(connection);
    let rows: Vec<Withdrawal> = readable(format!("withdrawals, article {}", row.id), rows)?;
    check_open(row, log, &rows)?;
    check_kills(row, log, &rows)?;
    check_embargo(row, &rows, (published, now))
}

fn check_open(row: &ArticleRow, log: &[Logged], rows: &[Withdrawal]) -> Checked {
    let last = |begins: Action, ends: Action| {
        let of_two = log.iter().rev().find(|entry| entry.action == begins || entry.action == ends);
        of_two.is_some_and(|entry| entry.action == begins)
    };
    let open = |kind: WithdrawalKind| rows.iter().any(|row| row.kind == kind && row.ended_at == Timestamp::FOREVER);
    let (killed, trashed) = (last(Action::Killed, Action::Published), last(Action::Deleted, Action::Restored));
    let published = log.iter().any(Logged::is_publication);
    let said = |action: Action, at: Timestamp| log.iter().any(|entry| entry.action == action && entry.at == at);
    let ends_as_said = |row: &Withdrawal| match row.kind {
        _ if row.ended_at == Timestamp::FOREVER => true,
        WithdrawalKind::Killed => said(Action::Published, row.ended_at),
        WithdrawalKind::Trashed => said(Action::Restored, row.ended_at),
        WithdrawalKind::Embargoed => true,
    };
    let begins_as_said = |row: &Withdrawal| row.kind != WithdrawalKind::Trashed || said(Action::Deleted, row.begun_at);
    let as_logged = rows.iter().all(|row| begins_as_said(row) && ends_as_said(row))
        && row.killed_at.is_some() == killed
        && row.deleted_at.is_some() == trashed
        && open(WithdrawalKind::Killed) == killed
        && open(WithdrawalKind::Trashed) == (trashed && published);
    let what = "whether it is killed or in the trash is not what the log says";
    expect(as_logged, format!("articles, id {}", row.id), what)
}

/// A kill withdraws what had been published when it was said, and readers and colleagues are told why as it was said.
fn check_kills(row: &ArticleRow, log: &[Logged], rows: &[Withdrawal]) -> Checked {
    let mut kills = rows.iter().filter(|row| row.kind == WithdrawalKind::Killed);
    for (place, entry) in log.iter().enumerate().filter(|(_, entry)| entry.action == Action::Killed) {
        let published = log.iter().take(place).filter(|before| before.is_publication()).count();
        let as_said = match kills.next() {
            Some(kill) => {
                usize::try_from(kill.up_to).is_ok_and(|up_to| up_to == published)
                    && kill.begun_at == entry.at
                    && entry.digest == Some(told_of_kill(&row.id, kill.reason_public.as_deref())?)
                    && entry.note == kill.reason_internal
            }
            None => false,
        };
        expect(as_said, format!("withdrawals, article {}", row.id), "what was killed, or why, is not what was said")?;
    }
    expect(kills.next().is_none(), format!("withdrawals, article {}", row.id), "the log does not know a kill")
}

/// While an embargo holds, what readers saw before it is out of their sight; and nothing is without one.
fn check_embargo(row: &ArticleRow, rows: &[Withdrawal], (published, now): (&Published, Timestamp)) -> Checked {
    let embargo = row.embargo_until.filter(|end| *end > now);
    let mut held_back = rows.iter().filter(|row| row.kind == WithdrawalKind::Embargoed && row.ended_at > now);
    let all_known = held_back.clone().all(|row| Some(row.ended_at) == embargo);
    let was_read =
        |end: Timestamp| published.slots.iter().any(|slot| slot.live_until > slot.live_from && slot.live_from < end);
    let hides = !embargo.is_some_and(was_read) || held_back.next().is_some();
    let what = "what is out of sight under embargo is not what the working copy says";
    expect(all_known && hides, format!("withdrawals, article {}", row.id), what)
}
