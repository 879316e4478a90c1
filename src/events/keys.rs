//! The public keys that the log was signed with: a proof of long ago still finds its key after the secret changed.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Event, Journal, PublicKey, Resource, Signer};
use crate::db::AnyConnection;
use crate::db::schema::log_keys;
use crate::error::{Error, Result};
use crate::events::Action;

/// Keeps the key that signs from here on. When others signed before it, the log says so: with that entry the new key
/// vouches for everything that they signed.
pub fn keep(connection: &mut AnyConnection, signer: &Signer, journal: &mut Journal) -> Result<()> {
    let key = signer.public_key();
    let known: Vec<String> = log_keys::table.select(log_keys::kid).load(connection)?;
    if known.contains(&key.kid) {
        return Ok(());
    }
    let columns = (log_keys::kid.eq(&key.kid), log_keys::x.eq(&key.x), log_keys::since.eq(journal.now()));
    // A savepoint: another server with the same secret may keep it at this moment.
    let kept = connection.transaction(|connection| {
        diesel::insert_into(log_keys::table).values(columns).execute(connection).map_err(Error::from)
    });
    match kept {
        Ok(_) if known.is_empty() => Ok(()),
        Ok(_) => {
            journal.record_by_clock(Event::new(Action::KeyChanged, Resource::LogKey, &key.kid));
            Ok(())
        }
        Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Every key that the log was signed with, by its name.
pub fn all(connection: &mut AnyConnection) -> Result<HashMap<String, PublicKey>> {
    let rows: Vec<(String, String)> = log_keys::table.select((log_keys::kid, log_keys::x)).load(connection)?;
    Ok(rows.into_iter().map(|(kid, x)| (kid.clone(), PublicKey::new(kid, x))).collect())
}
