//! What changed between two versions of a story, field by field; word by word where people write sentences.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::article::Article;
use crate::db::types::text_enum;

/// The members of a story that somebody writes, in the order in which they are compared.
pub const CONTENT: [&str; 20] = [
    "title",
    "slug",
    "summary",
    "body",
    "language",
    "type",
    "featured",
    "section",
    "authors",
    "byline",
    "source",
    "source_url",
    "credit_line",
    "usage_terms",
    "canonical_url",
    "tags",
    "dateline",
    "urgency",
    "image",
    "custom",
];

/// The members that are compared word by word.
const TEXTS: [&str; 3] = ["title", "summary", "body"];

/// Longest time for comparing all texts of one answer: hostile texts must not keep anybody waiting. What is not found by
/// then is told as removed and added.
const LONGEST: Duration = Duration::from_millis(300);

/// Longest texts that are compared word by word for one answer, all together, in bytes.
const LARGEST: usize = 2 * 1024 * 1024;

/// How much unchanged text is kept beside a change, in characters.
const BESIDE: usize = 40;

text_enum! {
    /// What became of some words.
    pub enum WordsBecame {
        /// They stayed.
        Same = "same",
        /// They were taken out.
        Removed = "removed",
        /// They were put in.
        Added = "added",
    }
}

/// Some words in a row that had the same fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Words {
    /// What became of them.
    pub op: WordsBecame,
    /// The words, with the spaces between them.
    pub text: String,
}

/// One member that changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// Which member.
    pub field: &'static str,
    /// What it was; only for members that are not compared word by word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Value)]
    pub before: Option<Value>,
    /// What it is; only for members that are not compared word by word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Value)]
    pub after: Option<Value>,
    /// The text, word by word; only for `title`, `summary` and `body`, and not when the
    /// texts of the whole answer are longer than 2 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub words: Option<Vec<Words>>,
    /// The same to read: `the [-old-]{+new+} word`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub text: Option<String>,
}

/// What an answer may cost: shared by all its comparisons, so that many of them cost no more than one.
#[derive(Debug)]
pub struct Budget {
    /// Longest time for one text.
    time: Duration,
    /// Bytes that are left.
    bytes: usize,
}

impl Budget {
    /// For an answer with this many comparisons.
    pub fn of(comparisons: usize) -> Budget {
        let texts = u32::try_from(comparisons * TEXTS.len()).unwrap_or(u32::MAX).max(1);
        Budget { time: LONGEST / texts, bytes: LARGEST }
    }

    /// Takes what two texts need; `false` when there is not so much left.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }
}

/// How much of what did not change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// All of it.
    Whole,
    /// Some words beside each change, `…` for the rest.
    Shortened,
}

/// The members of a story that somebody writes.
pub fn content(article: &Article) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(article) else { return Map::new() };
    members.retain(|name, _| CONTENT.contains(&name.as_str()));
    members
}

/// What changed from one version to the other.
pub fn changes(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    unchanged: Unchanged,
    budget: &mut Budget,
) -> Vec<Change> {
    let nothing = Value::Null;
    let pairs = CONTENT.iter().map(|field| {
        let value = |members: &Map<String, Value>| members.get(*field).cloned().unwrap_or(nothing.clone());
        (*field, value(before), value(after))
    });
    let changed = pairs.filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| change(field, (before, after), unchanged, budget)).collect()
}

fn change(field: &'static str, (before, after): (Value, Value), unchanged: Unchanged, budget: &mut Budget) -> Change {
    let nothing = Change { field, before: None, after: None, words: None, text: None };
    if !TEXTS.contains(&field) {
        return Change { before: Some(before), after: Some(after), ..nothing };
    }
    let (before, after) = (before.as_str().unwrap_or_default(), after.as_str().unwrap_or_default());
    if !budget.take(before.len() + after.len()) {
        return nothing;
    }
    let whole = words(before, after, budget.time);
    let short: Vec<Words> = whole.iter().enumerate().map(|(index, one)| shortened(one, index, whole.len())).collect();
    let text = short.iter().map(marked).collect();
    let told = if unchanged == Unchanged::Whole { whole } else { short };
    Change { words: Some(told), text: Some(text), ..nothing }
}

/// The words of both texts, in order: without what was added it is the first, without what was removed the second.
fn words(before: &str, after: &str, longest: Duration) -> Vec<Words> {
    let difference = TextDiff::configure().timeout(longest).diff_unicode_words(before, after);
    let mut runs: Vec<Words> = Vec::new();
    for change in difference.iter_all_changes() {
        let op = match change.tag() {
            ChangeTag::Equal => WordsBecame::Same,
            ChangeTag::Delete => WordsBecame::Removed,
            ChangeTag::Insert => WordsBecame::Added,
        };
        match runs.last_mut().filter(|last| last.op == op) {
            Some(last) => last.text.push_str(change.value()),
            None => runs.push(Words { op, text: change.value().to_owned() }),
        }
    }
    runs
}

/// The same run without the middle of what did not change, or without its outer end at the edges of the text.
fn shortened(run: &Words, index: usize, runs: usize) -> Words {
    let length = run.text.chars().count();
    if run.op != WordsBecame::Same || length <= 2 * BESIDE {
        return run.clone();
    }
    let head = if index == 0 { String::new() } else { run.text.chars().take(BESIDE).collect() };
    let tail: String = if index + 1 == runs { String::new() } else { run.text.chars().skip(length - BESIDE).collect() };
    Words { op: run.op, text: format!("{head}…{tail}") }
}

fn marked(run: &Words) -> String {
    match run.op {
        WordsBecame::Same => run.text.clone(),
        WordsBecame::Removed => format!("[-{}-]", run.text),
        WordsBecame::Added => format!("{{+{}+}}", run.text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn without(runs: &[Words], op: WordsBecame) -> String {
        runs.iter().filter(|run| run.op != op).map(|run| run.text.as_str()).collect()
    }

    #[test]
    fn a_sentence_is_compared_word_by_word_and_the_rest_whole() {
        let members = |value: Value| value.as_object().unwrap().clone();
        let before = members(json!({"title": "Vote on Tuesday at noon", "featured": false, "tags": []}));
        let after = members(json!({"title": "Vote on Wednesday at noon", "featured": true, "tags": []}));
        let changes = changes(&before, &after, Unchanged::Whole, &mut Budget::of(1));
        assert_eq!(changes.iter().map(|change| change.field).collect::<Vec<_>>(), ["title", "featured"]);
        assert_eq!(changes[0].text.as_deref(), Some("Vote on [-Tuesday-]{+Wednesday+} at noon"));
        assert_eq!((&changes[1].before, &changes[1].after), (&Some(json!(false)), &Some(json!(true))));
    }

    #[test]
    fn long_unchanged_text_is_shortened_and_hostile_text_is_not_waited_for() {
        let long = "one two three ".repeat(100);
        let (before, after) = (format!("{long}old{long}"), format!("{long}new{long}"));
        let change = change("body", (json!(before), json!(after)), Unchanged::Shortened, &mut Budget::of(1));
        assert!(change.text.as_ref().unwrap().len() < 200, "{change:?}");
        let hostile = |seed: u64| (0..90_000_u64).map(|n| format!("{} ", (n * seed) % 7919)).collect::<String>();
        let (before, after) = (hostile(31), hostile(37));
        let runs = words(&before, &after, LONGEST);
        assert_eq!((without(&runs, WordsBecame::Added), without(&runs, WordsBecame::Removed)), (before, after));
    }

    #[test]
    fn many_comparisons_cost_no_more_than_one() {
        let text = |word: &str| json!({ "body": word.repeat(LARGEST / 4) }).as_object().unwrap().clone();
        let mut budget = Budget::of(20);
        let compare = |budget: &mut Budget| changes(&text("a "), &text("b "), Unchanged::Shortened, budget);
        let told = |changes: Vec<Change>| changes.len() == 1 && changes[0].words.is_some();
        assert!(told(compare(&mut budget)) && !told(compare(&mut budget)));
        assert_eq!(Budget::of(20).time * 60, LONGEST);
    }

    proptest! {
        #[test]
        fn the_words_make_both_texts(before in "[a-d .“”é\n]{0,80}", after in "[a-d .“”é\n]{0,80}") {
            let runs = words(&before, &after, LONGEST);
            prop_assert_eq!(without(&runs, WordsBecame::Added), before);
            prop_assert_eq!(without(&runs, WordsBecame::Removed), after);
        }
    }
}
