//! How much there is of it: time to start, memory, bytes.

use std::fs;
use std::time::Duration;

use super::{NEWEST, Stage};
use crate::Result;
use crate::load::Work;
use crate::machine;
use crate::measure::Spread;
use crate::program::Dateline;
use crate::report::Line;

/// Milliseconds.
const TARGET_START: f64 = 100.0;

/// MB.
const TARGET_IDLE: f64 = 30.0;
const TARGET_LOADED: f64 = 120.0;
const TARGET_BINARY: f64 = 35.0;

/// Until whatever a start does besides has been done.
const SETTLED: Duration = Duration::from_secs(2);

/// Connections of the load that shows how much memory is needed.
const CONNECTIONS: usize = 64;

pub fn start(stage: &Stage) -> Result<Vec<Line>> {
    let (mut starts, mut idle, mut loaded) = (Vec::new(), Vec::new(), Vec::new());
    let mut reads: Vec<String> = super::cold::random_stories(&stage.newsroom).reads;
    reads.extend(super::cold::lists_of_tags(&stage.newsroom).reads);
    reads.push(NEWEST.to_owned());
    let load = Work::reading(reads, CONNECTIONS);
    for _ in 0..stage.plan.rounds {
        let ours = stage.hot()?;
        starts.push(ours.started_in().as_secs_f64() * 1e3);
        std::thread::sleep(SETTLED);
        idle.push(machine::memory(ours.process(), "VmRSS")?);
        stage.driver.run(ours.address(), &load, stage.plan.seconds)?;
        loaded.push(machine::memory(ours.process(), "VmHWM")?);
    }
    let stories = stage.newsroom.archive.stories();
    Ok(vec![
        Line::value(format!("start to first 200 on {stories} stories"), Spread::of(starts), "ms", TARGET_START),
        Line::value("idle memory", Spread::of(idle), "MB", TARGET_IDLE),
        Line::value(format!("most memory, {CONNECTIONS} connections"), Spread::of(loaded), "MB", TARGET_LOADED),
    ])
}

pub fn binary(_: &Stage) -> Result<Vec<Line>> {
    let megabytes = fs::metadata(Dateline::binary())?.len() as f64 / 1e6;
    Ok(vec![Line::value("release binary, stripped", Spread::of(vec![megabytes]), "MB", TARGET_BINARY)])
}
