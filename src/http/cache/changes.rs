//! Which things changed lately, and which are being changed now: an answer may be kept as long as nothing of what it was
//! made from did since it was begun.

use std::collections::HashMap;

/// Most things that are remembered to have changed. What was begun before the oldest of them is not kept at all.
const MOST: usize = 4096;

/// What changed and what changes, by id. Changes are counted, and the count at which something was begun is its generation.
#[derive(Default)]
pub struct Changes {
    /// How many changes of each thing are being committed.
    ongoing: HashMap<Box<str>, usize>,
    /// The generation in which each thing changed last.
    over: HashMap<Box<str>, u64>,
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
        if self.over.len() + ids.len() > MOST {
            self.forget(generation);
        }
        for id in ids {
            if ids.len() <= MOST {
                self.over.insert(id.as_str().into(), generation);
            }
            match self.ongoing.get_mut(id.as_str()) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.ongoing.remove(id.as_str())),
            }
        }
    }

    /// Anything may have changed before this generation.
    pub fn forget(&mut self, generation: u64) {
        self.over.clear();
        self.known_since = generation;
    }

    /// Whether what was made in this generation from these things is still true.
    pub fn have_spared<'a>(&self, ids: impl IntoIterator<Item = &'a str>, generation: u64) -> bool {
        let is_spared =
            |id: &str| !self.ongoing.contains_key(id) && self.over.get(id).is_none_or(|changed| *changed <= generation);
        generation >= self.known_since && ids.into_iter().all(is_spared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_changes_and_what_changed_since_is_not_spared_and_everything_else_is() {
        let mut changes = Changes::default();
        changes.begin(&ids(&["a", "*"]));
        changes.begin(&ids(&["a"]));
        assert!(!changes.have_spared(["a"], 2) && changes.have_spared(["b"], 0));
        changes.end(&ids(&["a", "*"]), 3);
        assert!(!changes.have_spared(["a"], 3), "the other change of it goes on");
        assert!(!changes.have_spared(["b", "*"], 2) && changes.have_spared(["b", "*"], 3));
        changes.end(&ids(&["a"]), 4);
        assert!(!changes.have_spared(["a"], 3) && changes.have_spared(["a", "*", "b"], 4));
    }

    #[test]
    fn what_is_forgotten_spares_nothing_that_was_begun_before() {
        let mut changes = Changes::default();
        changes.begin(&ids(&["a"]));
        changes.forget(5);
        assert!(!changes.have_spared(["b"], 4) && changes.have_spared(["b"], 5));
        assert!(!changes.have_spared(["a"], 5), "it is still being changed");
        for number in 0..MOST as u64 * 2 {
            let id = [number.to_string()];
            changes.begin(&id);
            changes.end(&id, 6 + number);
            assert!(changes.over.len() <= MOST);
        }
        assert!(!changes.have_spared(["b"], 6), "changes of then are no longer known");
        changes.end(&vec!["many".to_owned(); MOST + 1], 1 << 20);
        assert!(changes.over.is_empty() && !changes.have_spared(["b"], (1 << 20) - 1));
    }
}
