//! What caches between us and readers (a CDN, a proxy) may do with public answers (RFC 9111, RFC 5861).

use actix_web::http::header::{HeaderName, HeaderValue};

use super::cache::Freshness;
use crate::clock::Timestamp;

/// The header by which Fastly and others purge; keys are separated by spaces.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// The header by which Cloudflare and others purge; keys are separated by commas.
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// The key that every list has: purge it after anything that readers see has changed.
const OF_LISTS: &str = "lists";

/// How long shared caches may give an answer without asking. Nobody but us knows of a change at once, so by default they
/// ask each time, which costs a 304.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Seconds for which shared caches need not ask; 0 means that they always do.
    pub max_age: u32,
    /// Seconds after that for which they may give what they have while they ask.
    pub stale: u32,
}

impl Sharing {
    /// `Cache-Control` of a public answer, given now. It is good until the next full minute at most, when a schedule that
    /// stands on one changes it, and says nothing of when that is: what is scheduled is not everybody's to know.
    pub fn cache_control(self, now: Timestamp) -> HeaderValue {
        let left = u32::try_from((MINUTE - now.microseconds().rem_euclid(MINUTE)) / 1_000_000).unwrap_or(0);
        let max_age = self.max_age.min(left);
        let stale = self.stale.min(left - max_age);
        let text = match (max_age, stale) {
            (0, _) => return HeaderValue::from_static("public, no-cache"),
            (_, 0) => format!("public, max-age=0, s-maxage={max_age}"),
            _ => format!("public, max-age=0, s-maxage={max_age}, stale-while-revalidate={stale}"),
        };
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("public, no-cache"))
    }

    /// Whether shared caches may give anything without asking.
    pub fn is_on(self) -> bool {
        self.max_age > 0
    }

    /// The headers by which a shared cache can be told to forget this answer; none when it asks each time anyhow.
    pub fn purge_keys(self, freshness: &Freshness) -> Vec<(HeaderName, HeaderValue)> {
        if !self.is_on() {
            return Vec::new();
        }
        let mut keys: Vec<&str> =
            freshness.of.iter().map(|id| if id == Freshness::ANYTHING { OF_LISTS } else { id }).collect();
        keys.sort_unstable();
        keys.dedup();
        let headers = [(SURROGATE_KEY, keys.join(" ")), (CACHE_TAG, keys.join(","))];
        headers.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_until_the_next_full_minute_at_most_whatever_is_scheduled() {
        let said = |sharing: Sharing, moment: &str| {
            sharing.cache_control(moment.parse().unwrap()).to_str().unwrap().to_owned()
        };
        let sharing = Sharing { max_age: 40, stale: 15 };
        for (moment, expected) in [
            ("12:00:00Z", "public, max-age=0, s-maxage=40, stale-while-revalidate=15"),
            ("12:00:10Z", "public, max-age=0, s-maxage=40, stale-while-revalidate=10"),
            ("12:00:20Z", "public, max-age=0, s-maxage=40"),
            ("12:00:50.5Z", "public, max-age=0, s-maxage=9"),
            ("12:00:59.5Z", "public, no-cache"),
        ] {
            assert_eq!(said(sharing, &format!("2026-11-23T{moment}")), expected, "{moment}");
        }
        assert_eq!(
            said(Sharing { max_age: 3600, stale: 60 }, "2026-11-23T12:00:00Z"),
            "public, max-age=0, s-maxage=60"
        );
        assert_eq!(said(Sharing::default(), "2026-11-23T12:00:00Z"), "public, no-cache");
    }

    #[test]
    fn a_story_is_purged_by_everything_that_is_seen_of_it_and_a_list_by_one_key() {
        let sharing = Sharing { max_age: 60, stale: 0 };
        let freshness = Freshness::of(["b".to_owned(), "a".to_owned(), "b".to_owned()]).unseen(["c".to_owned()]);
        let keys = sharing.purge_keys(&freshness);
        assert_eq!(keys, [(SURROGATE_KEY, "a b".parse().unwrap()), (CACHE_TAG, "a,b".parse().unwrap())]);
        assert_eq!(sharing.purge_keys(&Freshness::of_anything())[0].1, "lists");
        assert!(Sharing::default().purge_keys(&Freshness::of_anything()).is_empty());
    }
}
