//! Stories as bytes that only have to be sent.

use std::collections::HashMap;

use diesel::prelude::*;

use super::article::TranslationReference;
use super::card::{self, More};
use super::document::Document;
use super::excerpt;
use super::extras::Extras;
use super::names::Names;
use super::references::References;
use super::sight::Sight;
use super::store::{read_at, seen_by};
use crate::clock::Timestamp;
use crate::db::listing::in_order;
use crate::db::schema::publications;
use crate::db::{AnyConnection, Prepare, directly, in_few_lengths};
use crate::error::{Error, Result};
use crate::http::answer::Json;
use crate::http::cache::Parts;

/// A story, finished.
#[derive(Debug)]
pub struct Finished {
    /// The story's id.
    pub id: String,
    /// Whether readers do not see it yet.
    pub is_ahead: bool,
    /// The article as JSON, as documented by [`super::Article`].
    pub json: Json,
}

/// What a list needs of a row of `publications`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = publications)]
#[allow(missing_docs, reason = "the migrations say what each column means")]
pub struct Row {
    pub id: String,
    pub article_id: String,
    pub live_from: Timestamp,
    pub card: String,
}

/// The columns of a story's text, in Markdown and as HTML.
pub const TEXT: (publications::body, publications::body_html) = (publications::body, publications::body_html);

type Text = (String, String);

/// The stories with these ids as lists have them, in this order. One that went out of sight meanwhile is left out.
pub fn all(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    (ids, extras): (&[String], Extras),
    sight: Sight,
) -> Result<Vec<Finished>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids_of_few_lengths = in_few_lengths(ids);
    let these = publications::article_id.eq_any(&ids_of_few_lengths);
    let rows: Vec<(Row, Option<Text>)> = if extras.needs_text() {
        let rows = seen_by(sight).filter(these).select((Row::as_select(), TEXT)).prepared().load(connection)?;
        rows.into_iter().map(|(row, text)| (row, Some(text))).collect()
    } else {
        let rows: Vec<Row> = match sight {
            // What nearly everybody asks for.
            Sight::Readers(now) => directly!(connection, |connection| {
                read_at(now).filter(these).select(Row::as_select()).prepared().load(connection)
            }),
            _ => seen_by(sight).filter(these).select(Row::as_select()).prepared().load(connection),
        }?;
        rows.into_iter().map(|row| (row, None)).collect()
    };
    let rows = in_order(rows, ids, |(row, _)| &row.article_id);
    let names = names(connection, parts, rows.iter().map(|(row, _)| row), sight)?;
    let finish_one = |(row, text): (Row, Option<Text>)| {
        let text = text.as_ref().map(|(body, html)| (body.as_str(), html.as_str()));
        let more = More { text: text.filter(|_| extras.body), notes: extras.corrections, ..More::default() };
        finish(row, &names, (more, text, extras), sight)
    };
    Ok(rows.into_iter().map(finish_one).collect())
}

/// One story with its text, its notes and its translations.
pub fn alone(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    (row, (body, html)): (Row, Text),
    (translations, extras): (&[TranslationReference], Extras),
    sight: Sight,
) -> Result<Finished> {
    let names = names(connection, parts, std::iter::once(&row), sight)?;
    let text = Some((body.as_str(), html.as_str()));
    let more = More { text, notes: true, translations: Some(translations), ..More::default() };
    Ok(finish(row, &names, (more, text, extras), sight))
}

/// The names on these cards: those of now, or those that were printed then.
fn names<'a>(
    connection: &mut AnyConnection,
    parts: Parts<'_>,
    rows: impl Iterator<Item = &'a Row> + Clone,
    sight: Sight,
) -> Result<Printed> {
    match sight {
        Sight::Readers(_) | Sight::Partners(_) => {
            Names::load(connection, parts, rows.flat_map(|row| card::names(&row.card))).map(Printed::Now)
        }
        Sight::Past { .. } => {
            let ids: Vec<&String> = rows.map(|row| &row.id).collect();
            let documents: Vec<(String, String)> = publications::table
                .filter(publications::id.eq_any(ids))
                .select((publications::id, publications::document))
                .load(connection)?;
            let names = documents.into_iter().map(|(id, document)| Ok((id, printed(&document)?)));
            names.collect::<Result<_>>().map(Printed::Then)
        }
    }
}

/// The names on a page of stories.
enum Printed {
    /// What everything is called now.
    Now(Names),
    /// What everything was called when each publication was printed, by its id.
    Then(HashMap<String, Names>),
}

/// What stood on the page of this document.
fn printed(document: &str) -> Result<Names> {
    let document: Document = serde_json::from_str(document)
        .map_err(|error| Error::internal(format!("a stored document cannot be read: {error}")))?;
    let references = References::printed_then(document.printed.as_ref());
    Names::printed(&references, document.names().map(str::to_owned))
}

fn finish(
    row: Row,
    names: &Printed,
    (more, text, extras): (More, Option<(&str, &str)>, Extras),
    sight: Sight,
) -> Finished {
    let nothing = Names::default();
    let names = match names {
        Printed::Now(names) => names,
        Printed::Then(names) => names.get(&row.id).unwrap_or(&nothing),
    };
    let excerpt = extras.excerpt.zip(text).map(|(size, (_, html))| excerpt::of(html, size));
    let is_ahead = sight.is_ahead_of(row.live_from);
    let more = More { excerpt: excerpt.as_deref(), embargo_until: is_ahead.then_some(row.live_from), ..more };
    let length = more.text.map_or(0, |(body, html)| body.len() + html.len());
    let mut json = Vec::with_capacity(row.card.len() * 2 + length * 9 / 8);
    card::write(&row.card, names, &more, &mut json);
    Finished { id: row.article_id, is_ahead, json: Json::finished(json) }
}
