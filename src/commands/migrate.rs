//! `dateline migrate`: the shape of the database.

use clap::{Args, Subcommand};

use super::{CommandError, make_data_folder};
use crate::config::Settings;
use crate::db::migrate;

/// Bring the database to the shape that this version needs.
///
/// `dateline serve` does it at its start, unless it is told not to.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Debug, Subcommand)]
enum Direction {
    /// Apply every migration that is waiting.
    Up,
    /// Take back the newest migration. What only it could hold is lost.
    Down {
        /// Yes, I have a backup.
        #[arg(long)]
        yes: bool,
    },
    /// List all migrations and whether they were applied.
    Status,
}

impl Migrate {
    /// Does it, and prints one line for each migration.
    pub fn run(self, settings: &Settings) -> Result<(), CommandError> {
        let database = settings.database()?;
        match self.direction {
            Direction::Up => {
                make_data_folder(&settings.data_dir, &database)?;
                let applied = migrate::up(&database)?;
                applied.iter().for_each(|name| println!("applied {name}"));
                if applied.is_empty() {
                    println!("nothing to do");
                }
            }
            Direction::Down { yes: false } => {
                let text = "migrate down loses data. Make a backup first, then run: dateline migrate down --yes";
                return Err(CommandError::Other(text.to_owned()));
            }
            Direction::Down { yes: true } => match migrate::down(&database)? {
                Some(name) => println!("took back {name}"),
                None => println!("nothing to do"),
            },
            Direction::Status => {
                for step in migrate::status(&database)? {
                    println!("{:<8} {}", if step.applied { "applied" } else { "waiting" }, step.name);
                }
            }
        }
        Ok(())
    }
}
