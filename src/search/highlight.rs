//! Where a text has the words that were searched for, and the part of it that shows most of them.

use std::ops::Range;

use super::answer::{Highlight, Highlights, Snippet, SnippetOf, TextRange};
use crate::live::words::{Term, each_word};

/// How much a snippet holds: a word takes three of these, a character of a script without spaces one.
const ROOM: usize = 100;

/// Words before the first one that was found.
const BEFORE: usize = 5;

/// Longest snippet, in characters; only a text with more signs than words gets so far.
const LONGEST: usize = 400;

/// A text, cut into words, with what was found in it.
struct Searched<'a> {
    text: &'a str,
    /// Where each word stands, in bytes, and how much room it takes.
    words: Vec<(Range<usize>, usize)>,
    /// First word, the one after the last, and which term.
    found: Vec<(Range<usize>, usize)>,
}

impl<'a> Searched<'a> {
    fn new(text: &'a str, terms: &[&Term]) -> Searched<'a> {
        let mut folded = String::with_capacity(text.len());
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let mut words = Vec::new();
        each_word(text, |word| {
            let start = folded.len();
            folded.push_str(word.text);
            pieces.push(start..folded.len());
            words.push((word.place, if word.alone { 1 } else { 3 }));
        });
        let words_of: Vec<&str> = pieces.iter().map(|piece| folded.get(piece.clone()).unwrap_or_default()).collect();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(rest) = words_of.get(at..).filter(|rest| !rest.is_empty()) {
            let longest = terms.iter().enumerate().filter(|(_, term)| begins(rest, term));
            match longest.max_by_key(|(_, term)| term.words.len()) {
                Some((number, term)) => {
                    found.push((at..at + term.words.len(), number));
                    at += term.words.len();
                }
                None => at += 1,
            }
        }
        Searched { text, words, found }
    }

    /// The first word of the part that shows most terms, and how many it shows.
    fn best(&self) -> (usize, usize) {
        let mut best = (0, 0);
        for (index, (place, _)) in self.found.iter().enumerate() {
            let end = self.end_of_part(place.start);
            let inside = self.found.iter().skip(index).take_while(|(place, _)| place.end <= end);
            let mut shown: Vec<usize> = inside.map(|(_, term)| *term).collect();
            shown.sort_unstable();
            shown.dedup();
            if shown.len() > best.1 {
                best = (place.start, shown.len());
            }
        }
        best
    }

    /// The word after the last that has room in a part that begins at this one.
    fn end_of_part(&self, first: usize) -> usize {
        let mut room = ROOM;
        let fits = |(_, size): &&(Range<usize>, usize)| {
            room = room.saturating_sub(*size);
            room > 0
        };
        first + self.words.iter().skip(first).take_while(fits).count()
    }

    /// The whole text.
    fn whole(&self) -> Highlight {
        self.part(0..self.text.len())
    }

    /// The part that shows most.
    fn snippet(&self) -> Highlight {
        let first = self.best().0.saturating_sub(BEFORE);
        let end = self.end_of_part(first);
        let start = if first == 0 { 0 } else { self.words.get(first).map_or(0, |(place, _)| place.start) };
        let last = end.checked_sub(1).and_then(|last| self.words.get(last)).map_or(0, |(place, _)| place.end);
        let stop = if end >= self.words.len() { self.text.len() } else { last };
        let part = self.text.get(start..stop).unwrap_or_default();
        let stop = part.char_indices().nth(LONGEST).map_or(stop, |(length, _)| start + length);
        self.part(start..stop)
    }

    /// A part of the text, with `…` where something was left out and without line ends.
    fn part(&self, part: Range<usize>) -> Highlight {
        let mut highlight = Highlight::default();
        let mut length = 0;
        let mut add = |highlight: &mut Highlight, text: &str, found: bool| {
            let text = text.replace(['\n', '\r'], " ");
            let start = length;
            length += text.encode_utf16().count();
            highlight.html.push_str(&if found { format!("<mark>{}</mark>", escaped(&text)) } else { escaped(&text) });
            highlight.text.push_str(&text);
            if found {
                highlight.ranges.push(TextRange { start, end: length });
            }
        };
        if part.start > 0 {
            add(&mut highlight, "…", false);
        }
        let mut done = part.start;
        for (words, _) in &self.found {
            let start = self.words.get(words.start).map_or(0, |(place, _)| place.start);
            let end = self.words.get(words.end - 1).map_or(0, |(place, _)| place.end);
            if start < done || end > part.end {
                continue;
            }
            add(&mut highlight, self.text.get(done..start).unwrap_or_default(), false);
            add(&mut highlight, self.text.get(start..end).unwrap_or_default(), true);
            done = end;
        }
        add(&mut highlight, self.text.get(done..part.end).unwrap_or_default(), false);
        if part.end < self.text.len() {
            add(&mut highlight, "…", false);
        }
        highlight
    }
}

/// Whether these words begin with what a term asks for.
fn begins(words: &[&str], term: &Term) -> bool {
    let Some((last, before)) = term.words.split_last() else { return false };
    let Some((found, rest)) = words.get(..term.words.len()).and_then(<[&str]>::split_last) else { return false };
    let as_asked = if term.unfinished { found.starts_with(last.as_str()) } else { found == last };
    as_asked && before.iter().eq(rest)
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// What a hit shows: its headline, and the summary or the part of its text that has most of the words.
pub fn highlights(title: &str, summary: Option<&str>, body: &str, terms: &[&Term]) -> Highlights {
    let body = Searched::new(body, terms);
    let summary = summary.map(|summary| Searched::new(summary, terms));
    let in_body = body.best().1;
    let from_summary = summary.filter(|summary| summary.best().1 >= in_body);
    let (of, snippet) = match from_summary {
        Some(summary) => (SnippetOf::Summary, summary.snippet()),
        None => (SnippetOf::Body, body.snippet()),
    };
    let snippet = Snippet { of, text: snippet.text, html: snippet.html, ranges: snippet.ranges };
    Highlights { title: Searched::new(title, terms).whole(), snippet }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::words::SearchText;

    fn shown(title: &str, summary: Option<&str>, body: &str, asked: &str) -> Highlights {
        let asked = SearchText::new(asked);
        highlights(title, summary, body, &asked.wanted().collect::<Vec<_>>())
    }

    #[test]
    fn what_was_found_is_marked_and_everything_else_is_escaped() {
        let shown = shown("<b>Vučić</b> & “Vucic's” 🦊 vucicevic", None, "", "vucic");
        assert_eq!(
            shown.title.html,
            "&lt;b&gt;<mark>Vučić</mark>&lt;/b&gt; &amp; “<mark>Vucic</mark>&#39;s” 🦊 <mark>vucicevic</mark>"
        );
        let units: Vec<u16> = shown.title.text.encode_utf16().collect();
        let ranges: Vec<String> =
            shown.title.ranges.iter().map(|range| String::from_utf16_lossy(&units[range.start..range.end])).collect();
        assert_eq!(ranges, ["Vučić", "Vucic", "vucicevic"]);
    }

    #[test]
    fn a_phrase_is_marked_as_a_whole_and_only_there() {
        let shown = shown("An arm, a Long-Arm; long arms", None, "", "\"long arm\" ");
        assert_eq!(shown.title.html, "An arm, a <mark>Long-Arm</mark>; long arms");
    }

    #[test]
    fn the_snippet_is_where_most_of_it_stands() {
        let body = format!("Ferry. {}\nthe ferry & the tide {}", "filler ".repeat(80), "more ".repeat(80));
        let here = shown("x", Some("Nothing of it."), &body, "tide ferry ");
        assert_eq!(here.snippet.of, SnippetOf::Body);
        assert!(here.snippet.html.contains("<mark>ferry</mark> &amp; the <mark>tide</mark> more"), "{here:?}");
        assert!(here.snippet.text.starts_with('…') && here.snippet.text.ends_with('…'));
        assert_eq!(shown("x", Some("A ferry, a tide."), &body, "tide ferry ").snippet.of, SnippetOf::Summary);
        let nothing = shown("x", None, "Short text.", "zzz");
        assert_eq!((nothing.snippet.text.as_str(), nothing.snippet.ranges.len()), ("Short text.", 0));
        let signs = shown("x", None, &"🦊".repeat(5000), "zzz");
        assert_eq!(signs.snippet.text.chars().count(), 401);
        assert_eq!(shown("x", None, "", "").snippet.text, "");
    }

    #[test]
    fn scripts_without_spaces_are_marked_too() {
        assert_eq!(shown("東京都の鉄道", None, "", "京都").title.html, "東<mark>京都</mark>の鉄道");
    }
}
