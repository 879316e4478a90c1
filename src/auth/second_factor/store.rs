//! The rows of second factors and recovery codes.
//!
//! A code is used up by one conditional `UPDATE` or `DELETE`, and by looking at how many rows it met: that is what makes two
//! requests with one code safe on both databases.

use std::time::Duration;

use diesel::prelude::*;

use super::code::RecoveryCode;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{recovery_codes, second_factors};
use crate::error::Result;

/// Wrong codes in a row after which only a recovery code is accepted (NIST SP 800-63B allows 100).
pub const MOST_WRONG: i32 = 100;

/// How long a secret waits for the first code.
const ENROLMENT: Duration = Duration::from_secs(60 * 60);

/// A factor as it is stored.
#[derive(Queryable, Insertable)]
#[diesel(table_name = second_factors)]
pub struct FactorRow {
    /// Whose it is.
    pub user_id: String,
    /// The secret, encrypted.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is asked for; until then it is only shown.
    pub on_since: Option<Timestamp>,
    /// The step of time of the code that was accepted last.
    pub last_step: i64,
    /// Refused codes since then.
    pub wrong_codes: i32,
}

/// The factor of an account that is on.
pub fn find(connection: &mut AnyConnection, user_id: &str) -> Result<Option<FactorRow>> {
    let on = second_factors::table.find(user_id).filter(second_factors::on_since.is_not_null());
    Ok(on.first(connection).optional()?)
}

/// The factor of an account that waits for its first code.
pub fn find_begun(connection: &mut AnyConnection, user_id: &str, now: Timestamp) -> Result<Option<FactorRow>> {
    let begun = second_factors::table
        .find(user_id)
        .filter(second_factors::on_since.is_null())
        .filter(second_factors::created_at.gt(now.before(ENROLMENT)));
    Ok(begun.first(connection).optional()?)
}

/// Keeps the secret of a factor that is not on yet, in place of an earlier one.
pub fn begin(connection: &mut AnyConnection, user_id: &str, secret: Vec<u8>, now: Timestamp) -> Result<()> {
    let earlier = second_factors::table.find(user_id).filter(second_factors::on_since.is_null());
    diesel::delete(earlier).execute(connection)?;
    let user_id = user_id.to_owned();
    let row = FactorRow { user_id, secret, created_at: now, on_since: None, last_step: 0, wrong_codes: 0 };
    diesel::insert_into(second_factors::table).values(row).execute(connection)?;
    Ok(())
}

/// Turns a factor on; the code that did is used up with it. `false` when somebody was faster.
pub fn turn_on(connection: &mut AnyConnection, user_id: &str, step: i64, now: Timestamp) -> Result<bool> {
    let begun = second_factors::table.find(user_id).filter(second_factors::on_since.is_null());
    let on = (second_factors::on_since.eq(now), second_factors::last_step.eq(step));
    Ok(diesel::update(begun).set(on).execute(connection)? == 1)
}

/// Uses up the code of a step, and every earlier one; `false` when that was done before, or after too many wrong ones.
pub fn use_step(connection: &mut AnyConnection, user_id: &str, step: i64) -> Result<bool> {
    let unused = second_factors::table
        .find(user_id)
        .filter(second_factors::on_since.is_not_null())
        .filter(second_factors::last_step.lt(step))
        .filter(second_factors::wrong_codes.lt(MOST_WRONG));
    let used = (second_factors::last_step.eq(step), second_factors::wrong_codes.eq(0));
    Ok(diesel::update(unused).set(used).execute(connection)? == 1)
}

/// Uses up a recovery code; `false` when there is none. Codes from the app are accepted again.
pub fn use_recovery_code(connection: &mut AnyConnection, user_id: &str, code: &RecoveryCode) -> Result<bool> {
    let unused = recovery_codes::table.find(code.hash()).filter(recovery_codes::user_id.eq(user_id));
    if diesel::delete(unused).execute(connection)? == 0 {
        return Ok(false);
    }
    diesel::update(second_factors::table.find(user_id)).set(second_factors::wrong_codes.eq(0)).execute(connection)?;
    Ok(true)
}

/// Counts a refused code.
pub fn count_wrong(connection: &mut AnyConnection, user_id: &str) -> Result<()> {
    let more = second_factors::wrong_codes.eq(second_factors::wrong_codes + 1);
    // Counted to the end and not for ever: numbers have a largest one.
    let counting = second_factors::table.find(user_id).filter(second_factors::wrong_codes.lt(MOST_WRONG));
    diesel::update(counting).set(more).execute(connection)?;
    Ok(())
}

/// Keeps fresh recovery codes in place of those that there are.
pub fn replace_recovery_codes(connection: &mut AnyConnection, user_id: &str, codes: &[RecoveryCode]) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user_id))).execute(connection)?;
    for code in codes {
        let row = (recovery_codes::hash.eq(code.hash()), recovery_codes::user_id.eq(user_id));
        diesel::insert_into(recovery_codes::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// How many recovery codes are left.
pub fn recovery_codes_left(connection: &mut AnyConnection, user_id: &str) -> Result<i64> {
    Ok(recovery_codes::table.filter(recovery_codes::user_id.eq(user_id)).count().get_result(connection)?)
}

/// Removes a factor that is on, with its recovery codes; `false` when there is none.
pub fn remove(connection: &mut AnyConnection, user_id: &str) -> Result<bool> {
    let on = second_factors::table.find(user_id).filter(second_factors::on_since.is_not_null());
    Ok(diesel::delete(on).execute(connection)? == 1)
}

/// Deletes the secrets that waited for a first code in vain; gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let given_up = second_factors::table
        .filter(second_factors::on_since.is_null())
        .filter(second_factors::created_at.le(now.before(ENROLMENT)));
    Ok(diesel::delete(given_up).execute(connection)?)
}
