//! `SECURITY.md` says of each known attack what happens here and which test shows it. This keeps it honest: no test that
//! does not exist, no attack without a line, no test of an attack that is not named there.

#[path = "support/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;

use files::rust_files;

const FILE: &str = include_str!("../SECURITY.md");

/// The attacks of which each has a line.
const ATTACKS: [RangeInclusive<u8>; 2] = [1..=36, 60..=80];

/// The tests against attacks that each have a line too.
const PLANNED: [u8; 20] = [3, 4, 11, 13, 22, 25, 26, 36, 37, 38, 39, 40, 41, 43, 44, 45, 46, 48, 49, 50];

/// How the result of a line begins.
const RESULTS: [&str; 3] = ["holds", "open: ", "not applicable: there is no"];

/// What stands above a test.
const MARKS: [&str; 5] = ["#[test]", "#[rstest]", "#[apply(", "#[tokio::test", "#[actix_web::test"];

/// A line of the tables: `| S01 | what was tried | result | tests |`.
struct Line {
    id: String,
    result: String,
    tests: BTreeSet<String>,
}

fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for text in FILE.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
        if let [id, _, result, tests] = cells[..]
            && is_id(&id.to_lowercase())
        {
            let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            lines.push(Line { id: id.to_owned(), result: result.to_owned(), tests });
        }
    }
    lines
}

/// `s01`, `t41`, `p07`.
fn is_id(text: &str) -> bool {
    matches!(text.as_bytes(), [b's' | b't' | b'p', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit())
}

/// The ids in front of a test's name: S05 and S06 for `s05_s06_nobody_does`.
fn ids(test: &str) -> Vec<String> {
    test.split('_').take_while(|part| is_id(part)).map(str::to_uppercase).collect()
}

/// The name of every test of the house.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for (_, file) in rust_files("src").into_iter().chain(rust_files("tests")) {
        let text = fs::read_to_string(file).expect("a source file can be read");
        let mut marked = false;
        for line in text.lines().map(str::trim_start) {
            let line = line.strip_prefix("async ").unwrap_or(line);
            if MARKS.iter().any(|mark| line.starts_with(mark)) {
                marked = true;
            } else if let Some(named) = line.strip_prefix("fn ")
                && std::mem::take(&mut marked)
            {
                tests.insert(named.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
            }
        }
    }
    assert!(tests.len() > 300, "only {} tests were found", tests.len());
    tests
}

#[test]
fn every_attack_has_one_line_with_a_result() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines() {
        *seen.entry(line.id.clone()).or_default() += 1;
        assert!(RESULTS.iter().any(|result| line.result.starts_with(result)), "{}: {}", line.id, line.result);
        assert!(line.result != "holds" || !line.tests.is_empty(), "{} holds, and no test shows it", line.id);
    }
    let attacks = ATTACKS.into_iter().flatten().map(|number| format!("S{number:02}"));
    for id in attacks.chain(PLANNED.map(|number| format!("T{number:02}"))) {
        assert!(seen.contains_key(&id), "SECURITY.md has no line for {id}");
    }
    for (id, times) in seen {
        assert_eq!(times, 1, "SECURITY.md has {times} lines for {id}");
    }
}

#[test]
fn every_test_that_is_named_there_exists() {
    let tests = tests();
    for line in lines() {
        for named in &line.tests {
            assert!(tests.contains(named), "SECURITY.md names {named} at {}, and there is no such test", line.id);
        }
    }
}

#[test]
fn every_test_of_an_attack_is_named_there() {
    let lines: BTreeMap<String, Line> = lines().into_iter().map(|line| (line.id.clone(), line)).collect();
    let mut missing = Vec::new();
    for test in tests() {
        for id in ids(&test) {
            if !lines.get(&id).is_some_and(|line| line.tests.contains(&test)) {
                missing.push(format!("{id}: `{test}`"));
            }
        }
    }
    assert!(missing.is_empty(), "put these into SECURITY.md, each into the line of its id:\n{}", missing.join("\n"));
}
