//! Stories as bytes that only have to be sent.

use std::collections::HashMap;

use diesel::prelude::*;

use super::article::TranslationReference;
use super::card::{self, Alone};
use super::document::Document;
use super::names::Names;
use super::references::References;
use super::sight::Sight;
use super::store::seen_by;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::schema::publications;
use crate::error::{Error, Result};
use crate::http::answer::Json;
use crate::http::cache::Cache;

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
pub struct Row {
    pub article_id: String,
    pub live_from: Timestamp,
    pub card: String,
}

/// The stories with these ids as lists have them, in this order. One that went out of sight meanwhile is left out.
pub fn all(connection: &mut AnyConnection, cache: &Cache, ids: &[String], sight: Sight) -> Result<Vec<Finished>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let seen = seen_by(sight).filter(publications::article_id.eq_any(ids));
    let mut rows: Vec<(Row, Option<String>)> = match sight {
        Sight::Past { .. } => seen.select((Row::as_select(), publications::document.nullable())).load(connection)?,
        Sight::Readers(_) | Sight::Partners(_) => {
            let rows: Vec<Row> = seen.select(Row::as_select()).load(connection)?;
            rows.into_iter().map(|row| (row, None)).collect()
        }
    };
    let place: HashMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
    rows.sort_by_key(|(row, _)| place.get(row.article_id.as_str()).copied());
    let present = match sight {
        Sight::Past { .. } => Names::default(),
        Sight::Readers(_) | Sight::Partners(_) => {
            Names::load(connection, cache, rows.iter().flat_map(|(row, _)| card::names(&row.card)))?
        }
    };
    rows.into_iter()
        .map(|(row, document)| match document {
            Some(document) => Ok(finish(row, &printed(&document)?, (None, sight))),
            None => Ok(finish(row, &present, (None, sight))),
        })
        .collect()
}

/// One story with its text, its notes and its translations.
pub fn alone(
    connection: &mut AnyConnection,
    cache: &Cache,
    (row, body, body_html): (Row, &str, &str),
    translations: &[TranslationReference],
    sight: Sight,
) -> Result<Finished> {
    let names = match sight {
        Sight::Past { .. } => {
            let document: String = seen_by(sight)
                .filter(publications::article_id.eq(&row.article_id))
                .select(publications::document)
                .first(connection)?;
            printed(&document)?
        }
        Sight::Readers(_) | Sight::Partners(_) => Names::load(connection, cache, card::names(&row.card))?,
    };
    Ok(finish(row, &names, (Some(&Alone { body, body_html, translations }), sight)))
}

/// The names that stood on the page then.
fn printed(document: &str) -> Result<Names> {
    let document: Document = serde_json::from_str(document)
        .map_err(|error| Error::internal(format!("a stored document cannot be read: {error}")))?;
    let references = References::printed_then(document.printed.as_ref());
    Names::printed(&references, document.names().map(str::to_owned))
}

fn finish(row: Row, names: &Names, (alone, sight): (Option<&Alone>, Sight)) -> Finished {
    let is_ahead = sight.is_ahead_of(row.live_from);
    let text = alone.map_or(0, |alone| alone.body.len() + alone.body_html.len());
    let mut json = Vec::with_capacity(row.card.len() * 2 + text * 9 / 8);
    card::write(&row.card, names, (alone, is_ahead.then_some(row.live_from)), &mut json);
    Finished { id: row.article_id, is_ahead, json: Json::finished(json) }
}
