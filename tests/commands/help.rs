//! `--help` and `--version`: what a stranger reads first.

use clap::CommandFactory;
use dateline::commands::Cli;
use rstest::rstest;

use crate::support::program::Program;

#[rstest]
#[case(&["--help"], &["serve", "migrate", "demo", "import", "user", "keys", "reindex", "openapi", "Examples:", "/docs", "DATELINE_SECRET"])]
#[case(&["serve", "--help"], &["--no-migrate", "listening on http://ADDRESS", "--bind", "[default: 127.0.0.1:8080]"])]
#[case(&["demo", "--help"], &["invented newsroom", "keeps what is there"])]
#[case(&["migrate", "--help"], &["up", "down", "status", "is lost"])]
#[case(&["migrate", "down", "--help"], &["--yes", "I have a backup"])]
#[case(&["user", "--help"], &["add", "list", "set-role", "set-password", "remove-second-factor", "remove-passkeys", "deactivate", "activate", "standard input"])]
#[case(&["user", "add", "--help"], &["--email", "--role", "admin, editor, writer, contributor, partner, viewer", "--name", "[default: editor]"])]
#[case(&["keys", "--help"], &["rotate", "list", "DATELINE_SECRET", "within a second"])]
#[case(&["keys", "rotate", "--help"], &["--at-once", "Nobody is signed out", "preview links"])]
#[case(&["import", "--help"], &["--source", "--source-url", "--tag", "--publish", "--update", "--dry-run", "NDJSON"])]
#[case(&["openapi", "--help"], &["--out", "--check", "Fail when"])]
fn every_command_explains_itself(#[case] arguments: &[&str], #[case] expected: &[&str]) {
    let program = Program::new();
    let help = program.run(arguments).expect_success().output;
    // Help is wrapped to the terminal's width.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in expected {
        assert!(help.contains(text), "{text:?} is not in: {help}");
    }
    assert!(program.files().is_empty());
}

#[test]
fn the_help_of_a_command_shows_the_settings_that_it_uses() {
    let program = Program::new();
    let help = |arguments: &[&str]| program.run(&[arguments, &["--help"]].concat()).expect_success().output;
    for server in [&["serve"][..], &["demo"], &[]] {
        assert!(["--database-url", "--workers", "--docs"].iter().all(|flag| help(server).contains(flag)), "{server:?}");
    }
    for command in [&["user", "list"][..], &["import"], &["audit"]] {
        let help = help(command);
        assert!(help.contains("--database-url") && help.contains("--secret"), "{help}");
        assert!(!["--workers", "--docs", "--bind"].iter().any(|flag| help.contains(flag)), "{help}");
    }
    assert!(!help(&["openapi"]).contains("--database-url"));
    // What is not shown is understood all the same, because a file of settings is for all commands.
    program.run(&["openapi", "--workers", "2"]).expect_success();
}

#[test]
fn every_flag_and_every_command_says_what_it_means() {
    fn check(command: &clap::Command, place: &str) {
        assert!(command.get_about().is_some(), "{place} is not explained");
        for argument in command.get_arguments().filter(|argument| argument.get_id() != "help") {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 8, "{place} {} is not explained: {help:?}", argument.get_id());
        }
        for inner in command.get_subcommands() {
            check(inner, &format!("{place} {}", inner.get_name()));
        }
    }
    let command = Cli::command();
    assert!(command.get_subcommands().count() >= 6);
    check(&command, "dateline");
}

#[test]
fn the_version_is_the_package_s() {
    let version = Program::new().run(&["--version"]).expect_success().output;
    assert_eq!(version, format!("dateline {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_committed_document_is_the_program_s_and_another_is_refused() {
    let program = Program::new();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let checked = program.run(&["openapi", "--check", kept]).expect_success();
    assert!(checked.output.ends_with("openapi.json is the document of this version\n"), "{checked:?}");
    program.run(&["openapi", "--out", "document.json"]).expect_success();
    program.run(&["openapi", "--check", "document.json"]).expect_success();
    let printed = program.run(&["openapi"]).expect_success().output;
    assert_eq!(printed, std::fs::read_to_string(kept).unwrap());
    program.file("document.json", printed.replace("list_articles", "articles"));
    assert!(program.run(&["openapi", "--check", "document.json"]).failure().contains("--out document.json"));
    assert!(program.run(&["openapi", "--check", "missing.json"]).failure().contains("--out missing.json"));
    // Nobody is told to write it over something else.
    let mistaken = program.file("notes.json", r#"{"title": "Notes"}"#);
    let refused = program.run(&["openapi", "--check", mistaken]);
    assert!(refused.failure().ends_with("notes.json is no OpenAPI document; was another file meant?"), "{refused:?}");
}
