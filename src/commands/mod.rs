//! The command line: what can be said, and which file does it.

mod audit;
mod demo;
mod environment;
mod import;
mod keys;
mod migrate;
mod openapi;
mod reindex;
mod serve;
mod user;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, SettingError, Settings};
use crate::db::DatabaseUrl;
use crate::db::migrate::{self as migrations, StartError};
use crate::error::Error;
use crate::server::ServerError;
use crate::telemetry;

/// Shown below every help page.
const EXAMPLES: &str = "\
Examples:
  dateline serve                                  A SQLite file in ./data, http://127.0.0.1:8080
  dateline serve --bind 0.0.0.0:80                The same, for the whole network
  dateline serve --database-url postgres://…      On PostgreSQL; needs DATELINE_SECRET
  dateline migrate status                         What an upgrade would change in the database

Every setting is also an environment variable, or a line in a file named .env.
The API docs are at /docs of a running server.";

/// Dateline, a headless CMS for newsrooms: articles, authors, sources and tags over a REST/JSON API.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Demo(demo::Demo),
    Import(import::Import),
    User(user::Users),
    Keys(keys::Keys),
    Audit(audit::Audit),
    Verify(verify::Verify),
    Reindex(reindex::Reindex),
    Openapi(openapi::Openapi),
}

/// Why a command failed, in one line.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The database cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The port cannot be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Something was refused; the text names the field.
    #[error(transparent)]
    Refused(#[from] Error),
    /// Anything else; the text says what to do.
    #[error("{0}")]
    Other(String),
}

impl Cli {
    /// What the command line and the environment say; ends the program with a usage message when the command line makes no
    /// sense. An empty variable counts as not set, because `NAME=` in a file or a compose file means just that.
    ///
    /// Errors: the variable that cannot be read.
    pub fn from_command_line() -> Result<Cli, CommandError> {
        environment::read_file()?;
        let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        let mut command = Cli::command().mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg });
        if let Some(used) = called(&command).and_then(|name| settings_of(&name)) {
            command = command.mut_args(|arg| {
                let hidden = arg.get_env().is_some() && !used.contains(&arg.get_id().as_str());
                arg.hide(hidden)
            });
        }
        let read = command.clone().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
        match read {
            Ok(cli) => Ok(cli),
            Err(error) => match environment::blame(&error, &command) {
                Some(blamed) => Err(blamed),
                None => error.exit(),
            },
        }
    }

    /// Runs the command to its end.
    pub fn run(self) -> Result<(), CommandError> {
        environment::refuse_mistyped(&Cli::command())?;
        telemetry::start(&self.settings)?;
        match self.command {
            Command::Serve(serve) => serve.run(self.settings),
            Command::Migrate(migrate) => migrate.run(&self.settings),
            Command::Demo(demo) => demo.run(self.settings),
            Command::Import(import) => import.run(self.settings),
            Command::User(users) => users.run(self.settings),
            Command::Keys(keys) => keys.run(self.settings),
            Command::Audit(audit) => audit.run(self.settings),
            Command::Verify(verify) => verify.run(self.settings),
            Command::Reindex(reindex) => reindex.run(self.settings),
            Command::Openapi(openapi) => openapi.run(),
        }
    }
}

/// The command that is called, as far as it can be told before anything is read.
fn called(command: &clap::Command) -> Option<String> {
    let typed = std::env::args_os().skip(1).filter_map(|typed| typed.into_string().ok());
    typed.into_iter().find(|typed| command.find_subcommand(typed).is_some())
}

/// The settings that the help of a command shows; all of them when it is a server, or when no command is called.
fn settings_of(command: &str) -> Option<&'static [&'static str]> {
    match command {
        "serve" | "demo" => None,
        "openapi" => Some(&["log", "log_format"]),
        _ => Some(&["database_url", "data_dir", "secret", "public_url", "log", "log_format"]),
    }
}

/// Everything that a command works with: checked settings, and the database in the shape that this version needs.
fn open(settings: Settings) -> Result<App, CommandError> {
    Ok(App::build(prepare(settings, Shape::BroughtUp)?, Clock::system())?)
}

/// What is done about a database that is older than this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// It is brought to the shape that this version needs.
    BroughtUp,
    /// It is refused.
    LeftAlone,
}

/// Checks the settings and the database. A database that cannot be served is refused before anything is made, so that
/// a start that fails leaves nothing behind.
fn prepare(settings: Settings, shape: Shape) -> Result<Config, CommandError> {
    let database = settings.database()?;
    match (shape, &database) {
        (Shape::LeftAlone, _) => migrations::check(&database)?,
        (Shape::BroughtUp, DatabaseUrl::Sqlite(path)) => {
            refuse_missing_folder(path, &settings.data_dir)?;
            migrations::status(&database)?;
        }
        // Nothing is made for PostgreSQL before the server has been asked.
        (Shape::BroughtUp, DatabaseUrl::Postgres(_)) => {}
    }
    if let DatabaseUrl::Sqlite(path) = &database {
        refuse_lost_secret(&settings, path, &database)?;
    }
    let config = settings.check()?;
    if shape == Shape::BroughtUp {
        make_data_folder(&config.data_dir, &config.database)?;
        for name in migrations::up(&config.database)? {
            tracing::info!(name, "migration applied");
        }
    }
    Ok(config)
}

/// Runs a command that works on the database and leaves it tidy. One that needs what is there already is `LeftAlone`.
fn in_runtime<F, Work>((settings, shape): (Settings, Shape), work: F) -> Result<(), CommandError>
where
    F: FnOnce(App) -> Work,
    Work: Future<Output = Result<(), CommandError>>,
{
    let begun = is_begun(&settings, shape)?;
    let app = App::build(without_hurry(prepare(settings, shape)?), Clock::system())?;
    if let Some(file) = begun {
        eprintln!("a new newsroom begins in {}", file.display());
    }
    actix_web::rt::System::new().block_on(async move {
        let result = work(app.clone()).await;
        app.db().checkpoint().await?;
        result
    })
}

/// The SQLite file that a command is about to begin, which somebody in another folder may not expect.
fn is_begun(settings: &Settings, shape: Shape) -> Result<Option<PathBuf>, CommandError> {
    Ok(match (shape, settings.database()?) {
        (Shape::BroughtUp, DatabaseUrl::Sqlite(file)) if !file.exists() => Some(file),
        _ => None,
    })
}

/// The same settings for a command, which nobody waits for at the other end of a connection: it takes the time it takes.
fn without_hurry(config: Config) -> Config {
    Config { statement_timeout: None, ..config }
}

fn refuse_missing_folder(file: &Path, data_dir: &Path) -> Result<(), SettingError> {
    match file.parent() {
        Some(folder) if folder != data_dir && !folder.as_os_str().is_empty() && !folder.is_dir() => {
            let reason = format!("names a file in {}, and there is no such folder; make it first", folder.display());
            Err(SettingError::new("DATELINE_DATABASE_URL", reason))
        }
        _ => Ok(()),
    }
}

/// Refuses to make a secret for a newsroom that had another one: the copy of a database without the file `secret` beside it
/// would go on under a key that nobody knows, with nobody signed in.
fn refuse_lost_secret(settings: &Settings, file: &Path, database: &DatabaseUrl) -> Result<(), CommandError> {
    if settings.require_secret().is_ok() || !migrations::has_begun(database)? {
        return Ok(());
    }
    let reason = format!(
        "is not set, and no secret is kept in {}, but {} is the database of a newsroom that has one. Put the file secret \
         of that newsroom there, too; if it is lost, set DATELINE_SECRET to a new one: everybody signs in again, and the \
         log goes on under another key",
        settings.data_dir.display(),
        file.display()
    );
    Err(SettingError::new("DATELINE_SECRET", reason).into())
}

/// Makes the data folder when the SQLite file lives in it. A folder that somebody named for the file alone is not made:
/// a mistyped path would become an empty newsroom.
fn make_data_folder(data_dir: &Path, database: &DatabaseUrl) -> Result<(), SettingError> {
    match database {
        DatabaseUrl::Sqlite(path) if path.parent() == Some(data_dir) => fs::create_dir_all(data_dir).map_err(|error| {
            SettingError::new("DATELINE_DATA_DIR", format!("cannot be made at {}: {error}", data_dir.display()))
        }),
        _ => Ok(()),
    }
}
