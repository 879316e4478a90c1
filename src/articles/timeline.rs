//! What the door must have done to a story's publications, told from the log alone. The check of the database compares
//! it with what is stored: an interval that somebody moved by hand is found by it.

use super::schedule::{Ending, Schedule, Slot};
use crate::clock::Timestamp;
use crate::events::Action;

/// The intervals of a story's publications after everything that the log says of it: until when each was or will be
/// read, and whether the door is done with it. `publications` are in the order of their numbers; the k-th publishing in
/// the log made the k-th of them.
pub fn replay(log: &[(Action, Timestamp)], publications: &[Slot]) -> Vec<(Timestamp, bool)> {
    let mut waiting = publications.iter();
    // Each as it was made, with whether the door is done with it.
    let mut made: Vec<(Slot, bool)> = Vec::new();
    for (action, at) in log {
        let open = made.iter().filter(|(_, superseded)| !superseded).map(|(slot, _)| slot.clone());
        let schedule = Schedule::at(open, *at);
        let new = match action {
            Action::Published | Action::Embargoed => waiting.next(),
            _ => None,
        };
        let endings = match (action, new) {
            (Action::Published, Some(slot)) => schedule.make_room(slot.live_from, *at),
            (Action::Embargoed, Some(_)) | (Action::Unpublished | Action::Killed, _) => schedule.make_room(*at, *at),
            (Action::Unscheduled, _) => schedule.call_off(),
            _ => continue,
        };
        for Ending { id, until, superseded } in endings {
            for (slot, done) in made.iter_mut().filter(|(slot, _)| slot.id == id) {
                slot.live_until = until;
                *done = superseded;
            }
        }
        made.extend(new.map(|slot| (Slot { live_until: slot.expires_at, ..slot.clone() }, false)));
    }
    made.into_iter().map(|(slot, superseded)| (slot.live_until, superseded)).collect()
}
