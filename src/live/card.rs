//! A story as readers get it, finished when it is published: everything that never changes is JSON already, and only the
//! names that stand on it are put in when it is read. So a page of stories costs its bytes and not its making.
//!
//! Between two marks stands what has to be put in: a letter for what it is, and its ids. The mark is a character that
//! cannot stand in JSON itself, where it would be escaped.

use serde::Serialize;
use serde_json::{Map, Value};

use super::article::{Times, TranslationReference};
use super::document::{ArticleKind, Document, Image, Urgency};
use super::names::Names;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// Begins and ends what has to be put in.
const MARK: char = '\u{1}';

/// Separates an author from the next one, and a tag from the next one.
const NEXT: char = '\u{2}';

/// Separates an author's id from what they did.
const ROLE: char = '\u{3}';

/// The text, or the beginning of it.
const BODY: &str = "B";

/// The notes, which follow, and the translations.
const NOTES: &str = "N";

/// Until when readers do not see it, for those who read ahead.
const EMBARGO: &str = "E";

/// The section with the id that follows.
const SECTION: &str = "S";

/// The authors that follow, each with what they did as JSON.
const AUTHORS: &str = "A";

/// The source with the id that follows.
const SOURCE: &str = "R";

/// The tags that follow.
const TAGS: &str = "T";

/// What is put in beyond the names, when it is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct More<'a> {
    /// The text, in Markdown and as HTML.
    pub text: Option<(&'a str, &'a str)>,
    /// The beginning of the text.
    pub excerpt: Option<&'a str>,
    /// Whether the public notes are.
    pub notes: bool,
    /// The same story in other languages.
    pub translations: Option<&'a [TranslationReference]>,
    /// Until when readers do not see it.
    pub embargo_until: Option<Timestamp>,
}

#[derive(Serialize)]
struct Beginning<'a> {
    id: &'a str,
    slug: &'a str,
    title: &'a str,
    summary: Option<&'a str>,
}

#[derive(Serialize)]
struct Kind<'a> {
    language: &'a str,
    #[serde(rename = "type")]
    kind: ArticleKind,
    featured: bool,
}

#[derive(Serialize)]
struct Byline<'a> {
    byline: Option<&'a str>,
}

#[derive(Serialize)]
struct Origin<'a> {
    source_url: Option<&'a str>,
    credit_line: Option<&'a str>,
    usage_terms: Option<&'a str>,
    canonical_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Rest<'a> {
    dateline: Option<&'a str>,
    urgency: Option<Urgency>,
    image: Option<&'a Image>,
    custom: &'a Map<String, Value>,
    corrections_count: usize,
    retracted: bool,
}

#[derive(Serialize)]
struct Moments {
    first_published_at: Option<Timestamp>,
    published_at: Option<Timestamp>,
    modified_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The card of a story with this id and slug.
///
/// Errors: the document cannot be written as JSON, which is a fault of ours.
pub fn of((id, slug): (&str, &str), document: &Document, times: Times) -> Result<String> {
    let printed = document.printed.as_ref().and_then(|printed| printed.credit_line.as_deref());
    let beginning = Beginning { id, slug, title: &document.title, summary: document.summary.as_deref() };
    let kind = Kind { language: &document.language, kind: document.kind, featured: document.featured };
    let origin = Origin {
        source_url: document.source_url.as_deref(),
        credit_line: document.credit_line.as_deref().or(printed),
        usage_terms: document.usage_terms.as_deref(),
        canonical_url: document.canonical_url.as_deref(),
    };
    let rest = Rest {
        dateline: document.dateline.as_deref(),
        urgency: document.urgency,
        image: document.image.as_ref(),
        custom: &document.custom,
        corrections_count: document.corrections.len(),
        retracted: document.is_retracted(),
    };
    let moments = Moments {
        first_published_at: times.first_published_at,
        published_at: times.published_at,
        modified_at: times.modified_at,
        created_at: times.created_at,
        updated_at: times.updated_at,
    };
    let notes = serde_json::to_string(&document.corrections).map_err(Error::internal)?;
    let parts = [
        members(&beginning)?,
        place(BODY, ""),
        format!(",{},\"section\":", members(&kind)?),
        place(SECTION, document.section.as_deref().unwrap_or_default()),
        ",\"authors\":".to_owned(),
        place(AUTHORS, &authors(document)?),
        format!(",{},\"source\":", members(&Byline { byline: document.byline.as_deref() })?),
        place(SOURCE, document.source.as_deref().unwrap_or_default()),
        format!(",{},\"tags\":", members(&origin)?),
        place(TAGS, &document.tags.join(&NEXT.to_string())),
        format!(",{}", members(&rest)?),
        place(NOTES, &notes),
        place(EMBARGO, ""),
        format!(",{}", members(&moments)?),
    ];
    Ok(parts.concat())
}

/// The members of an object, without its braces.
fn members(object: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(object).map_err(Error::internal)?;
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inner.map(str::to_owned).ok_or_else(|| Error::internal("a part of a card is no object"))
}

fn place(what: &str, payload: &str) -> String {
    format!("{MARK}{what}{payload}{MARK}")
}

fn authors(document: &Document) -> Result<String> {
    let mut authors = Vec::with_capacity(document.authors.len());
    for credit in &document.authors {
        let role = serde_json::to_string(&credit.role).map_err(Error::internal)?;
        authors.push(format!("{}{ROLE}{role}", credit.id));
    }
    Ok(authors.join(&NEXT.to_string()))
}

/// The ids of everything whose name has to be put into a card.
pub fn names(card: &str) -> impl Iterator<Item = &str> {
    let places = card.split(MARK).skip(1).step_by(2);
    let ids = places.filter_map(|place| {
        let (what, payload) = place.split_at_checked(1)?;
        matches!(what, SECTION | AUTHORS | SOURCE | TAGS).then_some(payload)
    });
    ids.flat_map(|payload| payload.split(NEXT))
        .map(|one| one.split(ROLE).next().unwrap_or_default())
        .filter(|id| !id.is_empty())
}

/// Writes the story as a JSON object. Names that no longer exist are left out.
pub fn write(card: &str, names: &Names, more: &More, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, part) in card.split(MARK).enumerate() {
        if index % 2 == 0 {
            out.extend_from_slice(part.as_bytes());
            continue;
        }
        let (what, payload) = part.split_at_checked(1).unwrap_or_default();
        match what {
            BODY => {
                member("body", more.text.map(|(body, _)| body).as_ref(), out);
                member("body_html", more.text.map(|(_, html)| html).as_ref(), out);
                member("excerpt", more.excerpt.as_ref(), out);
            }
            NOTES => {
                if more.notes {
                    out.extend_from_slice(b",\"corrections\":");
                    out.extend_from_slice(payload.as_bytes());
                }
                member("translations", more.translations.as_ref(), out);
            }
            EMBARGO => member("embargo_until", more.embargo_until.as_ref(), out),
            SECTION | SOURCE => match names.get(payload) {
                Some(name) => close(name, None, out),
                None => out.extend_from_slice(b"null"),
            },
            AUTHORS => list(payload, out, |one, out| {
                let (id, role) = one.split_once(ROLE)?;
                close(names.get(id)?, Some(role), out);
                Some(())
            }),
            TAGS => list(payload, out, |id, out| {
                close(names.get(id)?, None, out);
                Some(())
            }),
            _ => {}
        }
    }
    out.push(b'}');
}

/// An array of what `write` finds.
fn list(payload: &str, out: &mut Vec<u8>, write: impl Fn(&str, &mut Vec<u8>) -> Option<()>) {
    out.push(b'[');
    let mut is_first = true;
    for one in payload.split(NEXT) {
        let before = out.len();
        if !is_first {
            out.push(b',');
        }
        match write(one, out) {
            Some(()) => is_first = false,
            None => out.truncate(before),
        }
    }
    out.push(b']');
}

/// A name, which is an object without its end, and what the story adds to it.
fn close(name: &str, role: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    if let Some(role) = role {
        out.extend_from_slice(b",\"role\":");
        out.extend_from_slice(role.as_bytes());
    }
    out.push(b'}');
}

/// A member that stands there only when it has a value. Writing into memory cannot fail.
fn member(name: &str, value: Option<&impl Serialize>, out: &mut Vec<u8>) {
    let Some(value) = value else { return };
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "JSON could not be written into memory");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::live::References;
    use crate::live::article::Article;

    fn document() -> Document {
        serde_json::from_value(json!({
            "title": "Talks \"go on\"", "summary": "In\u{2028}short.", "language": "en", "type": "report", "featured": true,
            "section": "s1", "authors": [{"id": "a1", "role": "reporter"}, {"id": "gone"}, {"id": "a2"}],
            "byline": "Ours", "source": "r1", "source_url": "https://coastline.example/1", "tags": ["gone", "t1", "t2"],
            "urgency": 3, "image": {"url": "https://packet.example/1.jpg"}, "custom": {"deep": {"er": [1, 2]}},
            "corrections": [{"id": "c1", "type": "retraction", "text": "Wrong.", "published_at": "2026-03-04T18:30:00Z",
                "publication": 2, "previous_publication": 1}],
            "printed": {"authors": [{"id": "a1", "slug": "zoe", "name": "Zoë"}, {"id": "a2", "slug": "ana", "name": "Ana"}],
                "section": {"id": "s1", "slug": "world", "name": "World"},
                "source": {"id": "r1", "slug": "coastline", "name": "Coastline"}, "credit_line": "© Coastline",
                "tags": [{"id": "t1", "slug": "nato", "name": "NATO"}, {"id": "t2", "slug": "kfor", "name": "KFOR"}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_card_with_its_names_is_the_article_as_it_is_documented() {
        let (document, moment) = (document(), "2026-03-04T16:00:00Z".parse().unwrap());
        let times = Times {
            first_published_at: Some(moment),
            published_at: Some(moment),
            modified_at: Some(moment),
            created_at: moment,
            updated_at: moment,
        };
        let references = References::printed_then(document.printed.as_ref());
        let corrections = document.corrections.clone();
        let article = Article::new("id".to_owned(), "talks".to_owned(), document.clone(), times, &references);
        let names = Names::printed(&references, names_of(&document)).unwrap();
        let card = of(("id", "talks"), &document, times).unwrap();
        let written = |more: &More| {
            let mut out = Vec::new();
            write(&card, &names, more, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(&More::default()), serde_json::to_string(&article).unwrap());
        let article = Article { embargo_until: Some(moment), ..article };
        let more = More { embargo_until: Some(moment), ..More::default() };
        assert_eq!(written(&more), serde_json::to_string(&article).unwrap());
        let article = article.with_body("*a*".to_owned(), "<em>a</em>\n".to_owned()).with_corrections(corrections);
        let article = Article { translations: Some(Vec::new()), excerpt: Some("a".to_owned()), ..article };
        let text = Some(("*a*", "<em>a</em>\n"));
        let more = More { text, excerpt: Some("a"), notes: true, translations: Some(&[]), ..more };
        assert_eq!(written(&more), serde_json::to_string(&article).unwrap());
        assert_eq!(super::names(&card).collect::<Vec<_>>(), ["s1", "a1", "gone", "a2", "r1", "gone", "t1", "t2"]);
    }

    #[test]
    fn marks_in_a_story_are_letters_like_others() {
        let document = Document { title: "\u{1}S\u{1}\u{2}".to_owned(), ..Document::default() };
        let moment = "2026-03-04T16:00:00Z".parse().unwrap();
        let times = Times {
            first_published_at: None,
            published_at: None,
            modified_at: None,
            created_at: moment,
            updated_at: moment,
        };
        let card = of(("id", "x"), &document, times).unwrap();
        let mut out = Vec::new();
        write(&card, &Names::default(), &More::default(), &mut out);
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read["title"], "\u{1}S\u{1}\u{2}");
        assert_eq!(read["tags"], json!([]));
    }

    fn names_of(document: &Document) -> Vec<String> {
        document.names().map(str::to_owned).collect()
    }
}
