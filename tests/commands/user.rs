//! `dateline user`

use dateline::clock::Clock;
use serde_json::json;

use crate::support::authenticator::Authenticator;
use crate::support::device::{DOMAIN, Device, Manner, ORIGIN};
use crate::support::program::Program;
use crate::{PASSWORD, add_user};

#[test]
fn accounts_are_made_listed_changed_and_closed() {
    let program = Program::migrated();
    assert_eq!(
        add_user(&program, "ada@example.org", "admin").expect_success().output,
        "ada@example.org is admin and active\n"
    );
    add_user(&program, "bo@example.org", "editor").expect_success();
    assert!(add_user(&program, "BO@example.org", "writer").failure().contains("e-mail address"));
    let set_role = ["user", "set-role", "--email", "bo@example.org", "--role", "writer"];
    assert_eq!(program.run(&set_role).expect_success().output, "bo@example.org is writer and active\n");
    program.run(&["user", "deactivate", "--email", "bo@example.org"]).expect_success();
    let list = program.run(&["user", "list"]).expect_success().output;
    let words: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        words,
        [
            ["ada@example.org", "admin", "active", "Somebody"].to_vec(),
            ["bo@example.org", "writer", "not", "active", "Somebody"].to_vec(),
        ]
    );
    // The last admin stays, on the command line as well.
    let demote = ["user", "set-role", "--email", "ada@example.org", "--role", "editor"];
    assert!(program.run(&demote).failure().contains("last active admin"));
    assert!(program.run(&["user", "deactivate", "--email", "eve@example.org"]).failure().contains("eve@example.org"));
}

#[test]
fn only_a_first_account_begins_a_newsroom() {
    let program = Program::new();
    for options in [&["list"][..], &["set-role", "--email", "ada@example.org", "--role", "editor"]] {
        let refused = program.run(&[&["user"], options].concat());
        assert!(refused.failure().contains("there is no database at"), "{refused:?}");
    }
    assert!(program.files().is_empty());
    add_user(&program, "ada@example.org", "admin").expect_success();
    program.run(&["user", "list"]).expect_success();
}

#[test]
fn s33_a_bad_password_or_address_is_refused_in_one_line_that_does_not_repeat_it() {
    let program = Program::migrated();
    let add = |email: &str, input: &str| program.run_with(&["user", "add", "--email", email], input);
    assert!(add("ada@example.org", "").failure().contains("standard input"));
    let short = add("ada@example.org", "hunter2\n");
    assert!(short.failure().contains("at least 15") && !short.errors.contains("hunter2"), "{short:?}");
    assert!(add("nobody", &format!("{PASSWORD}\n")).failure().contains("email"));
    assert_eq!(program.run(&["user", "list"]).expect_success().output, "");
}

#[test]
fn p23_the_operator_helps_whoever_has_lost_their_second_factor() {
    let program = Program::migrated();
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let ada = serving.signed_in("ada@example.org", PASSWORD);
    let remove = ["user", "remove-second-factor", "--email", "ada@example.org"];
    assert!(program.run(&remove).failure().contains("ada@example.org has no second factor"));
    let begun = ada.post("/v1/auth/second-factor", json!({ "current_password": PASSWORD })).expect(200).json();
    let now = Clock::system().now();
    let code = Authenticator::new(begun["secret"].as_str().unwrap()).code_at(now);
    ada.post("/v1/auth/second-factor/confirm", json!({ "code": code })).expect(200);
    let sign_in = json!({ "email": "ada@example.org", "password": PASSWORD });
    serving.anonymous().post("/v1/auth/login", sign_in).expect(202);
    assert_eq!(program.run(&remove).expect_success().output, "ada@example.org is admin and active\n");
    ada.get("/v1/auth/me").expect(401);
    serving.signed_in("ada@example.org", PASSWORD).get("/v1/auth/me").expect(200);
    assert!(program.run(&["user", "remove-second-factor", "--email", "eve@example.org"]).failure().contains("eve"));
}

#[test]
fn p25_the_operator_helps_whoever_has_lost_a_device() {
    let program = Program::migrated().with("DATELINE_PASSKEY_ORIGINS", ORIGIN).with("DATELINE_PASSKEY_DOMAIN", DOMAIN);
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let ada = serving.signed_in("ada@example.org", PASSWORD);
    let remove = ["user", "remove-passkeys", "--email", "ada@example.org"];
    assert!(program.run(&remove).failure().contains("ada@example.org has no passkey"));
    let mut device = Device::new();
    device.add_in(&ada, json!({ "current_password": PASSWORD }), &Manner::default()).expect(201);
    device.sign_in(&serving.anonymous()).expect(200);
    assert_eq!(program.run(&remove).expect_success().output, "ada@example.org is admin and active\n");
    ada.get("/v1/auth/me").expect(401);
    device.sign_in(&serving.anonymous()).expect(401);
    serving.signed_in("ada@example.org", PASSWORD).get("/v1/auth/me").expect(200);
}

#[test]
fn s25_t13_a_change_on_the_command_line_reaches_the_running_server_at_once() {
    let program = Program::migrated();
    add_user(&program, "ada@example.org", "admin").expect_success();
    add_user(&program, "bo@example.org", "editor").expect_success();
    let serving = program.serve();
    let (ada, bo) = (serving.signed_in("ada@example.org", PASSWORD), serving.signed_in("bo@example.org", PASSWORD));
    bo.get("/v1/auth/me").expect(200);
    program.run(&["user", "deactivate", "--email", "bo@example.org"]).expect_success();
    bo.get("/v1/auth/me").expect(401);
    ada.get("/v1/auth/me").expect(200);
    let other = "seven quiet rivers at dawn";
    program.run_with(&["user", "set-password", "--email", "bo@example.org"], other).expect_success();
    program.run(&["user", "activate", "--email", "bo@example.org"]).expect_success();
    serving.signed_in("bo@example.org", other).get("/v1/auth/me").expect(200);
}
