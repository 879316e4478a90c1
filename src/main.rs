//! Parses the command line, runs the command, and turns its end into an exit code.

use std::process::ExitCode;

use dateline::commands::Cli;

fn main() -> ExitCode {
    match Cli::from_command_line().and_then(Cli::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// One line, whatever a library said in several.
fn fail(reason: &str) -> ExitCode {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    eprintln!("dateline: {reason}");
    ExitCode::FAILURE
}
