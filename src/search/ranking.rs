//! Which hits are best: told from the short account of a story in the index, so that no text has to be read for it and
//! nothing that is hidden can move a hit.

use crate::live::words::Term;

/// What a word is worth in each line of the account: headline, summary, byline, tags, and what the text says again and
/// again.
const WEIGHTS: [i64; 5] = [20, 6, 5, 4, 2];

/// What it is worth that all words stand in the headline as they were typed.
const AS_TYPED: i64 = 40;

/// How well a hit answers these terms; all of them are there, or it were no hit.
pub fn score(head: &str, terms: &[&Term]) -> i64 {
    let lines: Vec<&str> = head.split('\n').collect();
    let mut score = 0;
    for term in terms {
        for (line, weight) in lines.iter().zip(WEIGHTS) {
            // A word that is whole is worth twice as much as the beginning of another one.
            score += match (holds(line, &term.words.join(" "), false), term.unfinished) {
                (true, _) => 2 * weight,
                (false, true) if holds(line, &term.words.join(" "), true) => weight,
                _ => 0,
            };
        }
    }
    let Some(title) = lines.first() else { return score };
    let typed: Vec<&str> = terms.iter().flat_map(|term| &term.words).map(String::as_str).collect();
    if typed.len() > 1 && holds(title, &typed.join(" "), terms.last().is_some_and(|last| last.unfinished)) {
        score += AS_TYPED;
    }
    // Of two headlines with the words, the shorter one is more about them.
    let all_in_title = terms.iter().all(|term| holds(title, &term.words.join(" "), term.unfinished));
    let words = i64::try_from(title.split(' ').count()).unwrap_or(i64::MAX);
    if all_in_title && !terms.is_empty() { score + (15 - words).max(0) } else { score }
}

/// Whether a line has these words next to each other; the last one may go on when `unfinished`.
fn holds(line: &str, words: &str, unfinished: bool) -> bool {
    line.match_indices(words).any(|(start, _)| {
        let (before, rest) = line.split_at(start);
        let after = rest.strip_prefix(words).unwrap_or_default();
        (before.is_empty() || before.ends_with(' ')) && (unfinished || after.is_empty() || after.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::words::SearchText;

    fn scored(head: &str, asked: &str) -> i64 {
        let asked = SearchText::new(asked);
        score(head, &asked.wanted().collect::<Vec<_>>())
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
