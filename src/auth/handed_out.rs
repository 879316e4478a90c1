//! What was given out in somebody's name, to be taken back when the account may be in the wrong hands: API tokens, preview
//! links, passkeys, and the one-time links of the account itself.

use diesel::prelude::*;

use super::{api_tokens, links, passkeys};
use crate::db::AnyConnection;
use crate::db::schema::preview_links;
use crate::error::Result;
use crate::events::{Action, Event, Journal, Resource};

/// Takes back everything that was given out in the name of an account, and says so in the log.
pub fn take_back(connection: &mut AnyConnection, journal: &mut Journal, user_id: &str) -> Result<()> {
    links::forget(connection, user_id)?;
    passkeys::forget_passkeys(connection, journal, user_id)?;
    for token in api_tokens::revoke_all(connection, user_id)? {
        journal.record(Event::new(Action::Deleted, Resource::Token, token));
    }
    // What they lead to is the business of another room; whose they are is ours.
    let previews = preview_links::table.filter(preview_links::made_by.eq(user_id));
    let ids: Vec<String> = diesel::delete(previews).returning(preview_links::id).get_results(connection)?;
    for link in ids {
        journal.record(Event::new(Action::Deleted, Resource::PreviewLink, link));
    }
    Ok(())
}
