//! "Did you mean": what somebody may have meant when nothing was found.
//!
//! Whatever is told here is asked of the index with the same eyes first. Whether a word stands in something hidden makes
//! no difference to anything: a word is misspelled when these eyes see it nowhere.

use std::collections::{BTreeSet, HashMap};

use strsim::osa_distance;

use crate::db::AnyConnection;
use crate::db::fulltext::{self, Seen, Span};
use crate::db::vocabulary;
use crate::error::Result;
use crate::live::words::{SearchText, each_word};

/// Most words of a search that are corrected; with more, nobody knows what was meant.
const MOST_CORRECTED: usize = 3;

/// Most relatives of a word that are compared with it, and of these most that are looked up.
const MOST_COMPARED: i64 = 2_000;
const MOST_CANDIDATES: usize = 10;

/// The same search with its misspelled words corrected, when something is found then.
pub fn suggest(connection: &mut AnyConnection, asked: &SearchText, seen: Seen) -> Result<Option<String>> {
    let words: BTreeSet<&String> = asked.wanted().flat_map(|term| &term.words).collect();
    let words: Vec<String> = words.into_iter().cloned().collect();
    let known = fulltext::seen_words(connection, &words, seen)?;
    let unknown: Vec<&String> = words.iter().filter(|word| !known.contains(word)).collect();
    if unknown.is_empty() || unknown.len() > MOST_CORRECTED {
        return Ok(None);
    }
    let mut candidates: Vec<(&String, Vec<String>)> = Vec::new();
    for word in unknown {
        candidates.push((word, close_to(connection, word, seen)?));
    }
    let all: Vec<String> = candidates.iter().flat_map(|(_, close)| close.iter().cloned()).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let told = fulltext::seen_words(connection, &all, seen)?;
    let mut corrections: HashMap<&str, &str> = HashMap::new();
    for (word, close) in &candidates {
        match close.iter().find(|candidate| told.contains(candidate)) {
            Some(correction) => corrections.insert(word, correction),
            None => return Ok(None),
        };
    }
    let corrected = rewritten(asked.as_str(), &corrections);
    let Some(question) = SearchText::new(&corrected).question(connection, seen)? else { return Ok(None) };
    let found = fulltext::newest_ids(connection, &question, seen, Span::ALL, 1)?;
    Ok((!found.is_empty()).then_some(corrected))
}

/// The words that this one may be a misspelling of, the closest first.
fn close_to(connection: &mut AnyConnection, word: &str, seen: Seen) -> Result<Vec<String>> {
    let length = word.chars().count();
    let farthest = if length < 3 {
        return Ok(Vec::new());
    } else if length < 6 {
        1
    } else {
        2
    };
    let relatives = vocabulary::relatives(connection, word, seen, MOST_COMPARED)?;
    let distance = |relative: String| (osa_distance(word, &relative), relative);
    let mut close: Vec<(usize, String)> =
        relatives.into_iter().map(distance).filter(|(distance, _)| (1..=farthest).contains(distance)).collect();
    close.sort_unstable();
    Ok(close.into_iter().take(MOST_CANDIDATES).map(|(_, word)| word).collect())
}

/// A text with some of its words replaced, and everything else as it was typed.
fn rewritten(text: &str, corrections: &HashMap<&str, &str>) -> String {
    let mut rewritten = String::with_capacity(text.len());
    let mut done = 0;
    each_word(text, |word| {
        if let Some(correction) = corrections.get(word.text) {
            rewritten.push_str(text.get(done..word.place.start).unwrap_or_default());
            rewritten.push_str(correction);
            done = word.place.end;
        }
    });
    rewritten.push_str(text.get(done..).unwrap_or_default());
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wrong_words_change() {
        let corrections = HashMap::from([("kosvo", "kosovo"), ("nto", "nato")]);
        assert_eq!(rewritten("“Kosvo talks” -tide NTO ", &corrections), "“kosovo talks” -tide nato ");
        assert_eq!(rewritten("", &corrections), "");
    }
}
