//! `dateline reindex`: the search index, made anew from what is published.

use clap::Args;

use super::{CommandError, Shape, in_runtime};
use crate::config::Settings;
use crate::db::fulltext;
use crate::live::words::index;

/// Make the search index anew.
///
/// The index follows what is published by itself, so this is only needed when `dateline verify` says so, or when stories
/// were brought in behind the program's back. May run beside a server, which finds less until it is done, and may go on
/// giving answers that it made meanwhile until something is published or it is started again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dateline reindex\n  dateline reindex --database-url postgres://…")]
pub struct Reindex {}

impl Reindex {
    /// Does it, in steps, and prints how many publications the index has.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        in_runtime((settings, Shape::LeftAlone), |app| async move {
            let db = app.db();
            db.write(fulltext::clear).await?;
            let (mut after, mut indexed) = (String::new(), 0);
            while let Some((last, count)) = db.write(move |connection| index::add_missing(connection, &after)).await? {
                (after, indexed) = (last, indexed + count);
            }
            db.write(fulltext::settle).await?;
            println!("{indexed} publications in the search index");
            Ok(())
        })
    }
}
