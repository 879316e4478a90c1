//! The keys as this process knows them, which is as the database had them a second ago at most.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::key::Term;
use super::keyring::Keyring;
use super::store;
use crate::config::Secret;
use crate::db::Db;
use crate::error::Result;

/// For how long the keys are used without looking whether there are others.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The keys of an instance. They are looked up when somebody needs them, so that a server that was idle, or whose database
/// was away, does not go on with keys of yesterday.
pub struct AccessKeys {
    secret: Secret,
    known: RwLock<Option<Known>>,
}

struct Known {
    keys: Arc<Keyring>,
    looked: Instant,
}

impl AccessKeys {
    /// The keys that are derived from this secret; all instances with the same one have the same keys.
    pub fn new(secret: &Secret) -> AccessKeys {
        AccessKeys { secret: secret.clone(), known: RwLock::new(None) }
    }

    /// The keys of this moment.
    ///
    /// Errors: [`Error::Unavailable`](crate::error::Error::Unavailable) when the database cannot be asked.
    pub async fn keyring(&self, db: &Db) -> Result<Arc<Keyring>> {
        let looked = Instant::now();
        if let Some(keys) = self.known(looked) {
            return Ok(keys);
        }
        let terms = db.read(store::all).await?;
        Ok(self.note(&terms, looked))
    }

    fn known(&self, now: Instant) -> Option<Arc<Keyring>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.as_ref().filter(|known| now.saturating_duration_since(known.looked) < KNOWN_FOR);
        fresh.map(|known| Arc::clone(&known.keys))
    }

    /// Notes what the database said to whoever asked at `looked`. Keys are derived anew only when they are others.
    fn note(&self, terms: &[Term], looked: Instant) -> Arc<Keyring> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.as_mut() {
            // Somebody asked later and was answered earlier.
            Some(known) if known.looked > looked => Arc::clone(&known.keys),
            Some(known) if known.keys.has(terms) => {
                known.looked = looked;
                Arc::clone(&known.keys)
            }
            _ => {
                let keys = Arc::new(Keyring::new(&self.secret, terms));
                *known = Some(Known { keys: Arc::clone(&keys), looked });
                keys
            }
        }
    }
}
