//! The text of a story without its marks, as readers see it.

use crate::live::excerpt::{character, is_inline, tag};

/// The text of HTML that the server rendered: no elements, no entities, a line for each block.
pub fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        if after.starts_with('<') {
            let (name, next) = tag(after);
            if !is_inline(name) && !text.ends_with('\n') {
                text.push('\n');
            }
            rest = next;
        } else {
            let (character, length) = character(after, '&');
            text.push(character);
            rest = after.get(length..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::render::render;

    #[test]
    fn what_readers_see_is_the_text() {
        let markdown = "# Head\n\nOne *two*three [four](https://x.example/five \"a > b\") &lt;b&gt; & “six”.\n\n- a\n- b\n\n\
            <div title=\"x > y\">raw <b>bo</b>ld</div>\n\n| c | d |\n|---|---|\n| e | f |\n";
        let plain = plain_text(&render(markdown));
        let lines: Vec<&str> = plain.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(
            lines,
            ["Head", "One twothree four <b> & “six”.", "a", "b", "raw bold", "c", "d", "e", "f"],
            "{plain}"
        );
        assert_eq!(plain_text("<p>a</p"), "a");
        assert_eq!(plain_text("&unknown; <"), "&unknown;");
    }
}
