//! Which things changed lately, and which are being changed now: an answer may be kept when nothing of what it was made
//! from did since it was begun.

use std::collections::HashMap;

/// Most things that are remembered to have changed. Then all of them are forgotten, and nothing is kept that was begun
/// before that moment.
const MOST: usize = 4096;

/// What changed and what changes, by id. Changes are counted, and the count at which something was begun is its
/// generation.
#[derive(Default)]
pub struct Changes {
    /// How many changes of each thing are being committed.
    ongoing: HashMap<Box<str>, usize>,
    /// The generation in which each thing changed last.
    last_changed: HashMap<Box<str>, u64>,
    /// What was begun before this generation is not known to be true.
    known_since: u64,
}

impl Changes {
    /// These things are about to change.
    pub fn begin(&mut self, ids: &[String]) {
        for id in ids {
            *self.ongoing.entry(id.as_str().into()).or_default() += 1;
        }
    }

    /// They changed, in this generation, or did not.
    pub fn end(&mut self, ids: &[String], generation: u64) {
        if self.last_changed.len() + ids.len() > MOST {
            self.forget(generation);
        }
        for id in ids {
            if ids.len() <= MOST {
                self.last_changed.insert(id.as_str().into(), generation);
            }
            match self.ongoing.get_mut(id.as_str()) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.ongoing.remove(id.as_str())),
            }
        }
    }

    /// Anything may have changed before this generation.
    pub fn forget(&mut self, generation: u64) {
        self.last_changed.clear();
        self.known_since = generation;
    }

    /// Whether what was made in this generation from these things is still true.
    pub fn is_still_true<'a>(&self, ids: impl IntoIterator<Item = &'a str>, generation: u64) -> bool {
        let is_the_same = |id: &str| {
            !self.ongoing.contains_key(id) && self.last_changed.get(id).is_none_or(|changed| *changed <= generation)
        };
        generation >= self.known_since && ids.into_iter().all(is_the_same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_changes_and_what_changed_since_makes_untrue_and_nothing_else_does() {
        let mut changes = Changes::default();
        changes.begin(&ids(&["a", "*"]));
        changes.begin(&ids(&["a"]));
        assert!(!changes.is_still_true(["a"], 2) && changes.is_still_true(["b"], 0));
        changes.end(&ids(&["a", "*"]), 3);
        assert!(!changes.is_still_true(["a"], 3), "the other change of it goes on");
        assert!(!changes.is_still_true(["b", "*"], 2) && changes.is_still_true(["b", "*"], 3));
        changes.end(&ids(&["a"]), 4);
        assert!(!changes.is_still_true(["a"], 3) && changes.is_still_true(["a", "*", "b"], 4));
    }

    #[test]
    fn when_changes_are_forgotten_nothing_counts_as_true_that_was_begun_before() {
        let mut changes = Changes::default();
        changes.begin(&ids(&["a"]));
        changes.forget(5);
        assert!(!changes.is_still_true(["b"], 4) && changes.is_still_true(["b"], 5));
        assert!(!changes.is_still_true(["a"], 5), "it is still being changed");
        for number in 0..MOST as u64 * 2 {
            let id = [number.to_string()];
            changes.begin(&id);
            changes.end(&id, 6 + number);
            assert!(changes.last_changed.len() <= MOST);
        }
        assert!(!changes.is_still_true(["b"], 6), "changes of then are no longer known");
        changes.end(&vec!["many".to_owned(); MOST + 1], 1 << 20);
        assert!(changes.last_changed.is_empty() && !changes.is_still_true(["b"], (1 << 20) - 1));
    }
}
