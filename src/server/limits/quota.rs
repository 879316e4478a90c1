//! So many requests a minute for each of many callers.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use crate::clock::Timestamp;

/// How long a quota is for, in seconds.
const WINDOW: u32 = 60;

/// Most callers that are remembered; beyond that, those who asked least are forgotten and begin anew.
const MOST_KEYS: usize = 65_536;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What each caller of a kind may use within a minute. The minute begins with their first request.
pub struct Quota<Key> {
    name: &'static str,
    most: u32,
    policy: HeaderValue,
    windows: Cache<Key, Arc<Window>>,
}

/// When a minute began, in seconds since 1970, and how many requests it has had: two halves of one number, so that those
/// who ask at the same moment are all counted without waiting for each other.
#[derive(Default)]
struct Window(AtomicU64);

/// What a caller has left.
#[derive(Debug, Clone)]
pub struct Standing {
    name: &'static str,
    policy: HeaderValue,
    left: u32,
    seconds: u32,
}

impl<Key: Hash + Eq + Clone> Quota<Key> {
    /// A quota of this many requests; none when it is 0.
    pub fn new(name: &'static str, most: u32) -> Option<Quota<Key>> {
        if most == 0 {
            return None;
        }
        let policy = HeaderValue::from_str(&format!("\"{name}\";q={most};w={WINDOW}")).ok()?;
        Some(Quota { name, most, policy, windows: Cache::new(MOST_KEYS) })
    }

    /// Counts a request of this caller. Gives what is left after it or, when nothing was left before, that; then it does
    /// not count.
    pub fn count<Borrowed>(&self, key: &Borrowed, now: Timestamp) -> Result<Standing, Standing>
    where
        Borrowed: Hash + Equivalent<Key> + ToOwned<Owned = Key> + ?Sized,
    {
        let Ok(window) = self.windows.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        let (used, seconds) = window.count(self.most, u32::try_from(now.seconds()).unwrap_or_default());
        let standing = |left| Standing { name: self.name, policy: self.policy.clone(), left, seconds };
        used.map(|used| standing(self.most - used)).ok_or_else(|| standing(0))
    }
}

impl Window {
    /// Counts one more unless there were `most`. Gives how many there are now, and the seconds until the next minute.
    fn count(&self, most: u32, now: u32) -> (Option<u32>, u32) {
        let mut before = self.0.load(Ordering::Acquire);
        loop {
            let (begun, used) = ((before >> 32) as u32, before as u32);
            let goes_on = now.checked_sub(begun).is_some_and(|passed| passed < WINDOW);
            let (begun, used) = if goes_on { (begun, used) } else { (now, 0) };
            let seconds = begun + WINDOW - now;
            if used >= most {
                return (None, seconds);
            }
            let after = u64::from(begun) << 32 | u64::from(used + 1);
            match self.0.compare_exchange_weak(before, after, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return (Some(used + 1), seconds),
                Err(changed) => before = changed,
            }
        }
    }
}

impl Standing {
    /// Tells the caller (draft-ietf-httpapi-ratelimit-headers-10).
    pub fn write(&self, headers: &mut HeaderMap) {
        let Standing { name, left, seconds, .. } = self;
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        if let Ok(value) = HeaderValue::from_str(&format!("\"{name}\";r={left};t={seconds}")) {
            headers.insert(RATE_LIMIT, value);
        }
    }

    /// How long it is until there is more.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap().after(Duration::from_secs(seconds))
    }

    fn told(standing: &Standing) -> String {
        let mut headers = HeaderMap::new();
        standing.write(&mut headers);
        assert_eq!(headers.get(RATE_LIMIT_POLICY).unwrap(), "\"callers\";q=3;w=60");
        headers.get(RATE_LIMIT).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn each_caller_has_a_minute_from_their_first_request_on() {
        let quota = Quota::<String>::new("callers", 3).unwrap();
        assert_eq!(told(&quota.count("a", at(0)).unwrap()), "\"callers\";r=2;t=60");
        assert_eq!(told(&quota.count("a", at(10)).unwrap()), "\"callers\";r=1;t=50");
        assert_eq!(told(&quota.count("b", at(20)).unwrap()), "\"callers\";r=2;t=60");
        assert_eq!(told(&quota.count("a", at(59)).unwrap()), "\"callers\";r=0;t=1");
        let refused = quota.count("a", at(59)).unwrap_err();
        assert_eq!((told(&refused), refused.wait()), ("\"callers\";r=0;t=1".to_owned(), Duration::from_secs(1)));
        assert_eq!(told(&quota.count("a", at(60)).unwrap()), "\"callers\";r=2;t=60");
        assert!(Quota::<String>::new("callers", 0).is_none());
    }

    #[test]
    fn requests_at_the_same_moment_are_all_counted() {
        let quota = Quota::<String>::new("callers", 50).unwrap();
        let admitted = std::thread::scope(|scope| {
            let ask = || (0..50).filter(|_| quota.count("a", at(0)).is_ok()).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(admitted, 50);
    }

    #[test]
    fn the_memory_is_bounded() {
        let quota = Quota::<String>::new("callers", 3).unwrap();
        for number in 0..MOST_KEYS + 1_000 {
            let _ = quota.count(number.to_string().as_str(), at(0));
        }
        assert!(quota.windows.len() <= MOST_KEYS, "{}", quota.windows.len());
    }
}
