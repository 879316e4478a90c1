//! Does one item: the very functions that the single operations call.

use super::input::{Change, Step};
use crate::articles::article::WorkingCopy;
use crate::articles::input::ArticleInput;
use crate::articles::mention::Mention;
use crate::articles::{door_api, held, publishing, showing, store, trash};
use crate::auth::{Permission, SignedIn, decide};
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
    if matches!(change, Change::Publish(_) | Change::Unpublish) {
        // Before the story is looked for, as the single operations do: the answer is the same whatever it is.
        decide(Some(caller), Permission::PublishArticles, None)?;
    }
    let passed = match change {
        Change::Patch(input) => store::update(connection, journal, caller, (&reference, &based_on), *input)?,
        Change::Tag { add, remove } => {
            let row = store::get(connection, (caller, Permission::WriteArticles), &reference, journal.now())?;
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
            let row = store::get(connection, (caller, Permission::WriteArticles), &reference, journal.now())?;
            based_on.check(row.version)?;
            trash::put(connection, journal, caller, row)?.into()
        }
        Change::Publish(input) => {
            let held = held::take(connection, journal, caller, (&reference, &based_on))?;
            door_api::publish(connection, journal, held, (caller, (*input).into()))?
        }
        Change::Unpublish => {
            let held = held::take(connection, journal, caller, (&reference, &based_on))?;
            publishing::unpublish(connection, journal, held)?
        }
    };
    showing::show(connection, passed, journal.now())
}
