//! What can be asked for.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::Result;
use super::measure::Plan;
use super::reference::Reference;
use super::rows::ROWS;

/// What is measured only when it is asked for by name, because its newsroom takes long to make.
const ON_REQUEST: &str = "million";

/// Measure Dateline side by side with bare references, and print a table in Markdown
///
/// The newsroom is made from a seed through dateline import and kept for the next run. Server and load run on two
/// different cores where there are two. Needs wrk.
#[derive(Debug, Parser)]
#[command(name = "newsroom", max_term_width = 110, after_help = rows_help())]
pub struct Options {
    /// Only these rows, separated by commas. Default: all but million.
    #[arg(long, value_name = "ROW", value_delimiter = ',')]
    only: Vec<String>,

    /// How often each contestant is measured; the table has the median.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    rounds: u64,

    /// How long each of these measurements is, in seconds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,

    /// Stories in the newsroom.
    #[arg(long, default_value_t = 10_000)]
    pub stories: usize,

    /// A PostgreSQL database for the newsroom: empty, or filled by an earlier run. Default: a SQLite file.
    #[arg(long, value_name = "postgres://…")]
    pub database: Option<String>,

    /// Where newsrooms are kept.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/newsroom"))]
    pub folder: PathBuf,

    /// What the archive is made from: the same stories for the same number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Said by cargo bench, and not by cargo test.
    #[arg(long, hide = true)]
    pub bench: bool,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What Dateline is held against; started by the benchmark itself.
    #[command(subcommand, hide = true)]
    Reference(Reference),
}

impl Options {
    /// The names of the rows that were asked for.
    pub fn rows(&self) -> Result<Vec<&str>> {
        let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        if let Some(wrong) = self.only.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("{wrong} is no row; there are {}", known.join(", ")).into());
        }
        match self.only.is_empty() {
            true => Ok(known.into_iter().filter(|name| *name != ON_REQUEST).collect()),
            false => Ok(self.only.iter().map(String::as_str).collect()),
        }
    }

    /// How long and how often.
    pub fn plan(&self) -> Plan {
        Plan { rounds: self.rounds as usize, seconds: self.seconds }
    }

    /// One line about this run, for the report.
    pub fn about(&self) -> String {
        let database = if self.database.is_some() { "PostgreSQL" } else { "SQLite" };
        let Options { stories, seed, rounds, seconds, .. } = self;
        format!(
            "{stories} stories (seed {seed}) on {database}; median (lowest–highest) of {rounds} rounds of {seconds} s."
        )
    }
}

fn rows_help() -> String {
    let line = |row: &super::rows::Row| format!("  {:<14}{}", row.name, row.about);
    format!("Rows:\n{}", ROWS.iter().map(line).collect::<Vec<_>>().join("\n"))
}
