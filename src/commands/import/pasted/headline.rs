//! What stands above the story: the headline, however often it is repeated, and the breadcrumb that leads to it.

use std::collections::BTreeSet;

use super::byline::{byline_names, find_byline};
use super::lines::{Line, comparable, has_at_most, is_same, without};

/// The longest line, in characters, that is still believed to be a headline.
const LONGEST_TITLE: usize = 300;

/// How many lines at the top are searched for a headline that stands there twice.
const LINES_BEFORE_TITLE: usize = 6;

/// What separates the steps of a breadcrumb, besides the bare spaces of pasted menus.
const BREADCRUMB_SEPARATORS: [char; 6] = ['>', '/', '|', '›', '»', '→'];

/// What stands above the story.
pub(super) struct Head {
    pub(super) title: String,
    pub(super) authors: Vec<String>,
    /// The indexes of the lines that the head is made of.
    lines: BTreeSet<usize>,
}

impl Head {
    /// Finds the head; gives `None` when no line can be the headline.
    pub(super) fn find(lines: &[Line]) -> Option<Self> {
        let title_index = title_index(lines)?;
        let title = lines.get(title_index)?.text.clone();
        let byline = find_byline(lines, title_index);
        // A first line like “By Hook or By Crook” is a headline only if the names follow.
        if byline.is_none() && byline_names(&title).is_some() {
            return None;
        }
        let (head_end, authors) = byline.unwrap_or((title_index, Vec::new()));
        let mut head_lines = BTreeSet::new();
        for (index, line) in lines.iter().enumerate() {
            let belongs_to_head = if index < title_index {
                is_above_title(&line.text, &title)
            } else {
                index == head_end || is_same(&line.text, &title)
            };
            if belongs_to_head {
                head_lines.insert(index);
            } else if index > head_end {
                // The story has begun; what it repeats is its own affair.
                break;
            }
        }
        Some(Self { title, authors, lines: head_lines })
    }

    /// Drops the lines of the head and gives the lines of the story.
    pub(super) fn remove_from(&self, lines: Vec<Line>) -> Vec<Line> {
        without(lines, |index, _| self.lines.contains(&index))
    }
}

/// Where the headline stands first: the line above the `by NAME` line that is there twice in
/// a row, or else the first line, or the one after it when the first is a breadcrumb.
fn title_index(lines: &[Line]) -> Option<usize> {
    let candidates: Vec<(usize, &str)> = lines
        .iter()
        .take(LINES_BEFORE_TITLE)
        .enumerate()
        .map(|(index, line)| (index, line.text.as_str()))
        .take_while(|(index, text)| *index == 0 || byline_names(text).is_none())
        .take_while(|(_, text)| has_at_most(text, LONGEST_TITLE))
        .collect();
    let repeated = candidates
        .iter()
        .zip(candidates.iter().skip(1))
        .find(|((_, text), (_, next))| !text.ends_with('.') && is_same(text, next));
    if let Some(((index, _), _)) = repeated {
        return Some(*index);
    }
    match (candidates.first(), candidates.get(1)) {
        (Some((_, first)), Some((index, second))) if is_breadcrumb(first, second) => Some(*index),
        (first, _) => first.map(|(index, _)| *index),
    }
}

/// Whether the first of two lines is the way to the page and the second its headline: the
/// first is “Home” and a separator, or ends with the headline behind “Home” or a separator.
fn is_breadcrumb(first: &str, second: &str) -> bool {
    let mut words = first.split_whitespace();
    let is_trail = words.next().is_some_and(is_home)
        && words.next().is_some_and(|word| word.trim_matches(BREADCRUMB_SEPARATORS).is_empty());
    let leads_here = before_title(first, second).is_some_and(|steps| {
        is_home(steps.split_whitespace().next().unwrap_or_default()) || steps.ends_with(BREADCRUMB_SEPARATORS)
    });
    is_trail || leads_here
}

fn is_home(step: &str) -> bool {
    step.eq_ignore_ascii_case("home")
}

/// What stands in the line before the headline, when the line ends with it as whole words.
fn before_title(line: &str, title: &str) -> Option<String> {
    let line = comparable(line);
    let steps = line.strip_suffix(&comparable(title))?;
    let is_whole_words = steps.ends_with(' ') || steps.ends_with(BREADCRUMB_SEPARATORS);
    is_whole_words.then(|| steps.trim_end().to_owned())
}

/// Whether a line above the headline belongs to the page: the headline behind a breadcrumb,
/// or a section's name of at most three words that ends like no sentence.
fn is_above_title(line: &str, title: &str) -> bool {
    let is_label = line.split_whitespace().nth(3).is_none() && !line.ends_with(['.', '!', '?', '”', '"', ':']);
    is_label || is_breadcrumb(line, title) || before_title(line, title).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::tests::story;

    #[test]
    fn the_headline_is_found_below_menus_and_beside_furniture() {
        for above in [
            "",
            "Skip to content\n",
            "Home > Local > Harbour\n",
            "Home › Harbour crane returns\n",
            "News » Harbour crane returns\n\n",
            "Advertisement\n\n",
            "Local news\nHARBOUR CRANE RETURNS\n",
        ] {
            let story = story(&format!("{above}Harbour crane returns\nBy Ada Moss\n\nYes."));
            assert_eq!(story.title.to_lowercase(), "harbour crane returns", "{above:?}");
            assert_eq!((story.body.as_str(), story.authors.len()), ("Yes.", 1), "{above:?}");
        }
    }

    #[test]
    fn a_sentence_above_or_below_the_headline_is_never_lost() {
        let above = story("The wait is over at last.\nCrane returns\nCrane returns\n\nYes.");
        assert_eq!(above.body, "The wait is over at last.\n\nYes.");
        let standfirst = story("Crane returns\nThe wait is over.\nBy Ada Moss\n\nYes.");
        assert_eq!(standfirst.body, "The wait is over.\n\nYes.");
        assert_eq!(standfirst.authors, ["Ada Moss"]);
        let dated = story("Crane returns\n\nMonday\nby Ada Moss\n\nYes.\n\nCrane returns");
        assert_eq!(dated.body, "Monday\n\nYes.\n\nCrane returns");
        assert_eq!(dated.authors, ["Ada Moss"]);
        let refrain = story("Crane song\nHeave ho.\nHeave ho.\nYes.");
        assert_eq!(refrain.title, "Crane song");
        let home = story("Home/away form\nCrane team wins\nYes.");
        assert_eq!(home.title, "Home/away form");
        let ending = story("Who will keep the library\nlibrary\n\nYes.");
        assert_eq!(ending.title, "Who will keep the library");
    }
}
