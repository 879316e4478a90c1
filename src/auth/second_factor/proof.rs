//! What somebody shows who changes how they sign in.

use super::code::Code;
use super::wrong_code;
use crate::auth::SignedIn;
use crate::auth::accounts::{Accounts, refuse, wrong_password};
use crate::auth::password::Password;
use crate::auth::user_store::{self, UserRow};
use crate::auth::visitor::Visitor;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::Journal;
use crate::http::query::WriteOptions;

/// What somebody shows who changes how they sign in.
pub struct Proof {
    /// Their password, unless the account has none.
    pub password: Option<Password>,
    /// A code that is good now, where a second factor is on.
    pub code: Option<Code>,
    /// Where they are.
    pub visitor: Visitor,
}

impl Accounts {
    /// Does something for whoever shows the password of their account and, where a second factor is on, a code. That is used
    /// up by it.
    ///
    /// Errors: 422 on `/current_password` or `/code` when it is wrong or missing.
    pub async fn with_proof<T: Send + 'static>(
        &self,
        user: &SignedIn,
        proof: Proof,
        work: impl FnOnce(&mut AnyConnection, &mut Journal, &UserRow) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Proof { password, code, visitor } = proof;
        let account = self.prove(user, password.as_ref()).await?;
        let factors = self.second_factors.clone();
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            let hash = &account.password_hash;
            if !user_store::confirm_password(connection, &account.id, hash, hash)? {
                return Err(wrong_password());
            }
            if super::is_on(connection, &account.id)? {
                let code = code.ok_or_else(missing_code)?;
                if !factors.accept(connection, journal, (&account.id, &code, &visitor))? {
                    return Ok(None);
                }
            }
            work(connection, journal, &account).map(Some)
        });
        write.await?.ok_or_else(wrong_code)
    }
}

fn missing_code() -> Error {
    let detail = "is required, because your second factor is on: what your app shows, or a recovery code";
    refuse(Rejection::field("/code", "required", detail))
}
