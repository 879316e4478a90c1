//! `dateline verify`: whether anybody touched what was written.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::{CommandError, Shape, prepare, without_hurry};
use crate::app::App;
use crate::audit::verify::{Check, Kept};
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::migrate as migrations;

/// Check that nobody touched what was written.
///
/// Goes through the log's chain and signatures, and holds against it every story (working copy, revisions, publications
/// and their intervals, kills, embargoes, reviews, the trash), tags, authors and sources, accounts, roles, sessions, API
/// tokens, preview links and keys. Names the first row that was changed, removed or put in, and ends
/// with exit code 1. May run beside a server; needs the same DATELINE_SECRET. Prints the public key of the log, for those
/// who check proofs.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dateline verify\n  dateline verify --checkpoint monday.json\n  dateline verify --database-url postgres://… && echo all is well"
)]
pub struct Verify {
    /// A checkpoint that was kept elsewhere (what `/v1/log/checkpoint` gave then): the log must still go through it.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Verify {
    /// Does it, and prints what was looked at, or what is wrong.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        let kept = self.checkpoint.as_deref().map(read).transpose()?;
        // Whoever only looks is told which database is missing, and gets no secret made.
        migrations::check(&settings.database()?)?;
        settings.require_secret()?;
        let app = App::build(without_hurry(prepare(settings, Shape::LeftAlone)?), Clock::system())?;
        let check = Check { signer: app.signer().clone(), now: app.clock().now(), kept };
        let outcome = actix_web::rt::System::new().block_on(app.db().read(move |connection| check.run(connection)))?;
        match outcome {
            Ok(counts) => {
                println!("{counts}\nkey           {}\nok", app.signer().public_key().x);
                Ok(())
            }
            Err(finding) => Err(CommandError::Other(format!(
                "the database is not as it was written. First finding: {}",
                finding.text
            ))),
        }
    }
}

/// Reads a kept checkpoint; one that stands in a proof will do.
fn read(file: &Path) -> Result<Kept, CommandError> {
    let wrong = |reason: String| CommandError::Other(format!("--checkpoint {}: {reason}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let mut json: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("is not JSON: {error}")))?;
    let checkpoint = match json.get_mut("checkpoint") {
        Some(inner) => inner.take(),
        None => json,
    };
    serde_json::from_value(checkpoint).map_err(|error| wrong(format!("is not a checkpoint: {error}")))
}
