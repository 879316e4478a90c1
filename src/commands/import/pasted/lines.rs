//! The lines of pasted text: cut, cleaned, dropped and compared.

/// A line with text in it, without the white space around it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// Whether a new block begins here: after a blank line, or after something dropped.
    pub(super) opens_block: bool,
}

/// The lines of the text that are not blank.
///
/// Where the text has no blank line at all, its line ends are all there is to tell the
/// paragraphs apart, so each line becomes a block of its own.
pub(super) fn lines_of(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n");
    let mut lines = Vec::new();
    let mut opens_block = true;
    let mut has_blank_between = false;
    for line in text.split(is_line_end) {
        let text = cleaned(line);
        if text.is_empty() {
            opens_block = true;
            continue;
        }
        has_blank_between |= opens_block && !lines.is_empty();
        lines.push(Line { text, opens_block });
        opens_block = false;
    }
    if !has_blank_between {
        lines.iter_mut().for_each(|line| line.opens_block = true);
    }
    lines
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The line without the space around it, be it invisible, and without control characters.
/// A no-break space inside the line stays: French and others set their quotes with it.
fn cleaned(line: &str) -> String {
    line.trim_matches(|character: char| is_space(character) || character.is_control())
        .chars()
        .map(|character| if character == '\t' { ' ' } else { character })
        .filter(|character| !character.is_control())
        .collect()
}

/// Whether the character takes up no ink: white space, or one of the zero-width spaces and
/// byte order marks that web pages leave at the ends of lines.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Drops the lines that `drops` names; what follows a dropped line begins a new block.
pub(super) fn without(lines: Vec<Line>, mut drops: impl FnMut(usize, &Line) -> bool) -> Vec<Line> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut opens_block = false;
    for (index, mut line) in lines.into_iter().enumerate() {
        if drops(index, &line) {
            opens_block = true;
            continue;
        }
        line.opens_block |= opens_block;
        opens_block = false;
        kept.push(line);
    }
    kept
}

/// The line as it is compared with others: in small letters, with single spaces.
pub(super) fn comparable(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Whether the text has no more characters than `limit`, without counting a long one out.
pub(super) fn has_at_most(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_none()
}

/// Whether two lines say the same; case and the kind of space do not matter.
pub(super) fn is_same(line: &str, other: &str) -> bool {
    // Lower-casing changes a length at most threefold, so very different lengths settle it.
    line.len() / 4 <= other.len() && other.len() / 4 <= line.len() && comparable(line) == comparable(other)
}

#[cfg(test)]
mod tests {
    use super::super::tests::story;

    const SHORT: &str = "Harbour crane returns\n\nBy Ada Moss\n\nThe crane is back.";

    #[test]
    fn line_ends_and_odd_spaces_do_not_matter() {
        let plain = story(SHORT);
        assert_eq!(story(&format!("\u{feff}{}", SHORT.replace('\n', "\r\n"))), plain);
        assert_eq!(story(&SHORT.replace('\n', "\r")), plain);
        assert_eq!(story(&SHORT.replace("\n\n", " \t\n\u{a0}\n\u{200b}\n\n\t")), plain);
        assert_eq!(story(&format!("\n\n {SHORT}\u{feff}\0\n\n")), plain);
        assert_eq!(story(&SHORT.replace("\n\n", "\n")), plain);
    }
}
