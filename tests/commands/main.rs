//! The program itself, started as somebody would start it.

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod demo;
mod help;
mod keys;
mod log;
mod migrate;
mod reindex;
mod serve;
mod start;
mod user;
mod verify;

use support::program::{Program, Run};

/// A password that is on no list.
const PASSWORD: &str = "a canary that sings at dawn";

/// Makes an account with [`PASSWORD`].
fn add_user(program: &Program, email: &str, role: &str) -> Run {
    let input = format!("{PASSWORD}\n");
    program.run_with(&["user", "add", "--email", email, "--role", role, "--name", "Somebody"], &input)
}
