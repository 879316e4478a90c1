//! The API from outside, over HTTP, on both databases: one file for each room.

#[path = "../support/mod.rs"]
mod support;

mod articles;
mod authors;
mod bodies;
mod corrections;
mod embargo;
mod health;
mod history;
mod http;
mod idempotency;
mod kills;
mod leaks;
mod lists;
mod paging;
mod past;
mod publishing;
mod random;
mod references;
mod revisions;
mod schedules;
mod sign_in;
mod sources;
mod tags;
mod taxonomy;
mod tokens;
mod translations;
mod users;
mod versions;
