//! Follows the log for what others changed: another server on the same database, an import beside this one. Kept answers
//! that it makes untrue end within a second.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use diesel::prelude::*;

use crate::db::schema::publications;
use crate::db::{AnyConnection, Db};
use crate::error::Result;
use crate::events::{self, Resource, Told};
use crate::http::cache::{Cache, Freshness};
use crate::panics;

/// How often it looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Most changes that are told one by one; after more of them everything is made anew.
const MOST_CHANGES: i64 = 1_000;

/// Follows the log on a connection of its own, so that it never waits for readers.
pub struct Follower {
    db: Db,
    cache: Cache,
    told: Arc<Told>,
    seen: i64,
}

impl Follower {
    /// Follows the log from where it ends now; to be made before the first answer is kept.
    ///
    /// Errors: the database cannot be read.
    pub fn new(db: Db, cache: Cache, told: Arc<Told>) -> Result<Follower> {
        let seen = events::newest_position(&mut db.connect()?)?;
        Ok(Follower { db, cache, told, seen })
    }

    /// Looks several times a second until `stop` is dropped. While the database cannot be asked, kept answers are not
    /// trusted, because nobody knows what others did to them.
    pub fn run(mut self, stop: &Receiver<()>) {
        let mut connection = None;
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(BETWEEN_LOOKS) {
            // A panic costs one look, and the connection that it happened on.
            if let Err(error) = panics::caught(|| self.look_with(&mut connection)) {
                tracing::warn!(%error, "the log cannot be followed; kept answers are not used until it can");
                connection = None;
            }
        }
    }

    fn look_with(&mut self, kept: &mut Option<AnyConnection>) -> Result<()> {
        let connection = match kept {
            Some(connection) => connection,
            None => kept.insert(self.db.connect()?),
        };
        self.look(connection)
    }

    /// One look: ends the answers that others made untrue.
    pub fn look(&mut self, connection: &mut AnyConnection) -> Result<()> {
        let at = Instant::now();
        let changes = events::changes_since(connection, self.seen, MOST_CHANGES)?;
        let others: Vec<_> = changes.entries.iter().filter(|(position, ..)| !self.told.has(*position)).collect();
        if changes.is_cut {
            self.cache.change_everything();
        } else if !others.is_empty() {
            let articles = others.iter().filter(|(_, resource, _)| *resource == Resource::Article);
            let mut ids = originals(connection, articles.map(|(.., id)| id))?;
            ids.extend(others.iter().map(|(.., id)| id.clone()));
            ids.push(Freshness::ANYTHING.to_owned());
            drop(self.cache.changing(ids));
        }
        self.seen = changes.up_to;
        self.told.forget_up_to(self.seen);
        self.cache.looked(at);
        Ok(())
    }
}

/// The stories that these are translations of: they show each other.
fn originals<'a>(connection: &mut AnyConnection, articles: impl Iterator<Item = &'a String>) -> Result<Vec<String>> {
    let articles: Vec<&String> = articles.collect();
    if articles.is_empty() {
        return Ok(Vec::new());
    }
    let query = publications::table.filter(publications::article_id.eq_any(articles));
    Ok(query.select(publications::original_id).distinct().load(connection)?)
}
