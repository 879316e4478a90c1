//! The `by NAME` line: where it is, and whose names it gives.

use super::lines::{Line, has_at_most, is_same};

/// How many lines after the headline may pass before the `by NAME` line: a standfirst, a
/// date, the headline again. Further down a short line with `By` is part of the story.
const LINES_BEFORE_BYLINE: usize = 6;

/// Small words that are part of a name without being capitalised.
const NAME_PARTICLES: [&str; 22] = [
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le", "of",
    "ten", "ter", "the", "van", "von",
];

/// What may follow a comma in a `by NAME` line and still belong to the name before it.
const NAME_SUFFIXES: [&str; 7] = ["ii", "iii", "iv", "jr", "jr.", "sr", "sr."];

/// Last words of what may follow a comma in a `by NAME` line and is a post, not a person.
const POSTS: [&str; 7] = ["columnist", "correspondent", "critic", "editor", "photographer", "reporter", "writer"];

/// The first `by NAME` line shortly after the headline, with the names in it. It must follow
/// the headline at once, or begin or close a block; inside one it may be the middle of a
/// sentence.
pub(super) fn find_byline(lines: &[Line], title_index: usize) -> Option<(usize, Vec<String>)> {
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
pub(super) fn byline_names(line: &str) -> Option<Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::super::tests::story;

    fn authors(line: &str) -> Vec<String> {
        story(&format!("Harbour crane returns\n\n{line}\n\nIt is back.")).authors
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
}
