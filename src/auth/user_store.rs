//! The rows of accounts.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;

use super::hashing::no_password;
use super::role::Role;
use super::user::UserFilter;
use crate::clock::Timestamp;
use crate::db::schema::{identities, passkeys, second_factors, users};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::events::{Resource, Sealed, chain};
use crate::http::page::{Page, Start};

/// An account as it is stored. Not for printing: it has the password's hash.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserRow {
    /// Its id.
    pub id: String,
    /// The e-mail address as it was typed.
    pub email: String,
    /// The e-mail address as it is compared.
    pub email_key: String,
    /// The person's name.
    pub name: String,
    /// The name of their role.
    pub role: String,
    /// The password's hash (PHC format).
    pub password_hash: String,
    /// Whether they may sign in.
    pub active: bool,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether they were invited and have set no password yet.
    pub invited: bool,
}

/// What an account has beside a password to sign in with.
#[derive(Debug, Clone, Copy, Default, Queryable)]
pub struct Possessions {
    /// Whether it has a second factor on.
    pub second_factor: bool,
    /// How many passkeys it has.
    pub passkeys: i64,
}

/// An account, and what it has beside a password.
pub type WholeUser = (UserRow, Possessions);

impl Sealed for UserRow {
    const RESOURCE: Resource = Resource::User;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        let UserRow {
            id,
            email,
            email_key,
            name,
            role,
            password_hash,
            active,
            version,
            created_at,
            updated_at,
            invited,
        } = self;
        chain::digest(&json!({
            "id": id,
            "email": email,
            "email_key": email_key,
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "active": active,
            "version": version,
            "created_at": created_at,
            "updated_at": updated_at,
            "invited": invited,
        }))
    }
}

/// The account with this id.
pub fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<UserRow>> {
    Ok(users::table.find(id).get_result(connection).optional()?)
}

/// The account with this e-mail address, in the form in which it is compared.
pub fn find_by_email(connection: &mut AnyConnection, email_key: &str) -> Result<Option<UserRow>> {
    Ok(users::table.filter(users::email_key.eq(email_key)).get_result(connection).optional()?)
}

/// Holds an account until the commit, so that nobody locks it while something is given to it.
pub fn hold(connection: &mut AnyConnection, id: &str) -> Result<()> {
    diesel::update(users::table.find(id)).set(users::version.eq(users::version)).execute(connection)?;
    Ok(())
}

/// Keeps a new account.
///
/// Errors: 409 on `/email` when another account has the address.
pub fn insert(connection: &mut AnyConnection, row: &UserRow) -> Result<()> {
    diesel::insert_into(users::table).values(row).execute(connection).map_err(name_the_email)?;
    Ok(())
}

/// Replaces an account, provided that it still has the version before this one.
///
/// Errors: 412 when somebody else was faster, 409 on `/email` when another account has the address.
pub fn update(connection: &mut AnyConnection, row: &UserRow) -> Result<()> {
    let unchanged = users::table.filter(users::id.eq(&row.id)).filter(users::version.eq(row.version - 1));
    let changed = diesel::update(unchanged).set(row).execute(connection).map_err(name_the_email)?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile(connection, &row.id)?) }
}

/// Deletes an account in this version, with its sessions.
///
/// Errors: 412 when somebody else was faster.
pub fn delete(connection: &mut AnyConnection, id: &str, version: i32) -> Result<()> {
    let unchanged = users::table.filter(users::id.eq(id)).filter(users::version.eq(version));
    let deleted = diesel::delete(unchanged).execute(connection)?;
    if deleted == 1 { Ok(()) } else { Err(changed_meanwhile(connection, id)?) }
}

/// Stores `new` in place of a hash that was just checked; `false` when the password was changed or the account switched
/// off since. The write also holds the row until the commit, so that such a change comes entirely before or after.
pub fn confirm_password(connection: &mut AnyConnection, id: &str, checked: &str, new: &str) -> Result<bool> {
    let unchanged =
        users::table.filter(users::id.eq(id)).filter(users::password_hash.eq(checked)).filter(users::active.eq(true));
    Ok(diesel::update(unchanged).set(users::password_hash.eq(new)).execute(connection)? == 1)
}

/// Whether an active admin other than this one is left who gets in: by a link, or by a password; not one whom the rules of
/// single sign-on keep out since they last came, because then neither opens the account. Holds the rows of all of them until
/// the commit, so that two admins who take the role from each other at the same moment cannot both succeed.
pub fn has_another_admin(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    let admins = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::active.eq(true))
        .filter(users::invited.eq(false));
    diesel::update(admins).set(users::active.eq(true)).execute(connection)?;
    let link = identities::table.filter(identities::user_id.eq(users::id));
    let is_linked = exists(link.filter(identities::refused_at.is_null()));
    let is_kept_out = exists(link.filter(identities::refused_at.is_not_null()));
    let gets_in = is_linked.or(users::password_hash.ne(no_password()).and(not(is_kept_out)));
    let others = admins.filter(users::id.ne(id)).filter(gets_in).count().get_result::<i64>(connection)?;
    Ok(others > 0)
}

/// The account with this id, and what it has beside a password.
pub fn find_whole(connection: &mut AnyConnection, id: &str) -> Result<Option<WholeUser>> {
    Ok(users::table.find(id).select((UserRow::as_select(), beside_password())).first(connection).optional()?)
}

/// What an account has beside a password.
pub fn possessions_of(connection: &mut AnyConnection, id: &str) -> Result<Possessions> {
    Ok(users::table.find(id).select(beside_password()).first(connection)?)
}

#[diesel::dsl::auto_type]
fn beside_password() -> _ {
    let theirs = passkeys::table.filter(passkeys::user_id.eq(users::id));
    (has_factor(), theirs.count().single_value().assume_not_null())
}

/// Whether an account has a second factor on.
#[diesel::dsl::auto_type]
fn has_factor() -> _ {
    let of_account = second_factors::table.filter(second_factors::user_id.eq(users::id));
    exists(of_account.filter(second_factors::on_since.is_not_null()))
}

/// One page of accounts in the order of their e-mail addresses, each with what it has beside a password; and how many
/// there are when that was asked for.
pub fn list(connection: &mut AnyConnection, filter: &UserFilter, page: &Page) -> Result<(Vec<WholeUser>, Option<i64>)> {
    let total = if page.count { Some(filtered(filter).count().get_result(connection)?) } else { None };
    let mut query = filtered(filter);
    if let Start::After(keys) = &page.start {
        // The address is unique, so it orders the list by itself; the id behind it in the cursor decides nothing.
        if let Some(email_key) = keys.first() {
            query = query.filter(users::email_key.gt(email_key.text()?));
        }
    }
    let ordered = query.order((users::email_key.asc(), users::id.asc()));
    let shown = ordered.select((UserRow::as_select(), beside_password()));
    let rows = shown.limit(page.fetch()).offset(page.offset()).load(connection)?;
    Ok((rows, total))
}

/// Every account in the order of their e-mail addresses, each with what it has beside a password.
pub fn all(connection: &mut AnyConnection) -> Result<Vec<WholeUser>> {
    let ordered = users::table.order(users::email_key.asc());
    Ok(ordered.select((UserRow::as_select(), beside_password())).load(connection)?)
}

fn filtered(filter: &UserFilter) -> users::BoxedQuery<'static, Backend> {
    let mut query = users::table.into_boxed();
    if !filter.role.0.is_empty() {
        query = query
            .filter(users::role.eq_any(filter.role.0.iter().map(|role| role.as_str().to_owned()).collect::<Vec<_>>()));
    }
    if let Some(active) = filter.active {
        query = query.filter(users::active.eq(active));
    }
    query
}

/// The e-mail address is the only thing that two accounts cannot share; callers know it as `email`.
fn name_the_email(error: DieselError) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Error::taken("/email", "another account has this e-mail address; change that one, or use another address")
        }
        other => other.into(),
    }
}

fn changed_meanwhile(connection: &mut AnyConnection, id: &str) -> Result<Error> {
    Ok(match find(connection, id)? {
        Some(row) => Error::version_mismatch(row.version),
        None => Error::NotFound("user"),
    })
}
