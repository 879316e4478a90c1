//! What a list holds of each story beyond the usual, because `fields` names it.

use crate::http::projection::{Projected, Projection};

/// Parts of a story that lists leave out unless they are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extras {
    /// The text, as Markdown and as HTML.
    pub body: bool,
    /// The beginning of the text, up to this many characters.
    pub excerpt: Option<usize>,
    /// The public notes.
    pub corrections: bool,
}

impl Extras {
    /// What these fields name.
    pub fn of<T: Projected>(fields: Option<&Projection<T>>) -> Extras {
        let Some(fields) = fields else { return Extras::default() };
        Extras {
            body: fields.names("body") || fields.names("body_html"),
            excerpt: fields.size("excerpt"),
            corrections: fields.names("corrections"),
        }
    }

    /// Whether the text has to be loaded.
    pub fn needs_text(self) -> bool {
        self.body || self.excerpt.is_some()
    }
}
