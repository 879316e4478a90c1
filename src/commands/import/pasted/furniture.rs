//! Site furniture: the lines around a story that belong to the page, such as “Share this”.

use super::lines::{Line, comparable, has_at_most, without};

/// Site furniture that is dropped when it is the whole line, whatever its case and whatever
/// colon, full stop or arrow follows it.
const FURNITURE: [&str; 28] = [
    "ad",
    "advertisement",
    "advertising",
    "click here",
    "comments",
    "continue reading",
    "image credit",
    "leave a comment",
    "listen to this article",
    "most read",
    "photo credit",
    "print this page",
    "read more",
    "recommended stories",
    "related articles",
    "related stories",
    "share",
    "share this",
    "share this article",
    "share this page",
    "share this story",
    "sign up",
    "skip to content",
    "skip to main content",
    "source link",
    "story continues below",
    "subscribe",
    "subscribe now",
];

/// Beginnings of furniture that goes on in words of the site's own. Such a line is dropped
/// only when [`is_plain_call`] agrees that it cannot be a sentence of the story.
const FURNITURE_BEGINNINGS: [&str; 12] = [
    "advertisement - ",
    "article continues below",
    "click here for ",
    "click here to ",
    "follow us on ",
    "share this on ",
    "sign up for our ",
    "sign up to our ",
    "subscribe for ",
    "subscribe to ",
    "subscribe today",
    "support our journalism",
];

/// Labels that make the rest of their line furniture: `Image credit: Jane Doe`.
const FURNITURE_LABELS: [&str; 6] =
    ["image credit", "image source", "photo credit", "read more", "related articles", "related stories"];

/// The longest furniture with words of its own, in words.
const LONGEST_CALL: usize = 8;

/// The longest furniture behind a label, in words: the headline of another story.
const LONGEST_LABELLED: usize = 20;

/// Drops the lines that belong to the site. Inside a block a line may be the middle of a
/// wrapped sentence (“he wanted to / read more / about it”), so there it must also begin as
/// furniture does, without a small letter.
pub(super) fn without_furniture(lines: Vec<Line>) -> Vec<Line> {
    let closes_block: Vec<bool> = lines.iter().skip(1).map(|next| next.opens_block).chain([true]).collect();
    without(lines, |index, line| {
        let stands_alone = line.opens_block && closes_block.get(index) == Some(&true);
        let may_be_furniture = stands_alone || !line.text.starts_with(char::is_lowercase);
        may_be_furniture && is_furniture(&line.text)
    })
}

/// Whether the whole line is site furniture, by the lists at the top of this file.
fn is_furniture(line: &str) -> bool {
    // Nothing in the lists is long; this also keeps lower-casing off the real paragraphs.
    if !has_at_most(line, 160) {
        return false;
    }
    let line = comparable(line);
    let bare = line.trim_end_matches([':', '.', '!', '…', '>', '›', '»', '→', ' ']);
    FURNITURE.contains(&bare)
        || FURNITURE_BEGINNINGS.iter().any(|beginning| line.starts_with(beginning) && is_plain_call(bare))
        || is_labelled_furniture(&line)
}

/// Whether the words can only be a call of the site (“Click here to …”): few, and without
/// the commas, quotes or full stops that a sentence of the story would have.
fn is_plain_call(words: &str) -> bool {
    let has_inner_marks = words.contains([',', ';', ':', '.', '?', '"', '“', '”']);
    !has_inner_marks && words.split_whitespace().count() <= LONGEST_CALL
}

/// Whether the line is one of the labels, a colon and a few words that are no sentence.
fn is_labelled_furniture(line: &str) -> bool {
    line.split_once(':').is_some_and(|(label, rest)| {
        FURNITURE_LABELS.contains(&label.trim_end())
            && !rest.ends_with('.')
            && rest.split_whitespace().count() <= LONGEST_LABELLED
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::body;

    #[test]
    fn furniture_is_no_body_text() {
        for line in [
            "Source link",
            "Share this:",
            "READ MORE »",
            "Read more: Ten cranes that made history",
            "Advertisement",
            "Subscribe to our weekly letter",
            "Related articles",
            "Click here to read the report.",
            "Sign up for our newsletter!",
            "Image credit: Ada Moss",
        ] {
            assert_eq!(body(&format!("One.\n\n{line}\n\nTwo.")), ["One.", "Two."], "{line}");
            assert_eq!(body(&format!("One.\n\nTwo.\n{line}\nNo.")), ["One.", "Two.", "No."]);
        }
    }

    #[test]
    fn a_sentence_that_only_resembles_furniture_stays() {
        for line in [
            "Read more than one paper, she said.",
            "Click here to enter, the sign says.",
            "Subscribe to nothing: that was his rule.",
            "“Share this”",
            "Advertisement spending fell.",
            "Related articles of clothing were found.",
        ] {
            assert_eq!(body(line), [line]);
        }
        assert_eq!(body("He went home to\nread more\nabout it."), ["He went home to read more about it."]);
    }
}
