//! The rows of identities: who is who at the provider.

use diesel::prelude::*;
use serde::Serialize;

use crate::auth::user_store::UserRow;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{identities, users};
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource, Sealed, chain};

/// An identity as it is stored.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities)]
pub struct IdentityRow {
    /// Its id.
    pub id: String,
    /// Whose account it opens.
    pub user_id: String,
    /// Who vouches.
    pub issuer: String,
    /// For whom, in the provider's words.
    pub subject: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Changes without an entry in the log, so no seal has it.
    #[serde(skip)]
    pub last_used_at: Option<Timestamp>,
    /// Since when the rules keep them out; like `last_used_at` no seal has it.
    #[serde(skip)]
    pub refused_at: Option<Timestamp>,
}

impl Sealed for IdentityRow {
    const RESOURCE: Resource = Resource::Identity;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        chain::digest(self)
    }
}

/// The account that somebody opens, by what the provider says.
pub fn account(
    connection: &mut AnyConnection,
    (issuer, subject): (&str, &str),
) -> Result<Option<(IdentityRow, UserRow)>> {
    let found = identities::table
        .inner_join(users::table.on(users::id.eq(identities::user_id)))
        .filter(identities::issuer.eq(issuer))
        .filter(identities::subject.eq(subject))
        .select((IdentityRow::as_select(), users::all_columns));
    Ok(found.first(connection).optional()?)
}

/// The identity of an account at a provider.
pub fn find(connection: &mut AnyConnection, user_id: &str, issuer: &str) -> Result<Option<IdentityRow>> {
    let found = identities::table.filter(identities::user_id.eq(user_id)).filter(identities::issuer.eq(issuer));
    Ok(found.select(IdentityRow::as_select()).first(connection).optional()?)
}

/// Whether an account is linked with an identity, at whichever provider.
pub fn is_linked(connection: &mut AnyConnection, user_id: &str) -> Result<bool> {
    let theirs = identities::table.filter(identities::user_id.eq(user_id));
    Ok(diesel::select(diesel::dsl::exists(theirs)).get_result(connection)?)
}

/// Links an account with an identity. `note` says how, for the log.
///
/// Errors: 409 when the account has one, or another account has this one.
pub fn link(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    user_id: &str,
    (issuer, subject): (&str, &str),
    note: String,
) -> Result<IdentityRow> {
    if find(connection, user_id, issuer)?.is_some() {
        let detail = "The account is linked with an identity at this provider already; remove that link first.";
        return Err(Error::Conflict(Rejection::anywhere("already_linked", detail)));
    }
    if account(connection, (issuer, subject))?.is_some() {
        let detail = "Another account is linked with this identity. An admin can remove that link.";
        return Err(Error::Conflict(Rejection::anywhere("identity_taken", detail)));
    }
    let row = IdentityRow {
        id: new_id(),
        user_id: user_id.to_owned(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        created_at: journal.now(),
        last_used_at: None,
        refused_at: None,
    };
    diesel::insert_into(identities::table).values(&row).execute(connection)?;
    let linked = Event::new(Action::Created, Resource::Identity, &row.id);
    journal.record(linked.noted(Some(format!("of account {user_id}, {note}"))).sealing(row.seal(connection)?));
    Ok(row)
}

/// Notes that somebody came by an identity.
pub fn note_use(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<()> {
    let came = (identities::last_used_at.eq(now), identities::refused_at.eq(None::<Timestamp>));
    diesel::update(identities::table.find(id)).set(came).execute(connection)?;
    Ok(())
}

/// Notes that the rules keep out whoever came by an identity, until they come again and get in: meanwhile theirs is no
/// account that anybody could rely on.
pub fn note_refusal(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<()> {
    diesel::update(identities::table.find(id)).set(identities::refused_at.eq(now)).execute(connection)?;
    Ok(())
}

/// Removes the link of an account with an identity; `false` when somebody was faster.
pub fn unlink(connection: &mut AnyConnection, journal: &mut Journal, row: &IdentityRow) -> Result<bool> {
    let removed = diesel::delete(identities::table.find(&row.id)).execute(connection)? == 1;
    if removed {
        let unlinked = Event::new(Action::Deleted, Resource::Identity, &row.id);
        journal.record(unlinked.noted(Some(format!("of account {}", row.user_id))));
    }
    Ok(removed)
}

/// Removes every link of an account that goes.
pub fn forget(connection: &mut AnyConnection, journal: &mut Journal, user_id: &str) -> Result<()> {
    let rows = identities::table.filter(identities::user_id.eq(user_id)).select(IdentityRow::as_select());
    let rows: Vec<IdentityRow> = rows.load(connection)?;
    rows.iter().try_for_each(|row| unlink(connection, journal, row).map(drop))
}
