//! `dateline serve`: the server.

use std::io::Write;

use clap::Args;

use super::{CommandError, make_data_folder};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::migrate;
use crate::server::{Server, take_port};

/// Serve the API until Ctrl-C or SIGTERM.
///
/// Prints one line to the standard output once it can answer: `listening on http://ADDRESS`. The log goes to the
/// standard error stream.
#[derive(Debug, Args)]
pub struct Serve {
    /// Do not touch the shape of the database; refuse to start when it is not the one that this version needs.
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    /// Takes the port before anything is made, so that a start that fails leaves nothing behind.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        let port = take_port(settings.bind)?;
        let config = settings.check()?;
        make_data_folder(&config.data_dir, &config.database)?;
        if self.no_migrate {
            migrate::check(&config.database)?;
        } else {
            for name in migrate::up(&config.database)? {
                tracing::info!(name, "migration applied");
            }
        }
        let app = App::build(config, Clock::system())?;
        actix_web::rt::System::new().block_on(async move {
            let server = Server::new(app, port)?;
            let mut output = std::io::stdout();
            // Whoever started us may have closed the pipe; that is no reason not to serve.
            let _ = writeln!(output, "listening on http://{}", server.address()).and_then(|()| output.flush());
            server.run().await
        })?;
        Ok(())
    }
}
