//! Plain words as Markdown: a backslash before each mark that Markdown would take for its own.

/// The paragraph as Markdown that renders as the paragraph: a backslash goes before what
/// CommonMark (or its usual extensions: strikethrough, footnotes) would interpret, and
/// before nothing else. The paragraph must be a single line without space around it.
pub(super) fn escaped(paragraph: &str) -> String {
    let mut positions: Vec<usize> = Vec::new();
    positions.extend(block_mark(paragraph));
    for mark in ['*', '_', '~'] {
        positions.extend(paired_marks(paragraph, mark));
    }
    positions.extend(code_marks(paragraph));
    positions.extend(inline_marks(paragraph));
    positions.sort_unstable();
    positions.dedup();
    with_backslashes(paragraph, &positions)
}

/// The text with a backslash at each of the byte positions, which must be in order.
fn with_backslashes(text: &str, positions: &[usize]) -> String {
    let mut result = String::with_capacity(text.len().saturating_add(positions.len()));
    let mut positions = positions.iter().peekable();
    for (index, character) in text.char_indices() {
        if positions.next_if_eq(&&index).is_some() {
            result.push('\\');
        }
        result.push(character);
    }
    result
}

/// Where the mark is that would make a block other than a paragraph: a heading, a quote, a
/// list, a rule, a fence or a link's definition.
fn block_mark(paragraph: &str) -> Option<usize> {
    let first = paragraph.chars().next()?;
    let is_block = match first {
        '>' => true,
        '#' => is_heading(paragraph),
        '-' | '+' | '*' | '_' => is_bullet(paragraph) || is_rule(paragraph),
        '~' => paragraph.starts_with("~~~"),
        '[' => paragraph.contains("]:"),
        '0'..='9' => return number_mark(paragraph),
        _ => false,
    };
    is_block.then_some(0)
}

fn is_heading(paragraph: &str) -> bool {
    let text = paragraph.trim_start_matches('#');
    paragraph.len() - text.len() <= 6 && (text.is_empty() || text.starts_with(' '))
}

fn is_bullet(paragraph: &str) -> bool {
    let mut characters = paragraph.chars();
    let is_mark = characters.next().is_some_and(|mark| mark != '_');
    is_mark && matches!(characters.next(), None | Some(' '))
}

/// Whether the paragraph is at least three times the same mark and nothing but spaces.
fn is_rule(paragraph: &str) -> bool {
    let mark = paragraph.chars().next();
    let mut marks = paragraph.chars().filter(|character| *character != ' ');
    marks.clone().nth(2).is_some() && marks.all(|character| Some(character) == mark)
}

/// Where the `.` or `)` is that would make the paragraph an item of a numbered list.
fn number_mark(paragraph: &str) -> Option<usize> {
    let rest = paragraph.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = paragraph.len() - rest.len();
    let text = rest.strip_prefix(['.', ')'])?;
    let is_item = digits <= 9 && (text.is_empty() || text.starts_with(' '));
    is_item.then_some(digits)
}

/// A run of one mark, such as the two stars before a bold word.
struct Run {
    start: usize,
    length: usize,
    /// Whether it could begin or end an emphasis. CommonMark is stricter with punctuation
    /// around the run; being less strict here costs at most a needless backslash.
    opens: bool,
    closes: bool,
}

/// Where the marks are that could be read as a pair around some words. A mark that has no
/// partner (“*terms apply”, `snake_case`, `2 * 3`) means nothing to Markdown and stays bare.
fn paired_marks(paragraph: &str, mark: char) -> Vec<usize> {
    let runs: Vec<Run> = runs_of(paragraph, mark).into_iter().filter(|run| run.opens || run.closes).collect();
    let first_opening = runs.iter().position(|run| run.opens);
    let last_closing = runs.iter().rposition(|run| run.closes);
    let is_pair = matches!((first_opening, last_closing), (Some(first), Some(last)) if first < last);
    if !is_pair {
        return Vec::new();
    }
    runs.iter().flat_map(|run| (0..run.length).map(|offset| run.start.saturating_add(offset))).collect()
}

/// The runs of the mark, each with what the characters around it allow it to be.
fn runs_of(paragraph: &str, mark: char) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<char> = None;
    let mut characters = paragraph.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        if character != mark {
            before = Some(character);
            continue;
        }
        let mut length: usize = 1;
        while characters.next_if(|(_, next)| *next == mark).is_some() {
            length = length.saturating_add(1);
        }
        let after = characters.peek().map(|(_, next)| *next);
        let is_inside_word = mark == '_' && is_letter(before) && is_letter(after);
        runs.push(Run {
            start,
            length,
            opens: has_ink(after) && !is_inside_word,
            closes: has_ink(before) && !is_inside_word,
        });
        before = Some(mark);
    }
    runs
}

fn has_ink(character: Option<char>) -> bool {
    character.is_some_and(|character| !character.is_whitespace())
}

fn is_letter(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

/// Where the backticks are, if there are enough of them to make code of what is between.
fn code_marks(paragraph: &str) -> Vec<usize> {
    let marks: Vec<usize> = paragraph.match_indices('`').map(|(index, _)| index).collect();
    if marks.len() < 2 { Vec::new() } else { marks }
}

/// Where a single character would begin something by itself: a tag, an entity, an escape, a
/// footnote or the address of a link. `[words]` alone is plain text and stays bare, since no
/// definition of a link can be in the body.
fn inline_marks(paragraph: &str) -> Vec<usize> {
    paragraph
        .char_indices()
        .filter(|(index, character)| {
            let after = paragraph.get(index.saturating_add(1)..).unwrap_or_default();
            match character {
                '\\' => after.starts_with(|next: char| next.is_ascii_punctuation()),
                '<' => is_tag(after),
                '&' => is_entity(after),
                '[' => after.starts_with('^'),
                ']' => after.starts_with('('),
                _ => false,
            }
        })
        .map(|(index, _)| index)
        .collect()
}

/// Whether what follows a `<` makes a tag of it, or the address of a mail: `b>`, `/b>`,
/// `!--`, `42@example.org>`.
fn is_tag(after: &str) -> bool {
    let word = after.split(['<', '>', ' ']).next().unwrap_or_default();
    word.contains('@')
        || word.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?'))
}

/// Whether what follows an ampersand makes an entity of it: `amp;`, `#39;`, `#x27;`.
fn is_entity(after: &str) -> bool {
    // The longest name that HTML knows has 31 letters.
    let length = after.bytes().take(33).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
    length.is_some_and(|length| length > 0 && after.as_bytes().get(length) == Some(&b';'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::body;

    #[test]
    fn what_markdown_would_misread_is_escaped() {
        for (text, markdown) in [
            ("# heading", r"\# heading"),
            ("> quote", r"\> quote"),
            ("- item", r"\- item"),
            ("+", r"\+"),
            ("* item", r"\* item"),
            ("1. item", r"1\. item"),
            ("1984) item", r"1984\) item"),
            ("---", r"\---"),
            ("_ _ _", r"\_ _ _"),
            ("~~~ code", r"\~~~ code"),
            ("an *odd* **day**", r"an \*odd\* \*\*day\*\*"),
            ("an _odd_ day", r"an \_odd\_ day"),
            ("<42@example.org>", r"\<42@example.org>"),
            ("a <b>word</b>", r"a \<b>word\</b>"),
            ("the `ls` tool", r"the \`ls\` tool"),
            ("a [link](there)", r"a [link\](there)"),
            ("[is]: a definition", r"\[is]: a definition"),
            ("R&amp;D &#39;", r"R\&amp;D \&#39;"),
            (r"a \* star", r"a \\* star"),
            ("\u{a0}    indented", "indented"),
        ] {
            assert_eq!(body(text), [markdown]);
        }
    }

    #[test]
    fn everyday_text_stays_as_it_is() {
        for text in [
            "what’s important for us [is] (mostly) this! It’s “fine” — really…",
            "#hashtag and @handle at 5 < 6 > 4, R&D, <3",
            "-5 degrees, +1 555, 1.5 million",
            "2 * 3 * 4 = 24, *terms apply, snake_case_name, ~50",
            "a f**king mess",
            "rock `n roll, C:\\Temp, 50% | 20 $",
            "=== done ===",
        ] {
            assert_eq!(body(text), [text]);
        }
    }
}
