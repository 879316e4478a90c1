//! What caches between us and readers (a CDN, a proxy) may do with public answers (RFC 9111, RFC 5861).

use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};

use super::cache::Freshness;
use crate::clock::Timestamp;

/// The header by which Fastly and others purge; keys are separated by spaces.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// The header by which Cloudflare and others purge; keys are separated by commas.
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

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
    /// `Cache-Control` of a public answer that is true until a moment: no cache may give it beyond that.
    pub fn cache_control(self, until: Timestamp, now: Timestamp) -> HeaderValue {
        let left = (until.microseconds() - now.microseconds()).max(0) / 1_000_000;
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let max_age = self.max_age.min(left);
        let stale = self.stale.min(left - max_age);
        let text = match (max_age, stale) {
            (0, _) => return HeaderValue::from_static("public, no-cache"),
            (_, 0) => format!("public, max-age=0, s-maxage={max_age}"),
            _ => format!("public, max-age=0, s-maxage={max_age}, stale-while-revalidate={stale}"),
        };
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("public, no-cache"))
    }

    /// Whether an answer that is true until this moment is given less long than others.
    pub fn is_cut_short(self, until: Timestamp, now: Timestamp) -> bool {
        self.max_age > 0 && until < now.after(Duration::from_secs(u64::from(self.max_age) + u64::from(self.stale)))
    }

    /// The headers by which a shared cache can be told to forget this answer; none when it asks each time anyhow.
    pub fn purge_keys(self, freshness: &Freshness) -> Vec<(HeaderName, HeaderValue)> {
        if self.max_age == 0 {
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
    fn no_cache_may_give_an_answer_beyond_its_time() {
        let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let later = |seconds| noon.after(Duration::from_secs(seconds));
        let sharing = Sharing { max_age: 60, stale: 30 };
        let said = |until| sharing.cache_control(until, noon).to_str().unwrap().to_owned();
        assert_eq!(said(Timestamp::FOREVER), "public, max-age=0, s-maxage=60, stale-while-revalidate=30");
        assert_eq!(said(later(70)), "public, max-age=0, s-maxage=60, stale-while-revalidate=10");
        assert_eq!(said(later(20)), "public, max-age=0, s-maxage=20");
        assert_eq!(said(noon), "public, no-cache");
        assert_eq!(Sharing::default().cache_control(Timestamp::FOREVER, noon), "public, no-cache");
        assert!(sharing.is_cut_short(later(70), noon) && !sharing.is_cut_short(later(90), noon));
    }

    #[test]
    fn a_story_is_purged_by_everything_it_was_made_from_and_a_list_by_one_key() {
        let sharing = Sharing { max_age: 60, stale: 0 };
        let keys = sharing.purge_keys(&Freshness::of(["b".to_owned(), "a".to_owned(), "b".to_owned()]));
        assert_eq!(keys, [(SURROGATE_KEY, "a b".parse().unwrap()), (CACHE_TAG, "a,b".parse().unwrap())]);
        assert_eq!(sharing.purge_keys(&Freshness::of_anything())[0].1, "lists");
        assert!(Sharing::default().purge_keys(&Freshness::of_anything()).is_empty());
    }
}
