//! Dateline, a headless CMS for newsrooms. The map, in reading order.

// What a request brings must never end in a panic; tests may say it in one word.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

// The foundations, which know nothing of news.

/// What time it is.
pub mod clock;
/// What can be set, checked once.
pub mod config;
/// SQLite and PostgreSQL behind two doors.
pub mod db;
/// Everything that can go wrong, and how it is said.
pub mod error;
/// One way to hash, and to show a hash.
pub mod hash;
/// The grammar of the API: bodies, queries, pages, versions, answers.
pub mod http;
/// What becomes of a panic.
pub mod panics;
/// Hands letters to a mail server.
pub mod smtp;

// The rooms. Each imports only rooms that stand above it.

/// The append-only log.
pub mod events;

/// Names in addresses.
pub mod slugs;

/// How many stories readers see under a name.
pub mod tallies;

/// The letters that wait for the mail server.
pub mod mail;

/// Who you are and what you may do.
pub mod auth;

/// What stories are about.
pub mod tags;

/// Where stories come from.
pub mod sources;

/// Who writes.
pub mod authors;

/// The reading wing: what readers see.
pub mod live;

/// Finding what readers see by its words.
pub mod search;

/// The editing wing, and the one door between the two.
pub mod articles;

/// Looking back: the log, and the proof that nobody touched it.
pub mod audit;

// The roof, which nothing below may import.

/// Everything, built once.
pub mod app;

/// The command line.
pub mod commands;

/// How the server is.
pub mod health;

/// What happens in the background.
pub mod jobs;

/// The document of the API, and its page.
pub mod openapi;

/// Where everything is, for whoever has only the address.
pub mod root;

/// The table of contents.
pub mod routes;

/// The server around the rooms.
pub mod server;

/// What is logged.
pub mod telemetry;
