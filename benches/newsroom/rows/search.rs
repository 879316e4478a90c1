//! Search.

use serde_json::Value;

use super::{Stage, expect};
use crate::Result;
use crate::load::Work;
use crate::measure::{compare, server};
use crate::report::Line;

/// Questions that are asked in turn.
const QUESTIONS: usize = 500;

/// Milliseconds for half of the answers, up to 100,000 stories and above.
const TARGET: f64 = 3.0;
const TARGET_OF_MANY: f64 = 30.0;

pub fn two_words(stage: &Stage) -> Result<Vec<Line>> {
    let ours = stage.cold()?;
    let questions = stage.newsroom.archive.searches(QUESTIONS);
    let reads = questions.iter().map(|words| format!("/v1/search?q={}", words.replace(' ', "+"))).collect();
    // One after the other: this is about how long a search takes, not about how many there are.
    let load = Work::reading(reads, 1);
    let answer: Value = serde_json::from_slice(&expect(&ours, &load.reads[0], &[], 200)?.body)?;
    if !answer["facets"].is_object() {
        return Err("a search without facets would be measured as fast".into());
    }
    let [figures] = compare(stage.plan, [server(&stage.driver, &ours, &load, stage.plan)])?;
    let target = if stage.newsroom.archive.stories() > 100_000 { TARGET_OF_MANY } else { TARGET };
    Ok(vec![Line::value("search, two words, 20 hits with snippets and facets, p50", figures.p50, "ms", target)])
}
