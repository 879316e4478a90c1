//! The editing wing: working copies, their revisions, and the one door through which a story reaches readers.

mod access;
mod announcing;
mod api;
mod article;
mod corrections;
mod door_api;
mod draft;
mod embargo;
mod input;
mod killing;
mod mention;
mod publication;
mod publishing;
mod reading_ahead;
mod revisions;
mod row;
mod schedule;
mod showing;
mod store;
mod translation;

pub use announcing::{announce, is_due};
pub use article::{ArticleView, Status, WorkingCopy};
pub use input::{ArticleInput, NewArticle};
pub use publishing::{Publish, publish};
pub use schedule::Schedule;
pub use store::{change, create, find_by_slug};

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(api::routes).configure(door_api::routes).configure(revisions::routes);
}
