//! The check that nobody touched what was written: the log's chain and signatures, and every story against the log.
//!
//! What is covered: every entry of the log; every revision, and the working copy with everything that its next
//! publication would say; everything that was published, with its links, its intervals and its words in the search index;
//! kills, embargoes, reviews and the trash; tags, authors and sources with their former slugs; accounts, roles, sessions,
//! API tokens, preview links and access keys. What is not: what lives for a short time only (refresh tokens, one-time
//! links, letters that wait, who is editing, kept answers), and the tables that are made from others (tallies,
//! tombstones).

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

use crate::clock::Timestamp;
use crate::db::{self, AnyConnection, fulltext};
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

    fn check(&self, connection: &mut AnyConnection, counts: &mut Counts) -> Checked {
        log::check(connection, &self.signer, counts)?;
        if let Some(kept) = &self.kept {
            log::check_kept(connection, &self.signer, kept)?;
        }
        story::check_all(connection, self.now, counts)?;
        names::check(connection, counts)?;
        accounts::check(connection, counts)?;
        keys::check(connection)?;
        check_index(connection)
    }
}

/// The search index as a whole. It comes last, because it can be made anew, and what was published cannot.
fn check_index(connection: &mut AnyConnection) -> Checked {
    match fulltext::fault(connection)? {
        Some(what) => expect(false, "the search index", format!("{what}; dateline reindex makes it anew")),
        None => Ok(()),
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { entries, checkpoints, former, stories, purged, revisions, publications, names, .. } = self;
        let Counts { accounts, roles, sessions, tokens, preview_links, .. } = self;
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
            "accounts      {accounts}, with {roles} made roles, {sessions} sessions, {tokens} API tokens and \
             {preview_links} preview links"
        )
    }
}
