//! Answers that are being made: whoever asks for the same one meanwhile waits for it instead of making it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::entry::Entry;
use crate::clock::Timestamp;

/// What came of a flight.
#[derive(Debug, Clone)]
pub enum Landing {
    /// The answer.
    Here(Arc<Entry>),
    /// An answer that was over before it was given, because its time was, or because something that it was made from
    /// changed meanwhile. Another flight may bring one.
    Late,
    /// None that is for everybody.
    Nothing,
}

/// What is being made now, by key.
#[derive(Debug, Default)]
pub struct Flights(Mutex<HashMap<Box<str>, Flight>>);

#[derive(Debug)]
struct Flight {
    /// The generation in which it began: what began before a change is not for those who come after it.
    generation: u64,
    landed: watch::Receiver<Option<Landing>>,
}

/// The part of somebody who asks for an answer that is not kept.
pub enum Seat {
    /// Makes it, and must say what came of it.
    Pilot(Pilot),
    /// Waits for it.
    Passenger(Passenger),
}

/// Makes an answer for everybody who asks meanwhile. Dropping it tells them that nothing came of it.
pub struct Pilot {
    flights: Arc<Flights>,
    key: Box<str>,
    /// The generation in which this flight began.
    pub generation: u64,
    landing: watch::Sender<Option<Landing>>,
}

/// Waits for an answer that somebody else makes.
pub struct Passenger(watch::Receiver<Option<Landing>>);

impl Flights {
    /// A seat for whoever asks for `key` in this generation.
    pub fn board(self: &Arc<Flights>, key: &str, generation: u64) -> Seat {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key).filter(|flight| flight.generation == generation) {
            return Seat::Passenger(Passenger(flight.landed.clone()));
        }
        let (landing, landed) = watch::channel(None);
        flights.insert(key.into(), Flight { generation, landed });
        Seat::Pilot(Pilot { flights: Arc::clone(self), key: key.into(), generation, landing })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pilot {
    /// Tells everybody who waits for it what came of it.
    pub fn land(self, landing: Landing) {
        self.landing.send_replace(Some(landing));
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // A later flight may have taken the place of this one.
        if flights.get(&self.key).is_some_and(|flight| flight.generation == self.generation) {
            flights.remove(&self.key);
        }
    }
}

impl Passenger {
    /// What came of it, for whoever gets it at the moment at which it lands; nothing when whoever made it left.
    pub async fn wait(mut self, now: impl FnOnce() -> Timestamp) -> Landing {
        let landed = self.0.wait_for(Option::is_some).await;
        match landed.ok().and_then(|landing| landing.clone()) {
            Some(Landing::Here(entry)) if !entry.holds(now()) => Landing::Late,
            Some(landing) => landing,
            None => Landing::Nothing,
        }
    }
}
