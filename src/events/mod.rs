//! The append-only log. Every committed change writes its rows here in the same transaction, so that nothing is
//! announced that was not committed, and nothing committed is forgotten.

pub mod chain;
mod event;
pub mod keys;
mod ledger;
mod replay;
mod sealed;
mod signer;
mod store;
mod told;

pub use event::{Action, Actor, Event, Resource};
pub use ledger::Ledger;
pub use replay::{withhold_answers_about, withhold_answers_to};
pub use sealed::Sealed;
pub use signer::{PublicKey, Signer, checkpoint_text, key_name};
pub use store::{BETWEEN_CHECKPOINTS, Changes, Entry, changes_since, newest_position};
pub use told::Told;

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::http::cache::{Change, Freshness};

/// The changes of one transaction, in the order they were made.
#[derive(Debug)]
pub struct Journal {
    at: Timestamp,
    clock: Clock,
    actor: Actor,
    /// Each with the moment at which it was noted, and by whom.
    entries: Vec<(Timestamp, Actor, Event)>,
}

impl Journal {
    /// The moment of this transaction: what every row it writes has as its time.
    pub fn now(&self) -> Timestamp {
        self.at
    }

    /// Looks at the clock again: after waiting for somebody else's transaction, what that one did must not lie in the
    /// future. Never goes back. What another server did at a moment that this one's clock has not reached was all the
    /// same earlier: this comes after it.
    pub fn look_again(&mut self, earlier: Timestamp) -> Timestamp {
        let now = self.clock.now();
        let now = if now < earlier { earlier.after(Duration::from_micros(1)) } else { now };
        self.at = self.at.max(now);
        self.at
    }

    /// Who makes the change.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Notes a change.
    pub fn record(&mut self, event: Event) {
        self.entries.push((self.at, self.actor.clone(), event));
    }

    /// Notes what time did, and nobody in this transaction.
    pub fn record_by_clock(&mut self, event: Event) {
        self.entries.push((self.at, Actor::Clock, event));
    }

    /// What looks different to readers after this; empty when nothing does.
    fn changed(&self) -> Vec<String> {
        let seen = self.entries.iter().filter(|(_, _, event)| event.action.is_seen_by_readers(event.resource));
        let mut ids: Vec<String> =
            seen.flat_map(|(_, _, event)| [&event.id].into_iter().chain(&event.touched).cloned()).collect();
        if !ids.is_empty() {
            ids.push(Freshness::ANYTHING.to_owned());
        }
        ids
    }

    /// How much was noted so far, for [`Journal::forget_since`].
    pub fn mark(&self) -> usize {
        self.entries.len()
    }

    /// Forgets what was noted since a mark: that part of the transaction was rolled back.
    pub fn forget_since(&mut self, mark: usize) {
        self.entries.truncate(mark);
    }
}

/// What one transaction does. In a box, so that the way there is compiled once for each kind of outcome, and not for each
/// of all the things that can be done.
type Work<T> = Box<dyn FnOnce(&mut AnyConnection, &mut Journal) -> Result<T> + Send>;

/// The way everything is written: runs `work` in one transaction, appends what it recorded to the log, and commits both.
///
/// The log is written last, because the row that hands out positions is held until the commit: two writers that took
/// it earlier would wait for each other. Kept answers that the change makes untrue end right before the commit, and
/// none of them is kept until it is over.
async fn write<T: Send + 'static>(ledger: &Ledger, actor: Actor, work: Work<T>) -> Result<T> {
    let (clock, signer, cache) = (ledger.clock.clone(), ledger.signer.clone(), ledger.cache.clone());
    let (kept_by, told) = (ledger.signer.clone(), ledger.told());
    let work = move |connection: &mut AnyConnection| {
        // Only here: before this, the write waited for its turn, and others had theirs.
        let mut journal = Journal { at: clock.now(), clock, actor, entries: Vec::new() };
        let value = work(connection, &mut journal)?;
        let changed = journal.changed();
        let positions = store::append(connection, &signer, journal)?;
        Ok((value, positions, changed))
    };
    let expected = move |(value, positions, changed): (T, RangeInclusive<i64>, Vec<String>)| {
        let change = (!changed.is_empty()).then(|| cache.changing(changed));
        (value, positions, change)
    };
    let committed = move |(value, positions, change): (T, RangeInclusive<i64>, Option<Change>)| {
        kept_by.set_kept();
        kept_by.note_committed(*positions.end());
        if change.is_some() {
            told.note(positions);
        }
        value
    };
    ledger.db.write_around(work, (expected, committed)).await
}
