//! Working copies in the database.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::access;
use super::article::{Status, WorkingCopy};
use super::draft::Draft;
use super::embargo;
use super::input::ArticleInput;
use super::listing;
use super::revisions;
use super::row::{ArticleRow, Listed, ListedRow};
use super::showing;
use super::translation;
use crate::auth::{Permission, SignedIn};
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::listing::in_order;
use crate::db::schema::{article_authors, article_tags, articles, authors, publications, tags};
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::{Event, Journal, Resource};
use crate::http::etag::IfMatch;
use crate::http::page::{List, Page};
use crate::http::path::Reference;
use crate::live::{self, ArticleFilter, Document, Extras};
use crate::slugs::{self, Slug};

/// One page of the working copies that this caller may see: which, what they hold, and where they stand.
pub fn list(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    (filter, statuses, extras): (&ArticleFilter, &[Status], Extras),
    page: &Page,
    now: Timestamp,
) -> Result<List<WorkingCopy>> {
    let picked = listing::pick(connection, caller, (filter, statuses), page, now)?;
    let rows = load(connection, &picked.data, extras)?;
    Ok(List { data: showing::show_all(connection, rows, extras, now)?, next: picked.next, total: picked.total })
}

/// The rows with these ids, in this order, with their text when that is wanted.
fn load(connection: &mut AnyConnection, ids: &[String], extras: Extras) -> Result<Vec<Listed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = articles::table.filter(articles::id.eq_any(ids));
    let rows: Vec<Listed> = match extras.needs_text() {
        true => {
            let columns = (ListedRow::as_select(), (articles::body, articles::body_html));
            let rows: Vec<(ListedRow, (String, String))> = these.select(columns).load(connection)?;
            rows.into_iter().map(|(row, text)| (row, Some(text))).collect()
        }
        false => {
            let rows: Vec<ListedRow> = these.select(ListedRow::as_select()).load(connection)?;
            rows.into_iter().map(|row| (row, None)).collect()
        }
    };
    Ok(in_order(rows, ids, |(row, _)| &row.id))
}

/// The working copy under an id, a slug, or a slug that readers once knew, whoever asks.
pub(super) fn find(connection: &mut AnyConnection, reference: &Reference) -> Result<Option<ArticleRow>> {
    let by_id = |connection: &mut AnyConnection, id: &str| {
        let present = articles::table.find(id).filter(articles::deleted_at.is_null());
        present.select(ArticleRow::as_select()).first(connection).optional()
    };
    Ok(match reference {
        Reference::Id(id) => by_id(connection, id)?,
        Reference::Slug(slug) => match find_by_slug(connection, slug)? {
            Some(row) => Some(row),
            None => match published_as(connection, slug)? {
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
    Ok(present.select(ArticleRow::as_select()).first(connection).optional()?)
}

/// The story that was last published under this slug.
fn published_as(connection: &mut AnyConnection, slug: &str) -> Result<Option<String>> {
    let latest = publications::table
        .filter(publications::slug.eq(slug))
        .filter(publications::live_until.gt(publications::live_from))
        .order((publications::live_from.desc(), publications::id.desc()))
        .select(publications::article_id);
    Ok(latest.first(connection).optional()?)
}

/// The working copy that must be there and be this caller's.
///
/// Errors: 404 when there is none or nobody should know of it, 403 when it is somebody else's and readers see it.
pub fn get(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    reference: &Reference,
    now: Timestamp,
) -> Result<ArticleRow> {
    let row = find(connection, reference)?.ok_or(Error::NotFound("article"))?;
    // "Readers see it" means under this very name: another name of it may be nobody's business yet.
    access::check(caller, &row, || Ok(live::is_read(connection, reference, now)))?;
    Ok(row)
}

/// The working copy under this name when it is this caller's to see; `None` sends them to what readers see.
pub fn find_theirs(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    reference: &Reference,
) -> Result<Option<ArticleRow>> {
    Ok(find(connection, reference)?.filter(|row| access::is_theirs(caller, row)))
}

/// Refuses a slug that once led readers to another story, unless an editor takes it over on purpose; and even then
/// while readers find or will find that story under it.
pub fn refuse_published(
    connection: &mut AnyConnection,
    row: (&str, &str),
    taken_over: bool,
    now: Timestamp,
) -> Result<()> {
    let (article, slug) = row;
    let Some(other) = published_as(connection, slug)?.filter(|other| other != article) else { return Ok(()) };
    if !taken_over {
        let detail = "readers once found another article under this slug; choose another one, or send \"take_over\": \
                      true if it should lead to this one";
        return Err(Error::taken("/slug", detail));
    }
    let still_read = publications::table
        .filter(diesel::dsl::not(publications::superseded))
        .filter(publications::slug.eq(slug))
        .filter(publications::article_id.eq(other))
        .filter(publications::live_until.gt(now));
    match diesel::select(diesel::dsl::exists(still_read)).get_result(connection)? {
        true => {
            let detail = "another article is read or scheduled under this slug; publish that one under its new slug, or \
                          unpublish it, first";
            Err(Error::taken("/slug", detail))
        }
        false => Ok(()),
    }
}

/// Whether the caller takes over a slug from another story.
///
/// Errors: 403 when that is not the caller's to do.
fn takes_over(input: &ArticleInput, caller: Option<&SignedIn>) -> Result<bool> {
    match input.take_over.as_value().copied().unwrap_or(false) {
        true if caller.is_none_or(|caller| caller.may(Permission::EditEveryArticle)) => Ok(true),
        true => Err(Error::Forbidden("Taking over another article's slug is an editor's decision.".into())),
        false => Ok(false),
    }
}

/// Stores a new working copy and its first revision. `None` is the operator, who may do everything.
pub fn create(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: Option<&SignedIn>,
    input: ArticleInput,
) -> Result<ArticleRow> {
    let taken_over = takes_over(&input, caller)?;
    let (asked, note) = (input.slug.as_value().cloned(), input.note.as_value().cloned().map(String::from));
    let id = new_id();
    let input = translation::resolve(connection, caller, &id, input)?;
    let mut draft = Draft::empty();
    let may_make = caller.is_none_or(|caller| caller.may(Permission::WriteTaxonomy));
    draft.apply(connection, journal, input, may_make)?;
    refuse_past_embargo(&draft, None, journal.now())?;
    begin(connection, journal, (id, draft), (asked, taken_over), note)
}

/// Stores what is in hand as a new working copy, under the slug that was asked for or one made from its title.
pub fn begin(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (id, draft): (String, Draft),
    (asked, slug_taken_over): (Option<Slug>, bool),
    note: Option<String>,
) -> Result<ArticleRow> {
    let now = journal.now();
    let mut row = ArticleRow {
        id,
        slug: String::new(),
        slug_taken_over,
        version: 1,
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
        ..index(&draft)?
    };
    let made = || Slug::from_title(&draft.document.title, "story");
    let row = slugs::choose(connection, asked, made, |connection, slug| {
        refuse_published(connection, (&row.id, slug), slug_taken_over, now)?;
        row.slug = slug.to_owned();
        diesel::insert_into(articles::table).values(row.clone()).execute(connection)?;
        Ok(row.clone())
    })?;
    link(connection, &row.id, &draft.document)?;
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
) -> Result<ArticleRow> {
    let before = get(connection, caller, reference, journal.now())?;
    if_match.check(before.version)?;
    change(connection, journal, before, input, Some(caller))
}

/// Writes what was said into a working copy and keeps it as a revision. Saying what it already says changes nothing and
/// makes no version. A change of its embargo takes effect at once. `None` is the operator, who may do everything.
pub fn change(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    before: ArticleRow,
    input: ArticleInput,
    caller: Option<&SignedIn>,
) -> Result<ArticleRow> {
    let may = |permission| caller.is_none_or(|caller| caller.may(permission));
    let taken_over = takes_over(&input, caller)?;
    let input = translation::resolve(connection, caller, &before.id, input)?;
    let slug = input.slug.as_value().map_or_else(|| before.slug.clone(), |slug| slug.as_str().to_owned());
    let note = input.note.as_value().cloned().map(String::from);
    let old = Draft::from_row(&before)?;
    let mut draft = old.clone();
    draft.apply(connection, journal, input, may(Permission::WriteTaxonomy))?;
    if draft == old && slug == before.slug {
        return Ok(before);
    }
    let slug_taken_over = taken_over || (before.slug_taken_over && slug == before.slug);
    if slug != before.slug {
        refuse_published(connection, (&before.id, &slug), slug_taken_over, journal.now())?;
    }
    refuse_past_embargo(&draft, before.embargo_until, journal.now())?;
    let embargo = before.embargo_until;
    let row = save_draft(connection, journal, ArticleRow { slug, slug_taken_over, ..before }, draft, note)?;
    match row.embargo_until == embargo {
        true => Ok(row),
        false => embargo::apply(connection, journal, row, (embargo, may(Permission::PublishArticles))),
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
    let (index, old) = (index(&draft)?, before.document()?);
    let row = ArticleRow {
        id: before.id,
        slug: before.slug,
        slug_taken_over: before.slug_taken_over,
        version: before.version + 1,
        corrections: serde_json::to_string(&draft.document.corrections).map_err(Error::internal)?,
        created_by: before.created_by,
        created_at: before.created_at,
        updated_at: journal.now(),
        published_at: before.published_at,
        first_published_at: before.first_published_at,
        publication_number: before.publication_number,
        publication_hash: before.publication_hash,
        killed_at: before.killed_at,
        deleted_at: None,
        passed_at: before.passed_at,
        ..index
    };
    save(connection, &row, before.version, row.corrections != before.corrections)?;
    relink(connection, &row.id, (&old, &draft.document))?;
    let digest = revisions::keep(connection, journal, &row, note)?;
    journal.record(Event::updated(Resource::Article, &row.id, row.version).sealing(digest));
    Ok(row)
}

/// An embargo that is over before it begins holds nothing back; whoever sets one means another year.
fn refuse_past_embargo(draft: &Draft, before: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match draft.embargo_until {
        Some(end) if end <= now && before != Some(end) => {
            let detail = format!("is in the past: it is {now} now; null lifts an embargo");
            Err(Error::Unprocessable(vec![Rejection::field("/embargo_until", "in_the_past", detail)]))
        }
        _ => Ok(()),
    }
}

/// The columns that are the document's index; the rest is the caller's to fill in.
fn index(draft: &Draft) -> Result<ArticleRow> {
    // The notes are in a column of their own, which no save of the text touches.
    let document = Document { corrections: Vec::new(), ..draft.document.clone() };
    Ok(ArticleRow {
        id: String::new(),
        slug: String::new(),
        slug_taken_over: false,
        version: 0,
        title: document.title.clone(),
        language: document.language.clone(),
        kind: document.kind,
        featured: document.featured,
        has_image: document.image.is_some(),
        section_id: document.section.clone(),
        source_id: document.source.clone(),
        document: serde_json::to_string(&document).map_err(Error::internal)?,
        body: draft.body.clone(),
        body_html: draft.body_html.clone(),
        editor_note: draft.editor_note.clone(),
        embargo_until: draft.embargo_until,
        translation_of: document.translation_of.clone(),
        corrections: String::new(),
        created_by: None,
        created_at: Timestamp::FOREVER,
        updated_at: Timestamp::FOREVER,
        published_at: Timestamp::FOREVER,
        first_published_at: Timestamp::FOREVER,
        publication_number: 0,
        publication_hash: None,
        killed_at: None,
        deleted_at: None,
        passed_at: Timestamp::FOREVER,
    })
}

/// The story under this id, as long as nobody has changed or deleted it since it was read in this version.
#[diesel::dsl::auto_type]
pub fn unchanged<'a>(id: &'a str, version: i32) -> _ {
    let one = articles::table.find(id);
    one.filter(articles::version.eq(version)).filter(articles::deleted_at.is_null())
}

/// Stores a changed row, unless somebody changed or deleted it since it was read.
fn save(connection: &mut AnyConnection, row: &ArticleRow, based_on: i32, with_notes: bool) -> Result<()> {
    let notes = with_notes.then(|| articles::corrections.eq(&row.corrections));
    // Only what a save says: the door's dates may have moved meanwhile, and stay.
    let columns = (
        articles::slug.eq(&row.slug),
        articles::slug_taken_over.eq(row.slug_taken_over),
        articles::version.eq(row.version),
        articles::title.eq(&row.title),
        articles::language.eq(&row.language),
        articles::kind.eq(row.kind),
        articles::featured.eq(row.featured),
        articles::has_image.eq(row.has_image),
        articles::section_id.eq(&row.section_id),
        articles::source_id.eq(&row.source_id),
        articles::document.eq(&row.document),
        articles::body.eq(&row.body),
        articles::body_html.eq(&row.body_html),
        articles::editor_note.eq(&row.editor_note),
        articles::embargo_until.eq(row.embargo_until),
        articles::translation_of.eq(&row.translation_of),
        notes,
        articles::updated_at.eq(row.updated_at),
    );
    match diesel::update(unchanged(&row.id, based_on)).set(columns).execute(connection)? {
        0 => Err(Error::version_mismatch(based_on + 1)),
        _ => Ok(()),
    }
}

/// Writes the link tables from the document of a new story.
fn link(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    link_authors(connection, article, document)?;
    link_tags(connection, article, document)
}

/// Writes those link tables anew whose part of the document changed.
fn relink(connection: &mut AnyConnection, article: &str, (before, after): (&Document, &Document)) -> Result<()> {
    if before.authors != after.authors {
        diesel::delete(article_authors::table.filter(article_authors::article_id.eq(article))).execute(connection)?;
        link_authors(connection, article, after)?;
    }
    if before.tags != after.tags {
        diesel::delete(article_tags::table.filter(article_tags::article_id.eq(article))).execute(connection)?;
        link_tags(connection, article, after)?;
    }
    Ok(())
}

/// One statement, however many authors. What no longer exists is left out.
fn link_authors(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    let ids: Vec<&String> = document.authors.iter().map(|credit| &credit.id).collect();
    authors::table
        .filter(authors::id.eq_any(ids))
        .select((article.into_sql::<Text>(), authors::id))
        .insert_into(article_authors::table)
        .into_columns((article_authors::article_id, article_authors::author_id))
        .execute(connection)?;
    Ok(())
}

/// One statement, however many tags. What no longer exists is left out.
fn link_tags(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    tags::table
        .filter(tags::id.eq_any(&document.tags))
        .select((article.into_sql::<Text>(), tags::id))
        .insert_into(article_tags::table)
        .into_columns((article_tags::article_id, article_tags::tag_id))
        .execute(connection)?;
    Ok(())
}
