//! What the environment says: the file `.env`, and variables that are mistyped or hold what cannot be read. Each is named as
//! the person wrote it, because a library would name the flag that they never used.

use std::env;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

use super::CommandError;

/// What the name of every setting begins with.
const PREFIX: &str = "DATELINE_";

/// Reads the file `.env` of this folder, or of the nearest one above it that has one. What is set already stays.
///
/// Errors: the file, the line, and what is wrong with it; never what stands there, which may be a secret.
pub fn read_file() -> Result<(), CommandError> {
    let Some(file) = nearest_file() else { return Ok(()) };
    let name = file.display();
    dotenvy::from_path(&file).map_err(|error| match error {
        dotenvy::Error::LineParse(text, _) => CommandError::Other(match line_of(&file, &text) {
            Some((number, line)) => format!("{name}, line {number}: {}", what_is_wrong(&line)),
            None => format!("{name}: {}", what_is_wrong(&text)),
        }),
        error => CommandError::Other(format!("{name} cannot be read: {error}")),
    })
}

fn nearest_file() -> Option<PathBuf> {
    let folder = env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join(".env")).find(|file| file.is_file())
}

/// The line of the file that this is, or is the end of, and its number from 1.
fn line_of(file: &Path, text: &str) -> Option<(usize, String)> {
    let first = text.lines().next()?.trim_end();
    let whole = fs::read_to_string(file).ok()?;
    let mut lines = (1..).zip(whole.lines());
    let (number, line) = lines.find(|(_, line)| line.trim_end().ends_with(first))?;
    Some((number, line.to_owned()))
}

fn what_is_wrong(text: &str) -> &'static str {
    let is_name = |name: &str| {
        let name = name.trim().trim_start_matches("export ").trim();
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    };
    match text.split_once('=') {
        None => "there is no =; write NAME=value, or begin the line with # when it is a comment",
        Some((name, _)) if !is_name(name) => {
            "what stands before the = is no name; write NAME=value, such as DATELINE_BIND=127.0.0.1:8080"
        }
        Some(_) => {
            "the value has a space, a quote or a backslash that does not stand in quotes, or a quote that does not end; \
             write NAME='value'"
        }
    }
}

/// What clap could not read, when it stands in a variable; `None` when it was typed.
pub fn blame(error: &clap::Error, command: &Command) -> Option<CommandError> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = shown.split([' ', '=']).next()?.strip_prefix("--")?.to_owned();
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some(&flag))?;
    let is_typed = env::args_os().any(|typed| is_flag(&typed.to_string_lossy(), &flag));
    let variable = argument.get_env()?.to_str()?;
    let value = env::var(variable).ok().filter(|_| !is_typed)?;
    let reason = match error.source() {
        Some(reason) => reason.to_string(),
        None => format!("must be {}", allowed(argument).join(" or ")),
    };
    Some(CommandError::Other(format!("{variable} has {value:?} and {reason}")))
}

fn is_flag(typed: &str, flag: &str) -> bool {
    typed.strip_prefix("--").and_then(|typed| typed.split('=').next()) == Some(flag)
}

fn allowed(argument: &Arg) -> Vec<String> {
    argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// Refuses a variable that looks like a setting and is none: a mistyped address of a database would otherwise start an
/// empty newsroom on SQLite.
pub fn refuse_mistyped(command: &Command) -> Result<(), CommandError> {
    let known: Vec<&str> = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match names.filter(|name| name.starts_with(PREFIX)).find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let near = near(&name, &known).map_or(".".to_owned(), |near| format!("; did you mean {near}?"));
            Err(CommandError::Other(format!(
                "{name} is set and is not a setting{near} See .env.example for all of them"
            )))
        }
    }
}

/// The setting that was meant, when one is near: a letter in five is wrong, or a word is missing. What all names have in
/// common makes none of them near.
fn near<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let own = |name: &str| name.trim_start_matches(PREFIX).to_owned();
    let name = own(name);
    let typos = |candidate: &str| strsim::osa_distance(&name, &own(candidate));
    let nearest = known.iter().copied().min_by_key(|candidate| typos(candidate))?;
    if typos(nearest) <= name.chars().count().div_ceil(5) {
        return Some(nearest);
    }
    known.iter().copied().find(|candidate| own(candidate).starts_with(&format!("{name}_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_offered() {
        let known = ["DATELINE_DATABASE_URL", "DATELINE_DATA_DIR", "DATELINE_BIND", "DATELINE_LOG"];
        assert_eq!(near("DATELINE_DATABSE_URL", &known), Some("DATELINE_DATABASE_URL"));
        assert_eq!(near("DATELINE_DATABASE", &known), Some("DATELINE_DATABASE_URL"));
        assert_eq!(near("DATELINE_BINDS", &known), Some("DATELINE_BIND"));
        for far in ["DATELINE_PORT", "DATELINE_FOO", "DATELINE_", "DATELINE_HOST", "DATELINE_URL"] {
            assert_eq!(near(far, &known), None, "{far}");
        }
    }
}
