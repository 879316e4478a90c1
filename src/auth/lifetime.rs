//! For how long something is good that is given out.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::Rejection;

/// The seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// For how long something is good.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// Days when nobody says.
    pub usual: u64,
    /// Days at most.
    pub longest: u64,
}

impl Lifetime {
    /// When something stops to be good that is given out now: as somebody asked, or after its usual time. A time that is
    /// over, or too far away, is refused on `/expires_at`.
    pub fn end(self, asked: Option<Timestamp>, now: Timestamp, refused: &mut Vec<Rejection>) -> Timestamp {
        let days = |days: u64| now.after(Duration::from_secs(days * DAY));
        let (end, latest) = (asked.unwrap_or_else(|| days(self.usual)), days(self.longest));
        if end <= now || end > latest {
            let detail = format!("must lie between now and {latest}, {} days from now", self.longest);
            refused.push(Rejection::field("/expires_at", "out_of_range", detail));
        }
        end
    }
}
