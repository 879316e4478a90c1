//! What is written: every answer means that the disk has it.

use serde_json::json;

use super::{NEWEST, Stage, address_of};
use crate::Result;
use crate::load::Work;
use crate::machine::{self, Place};
use crate::measure::{Contestant, Sample, compare, server};
use crate::report::Line;

/// Of a bare insert and flush.
const TARGET_ONE: f64 = 0.5;

/// Times the rate of one client.
const TARGET_MANY: f64 = 3.0;
const MANY: usize = 16;

/// Of the rate of reads alone, and milliseconds.
const TARGET_MIXED: f64 = 0.5;
const TARGET_MIXED_P99: f64 = 20.0;
const MIXED: usize = 32;

/// One request in twenty is a write.
const ONE_WRITE_IN: usize = 20;

/// Stories that everybody reads and the desk works on.
const POPULAR: usize = 50;

/// Texts of new stories; each gets another title every time.
const NEW_STORIES: usize = 200;

pub fn create(stage: &Stage) -> Result<Vec<Line>> {
    let (_folder, dateline) = stage.newsroom.copy()?;
    let ours = dateline.serve(&[])?;
    let work = |connections| Work {
        writes: (0..NEW_STORIES).map(|number| new_story(stage, number)).collect(),
        one_write_in: 1,
        connections,
        ..Work::default()
    };
    let token = ours.sign_in()?;
    let works = [1, MANY].map(|connections| Work { write_headers: writing(&token), ..work(connections) });
    let [one, many] = works.each_ref().map(|work| server(&stage.driver, &ours, work, stage.plan));
    let [one, many, reference] = compare(stage.plan, [one, many, inserts(stage)])?;
    Ok(vec![
        Line::at_least("create a story, durable, one client", (&one, &reference), TARGET_ONE),
        Line::at_least(format!("create a story, durable, {MANY} clients, against one"), (&many, &one), TARGET_MANY),
    ])
}

pub fn mixed(stage: &Stage) -> Result<Vec<Line>> {
    let (_folder, dateline) = stage.newsroom.copy()?;
    let ours = dateline.serve(&[])?;
    let archive = &stage.newsroom.archive;
    let popular: Vec<String> = (1..=POPULAR)
        .filter_map(|back| Some(address_of(&archive.slug(archive.stories().checked_sub(back)?))))
        .collect();
    let mut reads = popular.clone();
    reads.push(NEWEST.to_owned());
    let reading = Work::reading(reads, MIXED);
    let token = ours.sign_in()?;
    let mut writes = Vec::new();
    for (number, story) in popular.iter().enumerate() {
        writes.push(new_story(stage, number));
        writes.push(("PATCH".to_owned(), story.clone(), json!({ "summary": "Said anew: @@." }).to_string()));
        writes.push(("POST".to_owned(), format!("{story}/publish"), "{}".to_owned()));
    }
    let mixed = Work { writes, one_write_in: ONE_WRITE_IN, write_headers: writing(&token), ..reading.clone() };
    let contestants = [&mixed, &reading].map(|work| server(&stage.driver, &ours, work, stage.plan));
    let [mixed, reading] = compare(stage.plan, contestants)?;
    Ok(vec![
        Line::at_least("95 % reads, 5 % writes, against reads alone", (&mixed, &reading), TARGET_MIXED),
        Line::value("95 % reads, 5 % writes, p99", mixed.p99, "ms", TARGET_MIXED_P99),
    ])
}

/// A story whose title nobody used before.
fn new_story(stage: &Stage, number: usize) -> (String, String, String) {
    let mut story = stage.newsroom.archive.new_story(number);
    story["title"] = json!(format!("{} @@", story["title"].as_str().unwrap_or_default()));
    ("POST".to_owned(), NEWEST.to_owned(), story.to_string())
}

fn writing(token: &(String, String)) -> Vec<(String, String)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![token.clone(), header("Content-Type", "application/json"), header("If-Match", "*")]
}

/// The bare loop of inserts, on the same disk.
fn inserts(stage: &Stage) -> Contestant<'_> {
    Box::new(|| {
        let folder = tempfile::tempdir_in(&stage.folder)?;
        let own = std::env::current_exe()?;
        let mut command = machine::pinned(&own.to_string_lossy(), Place::Server);
        let file = folder.path().join("inserts.db");
        let output = command.args(["reference", "inserts"]).arg(file).arg(stage.plan.seconds.to_string()).output()?;
        match output.status.success() {
            true => Ok(Sample::of_load(serde_json::from_slice(&output.stdout)?)),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    })
}
