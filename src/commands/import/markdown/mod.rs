//! Takes a Markdown document apart: the YAML front matter at its top, and the body.
//!
//! Front matter comes from outside, so it is held to what it is for: a small mapping of
//! names to plain values. Everything in YAML that can surprise (tags, merge keys, keys that
//! are no text, aliases that multiply) is refused with the line where it stands.

mod front_matter;
mod heading;
mod reading;
mod values;

use std::error::Error;
use std::fmt;

use serde_json::Value;

use self::front_matter::fields_of;

pub use heading::first_heading;

/// The longest front matter, in bytes. Real ones have a few hundred.
const LONGEST_FRONT_MATTER: usize = 64 * 1024;

/// What opens the front matter, as the first line of the document.
const OPENING: &str = "---";

/// What is wrong with a front matter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontMatterError {
    /// The line of the document, counted from 1.
    pub line: usize,
    /// What is wrong, in plain words, without the line.
    pub message: String,
}

impl FrontMatterError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line, message }
    }
}

impl fmt::Display for FrontMatterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl Error for FrontMatterError {}

/// Takes a document and gives its front matter, as a JSON object, and its body.
///
/// Front matter is there when the first line is `---`; it ends at the next line that is
/// `---` or `...`. The body begins with the first line after it that is not blank. A document
/// without front matter is all body and comes back as it is, but for a byte order mark.
///
/// Values become what YAML 1.2 makes of them: `true` and `2024` a boolean and a number, while
/// dates and times stay strings, as written. An empty front matter gives an empty object.
///
/// # Errors
///
/// When the front matter is not closed, longer than 64 KiB, no valid YAML or no mapping, or
/// when it has keys that are not strings or are there twice, tags, merge keys, numbers that
/// JSON does not have, or aliases that multiply it.
pub fn split_front_matter(text: &str) -> Result<(Option<Value>, &str), FrontMatterError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = first_line(text);
    if first.trim_end() != OPENING {
        return Ok((None, text));
    }
    let Some((yaml_length, body)) = find_closing(rest) else {
        return Err(FrontMatterError::new(
            1,
            "the front matter is opened here, but never closed: expected a line --- after it; \
             if this line is meant as a rule across the page, write *** instead",
        ));
    };
    if yaml_length > LONGEST_FRONT_MATTER {
        return Err(FrontMatterError::new(
            1,
            "the front matter is longer than 64 KiB: move the text of the story below the \
             line --- that closes it",
        ));
    }
    // The opening line goes to the parser too, so that places in it are places in the text.
    let yaml_end = text.len() - rest.len() + yaml_length;
    let fields = fields_of(text.get(..yaml_end).unwrap_or_default())?;
    Ok((Some(Value::Object(fields)), without_blank_lines(body)))
}

/// The first line without its end, and the text after it.
fn first_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line), rest)
}

/// Finds the line that closes the front matter: how long the YAML before it is, in bytes,
/// and the text after it.
fn find_closing(text: &str) -> Option<(usize, &str)> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        if matches!(line.trim_end(), "---" | "...") {
            return Some((text.len() - rest.len(), after));
        }
        rest = after;
    }
    None
}

/// The text without the blank lines at its beginning; the indentation of the first line that
/// is not blank stays, for it can have a meaning.
fn without_blank_lines(text: &str) -> &str {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        if !line.trim().is_empty() {
            break;
        }
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub(super) fn fields(yaml: &str) -> Value {
        match split_front_matter(&format!("---\n{yaml}\n---\nBody.")) {
            Ok((Some(fields), "Body.")) => fields,
            other => panic!("{other:?}\n{yaml}"),
        }
    }

    /// The error of a front matter whose first line is the second of the document.
    pub(super) fn error(yaml: &str) -> FrontMatterError {
        split_front_matter(&format!("---\n{yaml}\n---\nBody.")).expect_err("this front matter must be refused")
    }

    #[test]
    fn front_matter_and_body_are_taken_apart() {
        let expected = Some(json!({"title": "Crane returns", "tags": ["harbour", "cranes"]}));
        for closing in ["---", "...", "--- "] {
            let text = format!("---\ntitle: Crane returns\ntags: [harbour, cranes]\n{closing}\n\n \n  It is back.\n");
            for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
                let (fields, body) = split_front_matter(&text).expect("valid front matter");
                assert_eq!(fields, expected, "{text:?}");
                assert_eq!(body.trim_end_matches(['\r', '\n']), "  It is back.");
            }
        }
    }

    #[test]
    fn a_document_without_front_matter_is_all_body() {
        for text in ["", "\n---\na: 1\n---\n", "# Title\n", "----\n", " ---\n", "--- a\n"] {
            assert_eq!(split_front_matter(text), Ok((None, text)));
        }
        assert_eq!(split_front_matter("\u{feff}text"), Ok((None, "text")));
    }

    #[test]
    fn an_empty_front_matter_is_an_empty_object() {
        for text in ["---\n---\n", "---\n# nothing yet\n---", "---\n\n...\n", "---\n{}\n---"] {
            assert_eq!(split_front_matter(text), Ok((Some(json!({})), "")), "{text:?}");
        }
    }

    #[test]
    fn front_matter_must_be_closed_and_short() {
        let open = split_front_matter("---\ntitle: a\n").expect_err("not closed");
        assert!(open.to_string().starts_with("line 1: ") && open.message.contains("never closed"));
        let text = format!("---\na: {}\n---\n", "x".repeat(LONGEST_FRONT_MATTER));
        let long = split_front_matter(&text).expect_err("too long");
        assert!(long.message.contains("64 KiB"));
        assert!(fields(&format!("a: \"{}\"", "\\L".repeat(32_000))).is_object());
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
    const PIECES: [&str; 44] = [
        "---", "...", "\n", "\r\n", "a: ", "b", "- ", "[", "]", "{", "}", ",", ": ", "?", " ", "  ", "&a ", "*a",
        "!Foo ", "!!str ", "\"", "'", "|\n", ">-", "#", "# ", "\\", "\\x", "%", "@", "`", "<<: ", ".inf", "1", "0x",
        "-", "\t", "\u{85}", "\u{2028}", "é", "🚢", "\0", "\u{feff}", "~",
    ];

    #[test]
    fn no_document_makes_the_parser_panic() {
        let mut numbers = Numbers(11);
        for _ in 0..20_000 {
            let length = numbers.below(24);
            let text: String = (0..length).filter_map(|_| PIECES.get(numbers.below(PIECES.len()))).copied().collect();
            let _ = first_heading(&text);
            let document = format!("---\n{text}\n---\n{text}");
            for text in [text, document] {
                if let Err(error) = split_front_matter(&text) {
                    assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{text:?}");
                    assert!(!error.message.is_empty());
                }
            }
        }
    }
}
