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

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;

/// The longest line, in characters, that is still believed to be a headline.
const LONGEST_TITLE: usize = 300;

/// The longest line, in characters, that hard-wrapped text is expected to have.
const LONGEST_WRAPPED_LINE: usize = 90;

/// How many lines after the headline may pass before the `by NAME` line: a standfirst, a
/// date, the headline again. Further down a short line with `By` is part of the story.
const LINES_BEFORE_BYLINE: usize = 6;

/// How many lines at the top are searched for a headline that stands there twice.
const LINES_BEFORE_TITLE: usize = 6;

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

/// Small words that are part of a name without being capitalised.
const NAME_PARTICLES: [&str; 22] = [
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le", "of",
    "ten", "ter", "the", "van", "von",
];

/// What may follow a comma in a `by NAME` line and still belong to the name before it.
const NAME_SUFFIXES: [&str; 7] = ["ii", "iii", "iv", "jr", "jr.", "sr", "sr."];

/// Last words of what may follow a comma in a `by NAME` line and is a post, not a person.
const POSTS: [&str; 7] = ["columnist", "correspondent", "critic", "editor", "photographer", "reporter", "writer"];

/// What separates the steps of a breadcrumb, besides the bare spaces of pasted menus.
const BREADCRUMB_SEPARATORS: [char; 6] = ['>', '/', '|', '›', '»', '→'];

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

/// A line with text in it, without the white space around it.
#[derive(Debug)]
struct Line {
    text: String,
    /// Whether a new block begins here: after a blank line, or after something dropped.
    opens_block: bool,
}

/// The lines of the text that are not blank.
///
/// Where the text has no blank line at all, its line ends are all there is to tell the
/// paragraphs apart, so each line becomes a block of its own.
fn lines_of(text: &str) -> Vec<Line> {
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
fn without(lines: Vec<Line>, mut drops: impl FnMut(usize, &Line) -> bool) -> Vec<Line> {
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

/// Drops the lines that belong to the site. Inside a block a line may be the middle of a
/// wrapped sentence (“he wanted to / read more / about it”), so there it must also begin as
/// furniture does, without a small letter.
fn without_furniture(lines: Vec<Line>) -> Vec<Line> {
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

/// The line as it is compared with others: in small letters, with single spaces.
fn comparable(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Whether the text has no more characters than `limit`, without counting a long one out.
fn has_at_most(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_none()
}

/// What stands above the story.
struct Head {
    title: String,
    authors: Vec<String>,
    /// The indexes of the lines that the head is made of.
    lines: BTreeSet<usize>,
}

impl Head {
    /// Finds the head; gives `None` when no line can be the headline.
    fn find(lines: &[Line]) -> Option<Self> {
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
    fn remove_from(&self, lines: Vec<Line>) -> Vec<Line> {
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

/// Whether two lines say the same; case and the kind of space do not matter.
fn is_same(line: &str, other: &str) -> bool {
    // Lower-casing changes a length at most threefold, so very different lengths settle it.
    line.len() / 4 <= other.len() && other.len() / 4 <= line.len() && comparable(line) == comparable(other)
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

/// The first `by NAME` line shortly after the headline, with the names in it. It must follow
/// the headline at once, or begin or close a block; inside one it may be the middle of a
/// sentence.
fn find_byline(lines: &[Line], title_index: usize) -> Option<(usize, Vec<String>)> {
    let title = &lines.get(title_index)?.text;
    let below = title_index.saturating_add(1);
    let mut follows_title = true;
    for index in (below..).take(LINES_BEFORE_BYLINE) {
        let line = lines.get(index)?;
        let next = lines.get(index.saturating_add(1));
        let closes_block = next.is_none_or(|next| next.opens_block);
        let may_be_byline = follows_title || line.opens_block || closes_block;
        if may_be_byline && let Some(names) = byline_names(&line.text) {
            return Some((index, names));
        }
        follows_title = is_same(&line.text, title);
    }
    None
}

/// The names of a `by NAME` line: `By Jane Doe`, `BY: A, B and C`, `by host`. Gives `None`
/// when the line is anything else, above all when it is the beginning of a sentence.
fn byline_names(line: &str) -> Option<Vec<String>> {
    if !has_at_most(line, 200) {
        return None;
    }
    let (by, rest) = line.split_once(char::is_whitespace)?;
    if !by.trim_end_matches(':').eq_ignore_ascii_case("by") {
        return None;
    }
    // Behind a bar or a dot stands the date or the reading time.
    let names = rest.split(['|', '•', '·']).next()?.trim();
    let names = authors_in(names);
    let are_names = !names.is_empty() && names.iter().all(|name| is_name(name));
    are_names.then_some(names)
}

/// Splits `A, B and C` into its names, each once; leaves out the posts that follow a comma.
fn authors_in(text: &str) -> Vec<String> {
    let mut authors: Vec<String> = Vec::new();
    for (position, part) in parts_of(text).into_iter().enumerate() {
        let small = part.to_lowercase();
        let last_word = small.split_whitespace().last().unwrap_or_default();
        if NAME_SUFFIXES.contains(&small.as_str())
            && let Some(name) = authors.last_mut()
        {
            name.push_str(", ");
            name.push_str(&part);
            continue;
        }
        let is_post = position > 0 && POSTS.contains(&last_word);
        let is_known = authors.iter().any(|author| is_same(author, &part));
        if !is_post && !is_known {
            authors.push(part);
        }
    }
    authors
}

/// The parts between the commas, `and`s and `&`s of a `by NAME` line.
fn parts_of(text: &str) -> Vec<String> {
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    for word in text.split_whitespace() {
        if word == "&" || word.eq_ignore_ascii_case("and") {
            parts.push(Vec::new());
            continue;
        }
        let bare = word.trim_end_matches([',', ';']);
        if let Some(part) = parts.last_mut().filter(|_| !bare.is_empty()) {
            part.push(bare);
        }
        if bare.len() < word.len() {
            parts.push(Vec::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.into_iter().map(|part| part.join(" ")).collect()
}

/// Whether the text can be a name: at most six words, all capitalised but for particles, or
/// one or two small words such as a login (“host”) or “staff reporter”.
fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_handle = words.len() <= 2
        && words.iter().all(|word| word.starts_with(char::is_lowercase))
        && !words.first().is_some_and(|word| is_article(word));
    let is_capitalised =
        words.iter().all(|word| !word.starts_with(char::is_lowercase) || NAME_PARTICLES.contains(word));
    let has_a_name = words.last().is_some_and(|word| !is_article(word));
    let ends_like_sentence = text.ends_with(['!', '?', ':', '…', '”', '"'])
        || words.last().is_some_and(|word| word.ends_with('.') && word.chars().count() > 3);
    let has_digit = text.contains(|character: char| character.is_ascii_digit());
    words.len() <= 6 && (is_handle || is_capitalised && has_a_name) && !ends_like_sentence && !has_digit
}

fn is_article(word: &str) -> bool {
    matches!(word, "a" | "an" | "the" | "this" | "that" | "these" | "those")
}

/// Puts the lines of each block together: hard-wrapped lines become one paragraph, longer
/// lines are paragraphs of their own.
fn paragraphs_of(lines: Vec<Line>) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut block: Vec<String> = Vec::new();
    for line in lines {
        if line.opens_block {
            close_block(&mut block, &mut paragraphs);
        }
        block.push(line.text);
    }
    close_block(&mut block, &mut paragraphs);
    paragraphs
}

/// Moves what is in the block to the paragraphs.
fn close_block(block: &mut Vec<String>, paragraphs: &mut Vec<String>) {
    if block.is_empty() {
        return;
    }
    if block.iter().all(|line| has_at_most(line, LONGEST_WRAPPED_LINE)) {
        paragraphs.push(block.join(" "));
        block.clear();
    } else {
        paragraphs.append(block);
    }
}

/// The paragraph as Markdown that renders as the paragraph: a backslash goes before what
/// CommonMark (or its usual extensions: strikethrough, footnotes) would interpret, and
/// before nothing else. The paragraph must be a single line without space around it.
fn escaped(paragraph: &str) -> String {
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
    use super::*;

    const SHORT: &str = "Harbour crane returns\n\nBy Ada Moss\n\nThe crane is back.";

    fn story(text: &str) -> PastedStory {
        parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// The paragraphs of a story made of a headline and the given body.
    fn body(text: &str) -> Vec<String> {
        story(&format!("Harbour crane returns\n\nby tester\n\n{text}")).body.split("\n\n").map(str::to_owned).collect()
    }

    fn authors(line: &str) -> Vec<String> {
        story(&format!("Harbour crane returns\n\n{line}\n\nIt is back.")).authors
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

    #[test]
    fn names_are_read_from_the_byline() {
        assert_eq!(authors("By Jane Doe and John Roe"), ["Jane Doe", "John Roe"]);
        assert_eq!(authors("by A, B and C"), ["A", "B", "C"]);
        assert_eq!(authors("By A, B, and C"), ["A", "B", "C"]);
        assert_eq!(authors("BY: JANE DOE & JOHN ROE"), ["JANE DOE", "JOHN ROE"]);
        assert_eq!(authors("by host"), ["host"]);
        assert_eq!(authors("By\u{a0}Ludwig van der Berg"), ["Ludwig van der Berg"]);
        assert_eq!(authors("By Jane Doe, Political Editor"), ["Jane Doe"]);
        assert_eq!(authors("By John Roe, Jr. and Ann Poe"), ["John Roe, Jr.", "Ann Poe"]);
        assert_eq!(authors("By the Editorial Board | 3 min read"), ["the Editorial Board"]);
        assert_eq!(authors("By Anders Ek, anders ek"), ["Anders Ek"]);
    }

    #[test]
    fn a_sentence_that_begins_with_by_is_no_byline() {
        for line in [
            "By the time they came it was dark",
            "By Monday the water had gone.",
            "By the numbers",
            "By 2030",
            "Byron Bay",
            "By",
        ] {
            assert!(authors(line).is_empty(), "{line}");
        }
        let wrapped = story("Keys lost\n\nThe keys were moved\nby mistake\non Tuesday.");
        assert_eq!(wrapped.body, "The keys were moved by mistake on Tuesday.");
        assert!(wrapped.authors.is_empty());
    }

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

    #[test]
    fn line_ends_and_odd_spaces_do_not_matter() {
        let plain = story(SHORT);
        assert_eq!(story(&format!("\u{feff}{}", SHORT.replace('\n', "\r\n"))), plain);
        assert_eq!(story(&SHORT.replace('\n', "\r")), plain);
        assert_eq!(story(&SHORT.replace("\n\n", " \t\n\u{a0}\n\u{200b}\n\n\t")), plain);
        assert_eq!(story(&format!("\n\n {SHORT}\u{feff}\0\n\n")), plain);
        assert_eq!(story(&SHORT.replace("\n\n", "\n")), plain);
    }

    #[test]
    fn lines_become_paragraphs() {
        let long = "word ".repeat(30).trim_end().to_owned();
        assert_eq!(body("wrapped\nhere\n\nnext"), ["wrapped here", "next"]);
        assert_eq!(body(&format!("{long}\n{long}\nshort")), [&long, &long, "short"]);
        assert_eq!(story("Title\nOne.\nTwo.").body, "One.\n\nTwo.");
    }

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
