//! `dateline openapi`: the document of the API, for the repository and for tools.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

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
                let wrong = |what: String| CommandError::Other(format!("{what}. Run: {}", mend(&file)));
                let kept = fs::read_to_string(&file).map_err(|error| wrong(refuse(&file, &error).to_string()))?;
                if !is_document(&kept) {
                    let what = format!("{} is no OpenAPI document; was another file meant?", file.display());
                    return Err(CommandError::Other(what));
                }
                if kept != text {
                    return Err(wrong(format!("{} is not the document of this version", file.display())));
                }
                println!("{} is the document of this version", file.display());
                Ok(())
            }
            (None, None) => {
                // A reader that has seen enough (`| head`) is no fault.
                let _ = std::io::stdout().write_all(text.as_bytes());
                Ok(())
            }
        }
    }
}

/// Whether what would be overwritten to mend it is one at all, of whatever version.
fn is_document(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|json| json.get("openapi").is_some())
}

fn refuse(file: &Path, error: &std::io::Error) -> CommandError {
    CommandError::Other(format!("{}: {error}", file.display()))
}

/// The command that makes the file what it should be.
fn mend(file: &Path) -> String {
    format!("dateline openapi --out {}", file.display())
}
