//! The keys of access tokens: the newest one is that of the last rotation, and no other is trusted for longer than the
//! tokens that it signed until then live.

use diesel::prelude::*;

use super::{Checked, expect, readable};
use crate::auth::access_keys;
use crate::db::AnyConnection;
use crate::db::schema::events;
use crate::events::{Action, Resource};

/// Holds the terms of the keys against the last rotation; before the first one there is the key that every newsroom
/// begins with.
pub fn check(connection: &mut AnyConnection) -> Checked {
    let rotated: Option<(String, Option<String>)> = events::table
        .filter(events::resource_kind.eq(Resource::AccessKey))
        .filter(events::action.eq(Action::KeyRotated))
        .order(events::position.desc())
        .select((events::resource_id, events::digest))
        .first(connection)
        .optional()?;
    let terms = readable("access_keys", access_keys::all(connection))?;
    let as_rotated = access_keys::are_as_rotated(&terms, rotated.as_ref())?;
    expect(as_rotated, "access_keys", "the keys are not those that the last rotation left")
}
