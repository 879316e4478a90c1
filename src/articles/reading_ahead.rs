//! Reading under embargo: those who may are written down before they get an answer.

use std::borrow::Borrow;

use crate::auth::Caller;
use crate::error::Result;
use crate::events::{Action, Event, Ledger, Resource};
use crate::http::query::WriteOptions;
use crate::live::Article;

/// Writes to the log which of these stories the caller reads before readers do.
pub async fn log(ledger: &Ledger, caller: &Caller, stories: &[impl Borrow<Article>]) -> Result<()> {
    let ahead = stories.iter().map(Borrow::borrow).filter(|story| story.embargo_until.is_some());
    let ids: Vec<String> = ahead.map(|story| story.id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let write = ledger.write(caller.actor(), WriteOptions::default(), move |_, journal| {
        for id in ids {
            journal.record(Event::new(Action::ReadUnderEmbargo, Resource::Article, id));
        }
        Ok(())
    });
    write.await
}
