//! The rows of passkeys, and of ceremonies that succeeded.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;

use super::ceremony::Ceremony;
use crate::auth::user_store::UserRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{passkeys, used_ceremonies, users};
use crate::error::{Error, Result};
use crate::events::{Action, Event, Journal, Resource, Sealed, chain};
use crate::hash::hexadecimal;

/// A passkey as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys)]
pub struct PasskeyRow {
    /// Its id.
    pub id: String,
    /// Whose account it opens.
    pub user_id: String,
    /// What the device calls it.
    pub credential_id: Vec<u8>,
    /// The public key, and what was agreed on with the device.
    pub static_state: Vec<u8>,
    /// The counter, and whether there is a copy of the key. Changes without an entry in the log, so no seal has it.
    pub dynamic_state: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Likewise in no seal.
    pub last_used_at: Option<Timestamp>,
}

impl Sealed for PasskeyRow {
    const RESOURCE: Resource = Resource::Passkey;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        let PasskeyRow { id, user_id, credential_id, static_state, name, created_at, .. } = self;
        chain::digest(&json!({
            "id": id,
            "user_id": user_id,
            "credential_id": hexadecimal(credential_id),
            "static_state": hexadecimal(static_state),
            "name": name,
            "created_at": created_at,
        }))
    }
}

/// The passkeys of an account, the oldest first.
pub fn of_user(connection: &mut AnyConnection, user_id: &str) -> Result<Vec<PasskeyRow>> {
    let theirs = passkeys::table.filter(passkeys::user_id.eq(user_id)).order(passkeys::id.asc());
    Ok(theirs.select(PasskeyRow::as_select()).load(connection)?)
}

/// A passkey, by what its device calls it, with the account that it opens.
pub fn account(connection: &mut AnyConnection, credential_id: &[u8]) -> Result<Option<(PasskeyRow, UserRow)>> {
    let found = passkeys::table
        .inner_join(users::table.on(users::id.eq(passkeys::user_id)))
        .filter(passkeys::credential_id.eq(credential_id))
        .select((PasskeyRow::as_select(), users::all_columns));
    Ok(found.first(connection).optional()?)
}

/// Keeps a passkey. `note` says how it came, for the log.
///
/// Errors: 409 on `/credential` when an account has it already.
pub fn add(connection: &mut AnyConnection, journal: &mut Journal, row: &PasskeyRow, note: &str) -> Result<()> {
    if account(connection, &row.credential_id)?.is_some() {
        return Err(taken());
    }
    diesel::insert_into(passkeys::table).values(row).execute(connection).map_err(if_unique(taken))?;
    let added = Event::new(Action::Created, Resource::Passkey, &row.id).sealing(row.seal(connection)?);
    journal.record(added.noted(Some(format!("of account {}, {note}", row.user_id))));
    Ok(())
}

/// Notes that a passkey was used, and what its device said of itself then; `false` when somebody was faster, or it is gone.
pub fn note_use(
    connection: &mut AnyConnection,
    before: &PasskeyRow,
    dynamic_state: &[u8],
    now: Timestamp,
) -> Result<bool> {
    let unchanged = passkeys::table.find(&before.id).filter(passkeys::dynamic_state.eq(&before.dynamic_state));
    let used = (passkeys::dynamic_state.eq(dynamic_state), passkeys::last_used_at.eq(now));
    Ok(diesel::update(unchanged).set(used).execute(connection)? == 1)
}

/// Removes a passkey; `false` when somebody was faster.
pub fn remove(connection: &mut AnyConnection, journal: &mut Journal, row: &PasskeyRow) -> Result<bool> {
    let removed = diesel::delete(passkeys::table.find(&row.id)).execute(connection)? == 1;
    if removed {
        let event = Event::new(Action::Deleted, Resource::Passkey, &row.id);
        journal.record(event.noted(Some(format!("of account {}", row.user_id))));
    }
    Ok(removed)
}

/// Removes every passkey of an account; gives how many.
pub fn forget(connection: &mut AnyConnection, journal: &mut Journal, user_id: &str) -> Result<usize> {
    let mut removed = 0;
    for row in of_user(connection, user_id)? {
        removed += usize::from(remove(connection, journal, &row)?);
    }
    Ok(removed)
}

/// Uses up a ceremony; `false` when it was used before. The account has to be held, so that of two that come with one the
/// second one looks after the first; for two accounts there is the index.
///
/// Errors: what `used` says when two accounts come with it at the same moment.
pub fn use_ceremony(connection: &mut AnyConnection, ceremony: &Ceremony, used: fn() -> Error) -> Result<bool> {
    let found = used_ceremonies::table.find(&ceremony.hash).select(used_ceremonies::hash);
    if found.first::<String>(connection).optional()?.is_some() {
        return Ok(false);
    }
    let row = (used_ceremonies::hash.eq(&ceremony.hash), used_ceremonies::expires_at.eq(ceremony.expires_at));
    diesel::insert_into(used_ceremonies::table).values(row).execute(connection).map_err(if_unique(used))?;
    Ok(true)
}

/// Forgets the ceremonies that have run out; gives how many.
pub fn prune(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    Ok(diesel::delete(used_ceremonies::table.filter(used_ceremonies::expires_at.le(now))).execute(connection)?)
}

fn taken() -> Error {
    Error::taken("/credential", "is a passkey of an account already; remove it there first, or use another device")
}

/// What to say when something is there already.
fn if_unique(there: fn() -> Error) -> impl FnOnce(DieselError) -> Error {
    move |error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => there(),
        other => other.into(),
    }
}
