//! The beginning of a story's text, without marks, for teasers.

use crate::http::projection::Size;

/// How long an excerpt is.
pub const SIZE: Size = Size { name: "excerpt", largest: 1000, usual: 200 };

/// The first `size` characters of what the server rendered, as plain text; cut between words, with an ellipsis when
/// there is more. The HTML is our own: it is well-formed and holds no scripts, and of entities only the five below.
pub fn of(html: &str, size: usize) -> String {
    let mut text = String::new();
    let (mut rest, mut count, mut gap) = (html, 0, false);
    while let Some(next) = rest.chars().next() {
        if next == '<' {
            let (name, after) = tag(rest);
            gap |= !is_inline(name);
            rest = after;
            continue;
        }
        let (character, length) = character(rest, next);
        rest = rest.get(length..).unwrap_or_default();
        if character.is_whitespace() {
            gap = true;
            continue;
        }
        if gap && count > 0 {
            text.push(' ');
            count += 1;
        }
        gap = false;
        if count >= size {
            return cut(&text, character, size);
        }
        text.push(character);
        count += 1;
    }
    text
}

/// The name of the tag that this begins with, and what follows the tag. A `>` in quotes does not end it.
pub(super) fn tag(html: &str) -> (&str, &str) {
    let inner = html.get(1..).unwrap_or_default();
    let name = inner.trim_start_matches('/');
    let name = name.get(..name.find(|one: char| !one.is_ascii_alphanumeric()).unwrap_or(name.len()));
    let mut quoted = false;
    let end = inner.char_indices().find(|(_, one)| {
        quoted ^= *one == '"';
        *one == '>' && !quoted
    });
    let after = end.and_then(|(place, _)| inner.get(place + 1..)).unwrap_or_default();
    (name.unwrap_or_default(), after)
}

/// Whether what stands in such a tag belongs to the words around it.
pub(super) fn is_inline(name: &str) -> bool {
    let inline = [
        "a", "abbr", "b", "bdi", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
        "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    ];
    inline.contains(&name)
}

/// The next character, and how many bytes it is written with.
pub(super) fn character(html: &str, next: char) -> (char, usize) {
    let entities = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&nbsp;", ' ')];
    let entity = entities.iter().find(|(entity, _)| next == '&' && html.starts_with(entity));
    entity.map_or((next, next.len_utf8()), |(entity, character)| (*character, entity.len()))
}

/// Shortens a text, which `next` follows, to the last whole word that fits, and says that there is more.
fn cut(text: &str, next: char, size: usize) -> String {
    let whole: String = text.chars().take(size).collect();
    let after = text.chars().nth(size).unwrap_or(next);
    let end = match whole.rfind(' ') {
        Some(space) if after.is_alphanumeric() => space,
        _ => whole.len(),
    };
    let kept = whole.get(..end).unwrap_or_default();
    format!("{}…", kept.trim_end_matches(|one: char| one.is_whitespace() || ".,;:–—-".contains(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        let html = "<h2>Head</h2>\n<p>He said: <em>no</em>t &lt;now&gt; &amp; <a href=\"x?a>b\">never</a>.</p>\n<ul><li>one</li><li>two</li></ul>";
        assert_eq!(of(html, 1000), "Head He said: not <now> & never. one two");
        assert_eq!(of("", 10), "");
        assert_eq!(of("<p></p>", 10), "");
    }

    #[test]
    fn it_is_cut_between_words() {
        let html = "<p>The bridge, they say, is closed.</p>";
        assert_eq!(of(html, 12), "The bridge…");
        assert_eq!(of(html, 10), "The bridge…");
        assert_eq!(of(html, 11), "The bridge…");
        assert_eq!(of(html, 9), "The…");
        assert_eq!(of(html, 2), "Th…");
        assert_eq!(of(html, 32), "The bridge, they say, is closed.");
        assert_eq!(of(html, 31), "The bridge, they say, is closed…");
        assert_eq!(of(html, 30), "The bridge, they say, is…");
        assert_eq!(of("<p>Вучић каже</p>", 6), "Вучић…");
        assert_eq!(of("<p>Two <br>words</p>", 3), "Two…");
    }
}
