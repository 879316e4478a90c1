//! The API from outside, over HTTP, on both databases: one file for each room.

#[path = "../support/mod.rs"]
mod support;

mod articles;
mod authors;
mod bodies;
mod health;
mod http;
mod idempotency;
mod leaks;
mod lists;
mod paging;
mod publishing;
mod random;
mod references;
mod schedules;
mod sign_in;
mod sources;
mod tags;
mod taxonomy;
mod tokens;
mod users;
mod versions;
