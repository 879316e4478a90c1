//! What the door must have done to a story's publications, told from the log alone. The check of the database compares
//! it with what is stored: an interval that somebody moved by hand is found by it.

use super::schedule::{Ending, Schedule, Slot};
use crate::clock::Timestamp;
use crate::events::Action;

/// A publication as the log says that it must be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Until when it was or will be read.
    pub until: Timestamp,
    /// Whether it was taken down or cancelled: nobody may see it any more.
    pub gone: bool,
    /// Whether another one took its place.
    pub followed: bool,
}

/// The intervals of a story's publications after everything that the log says of it. `publications` are in the order of
/// their numbers; the k-th publishing in the log made the k-th of them.
pub fn replay(log: &[(Action, Timestamp)], publications: &[Slot]) -> Vec<Told> {
    let mut waiting = publications.iter();
    let mut made: Vec<(Slot, Told)> = Vec::new();
    for (action, at) in log {
        let open = made.iter().filter(|(_, told)| !told.gone).map(|(slot, _)| slot.clone());
        let schedule = Schedule::at(open, *at);
        let new = match action {
            Action::Published | Action::Embargoed => waiting.next(),
            _ => None,
        };
        let endings = match (action, new) {
            (Action::Published, Some(slot)) => schedule.make_room(slot.live_from, *at),
            (Action::Embargoed, Some(_)) | (Action::Unpublished | Action::Killed, _) => schedule.end(*at),
            (Action::Unscheduled, _) => schedule.call_off(),
            _ => continue,
        };
        for Ending { id, until, superseded, .. } in endings {
            for (slot, told) in made.iter_mut().filter(|(slot, _)| slot.id == id) {
                slot.live_until = until.unwrap_or(slot.live_until);
                *told = Told { until: slot.live_until, gone: superseded, ..*told };
            }
        }
        let begins = |slot: &Slot| Told { until: slot.expires_at, gone: false, followed: false };
        made.extend(new.map(|slot| (Slot { live_until: slot.expires_at, ..slot.clone() }, begins(slot))));
    }
    let mut followed = false;
    for (slot, told) in made.iter_mut().rev() {
        told.followed = followed;
        followed |= told.until > slot.live_from;
    }
    made.into_iter().map(|(_, told)| told).collect()
}
