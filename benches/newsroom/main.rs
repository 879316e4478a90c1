//! How fast Dateline is, side by side with what could be had at most: `cargo bench --bench newsroom -- --help`.
//!
//! Everything runs on this machine and speaks over the loopback interface only. The load comes from wrk.

#![allow(missing_docs, reason = "nobody imports a benchmark")]
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a benchmark may stop with a word")]

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
    for row in ROWS.iter().filter(|row| chosen.contains(&row.name)) {
        for line in (row.run)(&stage).map_err(|error| format!("{}: {error}", row.name))? {
            report::add(&line);
        }
    }
    Ok(())
}
