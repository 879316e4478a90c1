//! A working copy in hand: what was said about it is written in here, then it is stored whole.

use super::input::ArticleInput;
use super::mention::{AuthorMention, Mention};
use super::row::ArticleRow;
use crate::authors::{self, AuthorInput};
use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, Turn};
use crate::error::{Error, Rejection, Result};
use crate::events::Journal;
use crate::http::fields::LanguageTag;
use crate::http::input::Complete;
use crate::http::path::Reference;
use crate::live::{Credit, Document, render};
use crate::sources::{self, SourceInput};
use crate::tags::{self, KnownTags, TagInput, TagKind};

/// A working copy in hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub document: Document,
    pub body: String,
    /// The body as readers' browsers get it.
    pub body_html: String,
    pub editor_note: Option<String>,
    /// Until when readers must not see it, whatever is published.
    pub embargo_until: Option<Timestamp>,
}

/// Looks up what a story refers to, makes what it names, and collects what cannot be found.
struct Resolver<'a> {
    connection: &'a mut AnyConnection,
    journal: &'a mut Journal,
    /// Whether names that are not known may be made.
    may_make: bool,
    /// The tags that were named and that there are.
    known: KnownTags,
    refused: Vec<Rejection>,
}

impl Draft {
    /// A story that nothing was said about.
    pub fn empty() -> Draft {
        let document = Document { language: LanguageTag::english().into(), ..Document::default() };
        Draft { document, body: String::new(), body_html: String::new(), editor_note: None, embargo_until: None }
    }

    /// What is stored.
    pub fn from_row(row: &ArticleRow) -> Result<Draft> {
        Ok(Draft {
            document: row.document()?,
            body: row.body.clone(),
            body_html: row.body_html.clone(),
            editor_note: row.editor_note.clone(),
            embargo_until: row.embargo_until,
        })
    }

    /// Writes what was said into the draft. `may_make` allows names that are not known to become authors, sources and
    /// tags.
    ///
    /// Errors: 422 with every reference that leads nowhere.
    pub fn apply(
        &mut self,
        connection: &mut AnyConnection,
        journal: &mut Journal,
        input: ArticleInput,
        may_make: bool,
    ) -> Result<()> {
        let named = input.section.as_value().into_iter().chain(input.tags.as_value().into_iter().flatten());
        let references = named.clone().filter_map(|mention| mention.known.clone()).collect();
        let names: Vec<&str> = named.filter_map(|mention| mention.name.as_deref()).collect();
        let known = KnownTags::load(connection, references, &names)?;
        let mut resolver = Resolver { connection, journal, may_make, known, refused: Vec::new() };
        let document = &mut self.document;
        if input.section.is_present() {
            document.section = resolver.section(input.section.value())?;
        }
        if input.source.is_present() {
            document.source = resolver.source(input.source.value())?;
        }
        if input.authors.is_present() {
            document.authors = resolver.authors(input.authors.value().unwrap_or_default())?;
        }
        if input.tags.is_present() {
            document.tags = resolver.tags(input.tags.value().unwrap_or_default())?;
        }
        if !resolver.refused.is_empty() {
            return Err(Error::Unprocessable(resolver.refused));
        }
        if let Some(title) = input.title.value() {
            document.title = title.into();
        }
        input.language.map(String::from).apply_to_text(&mut document.language, &LanguageTag::english());
        input.kind.apply_or_default(&mut document.kind);
        input.featured.apply_or_default(&mut document.featured);
        input.custom.apply_or_default(&mut document.custom);
        input.summary.map(String::from).apply_to(&mut document.summary);
        input.byline.map(String::from).apply_to(&mut document.byline);
        input.source_url.map(String::from).apply_to(&mut document.source_url);
        input.credit_line.map(String::from).apply_to(&mut document.credit_line);
        input.usage_terms.map(String::from).apply_to(&mut document.usage_terms);
        input.canonical_url.map(String::from).apply_to(&mut document.canonical_url);
        input.dateline.map(String::from).apply_to(&mut document.dateline);
        input.urgency.apply_to(&mut document.urgency);
        input.image.apply_to(&mut document.image);
        if input.body.is_present() {
            self.body = input.body.value().map(String::from).unwrap_or_default();
            self.body_html = input.body_html.unwrap_or_else(|| render::render(&self.body));
        }
        input.editor_note.map(String::from).apply_to(&mut self.editor_note);
        input.translation_of.apply_to(&mut document.translation_of);
        input.embargo_until.apply_to(&mut self.embargo_until);
        Ok(())
    }
}

impl Resolver<'_> {
    fn refuse(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.refused.push(Rejection::field(pointer, code, detail));
    }

    fn unknown(&mut self, pointer: &str, what: &str) {
        let detail = format!("there is no {what} with this id or slug; to make one, send {{\"name\": …}}");
        self.refuse(pointer, "unknown_reference", detail);
    }

    /// Whether a name may be made; refuses it otherwise.
    fn may_make(&mut self, pointer: &str, what: &str) -> bool {
        if !self.may_make {
            let detail = format!("there is no {what} of this name, and your role may not make one; ask an editor");
            self.refuse(pointer, "unknown_reference", detail);
        }
        self.may_make
    }

    /// The id of what has this name, made when there is none; `None` when it may not be made, which is refused here.
    ///
    /// Two stories can name the same new thing at the same moment: whoever would make it waits for the other one, and
    /// looks again.
    fn find_or_make(
        &mut self,
        pointer: &str,
        what: &str,
        find: impl Fn(&mut AnyConnection) -> Result<Option<String>>,
        make: impl FnOnce(&mut AnyConnection, &mut Journal) -> Result<String>,
    ) -> Result<Option<String>> {
        if let Some(id) = find(self.connection)? {
            return Ok(Some(id));
        }
        if !self.may_make(pointer, what) {
            return Ok(None);
        }
        db::take_turns(self.connection, Turn::MakingByName)?;
        match find(self.connection)? {
            Some(id) => Ok(Some(id)),
            None => make(self.connection, self.journal).map(Some),
        }
    }

    fn section(&mut self, mention: Option<Mention>) -> Result<Option<String>> {
        let Some(mention) = mention else { return Ok(None) };
        if let Some(name) = &mention.name {
            return self.tag_by_name("/section", name, TagKind::Section);
        }
        match self.known.get(mention.known.as_deref().unwrap_or_default()) {
            Some(tag) if tag.kind == TagKind::Section => Ok(Some(tag.id.clone())),
            Some(tag) => {
                let detail = format!("{} is a tag of kind {}; a section is a tag of kind section", tag.slug, tag.kind);
                self.refuse("/section", "not_a_section", detail);
                Ok(None)
            }
            None => {
                self.unknown("/section", "section");
                Ok(None)
            }
        }
    }

    fn source(&mut self, mention: Option<Mention>) -> Result<Option<String>> {
        let Some(mention) = mention else { return Ok(None) };
        if let Some(name) = &mention.name {
            let find = |connection: &mut AnyConnection| sources::find_by_name(connection, name);
            let make = |connection: &mut AnyConnection, journal: &mut Journal| {
                let input: SourceInput = named(name, "/source")?;
                Ok(sources::create(connection, journal, input)?.id)
            };
            return self.find_or_make("/source", "source", find, make);
        }
        let reference = Reference::parse(mention.known.as_deref().unwrap_or_default());
        let found = sources::find(self.connection, &reference)?;
        if found.is_none() {
            self.unknown("/source", "source");
        }
        Ok(found.map(|row| row.id))
    }

    fn authors(&mut self, mentions: Vec<AuthorMention>) -> Result<Vec<Credit>> {
        let texts = mentions.iter().filter_map(|mention| mention.who.known.clone()).collect();
        let known = authors::ids_of(self.connection, texts)?;
        let mut credits: Vec<Credit> = Vec::with_capacity(mentions.len());
        for (index, mention) in mentions.into_iter().enumerate() {
            let pointer = format!("/authors/{index}");
            let id = match (&mention.who.known, &mention.who.name) {
                (Some(text), _) => known.get(text).cloned(),
                (None, Some(name)) => self.author_by_name(&pointer, name)?,
                (None, None) => None,
            };
            match id {
                None if mention.who.known.is_some() => self.unknown(&pointer, "author"),
                // Refused already.
                None => {}
                Some(id) if credits.iter().any(|credit| credit.id == id) => {
                    self.refuse(&pointer, "duplicate", "names an author who is already in this list");
                }
                Some(id) => credits.push(Credit { id, role: mention.role }),
            }
        }
        Ok(credits)
    }

    fn author_by_name(&mut self, pointer: &str, name: &str) -> Result<Option<String>> {
        let find = |connection: &mut AnyConnection| authors::find_by_name(connection, name);
        let make = |connection: &mut AnyConnection, journal: &mut Journal| {
            let input: AuthorInput = named(name, pointer)?;
            Ok(authors::create(connection, journal, input)?.id)
        };
        self.find_or_make(pointer, "author", find, make)
    }

    fn tags(&mut self, mentions: Vec<Mention>) -> Result<Vec<String>> {
        let mut ids: Vec<String> = Vec::with_capacity(mentions.len());
        for (index, mention) in mentions.into_iter().enumerate() {
            let pointer = format!("/tags/{index}");
            let id = match (&mention.known, &mention.name) {
                (Some(text), _) => {
                    let id = self.known.get(text).map(|tag| tag.id.clone());
                    if id.is_none() {
                        self.unknown(&pointer, "tag");
                    }
                    id
                }
                (None, Some(name)) => self.tag_by_name(&pointer, name, TagKind::Topic)?,
                (None, None) => None,
            };
            // The same tag twice says nothing new.
            ids.extend(id.filter(|id| !ids.contains(id)));
        }
        Ok(ids)
    }

    fn tag_by_name(&mut self, pointer: &str, name: &str, kind: TagKind) -> Result<Option<String>> {
        let section_only = (kind == TagKind::Section).then_some(TagKind::Section);
        if let Some(tag) = self.known.named(name, section_only) {
            return Ok(Some(tag.id.clone()));
        }
        let find = |connection: &mut AnyConnection| {
            let known = KnownTags::load(connection, Vec::new(), &[name])?;
            Ok(known.named(name, section_only).map(|tag| tag.id.clone()))
        };
        let make = |connection: &mut AnyConnection, journal: &mut Journal| {
            let mut input: TagInput = named(name, pointer)?;
            input.kind = crate::http::patch::Patch::Value(kind);
            Ok(tags::create(connection, journal, input)?.id)
        };
        self.find_or_make(pointer, "tag", find, make)
    }
}

/// What can be said about something of which only the name is known, checked like anything else that is made.
fn named<T: crate::http::input::Input>(name: &str, pointer: &str) -> Result<T> {
    Complete::<T>::from_value(serde_json::json!({ "name": name })).map_err(|error| {
        let moved = |rejection: &Rejection| Rejection {
            pointer: Some(format!("{pointer}{}", rejection.pointer.as_deref().unwrap_or_default())),
            ..rejection.clone()
        };
        Error::Unprocessable(error.rejections().iter().map(moved).collect())
    })
}
