//! Search: what readers see, found by its words. It asks an index that holds publications and nothing else, with the eyes
//! of whoever asks.

mod answer;
mod api;
mod facets;
mod find;
mod highlight;
mod ranking;
mod suggestion;

pub use api::routes;
