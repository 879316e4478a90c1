//! The keys of access tokens: each is trusted for as long as the rotations say, and no other is.

use diesel::prelude::*;

use super::{Checked, expect, readable};
use crate::auth::access_keys::{self, Rotation};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::events;
use crate::events::{Action, Resource};

/// Holds the terms of the keys against the rotations in the log. Those that are over at this moment are put away sooner or
/// later.
pub fn check(connection: &mut AnyConnection, now: Timestamp) -> Checked {
    let rotations: Vec<Rotation> = events::table
        .filter(events::resource_kind.eq(Resource::AccessKey))
        .filter(events::action.eq(Action::KeyRotated))
        .order(events::position.asc())
        .select((events::resource_id, events::at, events::digest))
        .load(connection)?;
    let terms = readable("access_keys", access_keys::all(connection))?;
    let as_rotated = access_keys::as_rotated(&rotations)?.is_some_and(|expected| {
        let mut needed = expected.iter().filter(|term| term.trusted_until > now);
        terms.iter().all(|term| expected.contains(term)) && needed.all(|term| terms.contains(term))
    });
    expect(as_rotated, "access_keys", "the keys are not those that the rotations left")
}
