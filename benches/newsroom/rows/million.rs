//! The same reads on a hundred times as many stories.

use super::{CONNECTIONS, NEWEST, Stage, address_of, cold, expect, serve_cold};
use crate::Result;
use crate::load::Work;
use crate::measure::{compare, server};
use crate::newsroom::Newsroom;
use crate::program::Serving;
use crate::report::Line;

const MANY: usize = 1_000_000;

/// With the settings that everybody has.
const HOT: &str = "hot";

/// Times as long.
const TARGET: f64 = 1.5;

pub fn reads(stage: &Stage) -> Result<Vec<Line>> {
    let many = Newsroom::open(&stage.folder, stage.seed, MANY, None)?;
    let mut lines = Vec::new();
    for name in [HOT, "cache off"] {
        let serve = |newsroom: &Newsroom| match name {
            HOT => newsroom.dateline.serve(&[]),
            _ => serve_cold(&newsroom.dateline),
        };
        let (few_serving, many_serving) = (serve(&stage.newsroom)?, serve(&many)?);
        let works = works(name, &stage.newsroom, &few_serving)?.into_iter().zip(works(name, &many, &many_serving)?);
        for ((work, of_few), (_, of_many)) in works {
            expect(&many_serving, &of_many.reads[0], &[], 200)?;
            let contestants = [(&many_serving, &of_many), (&few_serving, &of_few)];
            let contestants = contestants.map(|(one, load)| server(&stage.driver, one, load, stage.plan));
            let [ours, other] = compare(stage.plan, contestants)?;
            let few = stage.newsroom.archive.stories();
            lines.push(Line::at_most(format!("{work}, {name}, {MANY} stories against {few}"), (&ours, &other), TARGET));
        }
    }
    Ok(lines)
}

fn works(setting: &str, newsroom: &Newsroom, serving: &Serving) -> Result<Vec<(&'static str, Work)>> {
    let reading = |paths: Vec<String>| Work::reading(paths, CONNECTIONS);
    if setting == HOT {
        let story = address_of(&newsroom.archive.slug(newsroom.archive.stories() - 1));
        return Ok(vec![("one story", reading(vec![story])), ("20 newest", reading(vec![NEWEST.to_owned()]))]);
    }
    Ok(vec![
        ("random story", cold::random_stories(newsroom)),
        ("20 newest", reading(vec![NEWEST.to_owned()])),
        ("random tag", cold::lists_of_tags(newsroom)),
        ("cursor page 450", reading(vec![cold::deep_page(serving)?])),
        ("page=450", reading(vec![cold::deep_page_by_number()])),
    ])
}
