//! Who may do what to which story: one rule, asked by every operation that touches a working copy.

use super::row::ArticleRow;
use crate::auth::{Permission, SignedIn};
use crate::error::{Error, Result};

/// Whether this story is this caller's to read and change: editors have all of them, writers their own.
pub fn is_theirs(caller: &SignedIn, row: &ArticleRow) -> bool {
    caller.may(Permission::EditEveryArticle) || row.created_by.as_ref() == Some(&caller.user_id)
}

/// Refuses a story that is not this caller's: as not allowed when everybody can read it, and as missing when nobody
/// should know of it. `is_live` is asked only then.
pub fn check(caller: &SignedIn, row: &ArticleRow, is_live: impl FnOnce() -> Result<bool>) -> Result<()> {
    if is_theirs(caller, row) {
        return Ok(());
    }
    Err(if is_live()? {
        Error::Forbidden("This is somebody else's story; writers change their own. Ask an editor.".into())
    } else {
        Error::NotFound("article")
    })
}
