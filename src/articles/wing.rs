//! Which of the two wings answers whom: who edits sees working copies, everybody else what is published.

use crate::auth::{Caller, Permission, SignedIn, decide};
use crate::clock::Timestamp;
use crate::db::types::text_enum;
use crate::error::{Error, Result};
use crate::http::answer::Audience;
use crate::http::projection::Projection;
use crate::live::{Article, Sight};

use super::article::ArticleView;
use super::schedule::SETTLING;

text_enum! {
    /// Which of a story's two faces is asked for.
    pub enum View {
        /// What readers see.
        Live = "live",
        /// The working copy.
        Draft = "draft",
    }
}

/// Which wing answers.
pub enum Wing {
    /// The editing wing, to this editor.
    Editing(SignedIn),
    /// The reading wing, to these eyes.
    Reading(Sight),
}

impl Wing {
    /// Who answers whom: working copies are for those who may edit them, the past and `view=live` are the readers' wing for
    /// everybody.
    ///
    /// Errors: 400 for a moment in the future, or for working copies of the past; 401 and 403 when working copies are asked
    /// for by name and are not this caller's to see.
    pub fn of(caller: &Caller, view: Option<View>, as_of: Option<Timestamp>, now: Timestamp) -> Result<Wing> {
        let editor = caller.user().filter(|user| user.may(Permission::ReadDrafts));
        match (view, as_of, caller) {
            (Some(View::Draft), Some(_), _) => {
                let detail = "is about what readers saw; for earlier working copies see the revisions of an article";
                Err(Error::bad_parameter("as_of", "not_for_drafts", detail))
            }
            (_, Some(_), _) => Ok(Wing::Reading(Sight::asked(as_of, now)?)),
            (Some(View::Draft), None, Caller::Anonymous) => {
                Err(Error::Unauthorized("Working copies are for editors: sign in, or leave out view=draft.".into()))
            }
            (Some(View::Draft), None, Caller::User(user)) => {
                decide(Some(user), Permission::ReadDrafts, None)?;
                Ok(Wing::Editing(user.clone()))
            }
            (Some(View::Live), None, _) => Ok(Wing::Reading(Sight::Readers(now))),
            (_, None, _) => Ok(match editor {
                Some(editor) => Wing::Editing(editor.clone()),
                None => Wing::Reading(Sight::of(caller, now)),
            }),
        }
    }
}

/// Who an answer about one story is for: what it said at a moment that is over, it said for ever. A list of that moment
/// may still change, and both ways: what is withdrawn leaves it, and comes back when its embargo ends or it is taken out of
/// the trash. So may the translations that are named beside a story; whoever keeps it for ever has those of when they asked.
pub fn audience_of_one(caller: &Caller, as_of: Option<Timestamp>, now: Timestamp) -> Audience {
    match (caller.audience(), as_of) {
        // Nothing can be committed any more that belongs to that moment.
        (Audience::Everyone, Some(then)) if then.after(SETTLING) < now => Audience::Forever,
        (audience, _) => audience,
    }
}

/// Refuses members that only working copies have: leaving them out without a word would look as if they were empty.
pub fn only_readers_fields(fields: Option<&Projection<ArticleView>>) -> Result<()> {
    let reason = "is for working copies; readers do not get it";
    fields.map_or(Ok(()), |fields| fields.check::<Article>("not_for_readers", reason))
}
