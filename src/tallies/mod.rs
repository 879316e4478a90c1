//! How many stories readers see under a name: counted by the triggers of the migration as stories come and go, and added
//! up here. Honest at any moment, because each count carries the moment from which it holds.

mod ranking;
mod store;

pub use ranking::{Ranking, in_order, list_sample, page_by_count};
pub use store::{Counts, Role, fold, freshness, of, of_all};
