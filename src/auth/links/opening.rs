//! What one-time links do to accounts.

use super::{Invite, Purpose, store};
use crate::auth::accounts::{Accounts, refuse};
use crate::auth::handed_out;
use crate::auth::limiter::ResetLimiter;
use crate::auth::password::{NewPassword, Owner};
use crate::auth::user_store::UserRow;
use crate::auth::visitor::Visitor;
use crate::auth::{session_list, user_store};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Actor, Event, Resource, Sealed};
use crate::http::fields::Email;
use crate::http::query::WriteOptions;
use crate::mail::queue;

impl Accounts {
    /// Invites somebody once more; earlier invites are good no more.
    ///
    /// Errors: 404, 409 when there is nobody to invite: they accepted, or may not sign in.
    pub async fn invite(&self, actor: Actor, options: WriteOptions, id: String) -> Result<Invite> {
        let links = self.links.clone();
        let write = self.ledger.write(actor, options, move |connection, journal| {
            let user = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            if !Purpose::Invite.suits(&user) {
                let detail = "This account has a password already, or is switched off; only one that is active and \
                              was never used can be invited.";
                return Err(Error::Conflict(Rejection::anywhere("not_invited", detail)));
            }
            store::forget(connection, &user.id)?;
            links.invite(connection, journal, &user)
        });
        let invite = write.await?;
        Ok(if options.dry_run { Invite { link: None, ..invite } } else { invite })
    }

    /// Notes that somebody forgot a password. The letter is written later, and only when there is such an account; here
    /// the same is done for every address.
    ///
    /// Errors: 429 after too many for one address.
    pub async fn forgot_password(&self, limiter: &ResetLimiter, visitor: &Visitor, email: &Email) -> Result<()> {
        limiter.count(self.ledger.now(), visitor.network(), &email.key())?;
        let (key, note, by_mail) = (email.key(), visitor.note(), self.links.by_mail);
        let write = self.ledger.write(Actor::Anonymous, WriteOptions::default(), move |connection, journal| {
            let user = user_store::find_by_email(connection, &key)?;
            let id = user.map_or_else(|| "unknown".to_owned(), |user| user.id);
            if by_mail {
                queue::put(connection, Purpose::Reset.as_str(), key, journal.now())?;
            }
            journal.record(Event::new(Action::ResetAsked, Resource::User, id).noted(note));
            Ok(())
        });
        write.await
    }

    /// Sets a password by a link, once. Ends every session and takes back what was given out, passkeys included.
    ///
    /// Errors: 400 on `/token` when the link is not good, or not any more; 422 when the password gives the name away, and
    /// then the link stays good.
    pub async fn open_link(
        &self,
        visitor: &Visitor,
        (purpose, hash): (Purpose, String),
        password: &NewPassword,
    ) -> Result<()> {
        let (now, key) = (self.ledger.now(), hash.clone());
        let found = self.db.read(move |connection| store::owner(connection, (purpose, &key), now)).await?;
        let Some(user) = found else {
            self.note_refused_link(visitor, purpose).await?;
            return Err(not_good());
        };
        let owner = Owner { email: &user.email, name: &user.name, site: self.passwords.site() };
        password.check_against(&owner, "/password").map_err(refuse)?;
        let password_hash = self.passwords.hash(password).await?;
        let note = visitor.note();
        let write =
            self.ledger.write(Actor::User(user.id.clone()), WriteOptions::default(), move |connection, journal| {
                // Held first, so that another password, address or state comes entirely before this or after.
                user_store::hold(connection, &user.id)?;
                let row = store::owner(connection, (purpose, &hash), journal.now())?.ok_or_else(not_good)?;
                if !store::take(connection, &hash)? {
                    return Err(not_good());
                }
                let version = row.version + 1;
                let row = UserRow { password_hash, invited: false, version, updated_at: journal.now(), ..row };
                user_store::update(connection, &row)?;
                session_list::end_all(connection, journal, (&row.id, None))?;
                handed_out::take_back(connection, journal, &row.id)?;
                let action = match purpose {
                    Purpose::Invite => Action::InviteAccepted,
                    Purpose::Reset => Action::PasswordReset,
                };
                let opened = Event { action, ..Event::updated(Resource::User, &row.id, row.version) };
                journal.record(opened.noted(note).sealing(row.seal(connection)?));
                Ok(())
            });
        write.await
    }

    async fn note_refused_link(&self, visitor: &Visitor, purpose: Purpose) -> Result<()> {
        let from = visitor.note().map_or_else(String::new, |from| format!(", {from}"));
        let note = Some(format!("{purpose}{from}"));
        let write = self.ledger.write(Actor::Anonymous, WriteOptions::default(), move |_, journal| {
            journal.record(Event::new(Action::LinkRefused, Resource::User, "unknown").noted(note));
            Ok(())
        });
        write.await
    }
}

/// One answer, whatever the reason.
fn not_good() -> Error {
    let detail = "is of a link that was used, has run out or was replaced by a later one; ask for another";
    Error::BadRequest(vec![Rejection::field("/token", "link_not_good", detail)])
}
