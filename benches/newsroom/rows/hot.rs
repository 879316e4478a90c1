//! What everybody reads: the same answer again and again.

use super::{CONNECTIONS, NEWEST, Stage, address_of, expect};
use crate::Result;
use crate::load::Work;
use crate::measure::{compare, server};
use crate::report::Line;

/// Of a bare server with the same bytes.
const TARGET: f64 = 0.85;

/// Of a bare server's 304.
const TARGET_NOT_MODIFIED: f64 = 0.9;

pub fn story(stage: &Stage) -> Result<Vec<Line>> {
    plain_and_compressed(stage, "one story by slug, hot", &a_story(stage))
}

pub fn list(stage: &Stage) -> Result<Vec<Line>> {
    plain_and_compressed(stage, "list of 20 newest, hot", NEWEST)
}

pub fn not_modified(stage: &Stage) -> Result<Vec<Line>> {
    let story = a_story(stage);
    let mut lines = Vec::new();
    for (work, path) in [("one story, If-None-Match", story.as_str()), ("list of 20 newest, If-None-Match", NEWEST)] {
        let ours = stage.hot()?;
        let answer = expect(&ours, path, &[], 200)?;
        let tag = answer.header("etag").ok_or("an answer without an ETag")?;
        let reference = stage.serve_from_memory(&answer)?;
        for server in [&ours, &reference] {
            expect(server, path, &[("If-None-Match", tag)], 304)?;
        }
        let load = Work::reading(vec![path.to_owned()], CONNECTIONS).with("If-None-Match", tag);
        let contestants = [&ours, &reference].map(|one| server(&stage.driver, one, &load, stage.plan));
        let [ours, reference] = compare(stage.plan, contestants)?;
        lines.push(Line::at_least(work, (&ours, &reference), TARGET_NOT_MODIFIED));
    }
    Ok(lines)
}

fn plain_and_compressed(stage: &Stage, work: &str, path: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for encoding in ["identity", "gzip", "br"] {
        let ours = stage.hot()?;
        let answer = expect(&ours, path, &[("Accept-Encoding", encoding)], 200)?;
        let bytes = answer.body.len();
        let reference = stage.serve_from_memory(&answer)?;
        let load = Work::reading(vec![path.to_owned()], CONNECTIONS).with("Accept-Encoding", encoding);
        let contestants = [&ours, &reference].map(|one| server(&stage.driver, one, &load, stage.plan));
        let [ours, reference] = compare(stage.plan, contestants)?;
        lines.push(Line::at_least(format!("{work}, {encoding} ({bytes} bytes)"), (&ours, &reference), TARGET));
    }
    Ok(lines)
}

fn a_story(stage: &Stage) -> String {
    address_of(&stage.newsroom.archive.slug(stage.newsroom.archive.stories() - 1))
}
