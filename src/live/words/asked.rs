//! What somebody asks for: the text of `q`, taken apart. Every text is a question; none is an error but one that is too
//! long.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::fold::each_word;
use crate::db::AnyConnection;
use crate::db::fulltext::{self, Phrase, Question, Seen};
use crate::db::vocabulary;
use crate::error::Result;
use crate::http::fields;

/// Longest text, in characters.
const LONGEST_TEXT: usize = 200;

/// Most words of a text. A character of a script without spaces counts as half of one.
const MOST_WORDS: usize = 16;

/// Most words that have to stand together; those of a longer phrase that follow must only be there. Holding long phrases
/// of common words against every story that has them all is what a search can cost most.
const MOST_TOGETHER: usize = 6;

/// Shortest beginning of a word that is completed, in characters.
const SHORTEST_BEGINNING: usize = 3;

/// In how many ways it is completed at most: with the shortest words of all that begin so.
const MOST_COMPLETIONS: usize = 50;

/// How many times that many words are looked through for those that stand somewhere: a word outlives the texts it was in.
const MOST_LOOKS: usize = 10;

/// What is searched for, up to 200 characters and 16 words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchText {
    text: String,
    /// The words and phrases, in the order in which they were typed, none twice.
    pub terms: Vec<Term>,
}

/// A word, or several that must stand next to each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Folded.
    pub words: Phrase,
    /// Whether it must not be there.
    pub refused: bool,
    /// Whether its last word may go on: it is still being typed.
    pub unfinished: bool,
}

impl SearchText {
    /// Takes a text apart.
    pub fn new(text: &str) -> SearchText {
        let mut terms = Vec::new();
        let mut seen = BTreeSet::new();
        for piece in pieces(text) {
            let (mut words, mut alone) = (Vec::new(), false);
            each_word(piece.text, |word| {
                alone = word.alone;
                words.push(word.text.to_owned());
            });
            let is_long = words.last().is_some_and(|last| last.chars().count() >= SHORTEST_BEGINNING);
            let unfinished = piece.last && !piece.refused && !alone && is_long;
            let term = Term { words, refused: piece.refused, unfinished };
            if !term.words.is_empty() && seen.insert(term.clone()) {
                terms.push(term);
            }
        }
        SearchText { text: text.to_owned(), terms }
    }

    /// The text as it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether nothing was asked: everything is found.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The terms that must be there.
    pub fn wanted(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| !term.refused)
    }

    /// The question for the index, with the last word completed; `None` for a text without a word, which nothing
    /// answers.
    pub fn question(&self, connection: &mut AnyConnection, seen: Seen) -> Result<Option<Question>> {
        if self.terms.is_empty() && !self.is_blank() {
            return Ok(None);
        }
        let mut question = Question::default();
        for term in &self.terms {
            let (together, anywhere) = term.words.split_at(term.words.len().min(MOST_TOGETHER));
            if term.refused {
                question.none.push(together.to_vec());
                continue;
            }
            question.all.push(vec![together.to_vec()]);
            question.all.extend(anywhere.iter().map(|word| vec![vec![word.clone()]]));
            if let (true, Some(last)) = (term.unfinished, question.all.last_mut()) {
                complete(connection, last, seen)?;
            }
        }
        Ok(Some(question))
    }
}

/// Adds to a phrase the same with every word in place of its last one that begins like it.
fn complete(connection: &mut AnyConnection, phrases: &mut Vec<Phrase>, seen: Seen) -> Result<()> {
    let Some(phrase) = phrases.first().cloned() else { return Ok(()) };
    let Some((last, before)) = phrase.split_last() else { return Ok(()) };
    for word in completions(connection, last, seen)? {
        if word != *last {
            phrases.push(before.iter().cloned().chain([word]).collect());
        }
    }
    Ok(())
}

/// The shortest words that begin like this. Where there are more than may be asked for, those that these eyes see nowhere
/// leave their place to others; where all have a place, they harm nobody, and nothing more is asked.
fn completions(connection: &mut AnyConnection, beginning: &str, seen: Seen) -> Result<Vec<String>> {
    let step = i64::try_from(MOST_COMPLETIONS).unwrap_or(i64::MAX);
    let mut kept = Vec::new();
    for look in (0..).step_by(MOST_COMPLETIONS).take(MOST_LOOKS) {
        let mut words = vocabulary::completions(connection, beginning, seen, (look, step + 1))?;
        let are_more = words.len() > MOST_COMPLETIONS;
        words.truncate(MOST_COMPLETIONS);
        if are_more || look > 0 {
            let told: BTreeSet<String> = fulltext::seen_words(connection, &words, seen)?.into_iter().collect();
            words.retain(|word| told.contains(word));
        }
        kept.extend(words);
        if !are_more || kept.len() >= MOST_COMPLETIONS {
            break;
        }
    }
    kept.truncate(MOST_COMPLETIONS);
    Ok(kept)
}

/// A part of the text, between spaces or quotation marks.
struct Piece<'a> {
    text: &'a str,
    refused: bool,
    /// Whether it is still being typed: nothing comes after it.
    last: bool,
}

/// Cuts a text at its spaces and quotation marks. A minus before a piece refuses it.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_quote = |letter: char| matches!(letter, '"' | '“' | '”' | '„' | '«' | '»');
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let refused = rest.starts_with('-');
        rest = rest.trim_start_matches('-');
        let quoted = rest.starts_with(is_quote);
        let inner = if quoted { rest.trim_start_matches(is_quote) } else { rest };
        if inner.is_empty() {
            return pieces;
        }
        let end = match quoted {
            true => inner.find(is_quote),
            false => inner.find(|letter: char| letter.is_whitespace() || is_quote(letter)),
        };
        let (piece, after) = inner.split_at(end.unwrap_or(inner.len()));
        pieces.push(Piece { text: piece, refused, last: end.is_none() });
        rest = if quoted { after.strip_prefix(is_quote).unwrap_or(after) } else { after };
    }
}

impl<'de> Deserialize<'de> for SearchText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            let detail = format_args!("may have at most {LONGEST_TEXT} characters; this has {length}");
            return Err(fields::refusal("too_long", detail));
        }
        let asked = SearchText::new(&text);
        let mut halves = 0;
        each_word(&text, |word| halves += if word.alone { 1 } else { 2 });
        if halves > 2 * MOST_WORDS {
            let detail = format_args!("may have at most {MOST_WORDS} words; this has {}", halves.div_ceil(2));
            return Err(fields::refusal("too_many", detail));
        }
        Ok(asked)
    }
}

impl PartialSchema for SearchText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_TEXT)).into()
    }
}

impl ToSchema for SearchText {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text's terms in one line: `-` refused, `…` unfinished, `_` between the words of a phrase.
    fn terms(text: &str) -> String {
        let term = |term: &Term| {
            let (minus, more) = (if term.refused { "-" } else { "" }, if term.unfinished { "…" } else { "" });
            format!("{minus}{}{more}", term.words.join("_"))
        };
        SearchText::new(text).terms.iter().map(term).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_phrases_and_refusals_are_told_apart() {
        for (text, expected) in [
            ("long arm", "long arm…"),
            ("long arm ", "long arm"),
            ("\"long arm\" -ferry", "long_arm -ferry"),
            ("“Long Arm” „so“", "long_arm so"),
            ("\"long ar", "long_ar"),
            ("\"long arms", "long_arms…"),
            ("-\"long arm\" tide ", "-long_arm tide"),
            ("a-b don't ", "a_b don_t"),
            ("foo\"bar\"baz ", "foo bar baz"),
            ("--x - -- \" \"\" -\"", "-x"),
            ("AND OR NOT NEAR(x) col:y z* ", "and or not near_x col_y z"),
            ("to to TO Tó ", "to"),
            ("東京 go", "東_京 go"),
            ("東京", "東_京"),
            ("", ""),
            ("\0'%_\\", ""),
        ] {
            assert_eq!(terms(text), expected, "{text:?}");
        }
    }

    #[test]
    fn s70_what_is_too_long_says_so_and_a_phrase_counts_its_words() {
        let read = |text: String| serde_json::from_value::<SearchText>(serde_json::json!(text));
        assert!(
            read("é".repeat(200)).is_ok() && read("é".repeat(201)).unwrap_err().to_string().contains("this has 201")
        );
        assert!(read("a ".repeat(16)).is_ok() && read("a ".repeat(17)).is_err());
        assert!(read(format!("\"{}\"", "a ".repeat(17))).is_err());
        assert!(read("京".repeat(32)).is_ok() && read("京".repeat(33)).is_err());
    }
}
