//! Every story against the log: what it says was saved and published is there, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::{BATCH, Counts, Finding};
use crate::articles::{ArticleRow, Publication, Slot, revisions, timeline};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{articles, events, publication_authors, publication_tags, publications, withdrawals};
use crate::error::{Error, Result};
use crate::events::{Action, Resource};
use crate::live::{Document, WithdrawalKind, seal};

type Checked = Result<std::result::Result<(), Finding>>;

/// What the log says of a story, in order.
struct Logged {
    action: Action,
    at: Timestamp,
    version: Option<i32>,
    digest: Option<String>,
}

/// Goes through every story that the log or the database knows.
pub fn check_all(connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
    let mut after = 0;
    loop {
        let begun: Vec<(i64, String)> = events::table
            .filter(events::position.gt(after))
            .filter(events::resource_kind.eq(Resource::Article))
            .filter(events::action.eq(Action::Created))
            .order(events::position.asc())
            .limit(BATCH)
            .select((events::position, events::resource_id))
            .load(connection)?;
        let Some((last, _)) = begun.last() else { break };
        after = *last;
        for (_, id) in begun {
            if let Err(finding) = check(connection, &id, counts)? {
                return Ok(Err(finding));
            }
        }
    }
    refuse_invented(connection)
}

/// Refuses stories and publications that nothing in the log made.
fn refuse_invented(connection: &mut AnyConnection) -> Checked {
    let known = || {
        let begun = events::table.filter(events::resource_kind.eq(Resource::Article));
        begun.filter(events::action.eq(Action::Created)).select(events::resource_id)
    };
    let invented = articles::table.filter(articles::id.ne_all(known())).order(articles::id).select(articles::id);
    if let Some(id) = invented.first::<String>(connection).optional()? {
        return Ok(Err(Finding::new(format!("articles, id {id}"), "the log does not know this story")));
    }
    let invented = publications::table.filter(publications::article_id.ne_all(known()));
    let invented = invented.order(publications::id).select(publications::id);
    Ok(match invented.first::<String>(connection).optional()? {
        Some(id) => Err(Finding::new(format!("publications, id {id}"), "the log does not know its story")),
        None => Ok(()),
    })
}

/// Checks one story that the log knows.
fn check(connection: &mut AnyConnection, id: &str, counts: &mut Counts) -> Checked {
    let log = logged(connection, id)?;
    let row: Option<ArticleRow> =
        articles::table.find(id).select(ArticleRow::as_select()).first(connection).optional()?;
    let purged = log.iter().any(|entry| entry.action == Action::Purged);
    let row = match (row, purged) {
        (None, true) => {
            counts.purged += 1;
            return Ok(Ok(()));
        }
        (Some(_), true) => {
            return Ok(Err(Finding::new(format!("articles, id {id}"), "this story was purged and is here again")));
        }
        (None, false) => {
            return Ok(Err(Finding::new(format!("articles, id {id}"), "this story was removed by hand")));
        }
        (Some(row), false) => row,
    };
    counts.stories += 1;
    if let Err(finding) = check_revisions(connection, &row, &log, counts)? {
        return Ok(Err(finding));
    }
    if let Err(finding) = check_publications(connection, id, &log, counts)? {
        return Ok(Err(finding));
    }
    check_withdrawals(connection, &row, &log)
}

fn logged(connection: &mut AnyConnection, id: &str) -> Result<Vec<Logged>> {
    let rows: Vec<(Action, Timestamp, Option<i32>, Option<String>)> = events::table
        .filter(events::resource_kind.eq(Resource::Article))
        .filter(events::resource_id.eq(id))
        .order(events::position.asc())
        .select((events::action, events::at, events::version_after, events::digest))
        .load(connection)?;
    let entry = |(action, at, version, digest)| Logged { action, at, version, digest };
    Ok(rows.into_iter().map(entry).collect())
}

/// Every save that the log knows is a revision, no other is, and the working copy is the newest of them.
fn check_revisions(connection: &mut AnyConnection, row: &ArticleRow, log: &[Logged], counts: &mut Counts) -> Checked {
    let saves = log.iter().filter(|entry| matches!(entry.action, Action::Created | Action::Updated));
    let mut expected: BTreeMap<i32, &str> =
        saves.filter_map(|entry| Some((entry.version?, entry.digest.as_deref()?))).collect();
    let newest = expected.last_key_value().map(|(number, digest)| (*number, (*digest).to_owned()));
    let place = |number: i32| format!("revisions, article {}, number {number}", row.id);
    let mut found = Ok(());
    revisions::each(connection, &row.id, |number, digest| {
        let what = match expected.remove(&number) {
            Some(kept) if kept == digest => {
                counts.revisions += 1;
                return;
            }
            Some(_) => "its content is not what was saved",
            None => "the log does not know it",
        };
        if found.is_ok() {
            found = Err(Finding::new(place(number), what));
        }
    })?;
    if found.is_ok()
        && let Some((number, _)) = expected.first_key_value()
    {
        found = Err(Finding::new(place(*number), "it was removed by hand"));
    }
    let is_newest = newest == Some((row.version, revisions::digest_of(row)?));
    if found.is_ok() && !is_newest {
        let what = "the working copy is not what was saved last";
        found = Err(Finding::new(format!("articles, id {}", row.id), what));
    }
    Ok(found)
}

/// Every publication that the log knows is there as it was sealed, in its interval, with its links; no other is.
fn check_publications(connection: &mut AnyConnection, id: &str, log: &[Logged], counts: &mut Counts) -> Checked {
    let made: Vec<&Logged> =
        log.iter().filter(|entry| matches!(entry.action, Action::Published | Action::Embargoed)).collect();
    let numbers: Vec<i32> = publications::table
        .filter(publications::article_id.eq(id))
        .order(publications::number.asc())
        .select(publications::number)
        .load(connection)?;
    let place = |number: usize| format!("publications, article {id}, number {number}");
    let mut slots = Vec::with_capacity(numbers.len());
    let mut previous: Option<String> = None;
    for (number, entry) in (1..).zip(&made) {
        if i32::try_from(number).ok() != numbers.get(number - 1).copied() {
            return Ok(Err(Finding::new(place(number), "it was removed by hand")));
        }
        let publication: Publication = publications::table
            .filter(publications::article_id.eq(id))
            .filter(publications::number.eq(i32::try_from(number).unwrap_or(i32::MAX)))
            .select(Publication::as_select())
            .first(connection)?;
        let hash = seal::hash(&publication.printing())?;
        if hash != publication.hash || entry.digest.as_ref() != Some(&hash) || publication.previous_hash != previous {
            return Ok(Err(Finding::new(place(number), "it is not what was published")));
        }
        if let Some(what) = wrong_index(connection, &publication)? {
            return Ok(Err(Finding::new(place(number), what)));
        }
        previous = Some(hash);
        slots.push((Slot::from(&publication), publication.live_until, publication.superseded));
        counts.publications += 1;
    }
    if numbers.len() > made.len() {
        return Ok(Err(Finding::new(place(made.len() + 1), "the log does not know it")));
    }
    let history: Vec<(Action, Timestamp)> = log.iter().map(|entry| (entry.action, entry.at)).collect();
    let published: Vec<Slot> = slots.iter().map(|(slot, ..)| slot.clone()).collect();
    let intervals = timeline::replay(&history, &published);
    for ((slot, until, superseded), expected) in slots.iter().zip(&intervals) {
        if (*until, *superseded) != *expected {
            let number = usize::try_from(slot.number).unwrap_or_default();
            return Ok(Err(Finding::new(place(number), "its interval is not what the log says")));
        }
    }
    Ok(Ok(()))
}

/// What is wrong with the columns and links by which a publication is found: they must say what its document says.
fn wrong_index(connection: &mut AnyConnection, publication: &Publication) -> Result<Option<&'static str>> {
    let document: Document = serde_json::from_str(&publication.document).map_err(Error::internal)?;
    if publication.card != publication.make_card(&document)? {
        return Ok(Some("what lists show of it is not what it says"));
    }
    let printed = document.printed.unwrap_or_default();
    let original = document.translation_of.as_ref().unwrap_or(&publication.article_id);
    let columns = publication.title == document.title
        && publication.language == document.language
        && publication.kind == document.kind
        && publication.featured == document.featured
        && publication.has_image == document.image.is_some()
        && publication.has_corrections != document.corrections.is_empty()
        && publication.section_id == document.section
        && publication.source_id == document.source
        && publication.original_id == *original;
    if !columns {
        return Ok(Some("the columns by which it is found do not say what it says"));
    }
    let printed_tags = printed.tags.into_iter().map(|tag| (tag.id, repeated(publication)));
    let printed_authors = printed.authors.into_iter().map(|author| (author.id, repeated(publication)));
    let tags: Vec<(String, Repeated)> = publication_tags::table
        .filter(publication_tags::publication_id.eq(&publication.id))
        .select({
            use publication_tags::{article_id, live_from, live_until, published_at, superseded, tag_id};
            (tag_id, (article_id, published_at, live_from, live_until, superseded))
        })
        .load(connection)?;
    let authors: Vec<(String, Repeated)> = publication_authors::table
        .filter(publication_authors::publication_id.eq(&publication.id))
        .select({
            use publication_authors::{article_id, author_id, live_from, live_until, published_at, superseded};
            (author_id, (article_id, published_at, live_from, live_until, superseded))
        })
        .load(connection)?;
    let as_printed = tags.into_iter().collect::<BTreeSet<_>>() == printed_tags.collect()
        && authors.into_iter().collect::<BTreeSet<_>>() == printed_authors.collect();
    Ok((!as_printed).then_some("its links are not what was published"))
}

/// What a link repeats of its publication: which story, its date, its interval, and whether that is over.
type Repeated = (String, Timestamp, Timestamp, Timestamp, bool);

fn repeated(publication: &Publication) -> Repeated {
    let Publication { article_id, published_at, live_from, live_until, superseded, .. } = publication;
    (article_id.clone(), *published_at, *live_from, *live_until, *superseded)
}

/// A story is killed, or in the trash, exactly when the log says so.
fn check_withdrawals(connection: &mut AnyConnection, row: &ArticleRow, log: &[Logged]) -> Checked {
    let last = |begins: Action, ends: Action| {
        let of_two = log.iter().rev().find(|entry| entry.action == begins || entry.action == ends);
        of_two.is_some_and(|entry| entry.action == begins)
    };
    let (killed, trashed) = (last(Action::Killed, Action::Published), last(Action::Deleted, Action::Restored));
    let open: Vec<WithdrawalKind> = withdrawals::table
        .filter(withdrawals::article_id.eq(&row.id))
        .filter(withdrawals::ended_at.eq(Timestamp::FOREVER))
        .select(withdrawals::kind)
        .load(connection)?;
    let published = log.iter().any(|entry| matches!(entry.action, Action::Published | Action::Embargoed));
    let as_logged = row.killed_at.is_some() == killed
        && row.deleted_at.is_some() == trashed
        && open.contains(&WithdrawalKind::Killed) == killed
        && open.contains(&WithdrawalKind::Trashed) == (trashed && published);
    let place = format!("articles, id {}", row.id);
    Ok(match as_logged {
        true => Ok(()),
        false => Err(Finding::new(place, "whether it is killed or in the trash is not what the log says")),
    })
}
