//! `dateline audit`: the log, for the person who runs the server.

use std::io::{ErrorKind, Write, stdout};

use clap::Args;

use super::{CommandError, Shape, in_runtime};
use crate::app::App;
use crate::audit::{LogEntry, LogFilter, Reader};
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::error::Error;
use crate::events::{Action, Resource};

/// How many entries are shown when nothing says which ones.
const LAST: u32 = 50;

/// Show what was done, by whom and when.
///
/// One line for each entry of the log, oldest first: its position, when, who, what was done to what, and why. The last 50 of
/// what is asked for, unless --after, --since, --until or --last say otherwise. Reads only, beside a running server too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dateline audit\n  dateline audit --action sign_in_refused --since 2026-11-01T00:00:00Z\n  \
    dateline audit --actor ada@example.org --last 200\n  dateline audit --after 12000 --json >> archive.ndjson"
)]
pub struct Audit {
    /// Only by this account (its e-mail address or id), with its API tokens, revoked ones too; or by one API token (its id;
    /// `--resource token` shows them); or by operator, clock or anonymous.
    #[arg(long)]
    actor: Option<String>,
    /// Only where this was done: published, killed, signed_in, sign_in_refused, …
    #[arg(long)]
    action: Option<Action>,
    /// Only to this kind of thing: article, tag, user, role, token, session, …
    #[arg(long)]
    resource: Option<Resource>,
    /// Only to the thing with this id.
    #[arg(long)]
    id: Option<String>,
    /// Only what came after this position.
    #[arg(long, value_name = "POSITION")]
    after: Option<u32>,
    /// Only at this moment or later, as in 2026-11-28T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only earlier than this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Only the last ones of them, this many.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    last: Option<u32>,
    /// One JSON object a line, as `/v1/events` gives it.
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Prints what was asked for.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        in_runtime((settings, Shape::LeftAlone), |app| self.act(app))
    }

    async fn act(self, app: App) -> Result<(), CommandError> {
        let is_bounded = self.after.is_some() || self.since.is_some() || self.until.is_some();
        let last = self.last.or((!is_bounded).then_some(LAST));
        let actor = match self.actor {
            Some(address) if address.contains('@') => Some(account(&app, &address).await?),
            actor => actor,
        };
        let filter = LogFilter {
            after: self.after,
            actor,
            resource: self.resource,
            id: self.id,
            action: self.action,
            since: self.since,
            until: self.until,
        };
        let mut reader = Reader::new(filter, last);
        let mut is_empty = true;
        loop {
            let (read, batch) =
                app.db().read(move |connection| reader.next(connection).map(|batch| (reader, batch))).await?;
            reader = read;
            let mut lines = String::new();
            for (entry, actor) in &batch {
                lines += &if self.json { json(entry)? } else { in_words(entry, actor) };
                lines.push('\n');
            }
            match stdout().write_all(lines.as_bytes()) {
                Ok(()) if batch.is_empty() => break,
                Ok(()) => is_empty = false,
                // Whoever reads has seen enough: `dateline audit | head`.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(CommandError::Other(format!("the log cannot be printed: {error}"))),
            }
        }
        if is_empty {
            // Silence could as well mean that nothing was asked for.
            eprintln!("no entry of the log is like that");
        }
        Ok(())
    }
}

/// The id of the account with this e-mail address.
async fn account(app: &App, address: &str) -> Result<String, CommandError> {
    match app.accounts().find(address).await {
        Ok(user) => Ok(user.id),
        Err(Error::NotFound(_)) => Err(CommandError::Other(format!(
            "there is no account {address}; see: dateline user list. One that was deleted is found by its id"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// An entry for programs, in one line.
fn json(entry: &LogEntry) -> Result<String, CommandError> {
    Ok(serde_json::to_string(entry).map_err(Error::internal)?)
}

/// An entry for people, in one line.
fn in_words(entry: &LogEntry, actor: &str) -> String {
    let LogEntry { position, at, action, resource, resource_id, .. } = entry;
    let versions = match (entry.version_before, entry.version_after) {
        (None, None) => String::new(),
        (Some(before), Some(after)) => format!("  version {before} → {after}"),
        (Some(version), None) | (None, Some(version)) => format!("  version {version}"),
    };
    let note = entry.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
    let line = format!("{position:>7}  {at}  {actor:<28}  {action} {resource} {resource_id}{versions}{note}");
    // A note is what somebody typed, and must not write to a terminal what it likes.
    line.chars().map(|character| if moves_the_cursor(character) { ' ' } else { character }).collect()
}

/// Control characters, separators of lines, and what turns the direction of writing round (Unicode Standard Annex 9).
fn moves_the_cursor(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::LogActor;

    #[test]
    fn an_entry_is_one_line_whatever_its_note_says() {
        let entry = LogEntry {
            position: 412,
            id: "01997b2e-ee10-7d3e-8d41-3f6c2f0e9a70".to_owned(),
            at: Timestamp::from_microseconds(0).unwrap(),
            actor: LogActor { kind: "user".to_owned(), id: Some("ada".to_owned()) },
            action: "killed".to_owned(),
            resource: "article".to_owned(),
            resource_id: "harbour".to_owned(),
            version_before: Some(7),
            version_after: None,
            note: Some("two\nlines \u{1b}[2J\u{202e}".to_owned()),
            digest: None,
            hash: String::new(),
        };
        let line = in_words(&entry, "ada@example.org");
        let parts: Vec<&str> = line.split("  ").filter(|part| !part.is_empty()).map(str::trim).collect();
        let expected = [
            "412",
            "1970-01-01T00:00:00Z",
            "ada@example.org",
            "killed article harbour",
            "version 7",
            "two lines",
            "[2J",
        ];
        assert_eq!(parts, expected);
    }
}
