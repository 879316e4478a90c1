//! Dateline, a headless CMS for newsrooms. The map, in reading order.

// Foundations: they know nothing of news.
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod http;

// Rooms: each imports only those above it.
pub mod events;

pub mod slugs;

pub mod auth;

pub mod tags;

pub mod sources;

pub mod authors;

pub mod live;

pub mod articles;
