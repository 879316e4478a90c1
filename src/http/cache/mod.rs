//! Finished answers, kept in memory so that asking again costs next to nothing.
//!
//! A reader never gets an answer that is older than the last change it could know of. Each answer says what it was made
//! from and until when it is true ([`Freshness`]). Whoever writes takes a [`Change`] right before the commit, so that
//! nobody reads the new state in one place and the old one here, and drops it right after, so that no answer about what
//! changed that was begun in between is kept. It knows no news: ids are only words here.

mod changes;
mod dependents;
mod entry;
mod flights;
mod freshness;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;

use crate::clock::Timestamp;
use changes::Changes;
use dependents::Dependents;
use flights::Flights;

pub use entry::{Entry, Form};
pub use flights::{Landing, Passenger, Pilot, Seat};
pub use freshness::Freshness;

/// Longest address that an answer is kept for, in bytes: keys must not cost more than what they lead to.
const LONGEST_KEY: usize = 1024;

/// About how large an answer is, in bytes.
const TYPICAL: u64 = 16 * 1024;

/// Bytes for parts of answers, such as names.
const PARTS: u64 = 8 << 20;

/// About how large a part is, in bytes.
const TYPICAL_PART: usize = 128;

/// How long kept answers may be given without looking whether somebody else changed something.
const TRUSTED: Duration = Duration::from_secs(1);

/// Finished answers by the address that asked for them. Clones share them.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    /// `None` when nothing is to be kept.
    kept: Option<Kept<Box<str>, Arc<Entry>, ByWeight>>,
    /// Small finished parts that many answers have in common, by the id of what they are about.
    parts: Kept<Box<str>, Arc<str>, ByWeight>,
    book: Mutex<Book>,
    flights: Arc<Flights>,
    /// Counts the changes.
    generation: AtomicU64,
    begun: Instant,
    /// When somebody looked last whether others changed something, in milliseconds since the beginning.
    looked: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What is kept in step with every change.
#[derive(Default)]
struct Book {
    dependents: Dependents,
    changes: Changes,
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<Box<str>, Arc<Entry>> for ByWeight {
    fn weight(&self, key: &Box<str>, entry: &Arc<Entry>) -> u64 {
        (key.len() + entry.weight()) as u64
    }
}

impl Weighter<Box<str>, Arc<str>> for ByWeight {
    fn weight(&self, key: &Box<str>, part: &Arc<str>) -> u64 {
        (key.len() + part.len() + TYPICAL_PART) as u64
    }
}

impl Cache {
    /// Keeps at most this many bytes; with 0, no answers.
    pub fn new(bytes: u64) -> Cache {
        let kept = (bytes > 0).then(|| {
            let items = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX).max(16);
            Kept::with_weighter(items, bytes, ByWeight)
        });
        Cache(Arc::new(Inner {
            kept,
            parts: Kept::with_weighter(PARTS as usize / TYPICAL_PART, PARTS, ByWeight),
            book: Mutex::default(),
            flights: Arc::default(),
            generation: AtomicU64::new(0),
            begun: Instant::now(),
            looked: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }))
    }

    /// Whether an answer for this address can be kept at all.
    pub fn takes(&self, address: &str) -> bool {
        self.0.kept.is_some() && address.len() <= LONGEST_KEY
    }

    /// The answer for this address that is true at this moment.
    pub fn get(&self, address: &str, now: Timestamp) -> Option<Arc<Entry>> {
        let kept = self.0.kept.as_ref()?;
        let entry = kept.get(address)?;
        if !entry.holds(now) {
            kept.remove_if(address, |found| Arc::ptr_eq(found, &entry));
            return None;
        }
        if !self.is_trusted() {
            return None;
        }
        self.0.hits.fetch_add(1, Ordering::Relaxed);
        Some(entry)
    }

    /// A seat for whoever makes the answer for this address, or waits for somebody who does.
    pub fn board(&self, address: &str) -> Seat {
        self.0.misses.fetch_add(1, Ordering::Relaxed);
        self.0.flights.board(address, self.generation())
    }

    /// Keeps an answer that was begun in this generation under these addresses, unless something of what it was made
    /// from changed since. Whether it was kept: if not, it may be older than what others have seen by now.
    pub fn keep<'a>(
        &self,
        addresses: &[&str],
        entry: &Arc<Entry>,
        ids: impl IntoIterator<Item = &'a String, IntoIter: Clone>,
        generation: u64,
    ) -> bool {
        let Some(kept) = &self.0.kept else { return false };
        let (mut book, ids) = (self.book(), ids.into_iter());
        if !book.changes.is_still_true(ids.clone().map(String::as_str), generation) {
            return false;
        }
        book.dependents.note(entry, ids);
        for address in addresses {
            kept.insert((*address).into(), Arc::clone(entry));
        }
        true
    }

    /// Gives an answer that is kept another address.
    pub fn alias(&self, address: &str, entry: &Arc<Entry>) {
        if let Some(kept) = &self.0.kept {
            kept.insert(address.into(), Arc::clone(entry));
        }
    }

    /// How many changes there were; to be asked for before what is kept is read.
    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// The small parts that many answers have in common, for a read that begins now: to be taken before anything is read,
    /// because in a snapshot everything is as old as its beginning.
    pub fn parts(&self) -> Parts<'_> {
        Parts { cache: self, generation: self.generation() }
    }

    /// These things change: no answer that was made from them is given from here on, and none is kept before the change
    /// is over, which is when what this gives is dropped. Call it right before a commit, and hold it until after.
    #[must_use = "dropping it says that the change is over"]
    pub fn changing(&self, ids: Vec<String>) -> Change {
        let change = Change { cache: self.clone(), ids };
        let mut book = self.book();
        book.changes.begin(&change.ids);
        change.end_answers(&mut book.dependents);
        drop(book);
        change
    }

    /// Anything may have changed.
    pub fn change_everything(&self) {
        let mut book = self.book();
        book.changes.forget(self.begin_generation());
        book.dependents.end_all();
        self.0.parts.clear();
    }

    /// Somebody began at this moment to look whether others changed something, and has told everything that was found.
    pub fn looked(&self, at: Instant) {
        let since = at.saturating_duration_since(self.0.begun).as_millis();
        self.0.looked.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Answers given from memory, and answers that had to be made.
    pub fn counts(&self) -> (u64, u64) {
        (self.0.hits.load(Ordering::Relaxed), self.0.misses.load(Ordering::Relaxed))
    }

    /// Bytes that are kept.
    pub fn weight(&self) -> u64 {
        self.0.kept.as_ref().map_or(0, Kept::weight)
    }

    /// Whether the last look at what others changed is recent enough.
    fn is_trusted(&self) -> bool {
        let looked = Duration::from_millis(self.0.looked.load(Ordering::Acquire));
        self.0.begun.elapsed().saturating_sub(looked) <= TRUSTED
    }

    /// One more change; to be counted with the book in hand.
    fn begin_generation(&self) -> u64 {
        self.0.generation.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Small finished parts, for somebody who began to read in this generation.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    cache: &'a Cache,
    generation: u64,
}

impl Parts<'_> {
    /// The part about this thing, when it is kept and true.
    pub fn get(self, id: &str) -> Option<Arc<str>> {
        self.cache.0.parts.get(id).filter(|_| self.cache.is_trusted())
    }

    /// Keeps the part about this thing that was read meanwhile, unless it changed since.
    pub fn keep(self, id: &str, part: &Arc<str>) {
        let book = self.cache.book();
        if book.changes.is_still_true([id], self.generation) {
            self.cache.0.parts.insert(id.into(), Arc::clone(part));
        }
    }
}

/// A change that is being committed. It is over when this is dropped, whether it was committed or not.
#[derive(Debug)]
pub struct Change {
    cache: Cache,
    ids: Vec<String>,
}

impl Change {
    /// Ends every answer and every part that was made from these things, and gives the generation that begins with it.
    fn end_answers(&self, dependents: &mut Dependents) -> u64 {
        for id in &self.ids {
            dependents.end(id);
            self.cache.0.parts.remove(id.as_str());
        }
        self.cache.begin_generation()
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        let mut book = self.cache.book();
        let generation = self.end_answers(&mut book.dependents);
        book.changes.end(&self.ids, generation);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cache").field("bytes", &self.weight()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::web::Bytes;

    use super::*;
    use crate::http::sharing::Sharing;

    fn entry(text: &str, until: Timestamp) -> Arc<Entry> {
        let tag = HeaderValue::from_static("\"tag\"");
        Arc::new(Entry::new(Vec::new(), (Bytes::copy_from_slice(text.as_bytes()), tag), (until, Sharing::default())))
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn pilot(cache: &Cache, address: &str) -> Pilot {
        match cache.board(address) {
            Seat::Pilot(pilot) => pilot,
            Seat::Passenger(_) => panic!("somebody else makes it"),
        }
    }

    #[test]
    fn an_answer_ends_with_what_it_was_made_from_and_with_its_time() {
        let (cache, noon) = (Cache::new(1 << 20), moment("2026-11-23T12:00:00Z"));
        let keep = |address: &str, ids: &[&str], until| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            let pilot = pilot(&cache, address);
            cache.keep(&[address], &entry(address, until), &ids, pilot.generation);
        };
        keep("/a", &["a", "tag"], Timestamp::FOREVER);
        keep("/b", &["b", "tag"], moment("2026-11-23T12:00:05Z"));
        assert!(cache.get("/a", noon).is_some() && cache.get("/b", noon).is_some());
        assert!(cache.get("/b", moment("2026-11-23T12:00:05Z")).is_none());
        drop(cache.changing(vec!["b".to_owned()]));
        assert!(cache.get("/a", noon).is_some());
        drop(cache.changing(vec!["tag".to_owned()]));
        assert!(cache.get("/a", noon).is_none());
    }

    #[test]
    fn an_answer_that_was_begun_before_a_change_is_not_kept() {
        let (cache, noon) = (Cache::new(1 << 20), moment("2026-11-23T12:00:00Z"));
        let before = pilot(&cache, "/a");
        let change = cache.changing(vec!["a".to_owned()]);
        let between = pilot(&cache, "/a?between");
        cache.keep(&["/a?between"], &entry("a", Timestamp::FOREVER), &["a".to_owned()], between.generation);
        assert!(cache.get("/a?between", noon).is_none(), "kept in the middle of a change");
        let other = pilot(&cache, "/b");
        cache.keep(&["/b"], &entry("b", Timestamp::FOREVER), &["b".to_owned()], other.generation);
        assert!(cache.get("/b", noon).is_some(), "has nothing to do with the change");
        drop(change);
        assert!(cache.get("/b", noon).is_some());
        // Whoever comes after the change does not wait for what was begun before it.
        let after = pilot(&cache, "/a");
        let was_kept = cache.keep(&["/a"], &entry("old", Timestamp::FOREVER), &["a".to_owned()], before.generation);
        assert!(!was_kept && cache.get("/a", noon).is_none());
        drop(before);
        assert!(matches!(cache.board("/a"), Seat::Passenger(_)));
        let was_kept = cache.keep(&["/a"], &entry("new", Timestamp::FOREVER), &["a".to_owned()], after.generation);
        assert!(was_kept && cache.get("/a", noon).is_some());
    }

    #[test]
    fn it_stays_within_its_bounds_and_leaves_nothing_behind() {
        let (cache, noon) = (Cache::new(1 << 20), moment("2026-11-23T12:00:00Z"));
        for number in 0..5_000 {
            let address = format!("/{number}");
            let pilot = pilot(&cache, &address);
            cache.keep(
                &[&address],
                &entry(&"x".repeat(2_000), Timestamp::FOREVER),
                &["all".to_owned()],
                pilot.generation,
            );
        }
        assert!(cache.weight() <= 1 << 20, "{}", cache.weight());
        drop(cache.changing(vec!["all".to_owned()]));
        assert!((0..5_000).all(|number| cache.get(&format!("/{number}"), noon).is_none()));
        assert!(!Cache::new(0).takes("/a"));
        assert!(!cache.takes(&"x".repeat(2_000)));
    }

    #[test]
    fn a_part_ends_with_what_it_is_about() {
        let cache = Cache::new(0);
        let before = cache.parts();
        before.keep("a", &Arc::from("Anna"));
        before.keep("b", &Arc::from("Bob"));
        drop(cache.changing(vec!["a".to_owned()]));
        assert!(before.get("a").is_none() && before.get("b").is_some());
        before.keep("a", &Arc::from("Anna"));
        assert!(before.get("a").is_none(), "read before the change");
        cache.parts().keep("a", &Arc::from("Anne"));
        assert!(before.get("a").is_some());
    }

    #[actix_web::test]
    async fn those_who_ask_for_the_same_answer_wait_for_one_and_are_told_when_nothing_comes_of_it() {
        let cache = Cache::new(1 << 20);
        let first = pilot(&cache, "/a");
        let Seat::Passenger(waiting) = cache.board("/a") else { panic!("made twice") };
        first.land(Landing::Here(entry("a", Timestamp::FOREVER)));
        assert!(matches!(waiting.wait(|| moment("2026-11-23T12:00:00Z")).await, Landing::Here(_)));
        let second = pilot(&cache, "/a");
        let Seat::Passenger(waiting) = cache.board("/a") else { panic!("made twice") };
        drop(second);
        assert!(matches!(waiting.wait(|| moment("2026-11-23T12:00:00Z")).await, Landing::Nothing));
    }

    #[actix_web::test]
    async fn what_was_true_when_it_was_begun_is_not_given_when_it_is_over() {
        let cache = Cache::new(1 << 20);
        let wait = async |now: &'static str| {
            let pilot = pilot(&cache, "/a");
            let Seat::Passenger(waiting) = cache.board("/a") else { panic!("made twice") };
            pilot.land(Landing::Here(entry("a", moment("2026-11-23T12:00:05Z"))));
            waiting.wait(|| moment(now)).await
        };
        assert!(matches!(wait("2026-11-23T12:00:04Z").await, Landing::Here(_)));
        assert!(matches!(wait("2026-11-23T12:00:05Z").await, Landing::Late), "it was for until then");
    }

    #[test]
    fn without_a_recent_look_at_what_others_did_nothing_is_given() {
        let (cache, noon) = (Cache::new(1 << 20), moment("2026-11-23T12:00:00Z"));
        let pilot = pilot(&cache, "/a");
        cache.keep(&["/a"], &entry("a", Timestamp::FOREVER), &[], pilot.generation);
        assert!(cache.get("/a", noon).is_some());
        std::thread::sleep(TRUSTED + Duration::from_millis(20));
        assert!(cache.get("/a", noon).is_none());
        cache.looked(Instant::now());
        assert!(cache.get("/a", noon).is_some());
    }
}
