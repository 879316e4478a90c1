//! `dateline serve`: the server.

use std::io::Write;

use clap::Args;

use super::{CommandError, Shape, prepare};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
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
        let shape = if self.no_migrate { Shape::LeftAlone } else { Shape::BroughtUp };
        let app = App::build(prepare(settings, shape)?, Clock::system())?;
        actix_web::rt::System::new().block_on(async move {
            app.second_factors().warn_of_missing_roles(app.db()).await;
            app.single_sign_on().warn_of_missing_roles(app.db()).await;
            let server = Server::new(app, port)?;
            let mut output = std::io::stdout();
            // Whoever started us may have closed the pipe; that is no reason not to serve.
            let _ = writeln!(output, "listening on http://{}", server.address()).and_then(|()| output.flush());
            server.run().await
        })?;
        Ok(())
    }
}
