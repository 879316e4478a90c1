//! The editing wing: working copies, their revisions, and the one door through which a story reaches readers.

mod access;
mod agenda;
mod announcing;
mod api;
mod article;
mod below;
mod bulk;
mod can_api;
mod corrections;
mod desk_api;
mod door_api;
mod draft;
mod embargo;
mod held;
mod input;
mod killing;
mod links;
mod list_api;
mod listing;
mod mention;
mod presence;
mod preview_links;
mod publication;
mod published_links;
mod publishing;
mod review;
pub(crate) mod revisions;
mod row;
mod schedule;
mod showing;
mod slug_ownership;
mod states;
mod store;
pub(crate) mod timeline;
mod translation;
mod trash;
mod wing;
mod wish;

pub use announcing::{announce, is_due};
pub use article::{ArticleView, Status, WorkingCopy};
pub use held::hold;
pub use input::{ArticleInput, NewArticle};
pub use killing::told as told_of_kill;
pub use presence::tidy as tidy_presence;
pub use preview_links::{PreviewLinkRow, tidy as tidy_preview_links};
pub use publication::Publication;
pub use publishing::{publish, tidy as tidy_publications};
pub use review::ReviewRow;
pub use row::ArticleRow;
pub use schedule::{Schedule, Slot};
pub use slug_ownership::was_killed;
pub use store::{change, create, find_by_slug};
pub use wish::Publish;

use crate::http::service_config::ServiceConfig;

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(list_api::routes).configure(api::routes).configure(below::routes).configure(door_api::routes);
    config.configure(revisions::routes).configure(desk_api::routes).configure(bulk::routes);
    config.configure(review::routes).configure(can_api::routes).configure(preview_links::routes);
}
