//! The check that nobody touched what was written: the log's chain and signatures, and every story against the log.
//!
//! docs/proof.md says what is covered and what is not.

mod accounts;
mod copy;
mod keys;
mod log;
mod names;
mod publications;
mod review;
mod rows;
mod story;
mod withdrawals;

pub use log::Kept;

use std::fmt;

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::schema::events;
use crate::db::{self, AnyConnection, fulltext, integrity};
use crate::error::{Error, Result};
use crate::events::Signer;

/// How many rows are held at a time.
const BATCH: i64 = 500;

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of the log.
    pub entries: u64,
    /// Signed checkpoints among them.
    pub checkpoints: u64,
    /// Those that a former key of the instance signed.
    pub former: u64,
    /// Stories.
    pub stories: u64,
    /// Stories that were removed for good, as the log says.
    pub purged: u64,
    /// Revisions.
    pub revisions: u64,
    /// Publications.
    pub publications: u64,
    /// Tags, authors and sources.
    pub names: u64,
    /// Accounts.
    pub accounts: u64,
    /// Their identities at the provider of single sign-on.
    pub identities: u64,
    /// Their passkeys.
    pub passkeys: u64,
    /// Roles that admins made.
    pub roles: u64,
    /// Sessions, ended ones among them.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
    /// Preview links.
    pub preview_links: u64,
}

/// The first row that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which row, and what is wrong with it.
    pub text: String,
}

impl Finding {
    fn new(place: impl fmt::Display, what: impl fmt::Display) -> Finding {
        Finding { text: format!("{place}: {what}") }
    }
}

/// Why a check ends early.
#[derive(Debug)]
enum Fault {
    /// Something is not as it was written.
    Touched(Finding),
    /// The database cannot be read.
    Unreadable(Error),
}

impl From<Finding> for Fault {
    fn from(finding: Finding) -> Fault {
        Fault::Touched(finding)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Unreadable(error)
    }
}

impl From<diesel::result::Error> for Fault {
    fn from(error: diesel::result::Error) -> Fault {
        Fault::Unreadable(error.into())
    }
}

/// What a part of the check gives.
type Checked<T = ()> = std::result::Result<T, Fault>;

/// Refuses what is not as it was written.
fn expect(holds: bool, place: impl fmt::Display, what: impl fmt::Display) -> Checked {
    if holds { Ok(()) } else { Err(Finding::new(place, what).into()) }
}

/// What was read from a row. One that makes no sense was touched, too.
fn readable<T>(place: impl fmt::Display, read: std::result::Result<T, impl Into<Error>>) -> Checked<T> {
    read.map_err(|error| match error.into() {
        Error::Internal(cause) => Finding::new(place, format!("it cannot be read: {cause}")).into(),
        other => Fault::Unreadable(other),
    })
}

/// What a check gives.
pub type Outcome = std::result::Result<Counts, Finding>;

/// What a database is checked with.
#[derive(Debug, Clone)]
pub struct Check {
    /// The key of the log.
    pub signer: Signer,
    /// The present moment, which tells what is over from what is still to come.
    pub now: Timestamp,
    /// A checkpoint that somebody kept.
    pub kept: Option<Kept>,
}

impl Check {
    /// Checks the whole database, as it is at one moment.
    ///
    /// Errors: only when it cannot be read; what is wrong with it is the outcome.
    pub fn run(&self, connection: &mut AnyConnection) -> Result<Outcome> {
        db::snapshot(connection, |connection| self.run_inside(connection))
    }

    /// The same inside a transaction of the caller's, as that sees the database.
    pub fn run_inside(&self, connection: &mut AnyConnection) -> Result<Outcome> {
        let mut counts = Counts::default();
        match self.check(connection, &mut counts) {
            Ok(()) => Ok(Ok(counts)),
            Err(Fault::Touched(finding)) => Ok(Err(finding)),
            Err(Fault::Unreadable(error)) => Err(error),
        }
    }

    /// The present moment of what is looked at: a server beside this may have written after we looked at the clock, and by
    /// a clock of its own.
    fn present(&self, connection: &mut AnyConnection) -> Result<Timestamp> {
        let newest = events::table.order(events::position.desc()).select(events::at);
        let newest: Option<Timestamp> = newest.first(connection).optional()?;
        Ok(newest.map_or(self.now, |newest| newest.max(self.now)))
    }

    fn check(&self, connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
        log::check(connection, &self.signer, counts)?;
        if let Some(kept) = &self.kept {
            log::check_kept(connection, &self.signer, kept)?;
        }
        let now = self.present(connection)?;
        story::check_all(connection, now, counts)?;
        names::check(connection, counts)?;
        accounts::check(connection, counts)?;
        keys::check(connection, now)?;
        check_index(connection)?;
        check_file(connection)
    }
}

/// The file of SQLite as a whole. It comes last of all: the check of the index makes SQLite look at what others wrote to
/// that.
fn check_file(connection: &mut AnyConnection) -> Checked {
    let fault = integrity::fault(connection)?;
    fault.map_or(Ok(()), |what| expect(false, "the database file", what))
}

/// The search index as a whole. It comes after what it is about, because it can be made anew, and that cannot.
fn check_index(connection: &mut AnyConnection) -> Checked {
    match fulltext::fault(connection)? {
        Some(what) => expect(false, "the search index", format!("{what}; dateline reindex makes it anew")),
        None => Ok(()),
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { entries, checkpoints, former, stories, purged, revisions, publications, names, .. } = self;
        let Counts { accounts, identities, passkeys, roles, sessions, tokens, preview_links, .. } = self;
        writeln!(formatter, "log           {entries} entries in one chain, {checkpoints} signed checkpoints")?;
        if *former > 0 {
            writeln!(
                formatter,
                "              {former} of them signed with a former key, under the present one's seal"
            )?;
        }
        writeln!(formatter, "stories       {stories}, and {purged} that were purged")?;
        writeln!(formatter, "revisions     {revisions}")?;
        writeln!(
            formatter,
            "publications  {publications}, each sealed, in the log, in its interval and in the search index"
        )?;
        writeln!(formatter, "names         {names} tags, authors and sources, with their former slugs")?;
        write!(
            formatter,
            "accounts      {accounts}, with {identities} identities of single sign-on, {passkeys} passkeys, {roles} made \
             roles, {sessions} sessions, {tokens} API tokens and {preview_links} preview links"
        )
    }
}
