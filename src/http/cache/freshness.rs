//! How long an answer stays true.

use crate::clock::Timestamp;

/// What an answer was made from, and when it ends by itself. An answer that carries one may be kept and given to
/// anybody; one that carries none is made anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The next moment at which it may change without anybody doing anything.
    pub until: Timestamp,
    /// The ids of everything that it was made from; a change of any of them ends it.
    pub of: Vec<String>,
    /// The ids of more that ends it, and that nobody is told of: readers do not see those things yet.
    pub unseen: Vec<String>,
}

impl Freshness {
    /// What every list depends on: a change of anything that readers see may put something in or take something out.
    pub const ANYTHING: &'static str = "*";

    /// Of these things, for as long as none of them changes.
    pub fn of(ids: impl IntoIterator<Item = String>) -> Freshness {
        Freshness { until: Timestamp::FOREVER, of: ids.into_iter().collect(), unseen: Vec::new() }
    }

    /// Of everything that readers see: true until anything of it changes.
    pub fn of_anything() -> Freshness {
        Freshness::of([Freshness::ANYTHING.to_owned()])
    }

    /// The same, made from these things, too.
    pub fn also(mut self, ids: impl IntoIterator<Item = String>) -> Freshness {
        self.of.extend(ids);
        self
    }

    /// The same, and ended by changes of these things, which no header names.
    pub fn unseen(mut self, ids: impl IntoIterator<Item = String>) -> Freshness {
        self.unseen.extend(ids);
        self
    }

    /// The ids of everything whose change ends it.
    pub fn ended_by(&self) -> impl Iterator<Item = &String> + Clone {
        self.of.iter().chain(&self.unseen)
    }

    /// The same, and not longer than until this moment.
    pub fn until(self, moment: Timestamp) -> Freshness {
        Freshness { until: self.until.min(moment), ..self }
    }
}
