//! Stories that were taken out of the readers' sight altogether, their past included.

use diesel::prelude::*;

use super::store::was_read;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{killed_publications, publications, withdrawals};
use crate::db::types::text_enum;
use crate::error::{Error, Result};

text_enum! {
    /// Why a story is out of sight.
    pub enum WithdrawalKind {
        /// It was killed: readers who knew it are told so.
        Killed = "killed",
        /// It is in the trash: readers are told nothing.
        Trashed = "trashed",
        /// It is under embargo: readers are told nothing until that ends, whatever they saw before.
        Embargoed = "embargoed",
    }
}

/// Refuses a story that was killed, when readers ever saw it: to them anything else never existed.
///
/// Errors: 410 with the public reason.
pub fn refuse_killed(connection: &mut AnyConnection, article: &str) -> Result<()> {
    let reason: Option<(Timestamp, Option<String>)> = withdrawals::table
        .filter(withdrawals::article_id.eq(article))
        .filter(withdrawals::ended_at.eq(Timestamp::FOREVER))
        .filter(withdrawals::kind.eq(WithdrawalKind::Killed))
        .select((withdrawals::begun_at, withdrawals::reason_public))
        .first(connection)
        .optional()?;
    let Some((killed_at, reason)) = reason else { return Ok(()) };
    let read = publications::table.filter(publications::article_id.eq(article)).filter(was_read(killed_at));
    match diesel::select(diesel::dsl::exists(read)).get_result(connection)? {
        true => Err(Error::Gone(reason.unwrap_or_default())),
        false => Ok(()),
    }
}

/// The publications that kills withdrew. They stay out of sight when their story comes back: an admin who publishes a
/// cleaned text does not publish the one that had to go.
#[diesel::dsl::auto_type]
pub fn killed() -> _ {
    killed_publications::table.select(killed_publications::publication_id)
}

/// The stories that are withdrawn at this moment.
#[diesel::dsl::auto_type]
pub fn withdrawn_at(now: Timestamp) -> _ {
    withdrawals::table.filter(withdrawals::ended_at.gt(now)).select(withdrawals::article_id)
}
