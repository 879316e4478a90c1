//! What to read next: stories that share tags with this one, the rarer the better, and newer ones before older ones.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::publication::PublicationRow;
use super::sight::Sight;
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{publication_tags, publications};
use crate::error::{Error, Result};
use crate::tallies::{self, Counts, Role};

/// How many stories of rare tags are looked at, all tags together.
const FEW: i64 = 1000;

/// How many of the newest stories are looked at under the rarest of the common tags, and in the section.
const NEWEST: i64 = 200;

/// How much a section counts beside a tag that is as rare.
const SECTION: f64 = 0.5;

/// How much newer a story must be to count twice as much, in microseconds: 60 days. Halving at a steady pace keeps the
/// order of two stories the same for ever, whenever it is asked for.
const HALVING: f64 = 60.0 * 24.0 * 3600.0 * 1e6;

/// A story that may be related: its publication, itself, and when its run began.
type Candidate = (String, String, Timestamp);

/// The ids of the stories that are closest to this one, the closest first.
///
/// A tag that few stories have says more than one that many have. All stories of rare tags are compared, of common ones
/// the newest, so that the work is bounded however many stories there are.
pub fn list(connection: &mut AnyConnection, article: &str, limit: usize, now: Timestamp) -> Result<Vec<String>> {
    let (tags, section) = names(connection, article, now)?;
    let asked = tags.iter().chain(&section).map(String::as_str).collect();
    let counts = tallies::of(connection, &[Role::Tag, Role::Section], asked, now)?;
    let mut candidates = HashMap::new();
    for candidate in candidates_of(connection, (&tags, section.as_deref()), &counts, now)? {
        if candidate.1 != article {
            candidates.insert(candidate.0.clone(), candidate);
        }
    }
    let shared = shared(connection, candidates.keys().collect(), &tags)?;
    let neighbours = neighbours(connection, candidates.keys().collect(), section.as_deref())?;
    let of_section = section.as_deref().map_or(0.0, |section| SECTION * weight(&counts, Role::Section, section));
    let mut ranked: Vec<(f64, Candidate)> = Vec::with_capacity(candidates.len());
    for (publication, candidate) in candidates {
        // In the order of the tags, so that the sum is the same each time to its last digit.
        let theirs = |tag: &&String| shared.get(&publication).is_some_and(|theirs| theirs.contains(*tag));
        let of_tags: f64 = tags.iter().filter(theirs).map(|tag| weight(&counts, Role::Tag, tag)).sum();
        let together = of_tags + if neighbours.contains(&publication) { of_section } else { 0.0 };
        ranked.push((closeness(together, candidate.2), candidate));
    }
    ranked.sort_by(closest_first);
    Ok(ranked.into_iter().take(limit).map(|(_, (_, article, _))| article).collect())
}

/// The tags of a story, and its section.
fn names(connection: &mut AnyConnection, article: &str, now: Timestamp) -> Result<(Vec<String>, Option<String>)> {
    let row = store::seen_by(Sight::Readers(now)).filter(publications::article_id.eq(article.to_owned()));
    let row: Option<PublicationRow> = row.select(PublicationRow::as_select()).first(connection).optional()?;
    let document = row.ok_or(Error::NotFound("article"))?.document()?;
    Ok((document.tags, document.section))
}

/// The stories that are compared: all under rare tags, the newest under the rarest of the others and in the section.
fn candidates_of(
    connection: &mut AnyConnection,
    (tags, section): (&[String], Option<&str>),
    counts: &Counts,
    now: Timestamp,
) -> Result<Vec<Candidate>> {
    let mut by_rarity: Vec<(i64, &str)> = tags.iter().map(|tag| (counts.get(Role::Tag, tag), tag.as_str())).collect();
    by_rarity.sort_unstable();
    let mut together = 0;
    let is_rare = |(count, _): &&(i64, &str)| {
        together += count;
        together <= FEW
    };
    let rare: Vec<&str> = by_rarity.iter().take_while(is_rare).map(|(_, tag)| *tag).collect();
    let common = by_rarity.get(rare.len()).map(|(_, tag)| *tag);
    let mut found = Vec::new();
    if !rare.is_empty() {
        found.extend(newest_tagged(connection, rare, FEW, now)?);
    }
    if let Some(tag) = common {
        found.extend(newest_tagged(connection, vec![tag], NEWEST, now)?);
    }
    if let Some(section) = section {
        let newest = publications::table
            .filter(publications::section_id.eq(section))
            .filter(publications::superseded.eq(false))
            .filter(publications::live_from.le(now))
            .filter(publications::live_until.gt(now))
            .order((publications::published_at.desc(), publications::article_id.desc()))
            .limit(NEWEST)
            .select((publications::id, publications::article_id, publications::published_at));
        found.extend(newest.load(connection)?);
    }
    Ok(found)
}

/// The newest live stories that have any of these tags; one may come once for each.
fn newest_tagged(connection: &mut AnyConnection, tags: Vec<&str>, most: i64, now: Timestamp) -> Result<Vec<Candidate>> {
    let newest = publication_tags::table
        .filter(publication_tags::tag_id.eq_any(tags))
        .filter(publication_tags::superseded.eq(false))
        .filter(publication_tags::live_from.le(now))
        .filter(publication_tags::live_until.gt(now))
        .order((publication_tags::published_at.desc(), publication_tags::article_id.desc()))
        .limit(most)
        .select((publication_tags::publication_id, publication_tags::article_id, publication_tags::published_at));
    Ok(newest.load(connection)?)
}

/// Which of these tags each of these publications has.
fn shared(
    connection: &mut AnyConnection,
    candidates: Vec<&String>,
    tags: &[String],
) -> Result<HashMap<String, HashSet<String>>> {
    let mut shared: HashMap<String, HashSet<String>> = HashMap::new();
    if candidates.is_empty() || tags.is_empty() {
        return Ok(shared);
    }
    let rows: Vec<(String, String)> = publication_tags::table
        .filter(publication_tags::publication_id.eq_any(candidates))
        .filter(publication_tags::tag_id.eq_any(tags))
        .select((publication_tags::publication_id, publication_tags::tag_id))
        .load(connection)?;
    for (publication, tag) in rows {
        shared.entry(publication).or_default().insert(tag);
    }
    Ok(shared)
}

/// Which of these publications stand in the section.
fn neighbours(
    connection: &mut AnyConnection,
    candidates: Vec<&String>,
    section: Option<&str>,
) -> Result<HashSet<String>> {
    let Some(section) = section.filter(|_| !candidates.is_empty()) else { return Ok(HashSet::new()) };
    let there = publications::table
        .filter(publications::id.eq_any(candidates))
        .filter(publications::section_id.eq(section))
        .select(publications::id);
    Ok(there.load(connection)?.into_iter().collect())
}

/// How much it says that two stories share this name: one that only they have 1, one that thousands have a tenth.
fn weight(counts: &Counts, role: Role, name: &str) -> f64 {
    let count = i32::try_from(counts.get(role, name).max(1)).unwrap_or(i32::MAX);
    1.0 / (1.0 + f64::from(count).ln())
}

/// How close a story is that shares so much and began its run then, on a scale where only differences mean something.
fn closeness(weight: f64, published_at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less makes nothing more related")]
    let moment = published_at.microseconds() as f64;
    weight.log2() + moment / HALVING
}

/// The order of the answer; equally close ones newest first, then by id, so that it is always the same.
fn closest_first((one, a): &(f64, Candidate), (other, b): &(f64, Candidate)) -> Ordering {
    other.total_cmp(one).then_with(|| b.2.cmp(&a.2)).then_with(|| b.1.cmp(&a.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_days_weigh_as_much_as_twice_the_tags() {
        let moment = |days: i64| Timestamp::from_microseconds(days * 24 * 3600 * 1_000_000).unwrap();
        let difference = closeness(1.0, moment(20_000)) - closeness(0.5, moment(20_060));
        assert!(difference.abs() < 1e-6, "{difference}");
        assert!(closeness(1.0, moment(20_001)) > closeness(1.0, moment(20_000)));
        assert!(closeness(0.0, moment(20_000)) < closeness(f64::MIN_POSITIVE, moment(0)));
    }
}
