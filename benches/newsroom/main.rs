//! How fast Dateline is, side by side with what could be had at most: `cargo bench --bench newsroom -- --help`.
//!
//! Everything runs on this machine and speaks over the loopback interface only. The load comes from wrk.

#![allow(missing_docs, reason = "nobody imports a benchmark")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may stop with a word")]

mod data;
mod http;
mod load;
mod machine;
mod measure;
mod newsroom;
mod options;
mod program;
mod random;
mod reference;
mod report;
mod rows;
mod rows_file;

use std::fs;
use std::process::ExitCode;

use clap::Parser;

use load::Driver;
use newsroom::Newsroom;
use options::{Command, Options};
use report::Line;
use rows::{ROWS, Stage};

/// Whatever goes wrong is said in a line, and ends the run.
type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let options = Options::parse();
    let ended = match &options.command {
        Some(Command::Reference(reference)) => reference.run(),
        None if options.bench => run(&options),
        None => {
            println!("measured only by: cargo bench --bench newsroom");
            Ok(())
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("newsroom: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let chosen = options.rows()?;
    fs::create_dir_all(&options.folder)?;
    let folder = options.folder.canonicalize()?;
    let newsroom = Newsroom::open(&folder, options.seed, options.stories, options.database.as_deref())?;
    let about = options.about();
    let stage = Stage {
        newsroom,
        driver: Driver::new()?,
        plan: options.plan(),
        folder,
        seed: options.seed,
        scratch: tempfile::tempdir()?,
    };
    report::begin(&machine::description(), &about);
    let mut failed = Vec::new();
    for row in ROWS.iter().filter(|row| chosen.contains(&row.name)) {
        // The next row is not about what was wrong with this one.
        let lines = (row.run)(&stage).unwrap_or_else(|error| {
            failed.push(row.name);
            vec![Line::not_measured(row.name, &error.to_string())]
        });
        lines.iter().for_each(report::add);
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not measured: {}", failed.join(", ")).into()) }
}
