//! Working copies in the database.

use diesel::prelude::*;

use super::access;
use super::article::WorkingCopy;
use super::draft::Draft;
use super::embargo;
use super::held::Passed;
use super::input::ArticleInput;
use super::review::ReviewRow;
use super::row::{ArticleRow, Index, Listed, ListedRow};
use super::states::Standing;
use super::{links, listing, revisions, showing, slug_ownership, translation};
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::listing::in_order;
use crate::db::schema::articles;
use crate::db::types::new_id;
use crate::db::{self, AnyConnection, Named, Prepare, Turn, in_few_lengths};
use crate::error::{Error, Rejection, Result};
use crate::events::{Event, Journal, Resource};
use crate::http::etag::IfMatch;
use crate::http::page::{List, Page};
use crate::http::path::Reference;
use crate::live::{self, ArticleFilter, Extras};
use crate::slugs::{self, Slug};

/// One page of the working copies that this caller may see: which, what they hold, and where they stand.
pub fn list(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    (filter, standings, extras): (&ArticleFilter, &[Standing], Extras),
    page: &Page,
    now: Timestamp,
) -> Result<List<WorkingCopy>> {
    let picked = listing::pick(connection, caller, (filter, standings), page, now)?;
    let rows = load(connection, &picked.data, extras)?;
    Ok(List { data: showing::show_all(connection, rows, extras, now)?, next: picked.next, total: picked.total })
}

/// The rows with these ids, in this order, with their text when that is wanted.
fn load(connection: &mut AnyConnection, ids: &[String], extras: Extras) -> Result<Vec<Listed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = articles::table.filter(articles::id.eq_any(in_few_lengths(ids)));
    let rows: Vec<Listed> = match extras.needs_text() {
        true => {
            let columns = (ListedRow::as_select(), (articles::body, articles::body_html));
            let rows: Vec<(ListedRow, (String, String))> = these.select(columns).prepared().load(connection)?;
            rows.into_iter().map(|(row, text)| (row, Some(text))).collect()
        }
        false => {
            let rows: Vec<ListedRow> = these.select(ListedRow::as_select()).prepared().load(connection)?;
            rows.into_iter().map(|row| (row, None)).collect()
        }
    };
    Ok(in_order(rows, ids, |(row, _)| &row.id))
}

/// The working copy under an id, a slug, or a slug that readers once knew, whoever asks.
pub(super) fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<ArticleRow>> {
    let by_id = |connection: &mut AnyConnection, id: &str| {
        let present = articles::table.find(id).filter(articles::deleted_at.is_null());
        present.select(ArticleRow::as_select()).get_result(connection).optional()
    };
    Ok(match reference {
        Reference::Id(id) => by_id(connection, id)?,
        Reference::Slug(slug) => match find_by_slug(connection, slug)? {
            Some(row) => Some(row),
            None => match slug_ownership::published_as(connection, slug)? {
                Some(id) => by_id(connection, &id)?,
                None => None,
            },
        },
        Reference::Nothing => None,
    })
}

/// The working copy with exactly this slug.
pub fn find_by_slug(connection: &mut AnyConnection, slug: &str) -> Result<Option<ArticleRow>> {
    let present = articles::table.filter(articles::slug.eq(slug)).filter(articles::deleted_at.is_null());
    Ok(present.select(ArticleRow::as_select()).get_result(connection).optional()?)
}

/// The working copy that must be there, and with which this caller may do this.
///
/// Errors: 404 when there is none or the caller should not know of it, 403 when it is not theirs to do.
pub fn get(
    connection: &mut AnyConnection,
    (caller, action): (&SignedIn, Permission),
    reference: &Reference,
    now: Timestamp,
) -> Result<ArticleRow> {
    let row = find(connection, reference)?.ok_or(Error::NotFound("article"))?;
    // "Readers see it" means under this very name: another name of it may be nobody's business yet.
    access::check(caller, action, &row, || live::is_read(connection, reference, now))?;
    Ok(row)
}

/// The working copy under this name when this caller may read it; `None` sends them to what readers see.
pub fn find_theirs(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    reference: &Reference,
) -> Result<Option<ArticleRow>> {
    Ok(find(connection, reference)?.filter(|row| access::may(caller, Permission::ReadDrafts, row)))
}

/// Stores a new working copy and its first revision. `None` is the operator, who may do everything.
pub fn create(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: Option<&SignedIn>,
    input: ArticleInput,
) -> Result<ArticleRow> {
    let taken_over = slug_ownership::takes_over(connection, (&input, None), caller, journal.now())?;
    let (asked, note) = (input.slug.as_value().cloned(), input.note.as_value().cloned().map(String::from));
    let id = new_id();
    let input = translation::resolve(connection, caller, &id, input)?;
    let mut draft = Draft::empty();
    let may_make = caller.is_none_or(|caller| caller.may(Permission::WriteTaxonomy));
    draft.apply(connection, journal, input, may_make)?;
    refuse_senseless_embargo(&draft, None, journal.now())?;
    let row = begin(connection, journal, (id, draft), (asked, taken_over), note)?;
    access::check_written(caller, &row)?;
    Ok(row)
}

/// Stores what is in hand as a new working copy, under the slug that was asked for or one made from its title.
pub fn begin(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (id, draft): (String, Draft),
    (asked, slug_taken_over): (Option<Slug>, bool),
    note: Option<String>,
) -> Result<ArticleRow> {
    let (now, index) = (journal.now(), Index::of(&draft)?);
    let mut row = ArticleRow {
        id,
        slug: String::new(),
        slug_taken_over,
        version: 1,
        title: index.title,
        language: index.language,
        kind: index.kind,
        featured: index.featured,
        has_image: index.has_image,
        section_id: index.section_id,
        source_id: index.source_id,
        document: index.document,
        body: index.body,
        body_html: index.body_html,
        editor_note: index.editor_note,
        embargo_until: index.embargo_until,
        translation_of: index.translation_of,
        corrections: "[]".to_owned(),
        created_by: journal.actor().user_id().map(str::to_owned),
        created_at: now,
        updated_at: now,
        published_at: Timestamp::FOREVER,
        first_published_at: Timestamp::FOREVER,
        publication_number: 0,
        publication_hash: None,
        killed_at: None,
        deleted_at: None,
        passed_at: now,
        review: ReviewRow::default(),
    };
    let made = || Slug::from_title(&draft.document.title, "story");
    let row = slugs::choose(connection, asked, made, |connection, slug| {
        slug_ownership::refuse_published(connection, (&row.id, slug), slug_taken_over, now)?;
        row.slug = slug.to_owned();
        diesel::insert_into(articles::table).values(row.clone()).execute(connection)?;
        Ok(row.clone())
    })?;
    links::link(connection, &row.id, &draft.document)?;
    let digest = revisions::keep(connection, journal, &row, note)?;
    journal.record(Event::created(Resource::Article, &row.id).sealing(digest));
    Ok(row)
}

/// Saves a caller's change of a working copy. A change of its embargo takes effect at once.
pub fn update(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: &SignedIn,
    (reference, if_match): (&Reference, &IfMatch),
    input: ArticleInput,
) -> Result<Passed> {
    if *if_match == IfMatch::Any {
        take_turns_for(connection, &input)?;
    }
    slugs::wait_for(connection, Named::Articles, (reference, if_match))?;
    let before = get(connection, (caller, Permission::WriteArticles), reference, journal.now())?;
    if_match.check(before.version)?;
    change(connection, journal, before, input, Some(caller))
}

/// Takes the turns that a save may need before the story is held, in the order in which everybody waits.
fn take_turns_for(connection: &mut AnyConnection, input: &ArticleInput) -> Result<()> {
    if input.translation_of.as_value().is_some() {
        db::take_turns(connection, Turn::Translating)?;
    }
    if input.names_anything() {
        db::take_turns(connection, Turn::MakingByName)?;
    }
    Ok(())
}

/// Writes what was said into a working copy and keeps it as a revision. Saying what it already says changes nothing and
/// makes no version. A change of its embargo takes effect at once. `None` is the operator, who may do everything.
pub fn change(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    before: ArticleRow,
    input: ArticleInput,
    caller: Option<&SignedIn>,
) -> Result<Passed> {
    let taken_over = slug_ownership::takes_over(connection, (&input, Some(&before)), caller, journal.now())?;
    let input = translation::resolve(connection, caller, &before.id, input)?;
    let slug = input.slug.as_value().map_or_else(|| before.slug.clone(), |slug| slug.as_str().to_owned());
    let note = input.note.as_value().cloned().map(String::from);
    let old = Draft::from_row(&before)?;
    let mut draft = old.clone();
    let may_make = caller.is_none_or(|caller| caller.may(Permission::WriteTaxonomy));
    draft.apply(connection, journal, input, may_make)?;
    let slug_taken_over = taken_over || (before.slug_taken_over && slug == before.slug);
    // The slug stays, and whoever may give it to this story does so now.
    let only_taken_over = slug_taken_over
        && !before.slug_taken_over
        && slug_ownership::published_as(connection, &slug)?.is_some_and(|owner| owner != before.id);
    if draft == old && slug == before.slug && !only_taken_over {
        return Ok(before.into());
    }
    if slug != before.slug {
        slug_ownership::refuse_published(connection, (&before.id, &slug), slug_taken_over, journal.now())?;
    }
    refuse_senseless_embargo(&draft, before.embargo_until, journal.now())?;
    let embargo = before.embargo_until;
    if slug_taken_over != before.slug_taken_over {
        slug_ownership::mark(connection, &before.id, slug_taken_over)?;
    }
    let row = ArticleRow { slug, slug_taken_over, ..before.clone() };
    let row = save_draft(connection, journal, row, draft, note)?;
    access::check_written(caller, &row)?;
    access::check_moved(caller, &before, &row)?;
    match row.embargo_until == embargo {
        true => Ok(row.into()),
        false => {
            let may_publish = caller.is_none_or(|caller| access::may(caller, Permission::PublishArticles, &row));
            embargo::apply(connection, journal, row, (embargo, may_publish))
        }
    }
}

/// Stores what is in hand as the next version of a row, and keeps it as a revision with a note.
///
/// Errors: 412 when somebody changed or deleted it since the row was read.
pub fn save_draft(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    before: ArticleRow,
    draft: Draft,
    note: Option<String>,
) -> Result<ArticleRow> {
    let (index, old) = (Index::of(&draft)?, before.document()?);
    let corrections = serde_json::to_string(&draft.document.corrections).map_err(Error::internal)?;
    let (based_on, with_notes) = (before.version, corrections != before.corrections);
    let row = ArticleRow { version: based_on + 1, corrections, updated_at: journal.now(), ..before };
    save(connection, &row, &index, (based_on, with_notes))?;
    let row = row.saying(index);
    links::relink(connection, &row.id, (&old, &draft.document))?;
    let digest = revisions::keep(connection, journal, &row, note)?;
    journal.record(Event::updated(Resource::Article, &row.id, row.version).sealing(digest));
    Ok(row)
}

/// An embargo that is over before it begins holds nothing back; whoever sets one means another year. One without an end
/// would leave no moment for what is published.
fn refuse_senseless_embargo(draft: &Draft, before: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match draft.embargo_until {
        Some(end) if end <= now && before != Some(end) => {
            let detail = format!("is in the past: it is {now} now; null lifts an embargo");
            Err(Error::Unprocessable(vec![Rejection::field("/embargo_until", "in_the_past", detail)]))
        }
        Some(end) if end >= Timestamp::FOREVER => {
            let detail = "is the end of the calendar, and nothing could be published after it; what nobody may ever read is \
                          best left a draft";
            Err(Error::Unprocessable(vec![Rejection::field("/embargo_until", "never_ends", detail)]))
        }
        _ => Ok(()),
    }
}

/// The story under this id, as long as nobody has changed or deleted it since it was read in this version.
#[diesel::dsl::auto_type]
pub fn unchanged<'a>(id: &'a str, version: i32) -> _ {
    let one = articles::table.find(id);
    one.filter(articles::version.eq(version)).filter(articles::deleted_at.is_null())
}

/// Stores what a save says, unless somebody changed or deleted the row since it was read. The door's dates may have moved
/// meanwhile, and stay; so does whether the slug is taken over, which a kill ends.
fn save(
    connection: &mut AnyConnection,
    row: &ArticleRow,
    index: &Index,
    (based_on, with_notes): (i32, bool),
) -> Result<()> {
    let columns = (
        index,
        articles::slug.eq(&row.slug),
        articles::version.eq(row.version),
        with_notes.then(|| articles::corrections.eq(&row.corrections)),
        articles::updated_at.eq(row.updated_at),
    );
    match diesel::update(unchanged(&row.id, based_on))
        .set(columns)
        .returning(articles::version)
        .prepared()
        .run(connection)?
    {
        0 => Err(Error::version_mismatch(based_on + 1)),
        _ => Ok(()),
    }
}
