//! Whether somebody gets in whom the provider vouches for: by the account that is theirs, by one that is made for them, or
//! not at all.

use super::person::Person;
use super::refusal::Refusal;
use super::rules::Rules;
use super::store;
use crate::auth::accounts::{is_admin, store_change};
use crate::auth::hashing::no_password;
use crate::auth::role::Role;
use crate::auth::roles::{self, RoleName};
use crate::auth::user_store::{self, UserRow};
use crate::auth::{handed_out, session_list};
use crate::db::AnyConnection;
use crate::error::{Error, Rejection, Result};
use crate::events::{self, Event, Journal, Resource, Sealed};
use crate::http::fields::{Email, Line};

/// Why an admin is refused whom nobody could replace.
const LAST_ADMIN: &str = "it would take the last admin away";

/// Why somebody is refused whose groups are not known.
const SILENT: &str = "the provider says nothing of groups";

/// What is found of somebody.
pub enum Admission {
    /// They get in, with this account.
    In(Box<UserRow>),
    /// They do not. The account that it is about, when there is one.
    Out(Refusal, Option<String>),
}

/// Somebody at the door.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Which role they get.
    pub rules: Rules,
    /// Who vouches for them.
    pub issuer: String,
    /// Who they are.
    pub person: Person,
    /// The id of their account, should one be made.
    pub fresh_id: String,
    /// What the log says of how they came.
    pub note: String,
}

impl Arrival {
    /// Finds their account, or makes one by the rules, and brings its role up to date.
    ///
    /// Errors: 409 when another one makes or changes the same account at this moment; then it is to be tried again.
    pub fn admit(&self, connection: &mut AnyConnection, journal: &mut Journal) -> Result<Admission> {
        match store::account(connection, (&self.issuer, &self.person.subject))? {
            Some((_, user)) => self.admit_known(connection, journal, &user),
            None => self.admit_new(connection, journal),
        }
    }

    /// `seen` is the account as it was before anything was held. That happens in the order of `db::waiting`, and whoever
    /// switches the account off or removes the link comes entirely before it or after.
    fn admit_known(&self, connection: &mut AnyConnection, journal: &mut Journal, seen: &UserRow) -> Result<Admission> {
        let role = self.role(connection, seen)?;
        let is_last_admin = is_admin(seen)
            && role.as_deref() != Ok(Role::Admin.as_str())
            && !user_store::has_another_admin(connection, &seen.id)?;
        user_store::hold(connection, &seen.id)?;
        let user = user_store::find(connection, &seen.id)?.ok_or_else(changed_meanwhile)?;
        let identity = store::find(connection, &user.id, &self.issuer)?;
        let identity = identity.filter(|identity| identity.subject == self.person.subject);
        let identity = identity.ok_or_else(changed_meanwhile)?;
        if user.role != seen.role || is_admin(&user) != is_admin(seen) {
            return Err(changed_meanwhile());
        }
        store::note_use(connection, &identity.id, journal.now())?;
        let out = |why: &str| Ok(Admission::Out(Refusal::NotAllowed(why.to_owned()), Some(user.id.clone())));
        if !user.active {
            return out("the account is switched off");
        }
        if is_last_admin {
            return out(LAST_ADMIN);
        }
        let role = match role {
            Ok(role) => role,
            Err(why) => {
                // Whoever was let in by what the provider said is kept out by it, too.
                store::note_refusal(connection, &identity.id, journal.now())?;
                session_list::end_all(connection, journal, (&user.id, None))?;
                events::withhold_answers_to(connection, std::slice::from_ref(&user.id))?;
                // Silence may be a slip of the provider, and what they gave out cannot be given back.
                if why != SILENT {
                    handed_out::take_back(connection, journal, &user.id)?;
                }
                return out(&why);
            }
        };
        // Whoever was invited has come.
        let new = UserRow { role, invited: false, ..user.clone() };
        match store_change(connection, journal, &user, new, Some(self.note.clone())) {
            Ok(new) => Ok(Admission::In(Box::new(new))),
            Err(Error::Conflict(refused)) if refused.code == "last_admin" => out(LAST_ADMIN),
            Err(error) => Err(error),
        }
    }

    /// The role that the rules give to somebody who has an account, held until the commit; or why they give none.
    fn role(&self, connection: &mut AnyConnection, seen: &UserRow) -> Result<std::result::Result<String, String>> {
        Ok(match self.rules.role_of(&self.groups(), Some(&seen.role)) {
            Some(role) if there_is(connection, &role)? => Ok(role),
            Some(role) => Err(format!("there is no role {role}")),
            None if self.person.groups.is_none() => Err(SILENT.to_owned()),
            None => Err("no rule gives a role any longer".to_owned()),
        })
    }

    fn admit_new(&self, connection: &mut AnyConnection, journal: &mut Journal) -> Result<Admission> {
        let out = |refusal: Refusal, id: Option<String>| Ok(Admission::Out(refusal, id));
        let Some(role) = self.rules.role_of(&self.groups(), None) else {
            let is_silent = self.person.groups.is_none() && self.rules.are_by_group();
            let why = if is_silent { SILENT } else { "no rule gives a role" };
            return out(Refusal::NotAllowed(why.to_owned()), None);
        };
        let email = self.person.email.as_deref().filter(|_| self.person.email_verified).and_then(read::<Email>);
        let Some(email) = email else { return out(Refusal::EmailUnverified, None) };
        if let Some(other) = user_store::find_by_email(connection, &email.key())? {
            // Unless the same person, in another window, has just made it.
            return match store::account(connection, (&self.issuer, &self.person.subject))? {
                Some(_) => Err(changed_meanwhile()),
                None => out(Refusal::AccountExists, Some(other.id)),
            };
        }
        if !there_is(connection, &role)? {
            return out(Refusal::NotAllowed(format!("there is no role {role}")), None);
        }
        let row = UserRow {
            id: self.fresh_id.clone(),
            name: self.name(&email),
            email_key: email.key(),
            email: email.into(),
            role,
            password_hash: no_password(),
            active: true,
            version: 1,
            created_at: journal.now(),
            updated_at: journal.now(),
            invited: false,
        };
        user_store::insert(connection, &row)?;
        let made = Event::created(Resource::User, &row.id).noted(Some(self.note.clone()));
        journal.record(made.sealing(row.seal(connection)?));
        let identity = (self.issuer.as_str(), self.person.subject.as_str());
        let identity = store::link(connection, journal, &row.id, identity, self.note.clone())?;
        store::note_use(connection, &identity.id, journal.now())?;
        Ok(Admission::In(Box::new(row)))
    }

    fn groups(&self) -> Vec<String> {
        self.person.groups.clone().unwrap_or_default()
    }

    /// Their name or, when that is none that can be kept, what stands before the @.
    fn name(&self, email: &str) -> String {
        let said = self.person.name.as_deref().and_then(read::<Line<200>>).map(String::from);
        said.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned())
    }
}

/// The account is another one than a moment ago.
fn changed_meanwhile() -> Error {
    Error::Conflict(Rejection::anywhere("changed_meanwhile", "The account was changed at this moment; begin again."))
}

/// A text in the form that the API takes it in, when it has that.
fn read<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

/// Whether a role exists; then it is held until the commit.
fn there_is(connection: &mut AnyConnection, role: &str) -> Result<bool> {
    let Ok(name) = role.parse::<RoleName>() else { return Ok(false) };
    match roles::hold(connection, &name) {
        Ok(()) => Ok(true),
        Err(Error::Unprocessable(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
