//! What somebody may do now, for what outlives the request that let them in: a token that is being made, a link that was
//! made last week.

use super::caller::{Credential, SignedIn};
use super::second_factor::SecondFactors;
use super::{api_tokens, roles, session_store, user_store};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Result};

/// The same caller with what they may do now, held until the commit: an account that was locked since the request came in
/// must not be left with anything that the request makes.
///
/// Errors: 401.
pub fn hold(connection: &mut AnyConnection, user: SignedIn, now: Timestamp) -> Result<SignedIn> {
    user_store::hold(connection, &user.user_id)?;
    let rights = match &user.credential {
        Credential::Session(id) => session_store::holder(connection, id, now)?.map(|holder| holder.rights),
        Credential::ApiToken(id) => api_tokens::find_by_id(connection, id, now)?.map(|bearer| bearer.rights),
        Credential::Absent => None,
    };
    match rights {
        Some(rights) => Ok(SignedIn { rights, ..user }),
        None => Err(Error::Unauthorized("What you signed in with has ended. Sign in again.".into())),
    }
}

/// Who made something, with this API token or without one, and what they may do now; `None` when they may no longer sign
/// in so.
pub fn of_maker(
    connection: &mut AnyConnection,
    (user_id, token_id): (&str, Option<&str>),
    (second_factors, now): (&SecondFactors, Timestamp),
) -> Result<Option<SignedIn>> {
    let maker = match token_id {
        Some(token_id) => api_tokens::find_by_id(connection, token_id, now)?.map(SignedIn::from),
        None => signed_in_by_nothing(connection, user_id)?,
    };
    let Some(maker) = maker else { return Ok(None) };
    let lacks_second_factor = second_factors.are_lacking(connection, &maker.user_id, &maker.rights)?;
    Ok(Some(SignedIn { lacks_second_factor, ..maker }))
}

fn signed_in_by_nothing(connection: &mut AnyConnection, user_id: &str) -> Result<Option<SignedIn>> {
    let Some(user) = user_store::find(connection, user_id)?.filter(|user| user.active) else { return Ok(None) };
    let rights = roles::rights_of(connection, user.role)?;
    Ok(Some(SignedIn { user_id: user.id, credential: Credential::Absent, rights, lacks_second_factor: false }))
}
