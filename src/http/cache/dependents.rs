//! Which kept answers were made from what.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::entry::Entry;

/// How many notes there are at least before those about answers that are gone are looked for.
const FIRST_SWEEP: usize = 4096;

/// Kept answers by the ids of what they were made from.
#[derive(Default)]
pub struct Dependents {
    answers: HashMap<Box<str>, Vec<Weak<Entry>>>,
    /// How many notes were made since the last sweep, and were left by it.
    notes: usize,
    /// At this many, what is about answers that are gone is swept out, so that what is evicted leaves nothing behind.
    sweep_at: usize,
}

impl Dependents {
    /// Notes that an answer was made from these things.
    pub fn note<'a>(&mut self, entry: &Arc<Entry>, ids: impl IntoIterator<Item = &'a String>) {
        for id in ids {
            self.answers.entry(id.as_str().into()).or_default().push(Arc::downgrade(entry));
            self.notes += 1;
        }
        if self.notes >= self.sweep_at.max(FIRST_SWEEP) {
            self.sweep();
        }
    }

    /// Leaves only what is about answers that somebody may still get. The next time is when there is twice as much, so
    /// that sweeping costs no more than noting did.
    fn sweep(&mut self) {
        self.answers.retain(|_, entries| {
            entries.retain(|entry| entry.upgrade().is_some_and(|entry| entry.is_alive()));
            !entries.is_empty()
        });
        self.answers.shrink_to_fit();
        self.notes = self.answers.values().map(Vec::len).sum();
        self.sweep_at = self.notes * 2;
    }

    /// Ends every answer that was made from this thing.
    pub fn end(&mut self, id: &str) {
        for entry in self.answers.remove(id).into_iter().flatten() {
            if let Some(entry) = entry.upgrade() {
                entry.end();
            }
        }
    }

    /// Ends every answer.
    pub fn end_all(&mut self) {
        for entries in std::mem::take(self).answers.into_values() {
            entries.iter().filter_map(Weak::upgrade).for_each(|entry| entry.end());
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::web::Bytes;

    use super::*;
    use crate::clock::Timestamp;
    use crate::http::sharing::Sharing;

    #[test]
    fn what_is_gone_leaves_nothing_behind_though_nothing_that_it_was_made_from_ever_changes() {
        let entry = || {
            let form = (Bytes::from_static(b"text"), HeaderValue::from_static("\"tag\""));
            Arc::new(Entry::new(Vec::new(), form, (Timestamp::FOREVER, Sharing::default())))
        };
        let (mut dependents, kept) = (Dependents::default(), entry());
        dependents.note(&kept, &["kept".to_owned(), "tag".to_owned()]);
        for number in 0..FIRST_SWEEP * 10 {
            dependents.note(&entry(), &[number.to_string(), "tag".to_owned()]);
            assert!(dependents.answers.len() <= FIRST_SWEEP && dependents.notes <= FIRST_SWEEP);
        }
        dependents.end("kept");
        assert!(!kept.is_alive());
    }
}
