//! Reading under embargo: those who may are written down before they get an answer.

use super::Finished;
use crate::auth::Caller;
use crate::error::Result;
use crate::events::{Action, Event, Ledger, Resource};
use crate::http::query::WriteOptions;

/// Writes to the log which of these stories the caller reads before readers do.
pub async fn log(ledger: &Ledger, caller: &Caller, stories: &[Finished]) -> Result<()> {
    let ahead = stories.iter().filter(|story| story.is_ahead);
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
