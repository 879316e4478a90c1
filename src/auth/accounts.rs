//! What can be done to accounts: the same for the API and the command line.
//!
//! The command line finds an account with [`Accounts::find`] and changes it with [`Accounts::update`], so that setting
//! a role there obeys the rules that setting it here does.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::hashing::{Passwords, Verdict, is_a_password, no_password};
use super::links::Links;
use super::password::{NewPassword, Owner, Password};
use super::registered::registered;
use super::role::Role;
use super::second_factor::SecondFactors;
use super::user::{FreshUser, NewUser, User, UserFilter, UserInput};
use super::user_store::{self, Possessions, UserRow, WholeUser};
use super::{SignedIn, handed_out, roles, session_list, session_store, single_sign_on};
use crate::db::types::new_id;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Rejection, Result};
use crate::events::{self, Actor, Event, Journal, Ledger, Resource, Sealed};
use crate::http::etag::IfMatch;
use crate::http::page::{Key, List, Page};
use crate::http::patch::Patch;
use crate::http::query::WriteOptions;

/// For how long having signed in stands in place of a password, for whoever has none.
const JUST_NOW: Duration = Duration::from_secs(10 * 60);

/// What to do then.
const SIGN_IN_AGAIN: &str =
    "your account has no password, so sign in once more by single sign-on, and come back within ten minutes";

/// The accounts of the newsroom.
#[derive(Clone)]
pub struct Accounts {
    pub(super) db: Db,
    pub(super) ledger: Ledger,
    pub(super) passwords: Passwords,
    pub(super) links: Links,
    pub(super) second_factors: SecondFactors,
}

impl FromRequest for Accounts {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(registered::<Db>(request).and_then(|db| {
            let ledger = registered::<Ledger>(request)?;
            let passwords = registered::<Passwords>(request)?;
            let links = registered::<Links>(request)?;
            let second_factors = registered::<SecondFactors>(request)?;
            Ok(Accounts {
                db: db.get_ref().clone(),
                ledger: ledger.get_ref().clone(),
                passwords: passwords.get_ref().clone(),
                links: links.get_ref().clone(),
                second_factors: second_factors.get_ref().clone(),
            })
        }))
    }
}

impl Accounts {
    /// For commands, which have no request.
    pub fn new(
        db: Db,
        ledger: Ledger,
        passwords: Passwords,
        (links, second_factors): (Links, SecondFactors),
    ) -> Accounts {
        Accounts { db, ledger, passwords, links, second_factors }
    }

    /// One page of accounts, in the order of their e-mail addresses.
    ///
    /// Errors: 400 when there is no such role.
    pub async fn list(&self, filter: UserFilter, page: Page) -> Result<List<User>> {
        let list = self.db.read(move |connection| {
            roles::refuse_unknown(connection, &filter.role.0)?;
            let (rows, total) = user_store::list(connection, &filter, &page)?;
            Ok(page.list(rows, total, |(row, _)| vec![Key::from(row.email_key.clone()), Key::from(row.id.clone())]))
        });
        Ok(list.await?.map(whole))
    }

    /// Every account, in the order of their e-mail addresses.
    pub async fn all(&self) -> Result<Vec<User>> {
        let rows = self.db.read(user_store::all).await?;
        Ok(rows.into_iter().map(whole).collect())
    }

    /// The account with this id.
    pub async fn get(&self, id: String) -> Result<User> {
        let found = self.db.read(move |connection| user_store::find_whole(connection, &id)).await?;
        found.map(whole).ok_or(Error::NotFound("user"))
    }

    /// The account with this e-mail address, in any case.
    pub async fn find(&self, email: &str) -> Result<User> {
        let key = email.trim().to_lowercase();
        let found = self.db.read(move |connection| {
            let row = user_store::find_by_email(connection, &key)?;
            row.map(|row| show(connection, row)).transpose()
        });
        found.await?.ok_or(Error::NotFound("user"))
    }

    /// Makes an account; without a password, invites the person to set one.
    ///
    /// Errors: 409 on `/email` when there is one already, 422 when the password gives the name away or there is no such
    /// role.
    pub async fn create(&self, actor: Actor, options: WriteOptions, new: NewUser) -> Result<FreshUser> {
        let password_hash = match &new.password {
            Some(password) => {
                let owner = Owner { email: &new.email, name: &new.name, site: self.passwords.site() };
                password.check_against(&owner, "/password").map_err(refuse)?;
                self.passwords.hash(password).await?
            }
            None => no_password(),
        };
        let links = self.links.clone();
        let write = self.ledger.write(actor, options, move |connection, journal| {
            still_manages_accounts(connection, journal.actor())?;
            roles::hold(connection, &new.role)?;
            let row = UserRow {
                id: new_id(),
                email_key: new.email.key(),
                email: new.email.into(),
                name: new.name.into(),
                role: new.role.into(),
                password_hash,
                active: new.active,
                version: 1,
                created_at: journal.now(),
                updated_at: journal.now(),
                invited: new.password.is_none(),
            };
            user_store::insert(connection, &row)?;
            journal.record(Event::created(Resource::User, &row.id).sealing(row.seal(connection)?));
            let invite = match row.invited && row.active {
                true => Some(links.invite(connection, journal, &row)?),
                false => None,
            };
            Ok(FreshUser { user: User::of(row, Possessions::default()), invite })
        });
        let fresh = write.await?;
        // What was only tried is not kept, and its link would be good for nothing.
        let invite = fresh.invite.filter(|_| !options.dry_run);
        Ok(FreshUser { invite, ..fresh })
    }

    /// Changes an account. Another e-mail address, role, password or state ends all of its sessions.
    ///
    /// Errors: 404, 412, 409 on `/email`, 409 `last_admin` when nobody would be left to manage accounts, 422 when there is
    /// no such role.
    pub async fn update(
        &self,
        (actor, options): (Actor, WriteOptions),
        id: String,
        if_match: IfMatch,
        change: UserInput,
    ) -> Result<User> {
        let password_hash = match change.password.as_value() {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let passwords = self.passwords.clone();
        let write = self.ledger.write(actor, options, move |connection, journal| {
            still_manages_accounts(connection, journal.actor())?;
            let old = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            if_match.check(old.version)?;
            if let Some(password) = change.password.as_value() {
                let email = change.email.as_value().map_or(old.email.as_str(), |email| email);
                let name = change.name.as_value().map_or(old.name.as_str(), |name| name);
                let owner = Owner { email, name, site: passwords.site() };
                password.check_against(&owner, "/password").map_err(refuse)?;
            }
            if let Some(role) = change.role.as_value() {
                roles::hold(connection, role)?;
            }
            let new = changed(&old, change, password_hash);
            let row = store_change(connection, journal, &old, new, None)?;
            show(connection, row)
        });
        write.await
    }

    /// Deletes an account with its sessions, API tokens and preview links. Its stories stay.
    ///
    /// Errors: 404, 412, 409 `last_admin` when nobody would be left to manage accounts.
    pub async fn delete(&self, actor: Actor, options: WriteOptions, id: String, if_match: IfMatch) -> Result<()> {
        let write = self.ledger.write(actor, options, move |connection, journal| {
            let seen = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            if_match.check(seen.version)?;
            if is_admin(&seen) {
                keep_one_admin(connection, &id)?;
            }
            // Held before anything goes, so that nothing is given to the account that would go with it without an entry in
            // the log; and only then, because all admins are held before one account.
            user_store::hold(connection, &id)?;
            let row = user_store::find(connection, &id)?.ok_or(Error::NotFound("user"))?;
            if_match.check(row.version)?;
            if is_admin(&row) && !is_admin(&seen) {
                keep_one_admin(connection, &id)?;
            }
            session_list::end_all(connection, journal, (&id, None))?;
            handed_out::take_back(connection, journal, &id)?;
            single_sign_on::forget_identities(connection, journal, &id)?;
            user_store::delete(connection, &id, row.version)?;
            journal.record(Event::deleted(Resource::User, id, row.version));
            Ok(())
        });
        write.await
    }

    /// Changes one's own password. Every other session, API token, preview link and passkey ends, and this session can no
    /// longer be refreshed.
    ///
    /// Errors: 422 on `/current_password` when it is wrong.
    pub async fn change_password(&self, user: &SignedIn, current: &Password, new: &NewPassword) -> Result<()> {
        let old = self.prove_password(user, current).await?;
        let owner = Owner { email: &old.email, name: &old.name, site: self.passwords.site() };
        new.check_against(&owner, "/new_password").map_err(refuse)?;
        let hash = self.passwords.hash(new).await?;
        let session_id = user.session_id().unwrap_or_default().to_owned();
        let write = self.ledger.write(user.actor(), WriteOptions::default(), move |connection, journal| {
            if !user_store::confirm_password(connection, &old.id, &old.password_hash, &hash)? {
                return Err(wrong_password());
            }
            // Read again: the name may have been changed while the password was being checked.
            let row = user_store::find(connection, &old.id)?.ok_or(Error::NotFound("user"))?;
            let row = UserRow { version: row.version + 1, updated_at: journal.now(), ..row };
            user_store::update(connection, &row)?;
            session_list::end_all(connection, journal, (&row.id, Some(session_id.as_str())))?;
            session_store::forget_tokens(connection, &session_id)?;
            // Whoever changes a password because somebody may know it means what was made with it, too.
            handed_out::take_back(connection, journal, &row.id)?;
            journal.record(Event::updated(Resource::User, &row.id, row.version).sealing(row.seal(connection)?));
            Ok(())
        });
        write.await
    }

    /// The account of whoever calls, when this is its password.
    ///
    /// Errors: 422 on `/current_password` when it is not.
    pub(super) async fn prove_password(&self, user: &SignedIn, current: &Password) -> Result<UserRow> {
        let id = user.user_id.clone();
        let found = self.db.read(move |connection| user_store::find(connection, &id)).await?;
        let account = found.ok_or_else(wrong_password)?;
        match self.passwords.verify(current, Some(account.password_hash.clone())).await? {
            Verdict::Right { .. } => Ok(account),
            Verdict::Wrong => Err(wrong_password()),
        }
    }

    /// The same for what an account without a password may do, too: whoever comes by single sign-on alone shows instead that
    /// they signed in a moment ago.
    ///
    /// Errors: 422 on `/current_password` when it is wrong or missing, or the sign-in too long ago.
    pub(super) async fn prove(&self, user: &SignedIn, current: Option<&Password>) -> Result<UserRow> {
        let (id, session_id) = (user.user_id.clone(), user.session_id().unwrap_or_default().to_owned());
        let now = self.ledger.now();
        let read = self.db.read(move |connection| {
            let account = user_store::find(connection, &id)?;
            Ok((account, session_store::began_at(connection, &session_id)?))
        });
        let (account, began) = read.await?;
        let account = account.ok_or_else(wrong_password)?;
        if !is_a_password(&account.password_hash) {
            return match began {
                Some(began) if now < began.after(JUST_NOW) => Ok(account),
                _ => Err(refuse(Rejection::field("/current_password", "sign_in_again", SIGN_IN_AGAIN))),
            };
        }
        let missing = || refuse(Rejection::field("/current_password", "required", "is required and cannot be null"));
        self.prove_password(user, current.ok_or_else(missing)?).await
    }

    /// The e-mail address of an account as it is compared; what refused passwords are counted under.
    pub async fn email_key(&self, id: &str) -> Result<String> {
        Ok(self.get(id.to_owned()).await?.email.to_lowercase())
    }
}

/// An account that was read with what it has beside a password.
fn whole((row, possessions): WholeUser) -> User {
    User::of(row, possessions)
}

/// The same for one that was read, or written, alone.
fn show(connection: &mut AnyConnection, row: UserRow) -> Result<User> {
    let possessions = user_store::possessions_of(connection, &row.id)?;
    Ok(User::of(row, possessions))
}

/// The row with what was sent written into it.
fn changed(old: &UserRow, change: UserInput, password_hash: Option<String>) -> UserRow {
    let mut row = old.clone();
    if let Some(email) = change.email.value() {
        row.email_key = email.key();
        row.email = email.into();
    }
    row.name = change.name.value().map_or(row.name, String::from);
    row.role = change.role.value().map_or(row.role, String::from);
    row.active = match change.active {
        Patch::Absent => row.active,
        // `null` sets the default, as it does for every member that has one.
        Patch::Null => true,
        Patch::Value(active) => active,
    };
    if let Some(hash) = password_hash {
        (row.password_hash, row.invited) = (hash, false);
    }
    row
}

/// Making a password's hash takes a while, and whoever asked for it may be no admin any more.
///
/// Errors: 403.
fn still_manages_accounts(connection: &mut AnyConnection, actor: &Actor) -> Result<()> {
    let Some(id) = actor.user_id() else { return Ok(()) };
    match user_store::find(connection, id)? {
        Some(row) if is_admin(&row) => Ok(()),
        _ => Err(Error::Forbidden("Your account was changed meanwhile, and manages no accounts any more.".into())),
    }
}

/// Stores a changed row with its event, and ends the sessions when it is about who may sign in as whom. `note` says how it
/// came to that, for the log.
///
/// Errors: 409 `last_admin` when nobody would be left to manage accounts, and 409 on `/email`.
pub(super) fn store_change(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    old: &UserRow,
    new: UserRow,
    note: Option<String>,
) -> Result<UserRow> {
    let access = |row: &UserRow| (row.email_key.clone(), row.role.clone(), row.active, row.password_hash.clone());
    let access_changed = access(old) != access(&new);
    if !access_changed && old.name == new.name && old.email == new.email && old.invited == new.invited {
        return Ok(new);
    }
    if is_admin(old) && !is_admin(&new) {
        keep_one_admin(connection, &old.id)?;
    }
    let new = UserRow { version: old.version + 1, updated_at: journal.now(), ..new };
    user_store::update(connection, &new)?;
    // After the row was written: whoever signs in or refreshes at this moment waits for it or is ended here.
    if access_changed {
        session_list::end_all(connection, journal, (&new.id, None))?;
        events::withhold_answers_to(connection, std::slice::from_ref(&new.id))?;
    }
    // Another role narrows tokens and links by itself. Another password, e-mail address or state from somebody else's
    // hand means that whoever had the account is to be kept out.
    if old.active != new.active || old.password_hash != new.password_hash || old.email_key != new.email_key {
        handed_out::take_back(connection, journal, &new.id)?;
    }
    let updated = Event::updated(Resource::User, &new.id, new.version).noted(note);
    journal.record(updated.sealing(new.seal(connection)?));
    Ok(new)
}

pub(super) fn is_admin(row: &UserRow) -> bool {
    row.active && !row.invited && row.role == Role::Admin.as_str()
}

pub(super) fn keep_one_admin(connection: &mut AnyConnection, id: &str) -> Result<()> {
    if user_store::has_another_admin(connection, id)? {
        return Ok(());
    }
    let detail = "This is the last active admin; without one, nobody could manage accounts. Make somebody else an \
                  admin first.";
    Err(Error::Conflict(Rejection::anywhere("last_admin", detail)))
}

pub(super) fn refuse(rejection: Rejection) -> Error {
    Error::Unprocessable(vec![rejection])
}

pub(super) fn wrong_password() -> Error {
    refuse(Rejection::field("/current_password", "wrong_password", "is not your password"))
}

/// Nobody locks themselves out.
pub(super) fn only_way_in() -> Error {
    let detail =
        "Your account has no password, so nothing would be left to sign in with. Ask an admin to set one first.";
    Error::Conflict(Rejection::anywhere("only_way_in", detail))
}
