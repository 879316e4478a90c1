//! The grammar of the API, with no news in it: how requests are read and answers are written.

pub mod answer;
pub mod cache;
pub mod coding;
pub mod etag;
pub mod fields;
pub mod forwarded;
pub mod idempotency;
pub mod input;
pub mod network;
pub mod page;
pub mod patch;
pub mod path;
pub mod projection;
pub mod query;
pub mod request_id;
pub mod service_config;
pub mod sharing;
