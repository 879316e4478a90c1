//! Everything of a story that was published: as it was sealed, in its interval, with its links.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::story::Logged;
use super::{Checked, Counts, expect, readable};
use crate::articles::{Publication, Slot, timeline};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::{publication_authors, publication_tags, publications};
use crate::error::{Error, Result};
use crate::events::Action;
use crate::live::words::index;
use crate::live::{Correction, Document, seal};

/// What was published of a story.
#[derive(Default)]
pub struct Published {
    /// Each publication, in order, as it is stored.
    pub slots: Vec<Slot>,
    /// The newest one that is, was or will be read, with its notes.
    pub newest: Option<(Slot, Vec<Correction>)>,
    /// The seal of the newest one.
    pub hash: Option<String>,
}

/// Every publication that the log knows is there as it was sealed, in its interval, with its links; no other is.
pub fn check(
    connection: &mut AnyConnection,
    id: &str,
    log: &[Logged],
    (now, counts): (Timestamp, &mut Counts),
) -> Checked<Published> {
    let numbers: Vec<i32> = publications::table
        .filter(publications::article_id.eq(id))
        .order(publications::number.asc())
        .select(publications::number)
        .load(connection)?;
    let place = |number: i32| format!("publications, article {id}, number {number}");
    let made: Vec<(i32, &Logged)> = (1..).zip(log.iter().filter(|entry| entry.is_publication())).collect();
    let (mut published, mut superseded) = (Published::default(), Vec::new());
    let mut not_indexed = None;
    for (number, entry) in &made {
        expect(numbers.contains(number), place(*number), "it was removed by hand")?;
        let found = publications::table
            .filter(publications::article_id.eq(id))
            .filter(publications::number.eq(number))
            .select(Publication::as_select())
            .first(connection);
        let publication: Publication = readable(place(*number), found)?;
        let hash = readable(place(*number), seal::hash(&publication.printing))?;
        let as_sealed = hash == publication.printing.hash
            && entry.digest.as_ref() == Some(&hash)
            && entry.version == Some(publication.revision)
            && publication.printing.previous_hash == published.hash;
        expect(as_sealed, place(*number), "it is not what was published")?;
        let document = serde_json::from_str(&publication.printing.document).map_err(Error::internal);
        let document: Document = readable(place(*number), document)?;
        if let Some(what) = wrong_index(connection, &publication, &document)? {
            expect(false, place(*number), what)?;
        }
        if not_indexed.is_none() {
            let fault = index::fault(connection, &(&publication).into(), publication.superseded)?;
            not_indexed = fault.map(|what| (*number, what));
        }
        published.hash = Some(hash);
        let slot = Slot::from(&publication);
        if slot.live_until > slot.live_from {
            published.newest = Some((slot.clone(), document.corrections));
        }
        published.slots.push(slot);
        superseded.push(publication.superseded);
        counts.publications += 1;
    }
    if let Some(number) = numbers.iter().find(|number| made.iter().all(|(made, _)| made != *number)) {
        expect(false, place(*number), "the log does not know it")?;
    }
    let history: Vec<(Action, Timestamp)> = log.iter().map(|entry| (entry.action, entry.at)).collect();
    let told = timeline::replay(&history, &published.slots);
    for ((slot, superseded), told) in published.slots.iter().zip(superseded).zip(told) {
        let may_be_put_away = told.gone || (told.followed && told.until <= now);
        let as_told = slot.live_until == told.until && (superseded || !told.gone) && (!superseded || may_be_put_away);
        expect(as_told, place(slot.number), "its interval is not what the log says")?;
    }
    if let Some((number, what)) = not_indexed {
        expect(false, place(number), what)?;
    }
    Ok(published)
}

/// What is wrong with the columns and links by which a publication is found: they must say what its document says.
fn wrong_index(
    connection: &mut AnyConnection,
    publication: &Publication,
    document: &Document,
) -> Result<Option<&'static str>> {
    if publication.card != publication.make_card(document)? {
        return Ok(Some("what lists show of it is not what it says"));
    }
    let printed = document.printed.clone().unwrap_or_default();
    let columns = publication.title == document.title
        && publication.language == document.language
        && publication.kind == document.kind
        && publication.featured == document.featured
        && publication.has_image == document.image.is_some()
        && publication.has_corrections != document.corrections.is_empty()
        && publication.section_id == document.section
        && publication.section_slug == printed.section.map(|tag| tag.slug)
        && publication.source_id == document.source
        && publication.source_slug == printed.source.map(|source| source.slug)
        && publication.original_id == *document.translation_of.as_ref().unwrap_or(&publication.printing.article_id);
    if !columns {
        return Ok(Some("the columns by which it is found do not say what it says"));
    }
    let tags: Vec<Link> = publication_tags::table
        .filter(publication_tags::publication_id.eq(&publication.printing.id))
        .select({
            use publication_tags::{article_id, live_from, live_until, published_at, slug, superseded, tag_id};
            (tag_id, slug, (article_id, published_at, live_from, live_until, superseded))
        })
        .load(connection)?;
    let authors: Vec<Link> = publication_authors::table
        .filter(publication_authors::publication_id.eq(&publication.printing.id))
        .select({
            use publication_authors::{article_id, author_id, live_from, live_until, published_at, slug, superseded};
            (author_id, slug, (article_id, published_at, live_from, live_until, superseded))
        })
        .load(connection)?;
    let printed_tags = printed.tags.into_iter().map(|tag| (tag.id, tag.slug, repeated(publication)));
    let printed_authors = printed.authors.into_iter().map(|one| (one.id, one.slug, repeated(publication)));
    let links = BTreeSet::from_iter(tags) == printed_tags.collect()
        && BTreeSet::from_iter(authors) == printed_authors.collect();
    Ok((!links).then_some("its links are not what was published"))
}

/// A link as it is stored: to what, the slug that was printed, and what it repeats.
type Link = (String, String, Repeated);

/// What a link repeats of its publication: which story, its date, its interval, and whether that is over.
type Repeated = (String, Timestamp, Timestamp, Timestamp, bool);

fn repeated(publication: &Publication) -> Repeated {
    let Publication { printing, live_until, superseded, .. } = publication;
    (printing.article_id.clone(), printing.published_at, printing.live_from, *live_until, *superseded)
}
