//! The reading wing: what readers see. It knows publications and nothing else; drafts live in `articles`, which this
//! wing cannot import, so that no list, count or answer for readers has a way to name one.

mod article;
mod document;
mod filter;
mod publication;
mod references;
pub mod render;
mod store;

pub use article::{Article, ArticleAuthor, Times};
pub use document::{ArticleKind, Credit, Document, Image, Printed, Urgency};
pub(crate) use filter::narrow;
pub use filter::{ArticleColumn, ArticleFilter};
pub use references::References;
pub use store::{Found, find, list};
