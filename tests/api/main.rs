//! The API from outside, over HTTP, on both databases: one file for each room.

#[path = "../support/mod.rs"]
mod support;

mod agenda;
mod articles;
mod authors;
mod below;
mod bodies;
mod bulk;
mod calendar;
mod corrections;
mod counts;
mod door;
mod embargo;
mod export;
mod fields;
mod filters;
mod health;
mod history;
mod http;
mod idempotency;
mod kept;
mod kills;
mod leaks;
mod lists;
mod paging;
mod past;
mod presence;
mod publishing;
mod references;
mod related;
mod revisions;
mod schedules;
mod sign_in;
mod sources;
mod sync;
mod tags;
mod takeover;
mod taxonomy;
mod tokens;
mod translations;
mod trash;
mod users;
mod verify;
mod versions;
