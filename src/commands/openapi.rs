//! `dateline openapi`: the document of the API, for the repository and for tools.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandError;
use crate::openapi;

/// Print the OpenAPI document of the API.
#[derive(Debug, Args)]
pub struct Openapi {
    /// Write it to this file instead.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Fail when this file is not the document of this version.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl Openapi {
    /// Prints, writes or compares it.
    pub fn run(self) -> Result<(), CommandError> {
        let text = openapi::document(None).to_pretty_json();
        let mut text = text.map_err(|error| CommandError::Other(format!("the document cannot be written: {error}")))?;
        text.push('\n');
        match (self.out, self.check) {
            (Some(file), _) => fs::write(&file, text).map_err(|error| refuse(&file, &error)),
            (None, Some(file)) => {
                let kept = fs::read_to_string(&file).map_err(|error| refuse(&file, &error))?;
                if kept == text { Ok(()) } else { Err(stale(&file)) }
            }
            (None, None) => {
                // A reader that has seen enough (`| head`) is no fault.
                let _ = std::io::stdout().write_all(text.as_bytes());
                Ok(())
            }
        }
    }
}

fn refuse(file: &Path, error: &std::io::Error) -> CommandError {
    CommandError::Other(format!("{}: {error}", file.display()))
}

fn stale(file: &Path) -> CommandError {
    let file = file.display();
    CommandError::Other(format!("{file} is not the document of this version. Run: dateline openapi --out {file}"))
}
