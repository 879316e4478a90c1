//! Which story a translation is a translation of. All translations name the same original, so that they know each other.

use diesel::prelude::*;

use super::input::ArticleInput;
use super::{access, store};
use crate::auth::{Permission, SignedIn};
use crate::db::schema::articles;
use crate::db::{self, AnyConnection, Turn};
use crate::error::{Error, Rejection, Result};
use crate::http::patch::Patch;
use crate::http::path::Reference;

/// The input with the id of the original in place of what was said; a translation of a translation is one of the
/// original. `None` for a caller who may name every story.
///
/// Errors: 422 when there is no such story that the caller can see, or this story cannot be a translation of it.
pub fn resolve(
    connection: &mut AnyConnection,
    caller: Option<&SignedIn>,
    article: &str,
    mut input: ArticleInput,
) -> Result<ArticleInput> {
    let Patch::Value(text) = &input.translation_of else { return Ok(input) };
    let refuse =
        |code: &str, detail: &str| Err(Error::Unprocessable(vec![Rejection::field("/translation_of", code, detail)]));
    // Two stories that become translations of each other at the same moment would each find the other one free.
    db::take_turns(connection, Turn::Translating)?;
    let found = store::find(connection, &Reference::parse(text))?;
    let Some(named) = found.filter(|row| caller.is_none_or(|caller| access::may(caller, Permission::ReadDrafts, row)))
    else {
        return refuse("unknown_reference", "there is no article with this id or slug that you can see");
    };
    let original = named.translation_of.unwrap_or(named.id);
    if original == article {
        return refuse("own_translation", "an article cannot be a translation of itself or of its own translation");
    }
    let translations = articles::table.filter(articles::translation_of.eq(article));
    if diesel::select(diesel::dsl::exists(translations)).get_result(connection)? {
        return refuse("has_translations", "other articles are translations of this one, so it is an original itself");
    }
    input.translation_of = Patch::Value(original);
    Ok(input)
}
