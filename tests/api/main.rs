//! The API from outside, over HTTP, on both databases: one file for each room.

#[path = "../support/mod.rs"]
mod support;

mod health;
mod http;
mod idempotency;
mod sign_in;
mod tags;
mod tokens;
mod users;
