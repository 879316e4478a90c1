//! The background loop. It only tidies and announces; what readers see never waits for it. Each tick is a plain
//! function of a connection and a moment, so that a test can call it.

use std::time::Duration;

use crate::auth;
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::Result;

/// How often the house is tidied.
const PAUSE: Duration = Duration::from_secs(15 * 60);

/// Tidies until it is dropped. A tick that fails is logged and the next one comes all the same.
pub async fn run(db: Db, clock: Clock) {
    loop {
        let now = clock.now();
        match db.write(move |connection| tidy(connection, now)).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "ended sessions were removed"),
            Err(error) => tracing::warn!(%error, "tidying failed; it is tried again in a quarter of an hour"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Removes sessions and refresh tokens that can never be used again, and says how many rows that were.
pub fn tidy(connection: &mut AnyConnection, now: Timestamp) -> Result<usize> {
    auth::prune_sessions(connection, now)
}
