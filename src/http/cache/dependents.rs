//! Which kept answers were made from what.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::entry::Entry;

/// How many answers something has before those that are gone are looked for.
const FIRST_SWEEP: usize = 64;

/// The answers that were made from one thing.
struct Answers {
    entries: Vec<Weak<Entry>>,
    /// At this many the ones that are gone are swept out, so that what is evicted leaves nothing behind.
    sweep_at: usize,
}

/// Kept answers by the ids of what they were made from.
#[derive(Default)]
pub struct Dependents(HashMap<Box<str>, Answers>);

impl Dependents {
    /// Notes that an answer was made from these things.
    pub fn note<'a>(&mut self, entry: &Arc<Entry>, ids: impl IntoIterator<Item = &'a String>) {
        for id in ids {
            let answers = self
                .0
                .entry(id.as_str().into())
                .or_insert_with(|| Answers { entries: Vec::new(), sweep_at: FIRST_SWEEP });
            if answers.entries.len() >= answers.sweep_at {
                answers.entries.retain(|entry| entry.upgrade().is_some_and(|entry| entry.is_alive()));
                answers.sweep_at = (answers.entries.len() * 2).max(FIRST_SWEEP);
            }
            answers.entries.push(Arc::downgrade(entry));
        }
    }

    /// Ends every answer that was made from this thing.
    pub fn end(&mut self, id: &str) {
        for entry in self.0.remove(id).into_iter().flat_map(|answers| answers.entries) {
            if let Some(entry) = entry.upgrade() {
                entry.end();
            }
        }
    }

    /// Ends every answer.
    pub fn end_all(&mut self) {
        for answers in std::mem::take(&mut self.0).into_values() {
            answers.entries.iter().filter_map(Weak::upgrade).for_each(|entry| entry.end());
        }
    }
}
