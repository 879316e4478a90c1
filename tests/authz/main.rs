//! Who may do what: every operation of the OpenAPI document, tried by every kind of caller, on stories of every kind and
//! in every state, against two tables. An operation without a line in one of them fails here, so nobody can add one
//! without saying who may use it.

#[path = "../support/mod.rs"]
mod support;

mod stage;
mod table;

use std::collections::BTreeSet;

use rstest_reuse::apply;
use serde_json::json;

use stage::{Stage, is_about_a_story, operations};
use support::{Database, each_database};
use table::{EVERYBODY, May, OTHERS, READING, Reach, STATES, STORIES, State, Who, Whose, expected, reach};

#[apply(each_database)]
fn t03_everybody_may_do_with_a_story_what_the_table_says_and_nothing_else(database: Database) {
    let stage = Stage::new(database);
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| is_about_a_story(operation)) {
        for who in EVERYBODY {
            for whose in [Whose::Own, Whose::Another, Whose::Sport] {
                // Whoever cannot begin a story, or only one in sport, has no own one elsewhere.
                if whose == Whose::Own && !matches!(reach(who, May::Write), Reach::Own | Reach::OwnNew) {
                    continue;
                }
                for state in STATES {
                    let Some(expected) = expected(&operation.name, who, (whose, state)) else {
                        panic!("{} is in no table: say there who may do it", operation.name);
                    };
                    let status = stage.try_on_story(operation, who, (whose, state)).status();
                    if status != expected {
                        let place = format!("{} {who:?} {whose:?} {state:?}", operation.name);
                        wrong.push(format!("{place}: {status} instead of {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(each_database)]
fn t03_everybody_may_do_otherwise_what_the_table_says_and_nothing_else(database: Database) {
    let stage = Stage::new(database);
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| !is_about_a_story(operation)) {
        let Some((_, expected)) = OTHERS.iter().find(|(name, _)| *name == operation.name) else {
            panic!("{} is in no table: say there who may do it", operation.name);
        };
        for (who, expected) in EVERYBODY.into_iter().zip(expected) {
            let status = stage.try_out(operation, who).status();
            if status != *expected {
                wrong.push(format!("{} {who:?}: {status} instead of {expected}", operation.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn s10_t03_the_table_and_the_document_know_the_same_operations_and_agree_on_who_must_sign_in() {
    let operations = operations();
    let named: BTreeSet<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
    let of_stories = STORIES.iter().map(|(name, _, _)| *name).chain(READING.iter().map(|(name, _)| *name));
    let listed: Vec<&str> = of_stories.chain(OTHERS.iter().map(|(name, _)| *name)).collect();
    assert_eq!(named, listed.iter().copied().collect());
    assert_eq!(named.len(), listed.len(), "an operation stands in a table twice");
    for operation in &operations {
        let story = (Whose::Another, State::Live);
        let other = || OTHERS.iter().find(|(name, _)| *name == operation.name).unwrap().1[0];
        let status = expected(&operation.name, Who::Reader, story).unwrap_or_else(other);
        if operation.guarded {
            assert_eq!(status, 401, "{} needs a token", operation.name);
        } else {
            assert!(!matches!(status, 401 | 403), "{} needs no token", operation.name);
        }
    }
}

#[test]
fn s10_t03_whoever_may_not_is_told_so_before_anything_is_read_or_looked_up() {
    let stage = Stage::new(Database::Sqlite);
    for operation in operations().iter().filter(|operation| operation.guarded) {
        let path = operation.path.replace("{id}", "there-is-no-such-thing").replace(['{', '}'], "");
        let huge = vec![b'['; 6 * 1024 * 1024];
        for body in [None, Some(b"{ this is not JSON".to_vec()), Some(huge)] {
            stage.app.anonymous().send(&operation.method, &path, body).expect(401);
        }
    }
}

#[test]
fn t03_nothing_answers_that_is_not_in_the_document() {
    let stage = Stage::new(Database::Sqlite);
    let (reader, admin) = (stage.app.anonymous(), &stage.callers[&Who::Admin]);
    for path in include_str!("guesses.txt").lines().filter(|line| line.starts_with('/')) {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            for caller in [&reader, admin] {
                let reply = caller.send(method, path, None);
                assert!(matches!(reply.status(), 404 | 405), "{method} {path}: {}", reply.status());
            }
        }
    }
    let operations = operations();
    // `/v1/articles/bulk` is an address of its own, and one of a story that is called so.
    let fits = |template: &str, path: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let described =
        |path: &str, method: &str| operations.iter().any(|one| fits(&one.path, path) && one.method == method);
    for operation in &operations {
        let path = operation.path.replace("{id}", "nato").replace(['{', '}'], "");
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if !described(&operation.path, method) {
                reader.send(method, &path, None).expect(405);
                admin.send(method, &path, None).expect(405);
            }
        }
    }
}

#[test]
fn s09_every_spelling_of_an_address_decides_the_same_or_is_nothing() {
    let stage = Stage::new(Database::Sqlite);
    stage.callers[&Who::Editor].published(json!({ "title": "NATO" }));
    let callers = [stage.app.anonymous(), stage.callers[&Who::Token].clone()].map(|caller| caller.unchecked());
    let (mut wrong, mut tried) = (Vec::new(), 0);
    // The root has no name that could be spelled otherwise.
    for operation in operations().into_iter().filter(|operation| operation.path != "/") {
        let path = operation.path.replace("{id}", "nato").replace("{file}", "dateline.js").replace(['{', '}'], "");
        for caller in &callers {
            let plain = caller.send(&operation.method, &path, None).status();
            for spelling in spellings(&path) {
                let status = caller.send(&operation.method, &spelling, None).status();
                tried += 1;
                // 308 leads to the address itself.
                if status != plain && !matches!(status, 308 | 404 | 405) {
                    wrong.push(format!("{} {spelling}: {status} instead of {plain}", operation.method));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 1_000, "{tried}");
}

/// Other ways to write an address that some server would take for the same.
fn spellings(path: &str) -> Vec<String> {
    let (folder, last) = path.rsplit_once('/').expect("a slash");
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let (first, rest) = last.split_at(1);
    let all = [
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{folder}//{last}"),
        format!("{folder}%2F{last}"),
        format!("{folder}%2f{last}"),
        format!("{folder}%5C{last}"),
        format!("{folder}/.//{last}"),
        format!("{folder}/./{last}"),
        format!("{folder}/x/../{last}"),
        format!("{folder}/x/%2e%2e/{last}"),
        format!("/%2e{path}"),
        format!("/%2e%2e{path}"),
        format!("{folder}/{}", last.to_uppercase()),
        path.to_uppercase(),
        format!("{folder}/{}", encoded(last)),
        format!("{folder}/{}{rest}", encoded(first)),
        format!("{folder}/%25{}{rest}", &encoded(first)[1..]),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%0a"),
        format!("{path};a=b"),
        format!("{path}."),
        format!("{path}.json"),
    ];
    // Without a slash at the beginning it is no address that can be sent.
    all.into_iter().filter(|spelling| spelling.starts_with('/')).collect()
}
