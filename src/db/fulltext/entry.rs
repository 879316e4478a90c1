//! A publication as it is put into the index: the same words at the same places for both databases.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{EVERYWHERE, OF_TITLE, lexeme};
use crate::clock::Timestamp;

/// Keeps the last word of one field and the first of the next apart; for FTS5, which counts words and not places.
const GAP: &str = "·";

/// Farthest place in a text; PostgreSQL counts no farther than 16,383.
const LAST_PLACE: usize = 15_000;

/// Most bytes of words; a tsvector has at most a megabyte.
const MOST_BYTES: usize = 400_000;

/// Most places of one word in a text; PostgreSQL keeps no more.
const MOST_PLACES: usize = 255;

/// One publication, as it is put into the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Which publication.
    pub publication_id: String,
    /// Which story.
    pub article_id: String,
    /// How new its story is.
    pub published_at: Timestamp,
    /// From when partners see it.
    pub partner_from: Timestamp,
    /// From when readers see it.
    pub live_from: Timestamp,
    /// Until when.
    pub live_until: Timestamp,
    /// What ranking needs.
    pub head: String,
    /// What counting needs.
    pub filed: String,
    /// The words of its headline.
    pub title: Vec<String>,
    /// The words of every field, the headline first. A phrase is never found across two of them.
    pub fields: Vec<Vec<String>>,
}

impl NewEntry {
    /// Every word at its place, as both databases keep it; an empty text is a place without a word. What lies beyond
    /// the limits of either database is left out for both.
    pub(super) fn places(&self) -> Vec<&str> {
        let mut places = vec![""];
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        let mut bytes = 0;
        for field in &self.fields {
            for word in field {
                bytes += word.len() + 2;
                if places.len() >= LAST_PLACE || bytes > MOST_BYTES {
                    return places;
                }
                let count = counted.entry(word).or_default();
                *count += 1;
                places.push(if *count > MOST_PLACES { "" } else { word });
            }
            places.push("");
        }
        places
    }

    /// The words with the headline once more behind them, marked.
    fn with_title(&self) -> Vec<String> {
        let mut places: Vec<String> = self.places().into_iter().map(str::to_owned).collect();
        places.extend(self.title.iter().take(MOST_PLACES).map(|word| format!("{OF_TITLE}{word}")));
        if let Some(first) = places.first_mut() {
            EVERYWHERE.clone_into(first);
        }
        places
    }

    /// The text that FTS5 cuts at its spaces into exactly these words.
    pub(super) fn for_fts5(&self) -> String {
        let words: Vec<String> = self.with_title();
        words.iter().map(|word| if word.is_empty() { GAP } else { word }).collect::<Vec<_>>().join(" ")
    }

    /// The same as PostgreSQL reads a tsvector: each word with its places.
    pub(super) fn for_tsvector(&self) -> String {
        let words = self.with_title();
        let mut places: BTreeMap<&str, String> = BTreeMap::new();
        for (place, word) in (1..).zip(&words).filter(|(_, word)| !word.is_empty()) {
            let list = places.entry(word).or_default();
            let comma = if list.is_empty() { "" } else { "," };
            let _ = write!(list, "{comma}{place}");
        }
        places.iter().map(|(word, list)| format!("{}:{list}", lexeme(word))).collect::<Vec<_>>().join(" ")
    }
}
