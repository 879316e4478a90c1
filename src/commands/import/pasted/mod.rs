//! Reads a story that was pasted as plain text from a web page.
//!
//! Such text has no structure beyond its lines: a breadcrumb, the headline (often several
//! times), a `by NAME` line, the paragraphs, and the furniture of the site around them.
//! [`parse`] finds the parts again and gives the body as Markdown that renders as exactly
//! the words that were pasted.
//!
//! One principle settles every doubtful case: a stray line left in the body costs an editor
//! one key press, a lost sentence may never be noticed. So a line is dropped only when it is
//! certain to be no part of the story.

mod byline;
mod escape;
mod furniture;
mod headline;
mod lines;
mod paragraphs;

use std::error::Error;
use std::fmt;

use self::escape::escaped;
use self::furniture::without_furniture;
use self::headline::Head;
use self::lines::lines_of;
use self::paragraphs::paragraphs_of;

/// A story as it was found in pasted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedStory {
    /// The headline, once and as plain text.
    pub title: String,
    /// The names of the `by NAME` line in their order; empty when there is no such line.
    pub authors: Vec<String>,
    /// The story as Markdown: its paragraphs, each on one line, separated by one blank line.
    pub body: String,
}

/// Why pasted text is no story; each message tells the editor what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastedError {
    /// There is nothing but white space.
    Empty,
    /// There is no line that can be the headline.
    NoTitle,
    /// There is a headline, but no paragraph after it.
    NoBody,
}

impl fmt::Display for PastedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => {
                "the text is empty: expected a headline and at least one paragraph; \
                 paste the whole story"
            }
            Self::NoTitle => {
                "found no headline: expected it in the first line, at most 300 characters long \
                 and before any “by NAME” line; put the headline on a line of its own at the top"
            }
            Self::NoBody => {
                "found a headline but no paragraph: expected the story below the headline; \
                 paste its text too, beginning on a new line"
            }
        })
    }
}

impl Error for PastedError {}

/// Takes the text of a page as it was pasted and gives the story in it.
///
/// The headline is the line that stands twice in a row near the top, or else the first line
/// that is no breadcrumb. What remains after the headline, the `by NAME` line and the site's
/// furniture is the body.
///
/// # Errors
///
/// When the text is empty, has no headline or has no paragraph; see [`PastedError`].
pub fn parse(text: &str) -> Result<PastedStory, PastedError> {
    let lines = lines_of(text);
    if lines.is_empty() {
        return Err(PastedError::Empty);
    }
    let lines = without_furniture(lines);
    let head = Head::find(&lines).ok_or(PastedError::NoTitle)?;
    let paragraphs = paragraphs_of(head.remove_from(lines));
    if paragraphs.is_empty() {
        return Err(PastedError::NoBody);
    }
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| escaped(text)).collect();
    Ok(PastedStory { title: head.title, authors: head.authors, body: paragraphs.join("\n\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn story(text: &str) -> PastedStory {
        parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// The paragraphs of a story made of a headline and the given body.
    pub(super) fn body(text: &str) -> Vec<String> {
        story(&format!("Harbour crane returns\n\nby tester\n\n{text}")).body.split("\n\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_page_with_breadcrumb_and_repeated_headline_gives_one_title() {
        let pasted = "Home Local Harbour crane returns after a year\n\
            Harbour crane returns after a year\n\n\
            Harbour crane returns after a year\n\n\
            by dockhand\n\n\
            The crane is “as good as new”, Zoë Šimić said\u{a0}on Monday.\u{a0}\u{a0}\n\n\
            It will lift [its] first load soon — at dawn.\u{a0}\n\n\
            Source link";
        assert_eq!(
            story(pasted),
            PastedStory {
                title: "Harbour crane returns after a year".to_owned(),
                authors: vec!["dockhand".to_owned()],
                body: "The crane is “as good as new”, Zoë Šimić said\u{a0}on Monday.\n\n\
                    It will lift [its] first load soon — at dawn."
                    .to_owned(),
            }
        );
    }

    #[test]
    fn errors_tell_what_to_do() {
        for (text, error) in [
            ("", PastedError::Empty),
            ("\u{feff} \r\n\t\u{a0}", PastedError::Empty),
            ("by host\n\nIt rained.", PastedError::NoTitle),
            ("Read more", PastedError::NoTitle),
            ("Title", PastedError::NoBody),
            ("Title\nTitle\nby host\n\nSource link", PastedError::NoBody),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
            assert!(error.to_string().contains("expected"));
        }
        assert_eq!(parse(&"word ".repeat(200)), Err(PastedError::NoTitle));
    }

    /// A small generator of numbers that only look random, so that a failure repeats.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
        }
    }

    /// What the random texts are put together from.
    const PIECES: [&str; 33] = [
        "Home ",
        "Crane returns",
        "\n",
        "\n\n",
        "\r",
        "by ",
        "By A, B and C",
        ",",
        "&",
        "[",
        "](",
        "*",
        "_",
        "`",
        "<b",
        "\\",
        "# ",
        "1. ",
        "-",
        "Read more",
        ": ",
        "\u{a0}",
        "\u{feff}",
        "İ",
        "ẞ",
        "é",
        "🚢",
        " > ",
        "\0",
        "~~~",
        ".",
        "“",
        "word ",
    ];

    #[test]
    fn no_text_makes_the_parser_panic() {
        let mut numbers = Numbers(7);
        for _ in 0..20_000 {
            let length = numbers.below(24);
            let text: String = (0..length).filter_map(|_| PIECES.get(numbers.below(PIECES.len()))).copied().collect();
            if let Ok(story) = parse(&text) {
                assert!(!story.title.is_empty() && !story.body.is_empty(), "{text:?}");
                assert!(!story.body.contains("\n\n\n"), "{text:?}");
                assert!(story.authors.iter().all(|name| !name.is_empty()), "{text:?}");
            }
        }
    }

    #[test]
    fn large_texts_take_linear_time() {
        for piece in ["*a ", "[a](", "`", "<a", "by \n", "Read more\n", "a\n\n", "\\", "&a", "1. ", "_"] {
            let text = format!("Title\n\n{}", piece.repeat((1 << 18) / piece.len()));
            let started = std::time::Instant::now();
            let _ = parse(&text);
            assert!(started.elapsed().as_secs() < 10, "{piece:?}");
        }
    }
}
