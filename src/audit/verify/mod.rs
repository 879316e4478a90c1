//! The check that nobody touched what was written: the log's chain and signatures, and every story against the log.
//!
//! What is covered: every entry of the log; every revision and the working copy; everything that was published, with
//! its links and its intervals; kills and the trash. What is not: tags, sources, authors and accounts as they are now,
//! whose entries hold versions and no hashes. What readers were told of them is covered by the publications.

mod log;
mod story;

use std::fmt;

use crate::db::{self, AnyConnection};
use crate::error::Result;
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
    /// Stories.
    pub stories: u64,
    /// Stories that were removed for good, as the log says.
    pub purged: u64,
    /// Revisions.
    pub revisions: u64,
    /// Publications.
    pub publications: u64,
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

/// What a check gives.
pub type Outcome = std::result::Result<Counts, Finding>;

/// Checks the whole database, as it is at one moment.
///
/// Errors: only when it cannot be read; what is wrong with it is the outcome.
pub fn verify(connection: &mut AnyConnection, signer: &Signer) -> Result<Outcome> {
    db::snapshot(connection, |connection| check(connection, signer))
}

/// The same inside a transaction of the caller's, as that sees the database.
pub fn check(connection: &mut AnyConnection, signer: &Signer) -> Result<Outcome> {
    let mut counts = Counts::default();
    if let Err(finding) = log::check(connection, signer, &mut counts)? {
        return Ok(Err(finding));
    }
    if let Err(finding) = story::check_all(connection, &mut counts)? {
        return Ok(Err(finding));
    }
    Ok(Ok(counts))
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { entries, checkpoints, stories, purged, revisions, publications } = self;
        writeln!(formatter, "log           {entries} entries in one chain, {checkpoints} signed checkpoints")?;
        writeln!(formatter, "stories       {stories}, and {purged} that were purged")?;
        writeln!(formatter, "revisions     {revisions}")?;
        write!(formatter, "publications  {publications}, each sealed, in the log, and in its interval")
    }
}
