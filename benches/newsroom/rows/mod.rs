//! What is measured: one function for each row of the table of targets.

mod cold;
mod hot;
mod million;
mod search;
mod size;
mod writes;

use std::fs;
use std::path::PathBuf;

use super::Result;
use super::http::Answer;
use super::load::Driver;
use super::measure::Plan;
use super::newsroom::Newsroom;
use super::program::{Dateline, Serving};
use super::report::Line;

/// Connections of the readers.
const CONNECTIONS: usize = 16;

/// The front page: the twenty newest stories.
const NEWEST: &str = "/v1/articles";

/// What can be measured by itself.
pub struct Row {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Measures it.
    pub run: fn(&Stage) -> Result<Vec<Line>>,
}

/// Every row, in the order of the table.
pub const ROWS: [Row; 12] = [
    Row { name: "story-hot", about: "one story by slug, hot; plain, gzip, br", run: hot::story },
    Row { name: "list-hot", about: "list of the 20 newest, hot; plain, gzip, br", run: hot::list },
    Row { name: "not-modified", about: "both of them with If-None-Match", run: hot::not_modified },
    Row { name: "story-cold", about: "a random story, cache off", run: cold::story },
    Row { name: "list-cold", about: "newest stories of a random tag, cache off", run: cold::list },
    Row { name: "deep", about: "page 450 by cursor and by number, cache off", run: cold::deep },
    Row { name: "search", about: "two words, 20 hits with snippets and facets", run: search::two_words },
    Row { name: "create", about: "a story with 4 tags, durable; 1 and 16 clients", run: writes::create },
    Row { name: "mixed", about: "95 % reads, 5 % writes, 32 connections", run: writes::mixed },
    Row { name: "start", about: "start to first 200, memory idle and under load", run: size::start },
    Row { name: "binary", about: "size of the release binary", run: size::binary },
    Row {
        name: "million",
        about: "reads at 1,000,000 stories against 10,000; only when asked for",
        run: million::reads,
    },
];

/// What all rows work with.
pub struct Stage {
    /// The stories.
    pub newsroom: Newsroom,
    /// The load.
    pub driver: Driver,
    /// How long and how often.
    pub plan: Plan,
    /// Where newsrooms are kept.
    pub folder: PathBuf,
    /// What the archive is made from.
    pub seed: u64,
    /// For what references are told.
    pub scratch: tempfile::TempDir,
}

impl Stage {
    /// The server as anybody would start it.
    fn hot(&self) -> Result<Serving> {
        self.newsroom.dateline.serve(&[])
    }

    /// The server without its cache of answers.
    fn cold(&self) -> Result<Serving> {
        serve_cold(&self.newsroom.dateline)
    }

    /// A server that sends this answer, whatever is asked.
    fn serve_from_memory(&self, answer: &Answer) -> Result<Serving> {
        Serving::reference(&["memory", &self.keep(answer)?], "/")
    }

    /// A server that sends rows of finished answers, with the headers of this one.
    fn serve_from_rows(&self, answer: &Answer, ours: &Serving) -> Result<Serving> {
        let rows = self.newsroom.rows(ours)?;
        let first = format!("/v1/articles/{}", self.newsroom.archive.slug(0));
        Serving::reference(&["rows", &self.keep(answer)?, &rows.to_string_lossy()], &first)
    }

    fn keep(&self, answer: &Answer) -> Result<String> {
        let path = self.scratch.path().join("answer.json");
        fs::write(&path, serde_json::to_vec(answer)?)?;
        Ok(path.to_string_lossy().into_owned())
    }
}

fn serve_cold(dateline: &Dateline) -> Result<Serving> {
    dateline.serve(&[("DATELINE_CACHE_MB", "0")])
}

fn address_of(slug: &str) -> String {
    format!("/v1/articles/{slug}")
}

/// The answer, when it has this status: what fails would be measured as fast.
fn expect(serving: &Serving, path: &str, headers: &[(&str, &str)], status: u16) -> Result<Answer> {
    let answer = serving.get(path, headers)?;
    match answer.status == status {
        true => Ok(answer),
        false => {
            Err(format!("{path}: {} instead of {status}: {}", answer.status, String::from_utf8_lossy(&answer.body))
                .into())
        }
    }
}
