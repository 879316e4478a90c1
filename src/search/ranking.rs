//! Which hits are best: told from the short account of a story in the index, so that no text has to be read for it and
//! nothing that is hidden can move a hit.

use crate::live::words::Term;

/// What a word is worth in each line of the account: headline, summary, byline, tags, and what the text says again and
/// again.
const WEIGHTS: [i64; 5] = [20, 6, 5, 4, 2];

/// What it is worth that all words stand in the headline as they were typed.
const AS_TYPED: i64 = 40;

/// What is asked for, put together once for all hits.
pub struct Sought {
    phrases: Vec<Phrase>,
    /// All of them next to each other, when they are several words.
    as_typed: Option<Phrase>,
}

/// Words that stand next to each other.
struct Phrase {
    words: String,
    /// Whether the last one may go on.
    unfinished: bool,
}

/// How a line has a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nowhere,
    /// Its last word goes on.
    Begun,
    Whole,
}

impl Sought {
    /// All of these terms.
    pub fn new(terms: &[&Term]) -> Sought {
        let phrase = |term: &&Term| Phrase { words: term.words.join(" "), unfinished: term.unfinished };
        let typed: Vec<&str> = terms.iter().flat_map(|term| &term.words).map(String::as_str).collect();
        let unfinished = terms.last().is_some_and(|last| last.unfinished);
        Sought {
            phrases: terms.iter().map(phrase).collect(),
            as_typed: (typed.len() > 1).then(|| Phrase { words: typed.join(" "), unfinished }),
        }
    }

    /// How well a hit with this account answers; all of it is there, or it were no hit.
    pub fn score(&self, head: &str) -> i64 {
        let title = head.split('\n').next().unwrap_or_default();
        let mut score = 0;
        for phrase in &self.phrases {
            for (line, weight) in head.split('\n').zip(WEIGHTS) {
                // A word that is whole is worth twice as much as the beginning of another one.
                score += match phrase.found_in(line) {
                    Found::Whole => 2 * weight,
                    Found::Begun => weight,
                    Found::Nowhere => 0,
                };
            }
        }
        let is_in_title = |phrase: &Phrase| phrase.found_in(title) != Found::Nowhere;
        if self.as_typed.as_ref().is_some_and(is_in_title) {
            score += AS_TYPED;
        }
        // Of two headlines with the words, the shorter one is more about them.
        let all_in_title = !self.phrases.is_empty() && self.phrases.iter().all(is_in_title);
        let words = i64::try_from(title.split(' ').count()).unwrap_or(i64::MAX);
        if all_in_title { score + (15 - words).max(0) } else { score }
    }
}

impl Phrase {
    /// The best place that a line has for it.
    fn found_in(&self, line: &str) -> Found {
        let mut best = Found::Nowhere;
        for (start, _) in line.match_indices(&self.words) {
            let (before, rest) = line.split_at(start);
            let after = rest.strip_prefix(self.words.as_str()).unwrap_or_default();
            match (before.is_empty() || before.ends_with(' '), after.is_empty() || after.starts_with(' ')) {
                (true, true) => return Found::Whole,
                (true, false) if self.unfinished => best = Found::Begun,
                _ => {}
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::words::SearchText;

    fn scored(head: &str, asked: &str) -> i64 {
        let asked = SearchText::new(asked);
        Sought::new(&asked.wanted().collect::<Vec<_>>()).score(head)
    }

    #[test]
    fn headline_summary_byline_tags_and_text_weigh_in_this_order() {
        let heads =
            ["ferry\n\n\n\n", "x\nferry\n\n\n", "x\n\nferry\n\n", "x\n\n\nferry\n", "x\n\n\n\nferry", "x\n\n\n\n"];
        let scores = heads.map(|head| scored(head, "ferry "));
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
    }

    #[test]
    fn whole_words_in_order_in_a_short_headline_are_best() {
        let best = [
            ("long arm\n\n\n\n", "long arm breaks again\n\n\n\n"),
            ("the long arm broke\n\n\n\n", "arm of the long road\n\n\n\n"),
            ("ferry late\n\n\n\n", "ferryman late\n\n\n\n"),
        ];
        for (better, worse) in best {
            let asked = if better.starts_with("ferry") { "ferry" } else { "long arm" };
            assert!(scored(better, asked) > scored(worse, asked), "{better:?} {worse:?}");
        }
        assert_eq!(scored("ferryman\n\n\n\n", "ferry "), 0);
        assert_eq!(scored("a · b\n\n\n\n", "\"a b\""), 0);
    }
}
