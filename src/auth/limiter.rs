//! Slows down guessing: at most 10 refused sign-ins in 15 minutes from one address, and for one account.
//!
//! The counts live in memory and start afresh with the process; each instance counts for itself. The address is the
//! one at the other end of the connection, never a header, because anybody can write a header. Behind a reverse proxy
//! all callers therefore share one address until the setting for trusted proxies exists (an issue of its own).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// Refused sign-ins before the answer is 429.
const MOST_FAILURES: usize = 10;

/// How long a refused sign-in counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Most addresses, and most accounts, that are remembered.
const MOST_KEYS: usize = 10_000;

/// Counts refused sign-ins; one for all workers.
#[derive(Default)]
pub struct SignInLimiter {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    addresses: Failures<Option<IpAddr>>,
    accounts: Failures<String>,
}

/// A sign-in that has begun. It counts as refused until it is said to be something else, so that guesses sent at the
/// same moment, or given up half way, all count.
#[derive(Clone)]
pub struct Attempt {
    at: Timestamp,
    address: Option<IpAddr>,
    account: String,
}

impl SignInLimiter {
    /// Counts an attempt from `address` at `account` (an e-mail address as it is compared, known or not).
    ///
    /// Errors: 429 with the time to wait when either has used up its failures; that attempt does not count.
    pub fn begin(&self, now: Timestamp, address: Option<IpAddr>, account: &str) -> Result<Attempt> {
        let address = address.map(network);
        let mut counts = self.counts();
        let waits = [counts.addresses.wait(&address, now), counts.accounts.wait(account, now)];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(Error::TooManyRequests(wait));
        }
        counts.addresses.add(address, now);
        counts.accounts.add(account.to_owned(), now);
        Ok(Attempt { at: now, address, account: account.to_owned() })
    }

    /// The password was right: the account starts afresh, and the address is as it was.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut counts = self.counts();
        counts.accounts.forget(&attempt.account);
        counts.addresses.take_back(&attempt.address, attempt.at);
    }

    /// It was our fault, not a wrong guess: nothing is counted.
    pub fn withdraw(&self, attempt: &Attempt) {
        let mut counts = self.counts();
        counts.accounts.take_back(&attempt.account, attempt.at);
        counts.addresses.take_back(&attempt.address, attempt.at);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network that an address stands for: one household or server has a whole /64 of IPv6 to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

/// When each key failed lately, oldest first.
struct Failures<Key> {
    by_key: HashMap<Key, Vec<Timestamp>>,
}

impl<Key> Default for Failures<Key> {
    fn default() -> Self {
        Failures { by_key: HashMap::new() }
    }
}

impl<Key: Eq + Hash + Clone> Failures<Key> {
    /// How long this key has to wait, when it has to.
    fn wait<Borrowed>(&mut self, key: &Borrowed, now: Timestamp) -> Option<Duration>
    where
        Key: std::borrow::Borrow<Borrowed>,
        Borrowed: Eq + Hash + ?Sized,
    {
        let failures = self.by_key.get_mut(key)?;
        failures.retain(|failed| counts_at(*failed, now));
        if failures.len() < MOST_FAILURES {
            return None;
        }
        let until = failures.first()?.after(WINDOW);
        let micros = u64::try_from(until.microseconds() - now.microseconds()).unwrap_or(0);
        // Whole seconds, rounded up: coming back exactly then must not be too early.
        Some(Duration::from_secs(micros.div_ceil(1_000_000)))
    }

    fn add(&mut self, key: Key, now: Timestamp) {
        if self.by_key.len() >= MOST_KEYS && !self.by_key.contains_key(&key) {
            self.make_room(now);
        }
        self.by_key.entry(key).or_default().push(now);
    }

    /// Forgets what no longer counts or, when everything does, the key that has been quiet for longest.
    fn make_room(&mut self, now: Timestamp) {
        self.by_key.retain(|_, failures| failures.last().is_some_and(|last| counts_at(*last, now)));
        if self.by_key.len() >= MOST_KEYS {
            let quietest = self.by_key.iter().min_by_key(|(_, failures)| failures.last().copied());
            if let Some(key) = quietest.map(|(key, _)| key.clone()) {
                self.by_key.remove(&key);
            }
        }
    }

    fn take_back(&mut self, key: &Key, at: Timestamp) {
        let Some(failures) = self.by_key.get_mut(key) else { return };
        if let Some(index) = failures.iter().position(|failed| *failed == at) {
            failures.remove(index);
        }
        if failures.is_empty() {
            self.by_key.remove(key);
        }
    }

    fn forget(&mut self, key: &Key) {
        self.by_key.remove(key);
    }
}

/// Whether a failure still counts.
fn counts_at(failed: Timestamp, now: Timestamp) -> bool {
    now < failed.after(WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_eleventh_guess_at_an_account_waits_wherever_it_comes_from() {
        let limiter = SignInLimiter::default();
        for guess in 0..10 {
            assert!(limiter.begin(start(), address(&format!("192.0.2.{guess}")), "a@example.org").is_ok());
        }
        let refused = limiter.begin(start(), address("192.0.2.99"), "a@example.org");
        assert!(matches!(refused, Err(Error::TooManyRequests(wait)) if wait == WINDOW));
        assert!(limiter.begin(start(), address("192.0.2.99"), "b@example.org").is_ok());
        let later = start().after(WINDOW);
        assert!(limiter.begin(later, address("192.0.2.99"), "a@example.org").is_ok());
    }

    #[test]
    fn the_eleventh_guess_from_a_network_waits_whichever_account_it_is_for() {
        let limiter = SignInLimiter::default();
        for guess in 0..10 {
            let from = address(&format!("2001:db8:1:2::{guess}"));
            assert!(limiter.begin(start(), from, &format!("{guess}@example.org")).is_ok());
        }
        assert!(limiter.begin(start(), address("2001:db8:1:2:ffff::1"), "x@example.org").is_err());
        assert!(limiter.begin(start(), address("2001:db8:1:3::1"), "x@example.org").is_ok());
    }

    #[test]
    fn guesses_at_the_same_moment_all_count() {
        let limiter = SignInLimiter::default();
        let begun = std::thread::scope(|scope| {
            let guess = || limiter.begin(start(), None, "a@example.org").is_ok();
            let threads: Vec<_> = (0..100).map(|_| scope.spawn(guess)).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|begun| *begun).count()
        });
        assert_eq!(begun, MOST_FAILURES);
    }

    #[test]
    fn success_forgives_the_account_and_a_fault_of_ours_counts_for_nothing() {
        let limiter = SignInLimiter::default();
        for _ in 0..9 {
            assert!(limiter.begin(start(), address("192.0.2.1"), "a@example.org").is_ok());
        }
        for _ in 0..50 {
            let attempt = limiter.begin(start(), address("192.0.2.1"), "a@example.org").unwrap();
            limiter.withdraw(&attempt);
        }
        let attempt = limiter.begin(start(), address("192.0.2.1"), "a@example.org").unwrap();
        limiter.succeeded(&attempt);
        // The account is forgiven; the address still has its nine.
        assert!(limiter.begin(start(), address("192.0.2.1"), "a@example.org").is_ok());
        assert!(limiter.begin(start(), address("192.0.2.1"), "a@example.org").is_err());
        assert!(limiter.begin(start(), address("192.0.2.2"), "a@example.org").is_ok());
    }

    #[test]
    fn the_memory_is_bounded_and_the_quietest_is_forgotten_first() {
        let limiter = SignInLimiter::default();
        for number in 0..MOST_KEYS + 5 {
            let second = Duration::from_millis(u64::try_from(number).unwrap());
            let from = Some(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()));
            assert!(limiter.begin(start().after(second), from, &format!("{number}@example.org")).is_ok());
        }
        let counts = limiter.counts();
        assert_eq!((counts.accounts.by_key.len(), counts.addresses.by_key.len()), (MOST_KEYS, MOST_KEYS));
        assert!(!counts.accounts.by_key.contains_key("0@example.org"));
    }
}
