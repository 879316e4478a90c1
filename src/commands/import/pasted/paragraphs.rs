//! Paragraphs: which lines belong together, now that only the story is left.

use super::lines::{Line, has_at_most};

/// The longest line, in characters, that hard-wrapped text is expected to have.
const LONGEST_WRAPPED_LINE: usize = 90;

/// Puts the lines of each block together: hard-wrapped lines become one paragraph, longer
/// lines are paragraphs of their own.
pub(super) fn paragraphs_of(lines: Vec<Line>) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::super::tests::{body, story};

    #[test]
    fn lines_become_paragraphs() {
        let long = "word ".repeat(30).trim_end().to_owned();
        assert_eq!(body("wrapped\nhere\n\nnext"), ["wrapped here", "next"]);
        assert_eq!(body(&format!("{long}\n{long}\nshort")), [&long, &long, "short"]);
        assert_eq!(story("Title\nOne.\nTwo.").body, "One.\n\nTwo.");
    }
}
