//! Does one item: the very functions that the single operations call.

use super::input::{Change, Step};
use crate::articles::article::WorkingCopy;
use crate::articles::input::ArticleInput;
use crate::articles::mention::Mention;
use crate::articles::{door_api, held, publishing, review, showing, store, trash};
use crate::auth::{SignedIn, decide};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::events::Journal;
use crate::http::patch::Patch;
use crate::live::References;

/// Does one item, and gives the working copy as it is then.
pub fn apply(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    caller: &SignedIn,
    step: Step,
) -> Result<WorkingCopy> {
    let Step { reference, based_on, change } = step;
    let who = (caller, change.needs());
    // Before the story is looked for, as the single operations do: the answer is the same whatever it is.
    decide(Some(caller), who.1, None)?;
    let hold = |connection: &mut AnyConnection, journal: &mut Journal| {
        held::take(connection, journal, who, (&reference, &based_on))
    };
    let passed = match change {
        Change::Patch(input) => store::update(connection, journal, caller, (&reference, &based_on), *input)?,
        Change::Tag { add, remove } => {
            let row = store::get(connection, who, &reference, journal.now())?;
            based_on.check(row.version)?;
            let document = row.document()?;
            let references = References::load(connection, [&document])?;
            let present = document.tags.iter().filter_map(|id| references.tag(id));
            let kept = present.filter(|tag| !remove.contains(&tag.id) && !remove.contains(&tag.slug));
            let kept = kept.map(|tag| Mention { known: Some(tag.id), name: None });
            let tags = Patch::Value(kept.chain(add).collect());
            store::change(connection, journal, row, ArticleInput { tags, ..ArticleInput::default() }, Some(caller))?
        }
        Change::Trash => {
            let row = store::get(connection, who, &reference, journal.now())?;
            based_on.check(row.version)?;
            trash::put(connection, journal, caller, row)?.into()
        }
        Change::Submit(note) => {
            let held = hold(connection, journal)?;
            review::submit(connection, journal, held, note)?
        }
        Change::Unsubmit(note) => {
            let held = hold(connection, journal)?;
            review::unsubmit(connection, journal, held, note)?
        }
        Change::Approve(note) => {
            let held = hold(connection, journal)?;
            review::approve(connection, journal, held, note)?
        }
        Change::RequestChanges(note) => {
            let held = hold(connection, journal)?;
            review::request_changes(connection, journal, held, note)?
        }
        Change::Publish(input) => {
            let held = hold(connection, journal)?;
            door_api::publish(connection, journal, held, (caller, (*input).into()))?
        }
        Change::Unpublish => {
            let held = hold(connection, journal)?;
            publishing::unpublish(connection, journal, held)?
        }
    };
    showing::show(connection, passed, journal.now())
}
