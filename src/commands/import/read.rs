//! From a file to stories, whatever the file is.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::story::{Defaults, Story};
use super::{Format, Problem, markdown, pasted};

/// Largest file that is read, in bytes; a file is imported in one transaction and held in memory for it.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;

/// The stories of a file, or everything that is wrong with it.
pub fn stories(file: &Path, format: Option<Format>, defaults: &Defaults) -> Result<Vec<Story>, Vec<Problem>> {
    let one = |problem| vec![problem];
    let format = format.map_or_else(|| format_of(file), Ok).map_err(one)?;
    let text = read(file).map_err(one)?;
    let stories = match format {
        Format::Ndjson => stories_in_lines(&text, defaults)?,
        Format::Json => stories_in_json(&text, defaults)?,
        Format::Markdown => vec![story_in_markdown(&text, defaults).map_err(one)?],
        Format::Text => vec![story_in_text(&text, defaults).map_err(one)?],
    };
    match stories.is_empty() {
        true => Err(one(Problem::of_file("has no stories in it"))),
        false => Ok(stories),
    }
}

fn format_of(file: &Path) -> Result<Format, Problem> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "ndjson" | "jsonl" => Ok(Format::Ndjson),
        "json" => Ok(Format::Json),
        "md" | "markdown" => Ok(Format::Markdown),
        "txt" | "text" => Ok(Format::Text),
        _ => Err(Problem::of_file("cannot tell what this is; say it with --format ndjson, json, markdown or text")),
    }
}

const TOO_LARGE: &str = "is larger than 1 GiB; split it";

fn read(file: &Path) -> Result<String, Problem> {
    let refuse = |error: std::io::Error| Problem::of_file(format!("cannot be read: {error}"));
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(refuse)?;
        bytes
    } else {
        let length = fs::metadata(file).map_err(refuse)?.len();
        let too_large = length > LARGEST_FILE;
        if too_large { Err(Problem::of_file(TOO_LARGE)) } else { fs::read(file).map_err(refuse) }?
    };
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Problem::of_file(TOO_LARGE));
    }
    if bytes.is_empty() {
        return Err(Problem::of_file("is empty"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
        Problem::at(line, "is not UTF-8 text from here on; convert the file first")
    })
}

/// One JSON object on each line; empty lines are passed over, and so is the last one of an export, which says that it is
/// whole.
fn stories_in_lines(text: &str, defaults: &Defaults) -> Result<Vec<Story>, Vec<Problem>> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        let value =
            serde_json::from_str(line).map_err(|error| Problem::at(index + 1, format!("is not JSON: {error}")))?;
        if is_end_of_export(&value) {
            return Ok(None);
        }
        story_of(index + 1, value, defaults).map(Some)
    };
    all(lines.map(read).filter_map(Result::transpose))
}

fn is_end_of_export(value: &Value) -> bool {
    value.get("end") == Some(&Value::Bool(true)) && value.get("title").is_none()
}

/// One object, an array of objects, or a page of them under `data`.
fn stories_in_json(text: &str, defaults: &Defaults) -> Result<Vec<Story>, Vec<Problem>> {
    let text = text.trim_start_matches('\u{feff}');
    let refuse = |error: serde_json::Error| vec![Problem::at(error.line(), format!("is not JSON: {error}"))];
    let value: Value = serde_json::from_str(text).map_err(refuse)?;
    match value {
        Value::Array(_) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(refuse)?;
            all(items.into_iter().map(|item| {
                let before = item.get().as_ptr() as usize - text.as_ptr() as usize;
                let line = 1 + text.get(..before).unwrap_or_default().matches('\n').count();
                let value = serde_json::from_str(item.get()).map_err(|error| Problem::at(line, error))?;
                story_of(line, value, defaults)
            }))
        }
        Value::Object(mut members) => match members.remove("data") {
            Some(Value::Array(items)) => all(items.into_iter().map(|item| story_of(1, item, defaults))),
            _ => all(std::iter::once(story_of(1, Value::Object(members), defaults))),
        },
        _ => Err(vec![Problem::at(1, "must be an object or an array of objects")]),
    }
}

fn story_of(line: usize, value: Value, defaults: &Defaults) -> Result<Story, Problem> {
    match value {
        Value::Object(members) => Story::new(line, members, defaults),
        _ => Err(Problem::at(line, "must be a JSON object")),
    }
}

/// All stories, or all problems.
fn all(results: impl Iterator<Item = Result<Story, Problem>>) -> Result<Vec<Story>, Vec<Problem>> {
    let (mut stories, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(story) => stories.push(story),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(stories) } else { Err(problems) }
}

/// Markdown with front matter; without a title there, a first heading is the title.
pub fn story_in_markdown(text: &str, defaults: &Defaults) -> Result<Story, Problem> {
    let (front_matter, body) =
        markdown::split_front_matter(text).map_err(|error| Problem::at(error.line, error.message))?;
    let mut members = match front_matter {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let mut body = body;
    if !members.contains_key("title")
        && let Some((title, rest)) = markdown::first_heading(body)
    {
        members.insert("title".to_owned(), json!(title));
        body = rest;
    }
    members.insert("body".to_owned(), json!(body.trim_end()));
    Story::new(1, members, defaults)
}

/// A story pasted from a page.
fn story_in_text(text: &str, defaults: &Defaults) -> Result<Story, Problem> {
    let pasted = pasted::parse(text).map_err(Problem::of_file)?;
    let mut members = Map::new();
    members.insert("title".to_owned(), json!(pasted.title));
    if !pasted.authors.is_empty() {
        members.insert("authors".to_owned(), json!(pasted.authors));
    }
    members.insert("body".to_owned(), json!(pasted.body));
    Story::new(1, members, defaults)
}
