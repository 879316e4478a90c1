//! The headline of a document that has it in its first line, as `# Headline`.

use super::{first_line, without_blank_lines};

/// Takes a body and gives the text of its headline and what comes after, when it begins with
/// a line `# Headline`; the blank lines around that line are left out.
///
/// A closing row of `#` is no part of the headline, and `\#` becomes `#`. Other marks, such
/// as the stars of `*emphasis*`, are given as they are written.
pub fn first_heading(body: &str) -> Option<(String, &str)> {
    let (line, rest) = first_line(without_blank_lines(body));
    let line = line.trim_end();
    let marked = line.trim_start_matches(' ');
    // Four spaces make a line code.
    if line.len() - marked.len() > 3 {
        return None;
    }
    let text = marked.strip_prefix('#')?;
    let text = text.strip_prefix([' ', '\t'])?.trim();
    let title = unescaped(without_closing_marks(text));
    (!title.is_empty()).then(|| (title, without_blank_lines(rest)))
}

/// The heading without the row of `#` that may close it, if a space is before the row.
fn without_closing_marks(heading: &str) -> &str {
    let text = heading.trim_end_matches('#');
    if text.is_empty() || text.ends_with([' ', '\t']) { text.trim_end() } else { heading }
}

/// The text without the backslashes that keep Markdown from reading a mark as such.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && next.is_ascii_punctuation());
        result.push(escaped.unwrap_or(character));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_heading_is_the_title() {
        for (body, expected) in [
            ("# Crane returns\n\nIt is back.", Some(("Crane returns", "It is back."))),
            ("\r\n  #\tCrane returns ##  \r\n\r\nBack.", Some(("Crane returns", "Back."))),
            ("# C\\# and C#", Some(("C# and C#", ""))),
            ("# Issue #", Some(("Issue", ""))),
            ("# Title\n    code", Some(("Title", "    code"))),
            ("#Crane", None),
            ("## Crane", None),
            ("#", None),
            ("# #", None),
            ("    # Crane", None),
            ("It is.\n# Crane", None),
            ("", None),
        ] {
            let expected = expected.map(|(title, rest)| (title.to_owned(), rest));
            assert_eq!(first_heading(body), expected, "{body:?}");
        }
    }
}
