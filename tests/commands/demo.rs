//! `dateline demo`: what it prints works as it is printed.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::program::{Program, Serving};

/// What stands behind a word of the greeting.
fn told(serving: &Serving, word: &str) -> String {
    let line = serving.greeting().iter().find_map(|line| line.trim().strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word} in {:?}", serving.greeting()))
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

/// Runs the four lines as somebody would who copies them, in one shell, and gives what each printed.
fn run_lines(serving: &Serving) -> Vec<String> {
    let is_line = |line: &&String| line.starts_with("  curl ") || line.starts_with("  TOKEN=");
    let lines: Vec<&str> = serving.greeting().iter().filter(is_line).map(|line| line.trim_start()).collect();
    assert_eq!(lines.len(), 4, "{:?}", serving.greeting());
    let script = lines.join("\nprintf '\\036'\n");
    let output = Command::new("sh").args(["-c", &script]).env("no_proxy", "*").output().expect("sh runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().split('\u{1e}').map(str::to_owned).collect()
}

fn editor(serving: &Serving) -> Client {
    serving.signed_in(&told(serving, "Sign in as"), &told(serving, "Password"))
}

fn total(client: &Client, query: &str) -> i64 {
    client.get(&format!("/v1/articles?count=true&limit=1&{query}")).expect(200).json()["total"].as_i64().unwrap()
}

fn check_lines(serving: &Serving) {
    let said = run_lines(serving);
    let json = |index: usize| -> Value { serde_json::from_str(&said[index]).unwrap_or_else(|_| panic!("{said:?}")) };
    assert_eq!(json(0)["data"].as_array().unwrap().len(), 3);
    assert!(json(1)["body_html"].as_str().unwrap().contains("<p>"));
    assert_eq!(said[2].trim().split('.').count(), 3, "a token: {}", said[2]);
    assert_eq!((json(3)["title"].as_str(), json(3)["status"].as_str()), (Some("Hello from curl"), Some("published")));
    let slug = json(3)["slug"].as_str().unwrap().to_owned();
    serving.anonymous().get(&format!("/v1/articles/{slug}")).expect(200);
}

#[test]
fn the_demo_shows_a_newsroom_its_lines_work_and_a_second_start_keeps_it() {
    let program = Program::new();
    let serving = program.listen(&["demo", "--bind", "127.0.0.1:0"]);
    serving
        .anonymous()
        .get(told(&serving, "API docs").strip_prefix(&format!("http://{}", serving.address())).unwrap())
        .expect(200);
    let client = editor(&serving);
    let (all, published) = (total(&client, ""), total(&serving.anonymous(), ""));
    assert!(all >= 40 && published >= 30 && published < all, "{all} stories, {published} published");
    assert!(total(&client, "status=draft") >= 1 && total(&client, "status=scheduled") == 1);
    for (room, least) in [("authors", 6), ("sources", 8), ("tags", 25)] {
        let list = client.get(&format!("/v1/{room}?count=true")).expect(200).json();
        assert!(list["total"].as_i64().unwrap() >= least, "{room}: {}", list["total"]);
    }
    check_lines(&serving);
    let (first_email, first_password) = (told(&serving, "Sign in as"), told(&serving, "Password"));
    assert_eq!(serving.stop().0, Some(0));

    let serving = program.listen(&["demo", "--bind", "127.0.0.1:0"]);
    assert_eq!(told(&serving, "Sign in as"), first_email);
    assert_ne!(told(&serving, "Password"), first_password, "each run has its own");
    assert_eq!(total(&editor(&serving), ""), all + 1);
    check_lines(&serving);
    assert_eq!(total(&editor(&serving), ""), all + 2);
}

#[test]
fn a_demo_whose_stories_were_renamed_starts_again_and_touches_no_other_database() {
    let program = Program::new().with("DATELINE_DATABASE_URL", "sqlite:newsroom.db");
    let serving = program.listen(&["demo", "--bind", "127.0.0.1:0"]);
    let client = editor(&serving);
    let all = total(&client, "");
    let line = serving
        .greeting()
        .iter()
        .find(|line| line.contains("/v1/articles/") && line.starts_with("  curl 'http"))
        .unwrap();
    let shown = line.trim_end_matches('\'').rsplit('/').next().unwrap();
    client.if_match("*").patch(&format!("/v1/articles/{shown}"), json!({ "slug": "renamed" })).expect(200);
    let (code, said) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(said.contains("the demo has a database of its own"), "{said}");
    assert!(program.files().iter().all(|file| !file.contains("newsroom.db")), "{:?}", program.files());
    let serving = program.listen(&["demo", "--bind", "127.0.0.1:0"]);
    assert_eq!(total(&editor(&serving), ""), all);
}

#[test]
fn the_demo_never_touches_the_newsroom_s_own_database() {
    let program = Program::new().with("DATELINE_DATABASE_URL", "sqlite:own.db");
    let serving = program.listen(&["demo", "--bind", "127.0.0.1:0"]);
    assert!(total(&serving.anonymous(), "") > 0);
    assert_eq!(serving.stop().0, Some(0));
    assert_eq!(program.files(), ["data"]);
}
