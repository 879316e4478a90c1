//! `dateline verify`: whether anybody touched what was written.

use clap::Args;

use super::{CommandError, Shape, prepare};
use crate::app::App;
use crate::audit::verify;
use crate::clock::Clock;
use crate::config::Settings;

/// Check that nobody touched what was written.
///
/// Goes through the log's chain and signatures, and holds every story against it: working copy, revisions, publications
/// and their intervals, kills, the trash. Names the first row that was changed, removed or put in, and ends with exit
/// code 1. May run beside a server; needs the same DATELINE_SECRET.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dateline verify\n  dateline verify --database-url postgres://… && echo all is well"
)]
pub struct Verify {}

impl Verify {
    /// Does it, and prints what was looked at, or what is wrong.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        let app = App::build(prepare(settings, Shape::LeftAlone)?, Clock::system())?;
        let (signer, now) = (app.signer().clone(), app.clock().now());
        let outcome = actix_web::rt::System::new()
            .block_on(app.db().read(move |connection| verify::verify(connection, &signer, now)))?;
        match outcome {
            Ok(counts) => {
                println!("{counts}\nok");
                Ok(())
            }
            Err(finding) => {
                Err(CommandError::Other(format!("the database was touched. First finding: {}", finding.text)))
            }
        }
    }
}
