//! Whose eyes look, and at which moment.

use crate::auth::Caller;
use crate::clock::Timestamp;
use crate::db::fulltext::Seen;
use crate::error::{Error, Result};

/// Whose eyes look, and at which moment. Every reading query takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Readers, now.
    Readers(Timestamp),
    /// Those who may read what is under embargo, now.
    Partners(Timestamp),
    /// What readers saw `then`, asked `now`: names that came later lead there, too.
    Past {
        /// The moment that is over.
        then: Timestamp,
        /// The moment of asking.
        now: Timestamp,
    },
}

impl Sight {
    /// The eyes of this caller, where working copies do not come into it.
    pub fn of(caller: &Caller, now: Timestamp) -> Sight {
        if caller.reads_ahead() { Sight::Partners(now) } else { Sight::Readers(now) }
    }

    /// What readers ask for: what they see now, or what they saw at the moment that `as_of` names.
    ///
    /// Errors: 400 for a moment that is still to come.
    pub fn asked(as_of: Option<Timestamp>, now: Timestamp) -> Result<Sight> {
        match as_of {
            Some(then) if then > now => {
                let detail = format!("must not be in the future: it is {now} now");
                Err(Error::bad_parameter("as_of", "in_the_future", detail))
            }
            Some(then) => Ok(Sight::Past { then, now }),
            None => Ok(Sight::Readers(now)),
        }
    }

    /// The same eyes, asking now: what waited for its turn looks at the clock again.
    pub fn at(self, now: Timestamp) -> Sight {
        match self {
            Sight::Readers(_) => Sight::Readers(now),
            Sight::Partners(_) => Sight::Partners(now),
            Sight::Past { then, .. } => Sight::Past { then, now },
        }
    }

    /// What readers see at the same moment.
    pub fn of_readers(self) -> Sight {
        match self {
            Sight::Partners(now) => Sight::Readers(now),
            Sight::Readers(_) | Sight::Past { .. } => self,
        }
    }

    /// The moment of asking.
    pub fn now(self) -> Timestamp {
        match self {
            Sight::Readers(now) | Sight::Partners(now) | Sight::Past { now, .. } => now,
        }
    }

    /// The same for the search index, which knows only the present.
    pub fn seen(self) -> Seen {
        Seen { at: self.now(), ahead: matches!(self, Sight::Partners(_)) }
    }

    /// Whether readers do not see yet what begins for them at this moment.
    pub fn is_ahead_of(self, live_from: Timestamp) -> bool {
        match self {
            Sight::Partners(now) => live_from > now,
            Sight::Readers(_) | Sight::Past { .. } => false,
        }
    }
}
