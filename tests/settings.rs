//! `.env.example` is what the program understands: every setting, its default, and a line of why.

use std::collections::BTreeMap;

use clap::builder::Resettable;
use clap::{Args, Command, FromArgMatches};
use dateline::config::Settings;

const FILE: &str = include_str!("../.env.example");

/// Every setting that the program reads from the environment, with its default.
fn understood() -> BTreeMap<String, Option<String>> {
    let command = Settings::augment_args(Command::new("dateline"));
    let mut settings = BTreeMap::new();
    for argument in command.get_arguments() {
        let Some(name) = argument.get_env() else { continue };
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        settings.insert(name.to_string_lossy().into_owned(), (!defaults.is_empty()).then(|| defaults.join(",")));
    }
    settings
}

/// Every setting of the file, with its value and the comment above it.
fn documented() -> BTreeMap<String, (String, String)> {
    let (mut settings, mut comment) = (BTreeMap::new(), String::new());
    for line in FILE.lines() {
        if let Some((name, value)) = line.strip_prefix('#').and_then(|rest| rest.split_once('=')).filter(is_setting) {
            let told = (value.to_owned(), std::mem::take(&mut comment));
            assert!(settings.insert(name.to_owned(), told).is_none(), "{name} stands there twice");
        } else if let Some(words) = line.strip_prefix("# ") {
            comment.push_str(words);
        } else {
            assert!(line.is_empty(), "neither a comment nor a setting with its default: {line}");
            comment.clear();
        }
    }
    settings
}

fn is_setting((name, _): &(&str, &str)) -> bool {
    name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

#[test]
fn the_file_lists_every_setting_and_no_other() {
    let (understood, documented) = (understood(), documented());
    assert!(understood.len() >= 12, "{understood:?}");
    assert_eq!(understood.keys().collect::<Vec<_>>(), documented.keys().collect::<Vec<_>>());
    for (name, (_, comment)) in documented {
        assert!(comment.len() > 30, "{name} has no line of why: {comment:?}");
    }
}

#[test]
fn the_file_tells_the_defaults() {
    // What follows from the other settings is told as it comes out.
    let command = Settings::augment_args(Command::new("dateline"));
    // Whatever this machine sets is not a default.
    let command = command.mut_args(|argument| argument.env(Resettable::Reset));
    let matches = command.get_matches_from(["dateline"]);
    let settings = Settings::from_arg_matches(&matches).unwrap();
    let database = settings.database().unwrap().to_string();
    for (name, default) in understood() {
        let expected = match (name.as_str(), default) {
            ("DATELINE_DATABASE_URL", None) => database.clone(),
            (_, default) => default.unwrap_or_default(),
        };
        assert_eq!(documented()[&name].0, expected, "{name}");
    }
}
