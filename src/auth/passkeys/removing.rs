//! The passkeys that an account has, and how it loses them: one by its owner, all by an admin or the operator.

use super::passkey::{Passkey, PasskeyList};
use super::store;
use crate::auth::accounts::{Accounts, only_way_in};
use crate::auth::hashing::is_a_password;
use crate::auth::single_sign_on::SingleSignOn;
use crate::auth::{SignedIn, session_list, user_store};
use crate::error::{Error, Result};
use crate::events::Actor;
use crate::http::query::WriteOptions;

impl Accounts {
    /// The passkeys of an account, the oldest first.
    pub async fn passkeys(&self, user_id: String) -> Result<PasskeyList> {
        let rows = self.db.read(move |connection| store::of_user(connection, &user_id)).await?;
        let data = rows.into_iter().map(Passkey::of).collect::<Result<_>>()?;
        Ok(PasskeyList { data, next: None, total: None })
    }

    /// Removes one of one's own.
    ///
    /// Errors: 404 when there is none, 409 when nothing else would be left to sign in with.
    pub async fn remove_own_passkey(&self, user: &SignedIn, single_sign_on: SingleSignOn, id: String) -> Result<()> {
        let user_id = user.user_id.clone();
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            user_store::hold(connection, &user_id)?;
            let account = user_store::find(connection, &user_id)?.ok_or(Error::NotFound("user"))?;
            let theirs = store::of_user(connection, &user_id)?;
            let row = theirs.iter().find(|row| row.id == id).ok_or(Error::NotFound("passkey"))?;
            let is_last = theirs.len() == 1 && !is_a_password(&account.password_hash);
            if is_last && !single_sign_on.leads_to(connection, &user_id)? {
                return Err(only_way_in());
            }
            store::remove(connection, journal, row).map(drop)
        });
        write.await
    }

    /// Removes all that somebody else has, and ends all of their sessions.
    ///
    /// Errors: 403 for one's own, 404 when there is no such account, or it has none.
    pub async fn remove_passkeys(&self, actor: Actor, options: WriteOptions, id: String) -> Result<()> {
        if actor.user_id() == Some(&id) {
            let detail = "Remove your own passkeys one by one: DELETE /v1/auth/passkeys/ID.";
            return Err(Error::Forbidden(detail.into()));
        }
        let write = self.ledger.write(actor, options, move |connection, journal| {
            user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            user_store::hold(connection, &id)?;
            if store::forget(connection, journal, &id)? == 0 {
                return Err(Error::NotFound("passkey"));
            }
            session_list::end_all(connection, journal, (&id, None))
        });
        write.await
    }
}
