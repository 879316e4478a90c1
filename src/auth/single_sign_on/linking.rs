//! Links of accounts with identities at the provider: made by their owners, who show their password, or by an admin.

use serde::Serialize;
use utoipa::ToSchema;

use super::proof::Verifier;
use super::signing_in::code_not_good;
use super::store::{self, IdentityRow};
use super::ticket::{self, Errand, SignInCode};
use crate::auth::SignedIn;
use crate::auth::accounts::{Accounts, is_admin, keep_one_admin, only_way_in, wrong_password};
use crate::auth::hashing::is_a_password;
use crate::auth::password::Password;
use crate::auth::session_list::{self, forget_begun};
use crate::auth::user_store::{self, UserRow};
use crate::auth::visitor::Visitor;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::Actor;
use crate::http::query::WriteOptions;

/// How an account is linked with an identity at the provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityLink {
    /// Since when; `null` when it is not.
    #[schema(required)]
    pub linked_since: Option<Timestamp>,
    /// Who vouches for the person: the issuer.
    pub issuer: String,
    /// What the provider calls the person; `null` without a link.
    #[schema(required)]
    pub subject: Option<String>,
    /// When the person last came by it.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    /// Whether the account has a password, too.
    pub has_password: bool,
}

/// What somebody shows who links their account.
pub struct LinkProof {
    /// From the provider, by way of the page.
    pub code: SignInCode,
    /// What the front end kept.
    pub verifier: Verifier,
    /// Their password.
    pub password: Password,
}

impl IdentityLink {
    fn of(user: &UserRow, issuer: &str, identity: Option<IdentityRow>) -> IdentityLink {
        IdentityLink {
            linked_since: identity.as_ref().map(|row| row.created_at),
            last_used_at: identity.as_ref().and_then(|row| row.last_used_at),
            subject: identity.map(|row| row.subject),
            issuer: issuer.to_owned(),
            has_password: is_a_password(&user.password_hash),
        }
    }

    /// An example for the API docs.
    pub fn sample() -> IdentityLink {
        IdentityLink {
            linked_since: Timestamp::from_microseconds(1_763_900_000_000_000),
            issuer: "https://login.example.org".to_owned(),
            subject: Some("5f2d1c9e".to_owned()),
            last_used_at: None,
            has_password: true,
        }
    }
}

impl Accounts {
    /// How an account is linked with an identity of this issuer.
    ///
    /// Errors: 404 when there is no such account.
    pub async fn identity_link(&self, user_id: String, issuer: String) -> Result<IdentityLink> {
        let read = self.db.read(move |connection| {
            let user = user_store::find(connection, &user_id)?.ok_or(Error::NotFound("user"))?;
            let identity = store::find(connection, &user_id, &issuer)?;
            Ok(IdentityLink::of(&user, &issuer, identity))
        });
        read.await
    }

    /// Links one's own account with who the provider said came by this code.
    ///
    /// Errors: 400 on `/code`, 409 when the account or the identity is linked already, 422 on `/current_password`.
    pub async fn link_own(
        &self,
        user: &SignedIn,
        visitor: &Visitor,
        issuer: String,
        proof: LinkProof,
    ) -> Result<IdentityLink> {
        let LinkProof { code, verifier, password } = proof;
        let account = self.prove_password(user, &password).await?;
        let (hash, how) = (code.hash(), visitor.note_behind("by its owner"));
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            let password = &account.password_hash;
            if !user_store::confirm_password(connection, &account.id, password, password)? {
                return Err(wrong_password());
            }
            let ticket = ticket::find_code(connection, (Errand::Link, &hash), journal.now())?;
            let ticket = ticket.filter(|ticket| ticket.issuer.as_deref() == Some(&*issuer));
            let Some(ticket) = ticket else { return Ok(None) };
            if !ticket::take_code(connection, &hash)? || !verifier.fits(&ticket.challenge) {
                return Ok(None);
            }
            let subject = ticket.subject.unwrap_or_default();
            forget_begun(connection, &account.id)?;
            let identity = store::link(connection, journal, &account.id, (&issuer, &subject), how)?;
            Ok(Some(IdentityLink::of(&account, &issuer, Some(identity))))
        });
        write.await?.ok_or_else(code_not_good)
    }

    /// Removes the link of one's own account. Where groups decide, nobody gets out of their reach by that.
    ///
    /// Errors: 404 when there is none, 409 when groups decide, or when nothing else would be left to sign in with.
    pub async fn unlink_own(&self, user: &SignedIn, (issuer, by_groups): (String, bool)) -> Result<()> {
        let id = user.user_id.clone();
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            let (account, identity) = held(connection, &id, &issuer)?;
            if !is_a_password(&account.password_hash) {
                return Err(only_way_in());
            }
            if by_groups {
                let detail = "Your groups at the provider decide over your account as long as it is linked. An admin can \
                              remove the link.";
                return Err(Error::Conflict(Rejection::anywhere("groups_decide", detail)));
            }
            forget_begun(connection, &id)?;
            store::unlink(connection, journal, &identity).map(drop)
        });
        write.await
    }

    /// Links somebody's account with an identity, for an admin. Where groups decide from now on, what its password began
    /// ends.
    ///
    /// Errors: 404, 409 when the account or the identity is linked already.
    pub async fn link_user(
        &self,
        actor: Actor,
        options: WriteOptions,
        id: String,
        (issuer, by_groups): (String, bool),
        subject: String,
    ) -> Result<IdentityLink> {
        let write = self.ledger.write(actor, options, move |connection, journal| {
            user_store::hold(connection, &id)?;
            let user = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            forget_begun(connection, &id)?;
            if by_groups {
                session_list::end_all(connection, journal, (&id, None))?;
            }
            let identity = store::link(connection, journal, &id, (&issuer, &subject), "by an admin".to_owned())?;
            Ok(IdentityLink::of(&user, &issuer, Some(identity)))
        });
        write.await
    }

    /// Removes the link of somebody's account, and ends all of their sessions, for an admin.
    ///
    /// Errors: 404 when there is no such account, or it has no link; 409 when it is the admin's own, or the last admin's, and
    /// nothing else would be left to sign in with.
    pub async fn unlink_user(&self, actor: Actor, options: WriteOptions, id: String, issuer: String) -> Result<()> {
        let write = self.ledger.write(actor, options, move |connection, journal| {
            let user = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            // Held before the account itself, as everywhere.
            if is_admin(&user) && !is_a_password(&user.password_hash) {
                keep_one_admin(connection, &id)?;
            }
            let (account, identity) = held(connection, &id, &issuer)?;
            if journal.actor().user_id() == Some(&*id) && !is_a_password(&account.password_hash) {
                return Err(only_way_in());
            }
            store::unlink(connection, journal, &identity)?;
            session_list::end_all(connection, journal, (&id, None))
        });
        write.await
    }
}

/// An account with its link, held until the commit.
///
/// Errors: 404 when it has none.
fn held(connection: &mut AnyConnection, user_id: &str, issuer: &str) -> Result<(UserRow, IdentityRow)> {
    user_store::hold(connection, user_id)?;
    let user = user_store::find(connection, user_id)?.ok_or(Error::NotFound("user"))?;
    let identity = store::find(connection, user_id, issuer)?.ok_or(Error::NotFound("link with an identity"))?;
    Ok((user, identity))
}
