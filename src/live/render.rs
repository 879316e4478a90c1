//! Markdown to HTML that is safe to put on a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, html};

/// What a story's text may become. The cleaning happens on the rendered HTML, after Markdown had its say, because that
/// is what a browser sees; SVG, MathML, scripts, styles, frames, classes and ids are not on the list.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .rm_tags(["map", "area", "bdo"])
        // An address that no scheme is checked for.
        .rm_tag_attributes("q", ["cite"])
        .rm_tag_attributes("blockquote", ["cite"])
        .rm_tag_attributes("del", ["cite"])
        .rm_tag_attributes("ins", ["cite"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true);
    cleaner
});

/// Deepest nesting of quotes, lists and marks. Building a tree costs more than its size when it is very deep, and one
/// hostile text must not keep everybody waiting.
const DEEPEST: usize = 64;

/// Most elements; a long story has some hundred.
const MOST_ELEMENTS: usize = 30_000;

/// Most tags of raw HTML: they can be nested as deep as there are tags, and a browser's rules open again in each new
/// paragraph what was left open in the one before.
const MOST_RAW_TAGS: usize = 400;

/// The text of a story as HTML. Raw HTML in it is allowed as far as it is harmless. A text with more structure than any
/// story has is given in plain paragraphs: nothing of it is lost, and it costs no more than another.
pub fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let Some(events) = within_bounds(Parser::new_ext(markdown, options)) else { return plain(markdown) };
    let mut rendered = String::with_capacity(markdown.len() * 5 / 4);
    html::push_html(&mut rendered, events.into_iter());
    CLEANER.clean(&rendered).to_string()
}

/// What the parser found, or `None` when it is too much.
fn within_bounds(parser: Parser<'_>) -> Option<Vec<Event<'_>>> {
    let (mut depth, mut elements, mut raw_tags) = (0_usize, 0_usize, 0_usize);
    let mut events = Vec::new();
    for event in parser {
        match &event {
            Event::Start(_) => {
                depth += 1;
                elements += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Html(raw) | Event::InlineHtml(raw) => raw_tags += raw.matches('<').count(),
            Event::Text(_) => {}
            _ => elements += 1,
        }
        if depth > DEEPEST || elements > MOST_ELEMENTS || raw_tags > MOST_RAW_TAGS {
            return None;
        }
        events.push(event);
    }
    Some(events)
}

/// The text as it was typed, in paragraphs.
fn plain(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>\n", ammonia::clean_text(paragraph))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_keeps_its_letters() {
        assert_eq!(render("“Vučić” — *yes*.\n\nTwo."), "<p>“Vučić” — <em>yes</em>.</p>\n<p>Two.</p>\n");
    }

    #[test]
    fn s50_s51_s53_t16_nothing_that_runs_gets_through() {
        let attacks = [
            "[x](javascript:alert(1))",
            "[x](Java&#x73;cript:alert(1))",
            "[x]( \tjavascript:alert(1))",
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<iframe src=https://example.org></iframe>",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<p style=\"position:fixed\" class=\"c\" id=\"i\">x</p>",
            "<q cite=\"javascript:alert(1)\">x</q>",
            "<form action=https://example.org><input></form>",
        ];
        for attack in attacks {
            let html = render(attack).to_lowercase();
            for never in
                ["<script", "onerror", "javascript:", "<svg", "<math", "<iframe", "data:", "style", "class=", "<form"]
            {
                assert!(!html.contains(never) || html.contains("&lt;"), "{attack} gave {html}");
            }
            assert_eq!(CLEANER.clean(&html).to_string(), html, "cleaning twice changes {html}");
        }
    }

    #[test]
    fn more_structure_than_a_story_has_is_plain_text_and_nothing_is_lost() {
        let hostile = [
            ">".repeat(200_000),
            "<div>".repeat(100_000),
            "<b>".repeat(100_000),
            "[a](b) ".repeat(100_000),
            "*a **b ".repeat(100_000) + &"** *".repeat(100_000),
            format!("|{}\n|{}\n{}", "a|".repeat(5_000), "-|".repeat(5_000), "|x|\n".repeat(200)),
            "- ".repeat(50_000),
            (0..4_000).map(|number| format!("<p><b title={number}>")).collect(),
            (0..190).map(|number| format!("<p><b title={number}>")).collect(),
        ];
        for text in hostile {
            let html = render(&text);
            assert!(html.len() <= text.len() * 12 + 600_000, "{} bytes became {}", text.len(), html.len());
        }
        assert_eq!(render(&format!("{} <b>\n\nEnd.", ">".repeat(100))).matches("<p>").count(), 2);
        assert!(render(&">".repeat(100)).contains("&gt;"));
    }
}
