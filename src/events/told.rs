//! Which changes of the log this process made itself and told the cache of already.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Positions of the log that the cache was told of when they were written, so that whoever follows the log need not say
/// it again.
#[derive(Debug, Default)]
pub struct Told(Mutex<BTreeMap<i64, i64>>);

impl Told {
    /// The cache knows of the changes at these positions.
    pub fn note(&self, positions: RangeInclusive<i64>) {
        self.lock().insert(*positions.start(), *positions.end());
    }

    /// Whether the cache knows of the change at this position.
    pub fn has(&self, position: i64) -> bool {
        self.lock().range(..=position).next_back().is_some_and(|(_, last)| position <= *last)
    }

    /// Forgets everything up to this position: the log is followed beyond it.
    pub fn forget_up_to(&self, position: i64) {
        self.lock().retain(|_, last| *last > position);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_whole_spans_until_they_are_behind() {
        let told = Told::default();
        told.note(3..=5);
        told.note(9..=9);
        let known = |told: &Told| (1..=10).filter(|position| told.has(*position)).collect::<Vec<_>>();
        assert_eq!(known(&told), [3, 4, 5, 9]);
        told.forget_up_to(5);
        assert_eq!(known(&told), [9]);
    }
}
