//! A question to the index, in the words of either database. Every word is quoted, so that none is taken for syntax.

use super::{EVERYWHERE, OF_TITLE, lexeme};

/// Words that stand next to each other, in this order.
pub type Phrase = Vec<String>;

/// What is looked for. With neither, every text is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Of each of these, one phrase must be there.
    pub all: Vec<Vec<Phrase>>,
    /// None of these may be there.
    pub none: Vec<Phrase>,
}

impl Question {
    /// The same question about headlines only. What must not be there, must not be anywhere.
    pub fn in_titles(&self) -> Question {
        let of_title = |phrase: &Phrase| phrase.iter().map(|word| format!("{OF_TITLE}{word}")).collect();
        let all = self.all.iter().map(|any| any.iter().map(of_title).collect()).collect();
        Question { all, none: self.none.clone() }
    }

    /// As FTS5 reads it: `("a" OR "b c") AND "d" NOT "e"`.
    pub(super) fn for_fts5(&self) -> String {
        let phrase = |phrase: &Phrase| format!("\"{}\"", phrase.join(" ").replace('"', "\"\""));
        let any = |phrases: &[Phrase]| phrases.iter().map(phrase).collect::<Vec<_>>().join(" OR ");
        let mut all: Vec<String> = self.all.iter().map(|phrases| format!("({})", any(phrases))).collect();
        if all.is_empty() {
            all.push(format!("\"{EVERYWHERE}\""));
        }
        let all = all.join(" AND ");
        if self.none.is_empty() { all } else { format!("({all}) NOT ({})", any(&self.none)) }
    }

    /// As PostgreSQL reads a tsquery: `('a' | 'b' <-> 'c') & 'd' & !'e'`.
    pub(super) fn for_tsquery(&self) -> String {
        let phrase = |phrase: &Phrase| {
            let words: Vec<String> = phrase.iter().map(|word| lexeme(word)).collect();
            format!("({})", words.join(" <-> "))
        };
        let any = |phrases: &Vec<Phrase>| {
            let phrases: Vec<String> = phrases.iter().map(phrase).collect();
            format!("({})", phrases.join(" | "))
        };
        let mut all: Vec<String> = self.all.iter().map(any).collect();
        if all.is_empty() {
            all.push(lexeme(EVERYWHERE));
        }
        all.extend(self.none.iter().map(|one| format!("!{}", phrase(one))));
        all.join(" & ")
    }
}
