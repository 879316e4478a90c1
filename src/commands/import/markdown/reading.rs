//! What is kept while one front matter is read: how heavy it has become, and why and where it was refused.

use std::cell::{Cell, RefCell};

use serde::de::{self, Deserialize};

use super::{FrontMatterError, LONGEST_FRONT_MATTER};

/// How much the values of the front matter may weigh together: one for each value and each
/// byte of text. Without aliases a front matter weighs less than three times its length (an
/// escape of two bytes can stand for a character of three), so only aliases that multiply
/// their anchors ever reach this.
const HEAVIEST_FRONT_MATTER: usize = 4 * LONGEST_FRONT_MATTER;

/// What is kept while one front matter is read.
#[derive(Default)]
pub(super) struct Reading {
    weight: Cell<usize>,
    /// Why the reading was given up, in our own words. The error that carries it through the
    /// YAML parser comes out with paths and positions mixed in.
    refusal: RefCell<Option<String>>,
}

impl Reading {
    /// Gives up with a message; the YAML parser adds the line to the error.
    pub(super) fn refuse<E: de::Error>(&self, message: impl Into<String>) -> E {
        let message = message.into();
        let error = E::custom(&message);
        self.refusal.replace(Some(message));
        error
    }

    /// Counts a value with so many bytes of text; refuses what has become too heavy.
    pub(super) fn weigh<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        let weight = self.weight.get().saturating_add(bytes).saturating_add(1);
        self.weight.set(weight);
        if weight > HEAVIEST_FRONT_MATTER {
            return Err(self.refuse("the aliases (*name) make the front matter too large: write the values out"));
        }
        Ok(())
    }

    /// The error as the editor should read it.
    pub(super) fn explain(&self, error: &yaml_serde::Error, yaml: &str) -> FrontMatterError {
        let index = error.location().map_or(0, |location| location.index());
        let line = line_at(yaml, index);
        let message = self.refusal.take().unwrap_or_else(|| {
            let problem = error.to_string();
            // What follows is the position again and what the parser was doing meanwhile.
            let problem = match problem.split(" at line ").next().unwrap_or_default() {
                "did not find expected <document start>" => {
                    "this does not belong to the fields before it; check its indentation and quotes"
                }
                problem => problem,
            };
            format!("the front matter is not valid YAML: {problem}")
        });
        FrontMatterError::new(line, message)
    }
}

/// The line, counted from 1, in which the byte with this index is. Only `\n` counts: YAML
/// also ends lines where editors do not (U+2028, U+0085).
pub(super) fn line_at(text: &str, index: usize) -> usize {
    let line_ends = text.bytes().take(index).filter(|byte| *byte == b'\n').count();
    line_ends.saturating_add(1)
}

/// The error, or the one behind it. What cannot belong to the first value any more the parser
/// takes for a second document, which it refuses without a place and a reason; asking for
/// that document gives both.
pub(super) fn located(error: yaml_serde::Error, yaml: &str) -> yaml_serde::Error {
    if error.location().is_some() {
        return error;
    }
    yaml_serde::Deserializer::from_str(yaml)
        .nth(1)
        .and_then(|second| de::IgnoredAny::deserialize(second).err())
        .unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::super::tests::error;

    #[test]
    fn aliases_cannot_multiply_the_front_matter() {
        let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(error(&bomb).message.contains("too large"));
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(30_000), "*a,".repeat(10_000));
        assert!(error(&long).message.contains("too large"));
        assert!(error("a: &a [*a]").message.contains("nested deeper"));
        assert!(error(&"- ".repeat(30_000)).message.contains("nested deeper"));
    }
}
