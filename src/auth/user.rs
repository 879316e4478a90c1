//! An account: somebody who signs in. Not to be confused with an author, who is a name on a story.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::LARGEST;
use super::links::Invite;
use super::password::{NewPassword, Owner};
use super::role::Role;
use super::roles::RoleName;
use super::user_store::{Possessions, UserRow};
use crate::clock::Timestamp;
use crate::error::{Error, Rejection, Result};
use crate::http::fields::{Email, Line};
use crate::http::input::{Complete, Input, Partial};
use crate::http::page;
use crate::http::patch::Patch;
use crate::http::query::List;

/// An account: somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// Its id.
    pub id: String,
    /// The e-mail address to sign in with.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The name of the role: what the person may do. `GET /v1/roles` lists all of them.
    #[schema(example = "editor")]
    pub role: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// Whether the person was invited and has set no password yet; until then nobody can sign in.
    pub invited: bool,
    /// Whether signing in takes a second factor, too. Turning it on or off is no change of the account: `version` stays.
    pub second_factor: bool,
    /// How many passkeys sign the person in. Adding or removing one is no change of the account, either.
    pub passkeys: i64,
    /// Counts the changes; part of the ETag.
    pub version: i32,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Two accounts for the API's documentation and the tests.
    pub fn samples() -> [User; 2] {
        let made = Timestamp::from_microseconds(1_763_900_000_000_000).unwrap_or(Timestamp::FOREVER);
        let sample = |id: &str, email: &str, name: &str, role: Role| User {
            id: id.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            role: role.to_string(),
            active: true,
            invited: false,
            second_factor: role == Role::Editor,
            passkeys: i64::from(role == Role::Editor),
            version: 1,
            created_at: made,
            updated_at: made,
        };
        [
            sample("019ab17e-5d00-7c3e-9d41-3f6c2f0e9a10", "mira@example.org", "Mira Kovač", Role::Editor),
            sample("019ab17e-5d01-7a52-8f07-0c9a3b5e7d22", "tom@example.org", "Tom Ashe", Role::Writer),
        ]
    }
}

impl User {
    /// An account as it looks from outside, with what it has beside a password.
    pub(super) fn of(row: UserRow, possessions: Possessions) -> User {
        User {
            id: row.id,
            email: row.email,
            name: row.name,
            role: row.role,
            active: row.active,
            invited: row.invited,
            second_factor: possessions.second_factor,
            passkeys: possessions.passkeys,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// An account as it is sent. Absent members are kept by a change; a new account is active unless it says otherwise.
#[derive(Default, Deserialize, ToSchema)]
pub struct UserInput {
    /// The e-mail address to sign in with; upper and lower case are the same account.
    #[serde(default)]
    #[schema(value_type = Email)]
    pub email: Patch<Email>,
    /// The person's name.
    #[serde(default)]
    #[schema(value_type = Line<200>)]
    pub name: Patch<Line<200>>,
    /// What the person may do: the name of a role.
    #[serde(default)]
    #[schema(value_type = RoleName)]
    pub role: Patch<RoleName>,
    /// 15 to 128 characters of any kind; a sentence of a few words is easy to keep. A new account without one is for
    /// somebody who is invited, and sets it by a link.
    #[serde(default)]
    #[schema(value_type = NewPassword)]
    pub password: Patch<NewPassword>,
    /// Whether the person may sign in; a new account may, when this is absent.
    #[serde(default)]
    #[schema(value_type = bool)]
    pub active: Patch<bool>,
}

impl Input for UserInput {
    const REQUIRED: &'static [&'static str] = &["email", "name", "role"];
    const READ_ONLY: &'static [&'static str] =
        &["id", "invited", "second_factor", "passkeys", "version", "created_at", "updated_at"];

    const LARGEST: usize = LARGEST;

    fn check(&self, refuse: &mut Vec<Rejection>) {
        if matches!(self.password, Patch::Null) {
            refuse.push(Rejection::field("/password", "required", "cannot be null; leave it out to invite somebody"));
        }
        if let (Some(email), Some(password)) = (self.email.as_value(), self.password.as_value()) {
            let name = self.name.as_value().map_or("", |name| name);
            refuse.extend(password.check_against(&Owner { email, name, site: &[] }, "/password").err());
        }
    }
}

/// A whole account: what `POST` takes.
pub type NewUserBody = Complete<UserInput>;

/// A change of an account: what `PATCH` takes.
pub type UserPatch = Partial<UserInput>;

/// One page of accounts.
pub type UserList = page::List<User>;

/// Everything that a new account needs.
pub struct NewUser {
    /// The e-mail address to sign in with.
    pub email: Email,
    /// The person's name.
    pub name: Line<200>,
    /// What the person may do.
    pub role: RoleName,
    /// The first password; without one the person is invited to set it.
    pub password: Option<NewPassword>,
    /// Whether the person may sign in.
    pub active: bool,
}

impl TryFrom<UserInput> for NewUser {
    type Error = Error;

    /// Errors: 422 for what is missing. [`crate::http::input::Complete`] has already made sure that nothing is.
    fn try_from(input: UserInput) -> Result<NewUser> {
        Ok(NewUser {
            email: given(input.email, "/email")?,
            name: given(input.name, "/name")?,
            role: given(input.role, "/role")?,
            password: input.password.value(),
            active: input.active.value().unwrap_or(true),
        })
    }
}

/// The value of a member that is required.
pub(super) fn given<T>(member: Patch<T>, pointer: &str) -> Result<T> {
    let missing =
        || Error::Unprocessable(vec![Rejection::field(pointer, "required", "is required and cannot be null")]);
    member.value().ok_or_else(missing)
}

/// A fresh account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FreshUser {
    /// The account.
    #[serde(flatten)]
    pub user: User,
    /// The invite, when the account was made without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<Invite>,
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Only these roles, separated by commas.
    #[param(value_type = Option<String>, example = "editor,writer")]
    pub role: List<RoleName>,
    /// Only accounts that may sign in, or only those that may not.
    pub active: Option<bool>,
}
