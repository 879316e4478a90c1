//! The log piece by piece, for somebody who reads all of it or its end, with the actors by name.

use std::collections::HashMap;

use diesel::prelude::*;

use super::entry::LogEntry;
use super::store::{LogFilter, by_any_of, filtered, is_nobody, with_its_tokens};
use crate::db::schema::{api_tokens, events, users};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::events::Entry;

/// How many entries are held at a time.
const BATCH: i64 = 500;

/// Goes through a part of the log, oldest first.
pub struct Reader {
    filter: LogFilter,
    /// Only by these, once it is known who they are; by anybody when that was not asked.
    actors: Option<Vec<String>>,
    /// How many of the newest to read, until it is known where they begin; nothing when all are read.
    last: Option<u32>,
    /// What was read already.
    position: i64,
    /// How many more are read at most.
    left: i64,
}

impl Reader {
    /// Reads everything that the filter lets through, or only the `last` ones of it. What an account did is what was done
    /// with its API tokens, too.
    pub fn new(filter: LogFilter, last: Option<u32>) -> Reader {
        Reader { filter, actors: None, last, position: 0, left: last.map_or(i64::MAX, i64::from) }
    }

    /// The next entries, each with who it was in words: an e-mail address, the name of an API token, or the id of what is
    /// there no more; `operator`, `clock` or `anonymous` when it was none of them. Empty at the end.
    pub fn next(&mut self, connection: &mut AnyConnection) -> Result<Vec<(LogEntry, String)>> {
        if let Some(id) = self.filter.actor.take_if(|actor| !is_nobody(actor)) {
            self.actors = Some(with_its_tokens(connection, id)?);
        }
        if let Some(last) = self.last.take() {
            self.skip_to_last(connection, last)?;
        }
        let entries: Vec<Entry> = self
            .asked()
            .filter(events::position.gt(self.position))
            .order(events::position.asc())
            .limit(self.left.min(BATCH))
            .select(Entry::as_select())
            .load(connection)?;
        if let Some(newest) = entries.last() {
            self.position = newest.position;
            self.left -= i64::try_from(entries.len()).unwrap_or(self.left);
        }
        let names = names(connection, &entries)?;
        let named = |entry: Entry| {
            let id = entry.actor_id.as_ref();
            let actor = id.map_or(&entry.actor_kind, |id| names.get(id).unwrap_or(id)).clone();
            (LogEntry::from(entry), actor)
        };
        Ok(entries.into_iter().map(named).collect())
    }

    /// Everything that it was asked for.
    fn asked(&self) -> events::BoxedQuery<'static, Backend> {
        let query = filtered(&self.filter);
        match &self.actors {
            Some(ids) => by_any_of(query, ids.clone()),
            None => query,
        }
    }

    /// Passes over everything before the last ones.
    fn skip_to_last(&mut self, connection: &mut AnyConnection, last: u32) -> Result<()> {
        let first: Option<i64> = self
            .asked()
            .order(events::position.desc())
            .offset(i64::from(last.saturating_sub(1)))
            .select(events::position)
            .first(connection)
            .optional()?;
        self.position = first.map_or(0, |first| first - 1);
        Ok(())
    }
}

/// What the actors of these entries are called now, by id.
fn names(connection: &mut AnyConnection, entries: &[Entry]) -> Result<HashMap<String, String>> {
    let ids: Vec<&str> = entries.iter().filter_map(|entry| entry.actor_id.as_deref()).collect();
    let mut names: HashMap<String, String> = users::table
        .filter(users::id.eq_any(&ids))
        .select((users::id, users::email))
        .load(connection)?
        .into_iter()
        .collect();
    let tokens: Vec<(String, String, String)> = api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .filter(api_tokens::id.eq_any(&ids))
        .select((api_tokens::id, api_tokens::name, users::email))
        .load(connection)?;
    names.extend(tokens.into_iter().map(|(id, name, owner)| (id, format!("{name} of {owner}"))));
    Ok(names)
}
