//! The public keys that the log was signed with: a proof of long ago still finds its key after the secret changed.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Action, Event, PublicKey, Resource, Signer, checkpoint_text};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{events, log_keys};
use crate::error::{Error, Result};

/// What the log has to say of its end at a position with this hash before it goes on: nothing when the end is a checkpoint
/// of this key. With `key_changed` this key vouches from here on for everything that another one signed; `unsigned_end`
/// says for ever that nobody vouches for what stands there, or that entries which this process wrote are not there any more.
pub fn wrong_end(
    connection: &mut AnyConnection,
    signer: &Signer,
    (position, hash): (i64, &str),
) -> Result<Option<Event>> {
    let unsigned = || Event::new(Action::UnsignedEnd, Resource::LogKey, &signer.public_key().kid);
    let written = signer.committed();
    if position < written {
        let note = format!("this server wrote entries up to position {written}; those after {position} were gone");
        return Ok(Some(unsigned().noted(Some(note))));
    }
    if position == 0 {
        return Ok(None);
    }
    let end = events::table.find(position).select((events::at, events::hash, events::signature));
    let end: Option<(Timestamp, String, Option<String>)> = end.first(connection).optional()?;
    let key = signer.public_key();
    let signed_by = match end {
        Some((at, found, Some(signature))) if found == hash => {
            let text = checkpoint_text(position, hash, at)?;
            let mut keys = all(connection)?.into_values().chain([key.clone()]);
            keys.find(|key| key.signed(&signature, &text))
        }
        _ => None,
    };
    Ok(match signed_by {
        Some(other) if other != *key => Some(Event::new(Action::KeyChanged, Resource::LogKey, &key.kid)),
        Some(_) => None,
        None => Some(unsigned()),
    })
}

/// Keeps the key that signs from here on.
pub fn keep(connection: &mut AnyConnection, signer: &Signer, now: Timestamp) -> Result<()> {
    let key = signer.public_key();
    let known = log_keys::table.find(&key.kid);
    if diesel::select(exists(known)).get_result(connection)? {
        return Ok(());
    }
    let columns = (log_keys::kid.eq(&key.kid), log_keys::x.eq(&key.x), log_keys::since.eq(now));
    // A savepoint: another server with the same secret may keep it at this moment.
    let kept = connection.transaction(|connection| {
        diesel::insert_into(log_keys::table).values(columns).execute(connection).map_err(Error::from)
    });
    match kept {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Every key that the log was signed with, by its name.
pub fn all(connection: &mut AnyConnection) -> Result<HashMap<String, PublicKey>> {
    let rows: Vec<(String, String)> = log_keys::table.select((log_keys::kid, log_keys::x)).load(connection)?;
    Ok(rows.into_iter().map(|(kid, x)| (kid.clone(), PublicKey::new(kid, x))).collect())
}
