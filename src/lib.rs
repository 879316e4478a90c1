//! Dateline, a headless CMS for newsrooms. The map, in reading order.

pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod http;

pub mod auth;
