//! A story and its translations: they show each other, so they change together.

use diesel::dsl::not;
use diesel::prelude::*;

use super::article::TranslationReference;
use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::db::{AnyConnection, directly};
use crate::error::Result;
use crate::http::cache::Freshness;

/// What is or will be read of a story and its translations.
#[derive(Debug)]
pub struct Family(Vec<Member>);

/// One publication of one of them.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = publications)]
struct Member {
    article_id: String,
    slug: String,
    language: String,
    title: String,
    live_from: Timestamp,
    live_until: Timestamp,
}

impl Member {
    fn is_read(&self, now: Timestamp) -> bool {
        self.live_from <= now && now < self.live_until
    }
}

/// How long what readers see of a story stays true when nothing else has its original; see [`Family::freshness`].
pub fn of_one((original, article): (&str, &str), live_until: Timestamp) -> Freshness {
    made_from((original, article), (Vec::new(), Vec::new())).until(live_until)
}

/// Whatever the family looks like, the story itself is what an answer about it was made from; and whatever joins the family
/// says so to the original.
fn made_from((original, article): (&str, &str), (mut seen, mut unseen): (Vec<String>, Vec<String>)) -> Freshness {
    if !seen.iter().any(|id| id == article) {
        seen.push(article.to_owned());
    }
    if original != article {
        unseen.push(original.to_owned());
    }
    Freshness::of(seen).unseen(unseen)
}

/// Everything that has this original, in one query.
pub fn load(connection: &mut AnyConnection, original: &str) -> Result<Family> {
    let members = directly!(connection, |connection| {
        publications::table
            .filter(not(publications::superseded))
            .filter(publications::original_id.eq(original))
            .order((publications::language.asc(), publications::article_id.asc()))
            .select(Member::as_select())
            .load(connection)
    });
    Ok(Family(members?))
}

impl Family {
    /// The others that readers see at this moment, in the order of their languages.
    pub fn translations(&self, article: &str, now: Timestamp) -> Vec<TranslationReference> {
        let others = self.0.iter().filter(|member| member.is_read(now)).filter(|member| member.article_id != article);
        let reference = |member: &Member| TranslationReference {
            id: member.article_id.clone(),
            slug: member.slug.clone(),
            language: member.language.clone(),
            title: member.title.clone(),
        };
        others.map(reference).collect()
    }

    /// How long what readers see of this story of it stays true: until somebody changes one of them, or one begins or
    /// ends. Those that readers do not see yet are told to nobody. The story may have left the family since it was read.
    pub fn freshness(&self, (original, article): (&str, &str), now: Timestamp) -> Freshness {
        let moments = self.0.iter().flat_map(|member| [member.live_from, member.live_until]);
        let next = moments.filter(|moment| *moment > now).min().unwrap_or(Timestamp::FOREVER);
        let (seen, unseen): (Vec<&Member>, Vec<&Member>) = self.0.iter().partition(|member| member.is_read(now));
        let ids =
            |members: Vec<&Member>| members.into_iter().map(|member| member.article_id.clone()).collect::<Vec<_>>();
        made_from((original, article), (ids(seen), ids(unseen))).until(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_story_also_when_that_left_the_family_meanwhile() {
        let now = Timestamp::EPOCH;
        let ends_with = |freshness: Freshness| freshness.ended_by().cloned().collect::<Vec<_>>();
        assert_eq!(ends_with(Family(Vec::new()).freshness(("original", "story"), now)), ["story", "original"]);
        assert_eq!(ends_with(of_one(("original", "story"), Timestamp::FOREVER)), ["story", "original"]);
        assert_eq!(ends_with(of_one(("story", "story"), Timestamp::FOREVER)), ["story"]);
        let member = |id: &str, live_until: Timestamp| Member {
            article_id: id.to_owned(),
            slug: id.to_owned(),
            language: "en".to_owned(),
            title: id.to_owned(),
            live_from: Timestamp::EPOCH,
            live_until,
        };
        let family = Family(vec![member("story", Timestamp::FOREVER), member("waits", now)]);
        assert_eq!(ends_with(family.freshness(("original", "story"), now)), ["story", "waits", "original"]);
    }
}
