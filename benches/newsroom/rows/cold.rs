//! What has to be asked of the database: no answer is kept.

use serde_json::Value;

use super::{CONNECTIONS, NEWEST, Stage, address_of, expect};
use crate::Result;
use crate::load::Work;
use crate::measure::{compare, server};
use crate::newsroom::Newsroom;
use crate::program::Serving;
use crate::report::Line;

/// Of a bare server that reads finished rows.
const TARGET_STORY: f64 = 0.6;
const TARGET_LIST: f64 = 0.25;

/// Times as long as the first page.
const TARGET_CURSOR: f64 = 1.2;
const TARGET_NUMBER: f64 = 2.0;

/// How deep is deep, in pages of twenty.
const DEEP: usize = 450;

pub fn story(stage: &Stage) -> Result<Vec<Line>> {
    let load = random_stories(&stage.newsroom);
    against_rows(stage, "random story, cache off", &load, TARGET_STORY)
}

pub fn list(stage: &Stage) -> Result<Vec<Line>> {
    let load = lists_of_tags(&stage.newsroom);
    against_rows(stage, "filtered list (random tag, newest first), cache off", &load, TARGET_LIST)
}

pub fn deep(stage: &Stage) -> Result<Vec<Line>> {
    let ours = stage.cold()?;
    let deep = deep_page(&ours)?;
    let works = [NEWEST.to_owned(), deep, deep_page_by_number()];
    for path in &works {
        expect(&ours, path, &[], 200)?;
    }
    let works = works.map(|path| Work::reading(vec![path], CONNECTIONS));
    let contestants = works.each_ref().map(|work| server(&stage.driver, &ours, work, stage.plan));
    let [first, by_cursor, by_number] = compare(stage.plan, contestants)?;
    Ok(vec![
        Line::at_most(format!("cursor page {DEEP} against page 1"), (&by_cursor, &first), TARGET_CURSOR),
        Line::at_most(format!("page={DEEP} against page 1"), (&by_number, &first), TARGET_NUMBER),
    ])
}

/// The reference always reads random stories, whatever ours does.
fn against_rows(stage: &Stage, work: &str, load: &Work, target: f64) -> Result<Vec<Line>> {
    let ours = stage.cold()?;
    let stories = random_stories(&stage.newsroom);
    let answer = expect(&ours, &stories.reads[0], &[], 200)?;
    let reference = stage.serve_from_rows(&answer, &ours)?;
    let contestants = [(&ours, load), (&reference, &stories)];
    let contestants = contestants.map(|(one, load)| server(&stage.driver, one, load, stage.plan));
    let [ours, reference] = compare(stage.plan, contestants)?;
    Ok(vec![Line::at_least(work, (&ours, &reference), target)])
}

/// Stories from all over the archive, one of them by chance each time.
pub fn random_stories(newsroom: &Newsroom) -> Work {
    Work::reading(newsroom.slugs().iter().map(|slug| address_of(slug)).collect(), CONNECTIONS)
}

/// The newest stories of each tag, popular or not.
pub fn lists_of_tags(newsroom: &Newsroom) -> Work {
    let tags = newsroom.archive.tags();
    Work::reading(tags.iter().map(|tag| format!("{NEWEST}?tag={tag}")).collect(), CONNECTIONS)
}

/// The address of a page that is reached by turning pages one by one.
pub fn deep_page(serving: &Serving) -> Result<String> {
    let mut path = NEWEST.to_owned();
    for page in 1..DEEP {
        let answer: Value = serde_json::from_slice(&expect(serving, &path, &[], 200)?.body)?;
        let cursor = answer["next"].as_str().ok_or_else(|| format!("there are only {page} pages"))?;
        path = format!("{NEWEST}?cursor={cursor}");
    }
    Ok(path)
}

/// The address of the same page by its number.
pub fn deep_page_by_number() -> String {
    format!("{NEWEST}?page={DEEP}")
}
