//! Who may do what: accounts, roles, and what is given out in somebody's name.

use std::collections::BTreeMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::rows::{check_present, check_table};
use super::{Checked, Counts, expect};
use crate::articles::PreviewLinkRow;
use crate::auth::{ApiTokenRow, IdentityRow, PasskeyRow, RoleRow, SessionBeginning, UserRow};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{
    api_tokens, events, identities, passkeys, preview_links, roles, second_factors, sessions, users,
};
use crate::events::{Action, Resource};

/// Holds accounts with their second factors, passkeys and identities at the provider of single sign-on, roles, API tokens,
/// sessions and preview links against the log. Sessions that ended are put away sooner or later, and preview links go with
/// their story, so of those two nothing has to be there.
pub fn check(connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
    counts.accounts += check_table!(connection, users, id, UserRow);
    check_present(connection, ("users", Resource::User), |connection, ids| {
        users::table.filter(users::id.eq_any(ids)).select(users::id).load(connection)
    })?;
    check_second_factors(connection)?;
    counts.identities += check_table!(connection, identities, id, IdentityRow);
    check_present(connection, ("identities", Resource::Identity), |connection, ids| {
        identities::table.filter(identities::id.eq_any(ids)).select(identities::id).load(connection)
    })?;
    counts.passkeys += check_table!(connection, passkeys, id, PasskeyRow);
    check_present(connection, ("passkeys", Resource::Passkey), |connection, ids| {
        passkeys::table.filter(passkeys::id.eq_any(ids)).select(passkeys::id).load(connection)
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

/// Every second factor is on since the log says so, and none is missing that the log says is on: without it a password
/// alone would do.
fn check_second_factors(connection: &mut AnyConnection) -> Checked {
    let switches = events::table
        .filter(events::resource_kind.eq(Resource::User))
        .filter(events::action.eq_any([Action::SecondFactorEnrolled, Action::SecondFactorRemoved]))
        .order(events::position.asc())
        .select((events::resource_id, events::action, events::at));
    let switches: Vec<(String, Action, Timestamp)> = switches.load(connection)?;
    let newest: BTreeMap<String, (Action, Timestamp)> =
        switches.into_iter().map(|(id, action, at)| (id, (action, at))).collect();
    let on = newest.into_iter().filter(|(_, (action, _))| *action == Action::SecondFactorEnrolled);
    let mut on: BTreeMap<String, Timestamp> = on.map(|(id, (_, at))| (id, at)).collect();
    let factors = second_factors::table.filter(second_factors::on_since.is_not_null());
    let factors = factors.select((second_factors::user_id, second_factors::on_since.assume_not_null()));
    for (id, since) in factors.load::<(String, Timestamp)>(connection)? {
        let place = format!("second_factors, account {id}");
        expect(on.remove(&id) == Some(since), place, "it is not on since the log says so")?;
    }
    let there = users::table.filter(users::id.eq_any(on.keys())).order(users::id).select(users::id);
    match there.first::<String>(connection).optional()? {
        Some(id) => expect(false, format!("second_factors, account {id}"), "it was removed by hand"),
        None => Ok(()),
    }
}
