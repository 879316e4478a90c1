//! Slows down guessing, without giving anybody the means to keep somebody else out.
//!
//! An account is familiar with the networks from which it was used within the last month; everybody else is a stranger.
//! Over the last 15 minutes,
//!
//! - strangers in one network have at most 10 sign-ins refused, whichever accounts they are for: whoever guesses is stopped,
//!   and nobody outside that network notices;
//! - in a network that is familiar, 10 more may be refused for that account alone, and those of others do not count: a
//!   colleague who mistypes, or a guesser behind the same address, keeps nobody else out;
//! - strangers in all networks together have at most 100 refused at one account: whoever guesses from many networks is
//!   slowed down. Each guess that runs out makes room for another, so even a traveller gets in, and where the owner usually
//!   signs in nobody notices.
//!
//! The counts live in memory and start afresh with the process; each instance counts for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::network::Network;

/// Refused sign-ins in one place before the answer is 429.
const MOST_IN_PLACE: usize = 10;

/// Refused sign-ins at one account by strangers before the answer to strangers is 429 (NIST SP 800-63B allows 100).
const MOST_BY_STRANGERS: usize = 100;

/// How long a refused sign-in counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Letters about a forgotten password that may be asked for one account before the answer is 429.
const MOST_LETTERS: usize = 5;

/// How long such a request counts.
const LETTERS_WINDOW: Duration = Duration::from_secs(60 * 60);

/// Most places, and most accounts, that are remembered.
const MOST_KEYS: usize = 10_000;

/// Counts refused sign-ins; one for all workers.
pub struct SignInLimiter {
    counts: Mutex<Counts>,
}

/// Counts who asks for a letter about a forgotten password, apart from refused sign-ins: asking for many locks nobody out.
pub struct ResetLimiter(SignInLimiter);

impl Default for ResetLimiter {
    fn default() -> ResetLimiter {
        ResetLimiter(SignInLimiter::with(LETTERS_WINDOW, MOST_LETTERS))
    }
}

impl ResetLimiter {
    /// Counts a request from a network for the letter of `account`.
    ///
    /// Errors: 429 with the time to wait after 10 from one network, or 5 for one account, within an hour.
    pub fn count(&self, now: Timestamp, network: Option<Network>, account: &str) -> Result<()> {
        self.0.begin(now, Place { network, is_familiar: false }, account).map(drop)
    }
}

/// Counts strangers who are refused without having tried anything, so that nobody fills the log: it has ten of a network, and
/// a hundred of all, within 15 minutes.
#[derive(Default)]
pub struct StrangerLimiter(SignInLimiter);

impl StrangerLimiter {
    /// Whether one more belongs into the log.
    pub fn is_noted(&self, now: Timestamp, network: Option<Network>) -> bool {
        self.0.begin(now, Place { network, is_familiar: false }, "").is_ok()
    }

    /// The same of one who has an account: ten of each account and network.
    pub fn is_noted_of(&self, now: Timestamp, network: Option<Network>, account: &str) -> bool {
        self.0.begin(now, Place { network, is_familiar: true }, account).is_ok()
    }
}

struct Counts {
    /// By network and, where it is familiar, by account.
    places: Failures<(Option<Network>, Option<String>)>,
    /// By account, for strangers.
    accounts: Failures<String>,
}

/// From where somebody signs in.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Their network.
    pub network: Option<Network>,
    /// Whether the account was used from there lately.
    pub is_familiar: bool,
}

/// A sign-in that has begun. It counts as refused until it is taken back, so that guesses sent at the same moment, or
/// given up half way, all count.
#[derive(Debug, Clone)]
pub struct Attempt {
    at: Timestamp,
    place: (Option<Network>, Option<String>),
    /// The account at which it counts as a stranger's.
    account: Option<String>,
}

impl Default for SignInLimiter {
    fn default() -> SignInLimiter {
        SignInLimiter::with(WINDOW, MOST_BY_STRANGERS)
    }
}

impl SignInLimiter {
    fn with(window: Duration, most_by_strangers: usize) -> SignInLimiter {
        let (places, accounts) = (Failures::new(MOST_IN_PLACE, window), Failures::new(most_by_strangers, window));
        SignInLimiter { counts: Mutex::new(Counts { places, accounts }) }
    }

    /// Counts an attempt from a place at `account` (an e-mail address as it is compared, known or not).
    ///
    /// Errors: 429 with the time to wait when either has used up its failures; that attempt does not count.
    pub fn begin(&self, now: Timestamp, place: Place, account: &str) -> Result<Attempt> {
        let account = account.to_owned();
        let (familiar, strange) = if place.is_familiar { (Some(account), None) } else { (None, Some(account)) };
        let attempt = Attempt { at: now, place: (place.network, familiar), account: strange };
        let mut counts = self.counts();
        let of_account = attempt.account.as_ref().and_then(|account| counts.accounts.wait(account, now));
        let waits = [counts.places.wait(&attempt.place, now), of_account];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(Error::TooManyRequests(wait));
        }
        counts.places.add(attempt.place.clone(), now);
        if let Some(account) = attempt.account.clone() {
            counts.accounts.add(account, now);
        }
        Ok(attempt)
    }

    /// It was no wrong guess: the password was right, or something of ours broke. Nothing of it counts, and what counted
    /// before still does; whoever knows one password gets no more guesses at others for it.
    pub fn take_back(&self, attempt: &Attempt) {
        let mut counts = self.counts();
        counts.places.take_back(&attempt.place, attempt.at);
        if let Some(account) = &attempt.account {
            counts.accounts.take_back(account, attempt.at);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When each key failed lately, oldest first.
struct Failures<Key> {
    most: usize,
    window: Duration,
    by_key: HashMap<Key, Vec<Timestamp>>,
}

impl<Key: Eq + Hash + Clone> Failures<Key> {
    fn new(most: usize, window: Duration) -> Failures<Key> {
        Failures { most, window, by_key: HashMap::new() }
    }

    /// How long this key has to wait, when it has to.
    fn wait(&mut self, key: &Key, now: Timestamp) -> Option<Duration> {
        let window = self.window;
        let failures = self.by_key.get_mut(key)?;
        failures.retain(|failed| now < failed.after(window));
        if failures.len() < self.most {
            return None;
        }
        let until = failures.first()?.after(window);
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
        let window = self.window;
        self.by_key.retain(|_, failures| failures.last().is_some_and(|last| now < last.after(window)));
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn later(seconds: u64) -> Timestamp {
        start().after(Duration::from_secs(seconds))
    }

    fn strange(address: &str) -> Place {
        Place { network: Some(Network::of(address.parse().unwrap())), is_familiar: false }
    }

    fn familiar(address: &str) -> Place {
        Place { is_familiar: true, ..strange(address) }
    }

    fn wait(begun: Result<Attempt>) -> Option<u64> {
        match begun {
            Ok(_) => None,
            Err(Error::TooManyRequests(wait)) => Some(wait.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_eleventh_guess_from_a_network_waits_whichever_account_it_is_for() {
        let limiter = SignInLimiter::default();
        for guess in 0..10 {
            let from = strange(&format!("2001:db8:1:2::{guess}"));
            assert!(limiter.begin(later(guess), from, &format!("{guess}@example.org")).is_ok());
        }
        let refused = limiter.begin(later(10), strange("2001:db8:1:2:ffff::1"), "x@example.org");
        assert_eq!(wait(refused), Some(890));
        assert!(limiter.begin(later(10), strange("2001:db8:1:3::1"), "x@example.org").is_ok());
        assert!(limiter.begin(later(900), strange("2001:db8:1:2::1"), "x@example.org").is_ok());
    }

    #[test]
    fn a_locked_out_guesser_does_not_lock_out_the_owner_elsewhere() {
        let limiter = SignInLimiter::default();
        for _ in 0..50 {
            let _ = limiter.begin(start(), strange("192.0.2.1"), "a@example.org");
        }
        assert!(limiter.begin(start(), strange("198.51.100.7"), "a@example.org").is_ok());
        assert!(limiter.begin(start(), familiar("198.51.100.8"), "a@example.org").is_ok());
    }

    #[test]
    fn whoever_is_familiar_is_not_kept_out_by_others_and_guesses_no_more_than_they() {
        let limiter = SignInLimiter::default();
        for guess in 0..20 {
            let _ = limiter.begin(start(), strange("192.0.2.1"), &format!("{guess}@example.org"));
            let _ = limiter.begin(start(), familiar("192.0.2.1"), "colleague@example.org");
        }
        for _ in 0..10 {
            assert!(limiter.begin(start(), familiar("192.0.2.1"), "a@example.org").is_ok());
        }
        assert_eq!(wait(limiter.begin(start(), familiar("192.0.2.1"), "a@example.org")), Some(900));
    }

    #[test]
    fn a_hundred_guesses_from_everywhere_slow_strangers_down_and_not_the_owner() {
        let limiter = SignInLimiter::default();
        for guess in 0..100 {
            assert!(limiter.begin(later(guess), strange(&format!("192.0.2.{guess}")), "a@example.org").is_ok());
        }
        assert_eq!(wait(limiter.begin(later(100), strange("192.0.2.200"), "a@example.org")), Some(800));
        assert!(limiter.begin(later(100), strange("192.0.2.200"), "b@example.org").is_ok());
        for _ in 0..10 {
            assert!(limiter.begin(later(100), familiar("198.51.100.7"), "a@example.org").is_ok());
        }
        // The first guess runs out, and one stranger may try again.
        assert!(limiter.begin(later(900), strange("192.0.2.201"), "a@example.org").is_ok());
        assert_eq!(wait(limiter.begin(later(900), strange("192.0.2.202"), "a@example.org")), Some(1));
    }

    #[test]
    fn s31_guesses_at_the_same_moment_all_count() {
        let limiter = SignInLimiter::default();
        let begun = std::thread::scope(|scope| {
            let guess = || limiter.begin(start(), strange("192.0.2.1"), "a@example.org").is_ok();
            let threads: Vec<_> = (0..100).map(|_| scope.spawn(guess)).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|begun| *begun).count()
        });
        assert_eq!(begun, MOST_IN_PLACE);
    }

    #[test]
    fn what_was_no_wrong_guess_counts_for_nothing_and_forgives_nothing() {
        let limiter = SignInLimiter::default();
        for _ in 0..9 {
            assert!(limiter.begin(start(), strange("192.0.2.1"), "a@example.org").is_ok());
        }
        for _ in 0..200 {
            let attempt = limiter.begin(start(), strange("192.0.2.1"), "a@example.org").unwrap();
            limiter.take_back(&attempt);
        }
        assert!(limiter.begin(start(), strange("192.0.2.1"), "a@example.org").is_ok());
        assert!(limiter.begin(start(), strange("192.0.2.1"), "a@example.org").is_err());
    }

    #[test]
    fn the_memory_is_bounded_and_the_quietest_is_forgotten_first() {
        let limiter = SignInLimiter::default();
        for number in 0..MOST_KEYS + 5 {
            let moment = start().after(Duration::from_millis(u64::try_from(number).unwrap()));
            let address = std::net::IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
            let from = Place { network: Some(Network::of(address)), is_familiar: false };
            assert!(limiter.begin(moment, from, &format!("{number}@example.org")).is_ok());
        }
        let counts = limiter.counts();
        assert_eq!((counts.accounts.by_key.len(), counts.places.by_key.len()), (MOST_KEYS, MOST_KEYS));
        assert!(!counts.accounts.by_key.contains_key("0@example.org"));
    }
}
