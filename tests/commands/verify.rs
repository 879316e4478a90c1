//! `dateline verify`, as the person who runs the server uses it.

use crate::add_user;
use crate::support::program::Program;

#[test]
fn what_needs_a_newsroom_begins_none() {
    let program = Program::new();
    for command in ["verify", "reindex"] {
        let refused = program.run(&[command]);
        assert!(refused.failure().contains("there is no database at"), "{refused:?}");
        assert!(program.files().is_empty(), "{command}");
    }
}

#[test]
fn nothing_is_held_against_a_key_that_was_just_made() {
    let program = Program::migrated();
    let refused = program.run(&["verify"]);
    assert!(refused.failure().contains("DATELINE_SECRET is not set, and no secret is kept in"), "{refused:?}");
    assert!(!program.folder().join("data/secret").exists());
}

#[test]
fn whoever_begins_a_newsroom_by_the_way_is_told() {
    let program = Program::new();
    let first = add_user(&program, "ada@example.org", "admin").expect_success();
    assert!(first.errors.contains("a new newsroom begins in"), "{first:?}");
    let second = add_user(&program, "bo@example.org", "editor").expect_success();
    assert!(!second.errors.contains("newsroom begins"), "{second:?}");
}
