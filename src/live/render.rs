//! Markdown to HTML that is safe to put on a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Options, Parser, html};

/// What a story's text may become. The cleaning happens on the rendered HTML, after Markdown had its say, because that
/// is what a browser sees; SVG, MathML, scripts, styles, frames, classes and ids are not on the list.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .rm_tags(["map", "area", "bdo"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true);
    cleaner
});

/// The text of a story as HTML. Raw HTML in it is allowed as far as it is harmless.
pub fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut rendered = String::with_capacity(markdown.len() * 5 / 4);
    html::push_html(&mut rendered, Parser::new_ext(markdown, options));
    CLEANER.clean(&rendered).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_keeps_its_letters() {
        assert_eq!(render("“Vučić” — *yes*.\n\nTwo."), "<p>“Vučić” — <em>yes</em>.</p>\n<p>Two.</p>\n");
    }

    #[test]
    fn nothing_that_runs_gets_through() {
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
}
