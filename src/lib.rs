//! Dateline, a headless CMS for newsrooms. The map, in reading order.

// The roof: starts the program and holds the rooms together.
pub mod app;
pub mod commands;
pub mod config;
pub mod openapi;
pub mod routes;
pub mod server;
pub mod telemetry;

// The rooms: each knows only those above it in this list.
pub mod events;
pub mod health;

// The foundations: no news in them.
pub mod clock;
pub mod db;
pub mod error;
pub mod http;
