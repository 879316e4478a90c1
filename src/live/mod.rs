//! The reading wing: what readers see. It knows publications and nothing else; drafts live in `articles`, which this
//! wing cannot import, so that no list, count or answer for readers has a way to name one.

mod api;
mod article;
mod calendar;
pub mod card;
pub mod difference;
mod document;
mod excerpt;
mod export;
mod extras;
mod family;
mod filter;
mod finished;
mod follower;
mod freshness;
mod gone;
mod history;
mod listing;
mod names;
mod proof;
mod publication;
mod question;
pub mod reading_ahead;
mod references;
mod related;
pub mod render;
pub mod seal;
mod sight;
mod store;
mod withdrawal;
pub mod words;

pub use api::{routes, story_routes};
pub use article::{Article, ArticleAuthor, Times, TranslationReference};
pub use document::{ArticleKind, Correction, CorrectionKind, Credit, Document, Image, Printed, Urgency};
pub use extras::Extras;
pub use filter::{ArticleColumn, ArticleFilter, Part};
pub use finished::{Finished, all as finished};
pub use follower::Follower;
pub use freshness::of_list as freshness_of_list;
pub use gone::{GoneReason, Tombstone, list as list_gone, note_same_moment};
pub use listing::passing;
pub use question::{Names, Wing};
pub use references::References;
pub use sight::Sight;
pub use store::{Found, Texts, find, is_read, list, texts, was_read};
pub use withdrawal::WithdrawalKind;
