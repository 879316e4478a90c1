//! Who may do what: accounts, roles, and what is given out in somebody's name.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::rows::{check_present, check_table};
use super::{Checked, Counts, expect};
use crate::articles::PreviewLinkRow;
use crate::auth::{ApiTokenRow, RoleRow, SessionBeginning, UserRow};
use crate::db::AnyConnection;
use crate::db::schema::{api_tokens, events, preview_links, roles, sessions, users};
use crate::events::{Action, Resource};

/// Holds accounts, roles, API tokens, sessions and preview links against the log. Sessions that ended are put away sooner
/// or later, and preview links go with their story, so of those two nothing has to be there.
pub fn check(connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
    counts.accounts += check_table!(connection, users, id, UserRow);
    check_present(connection, ("users", Resource::User), |connection, ids| {
        users::table.filter(users::id.eq_any(ids)).select(users::id).load(connection)
    })?;
    counts.roles += check_table!(connection, roles, name, RoleRow);
    check_present(connection, ("roles", Resource::Role), |connection, names| {
        roles::table.filter(roles::name.eq_any(names)).select(roles::name).load(connection)
    })?;
    counts.tokens += check_table!(connection, api_tokens, id, ApiTokenRow);
    check_present(connection, ("api_tokens", Resource::Token), |connection, ids| {
        api_tokens::table.filter(api_tokens::id.eq_any(ids)).select(api_tokens::id).load(connection)
    })?;
    counts.sessions += check_table!(connection, sessions, id, SessionBeginning);
    refuse_revived(connection)?;
    counts.preview_links += check_table!(connection, preview_links, id, PreviewLinkRow);
    Ok(())
}

/// Refuses sessions that were ended and go on all the same.
fn refuse_revived(connection: &mut AnyConnection) -> Checked {
    let ended = events::table
        .filter(events::resource_kind.eq(Resource::Session))
        .filter(events::resource_id.eq(sessions::id))
        .filter(events::action.eq_any([Action::SignedOut, Action::TokenReused]));
    let revived = sessions::table.filter(sessions::ended_at.is_null()).filter(exists(ended)).select(sessions::id);
    match revived.first::<String>(connection).optional()? {
        Some(id) => expect(false, format!("sessions, id {id}"), "it was ended and goes on"),
        None => Ok(()),
    }
}
