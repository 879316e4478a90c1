//! The seal of a publication: a hash over everything that was published and over the seal before it. docs/proof.md
//! describes the same for whoever writes a verifier.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::db::schema::publications;
use crate::error::{Error, Result};
use crate::events::chain;
use crate::hash::sha256;

/// What is sealed: everything that readers were told, when, and what came before.
#[derive(Debug, Serialize)]
pub struct Sealed<'a> {
    format: &'static str,
    article: &'a str,
    number: i32,
    slug: &'a str,
    live_from: Timestamp,
    /// The hash of what is not told, with the random id of the publication, so that nobody can guess it.
    terms: String,
    first_published_at: Timestamp,
    published_at: Timestamp,
    modified_at: Timestamp,
    created_at: Timestamp,
    document: Value,
    body: &'a str,
    body_html: &'a str,
    previous: Option<&'a str>,
}

/// What is not told: when a publication was to be read, as the door was asked, and the story that it is a translation of,
/// which readers may not know yet.
#[derive(Debug, Serialize)]
struct Terms<'a> {
    id: &'a str,
    partner_from: Timestamp,
    expires_at: Option<Timestamp>,
    translation_of: Option<&'a str>,
}

/// The part of a row of `publications` that is sealed, and the seal: a publication as the door made it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = publications, treat_none_as_default_value = false)]
pub struct Printing {
    /// Names the publication; never told.
    pub id: String,
    /// Which story.
    pub article_id: String,
    /// Counts the story's publications.
    pub number: i32,
    /// From when partners see it.
    pub partner_from: Timestamp,
    /// From when readers see it.
    pub live_from: Timestamp,
    /// Until when, as it was asked for; [`Timestamp::FOREVER`] without end.
    pub expires_at: Timestamp,
    /// Its name in addresses.
    pub slug: String,
    /// The document, as JSON.
    pub document: String,
    /// The text in Markdown.
    pub body: String,
    /// The text as HTML.
    pub body_html: String,
    /// When the story was begun.
    pub created_at: Timestamp,
    /// When readers first saw the story.
    pub first_published_at: Timestamp,
    /// When its run began.
    pub published_at: Timestamp,
    /// When its text last changed.
    pub modified_at: Timestamp,
    /// The seal of the story's publication before.
    pub previous_hash: Option<String>,
    /// The seal.
    pub hash: String,
}

impl Printing {
    /// The same with its seal.
    pub fn sealed(self) -> Result<Printing> {
        Ok(Printing { hash: hash(&self)?, ..self })
    }
}

/// The text that is hashed: JSON in its canonical form (RFC 8785).
pub fn text(printing: &Printing) -> Result<String> {
    let expires_at = printing.expires_at.unless_forever();
    let mut document: Value = serde_json::from_str(&printing.document).map_err(Error::internal)?;
    let translation_of = document.as_object_mut().and_then(|members| members.remove("translation_of"));
    let translation_of = translation_of.as_ref().and_then(Value::as_str);
    let terms = Terms { id: &printing.id, partner_from: printing.partner_from, expires_at, translation_of };
    chain::canonical(&Sealed {
        format: "dateline-publication-1",
        article: &printing.article_id,
        number: printing.number,
        slug: &printing.slug,
        live_from: printing.live_from,
        terms: sha256(chain::canonical(&terms)?.as_bytes()),
        first_published_at: printing.first_published_at,
        published_at: printing.published_at,
        modified_at: printing.modified_at,
        created_at: printing.created_at,
        document,
        body: &printing.body,
        body_html: &printing.body_html,
        previous: printing.previous_hash.as_deref(),
    })
}

/// The seal: SHA-256 of the text, in hexadecimal digits.
pub fn hash(printing: &Printing) -> Result<String> {
    Ok(sha256(text(printing)?.as_bytes()))
}
