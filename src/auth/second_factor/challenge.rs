//! What stands between a right password and a session: a token that is good for the code only, for five minutes, for five
//! wrong codes, and until the password is changed.

use std::time::Duration;

use diesel::prelude::*;

use crate::auth::opaque_token::{Kind, OpaqueToken};
use crate::auth::user_store::UserRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{sign_in_challenges, users};
use crate::error::Result;
use crate::hash::sha256;

/// How long a challenge is good.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Wrong codes after which a challenge is good no more.
const MOST_ATTEMPTS: i32 = 5;

/// The token of a challenge.
pub type ChallengeToken = OpaqueToken<Challenging>;

/// Going on with a sign-in whose password was right.
pub struct Challenging;

impl Kind for Challenging {
    const PREFIX: &'static str = "dlc_";
    const NAME: &'static str = "ChallengeToken";
    const CODE: &'static str = "invalid_challenge";
    const DETAIL: &'static str = "must be the challenge that signing in gave; it begins with dlc_";
}

/// Keeps a challenge for an account whose password was just found right.
pub fn put(connection: &mut AnyConnection, token: &ChallengeToken, user: &UserRow, now: Timestamp) -> Result<()> {
    let row = (
        sign_in_challenges::hash.eq(token.hash()),
        sign_in_challenges::user_id.eq(&user.id),
        sign_in_challenges::password.eq(sha256(user.password_hash.as_bytes())),
        sign_in_challenges::attempts.eq(0),
        sign_in_challenges::expires_at.eq(now.after(LIFETIME)),
    );
    diesel::insert_into(sign_in_challenges::table).values(row).execute(connection)?;
    Ok(())
}

/// Whose challenge this is, when it is good now and the account still has the password that it was made with.
pub fn owner(connection: &mut AnyConnection, hash: &str, now: Timestamp) -> Result<Option<UserRow>> {
    let found: Option<(UserRow, String)> = sign_in_challenges::table
        .inner_join(users::table.on(users::id.eq(sign_in_challenges::user_id)))
        .filter(sign_in_challenges::hash.eq(hash))
        .filter(sign_in_challenges::expires_at.gt(now))
        .filter(sign_in_challenges::attempts.lt(MOST_ATTEMPTS))
        .select((users::all_columns, sign_in_challenges::password))
        .first(connection)
        .optional()?;
    let same = |(user, password): &(UserRow, String)| sha256(user.password_hash.as_bytes()) == *password;
    Ok(found.filter(same).map(|(user, _)| user))
}

/// Uses up a challenge; `false` when it was used before.
pub fn take(connection: &mut AnyConnection, hash: &str) -> Result<bool> {
    Ok(diesel::delete(sign_in_challenges::table.find(hash)).execute(connection)? == 1)
}

/// Counts a wrong code.
pub fn count_attempt(connection: &mut AnyConnection, hash: &str) -> Result<()> {
    let more = sign_in_challenges::attempts.eq(sign_in_challenges::attempts + 1);
    diesel::update(sign_in_challenges::table.find(hash)).set(more).execute(connection)?;
    Ok(())
}

/// Forgets every challenge of an account: there is no factor any more that they ask for, or nobody is to get in by them.
pub fn forget(connection: &mut AnyConnection, user_id: &str) -> Result<()> {
    let of_user = sign_in_challenges::table.filter(sign_in_challenges::user_id.eq(user_id));
    diesel::delete(of_user).execute(connection)?;
    Ok(())
}

/// Deletes challenges that have run out; gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    let over = sign_in_challenges::table.filter(sign_in_challenges::expires_at.le(now));
    Ok(diesel::delete(over).execute(connection)?)
}
