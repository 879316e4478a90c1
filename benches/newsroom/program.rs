//! Programs under load: Dateline itself, and the references, which are this program again under another name.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;
use super::http::{self, Answer};
use super::machine::{self, Place};

/// The account that writes.
const EMAIL: &str = "desk@example.org";
const PASSWORD: &str = "a sentence that is easy to keep";

/// Signs for instances on PostgreSQL, and on SQLite too, so that a copied folder goes on working.
const SECRET: &str = "a secret that is only good for benchmarks";

/// How long a program may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Dateline with a database, not running.
#[derive(Debug, Clone)]
pub struct Dateline {
    /// Its address as the program takes it.
    pub database: String,
    /// The data folder.
    pub folder: PathBuf,
}

/// A program that answers HTTP. It is killed when this is dropped.
pub struct Serving {
    child: Child,
    address: String,
    started_in: Duration,
}

impl Dateline {
    /// The release binary that Cargo built for this benchmark.
    pub fn binary() -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_dateline"))
    }

    /// The program with these arguments and nothing else in its environment that is about Dateline.
    fn command(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DATELINE_")) {
            command.env_remove(name);
        }
        command.current_dir(&self.folder).env("DATELINE_DATABASE_URL", &self.database);
        command.env("DATELINE_DATA_DIR", &self.folder).env("DATELINE_SECRET", SECRET).env("DATELINE_LOG", "warn");
        // What the program can, not what it is allowed.
        command.env("DATELINE_RATE_LIMIT_CALLERS", "0");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[OsString], input: &str) -> Result<()> {
        let mut command = self.command(Command::new(Dateline::binary()));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that reads nothing may have ended already.
            let _ = pipe.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    /// Makes the account that writes.
    pub fn add_account(&self) -> Result<()> {
        self.run(&["user", "add", "--email", EMAIL, "--role", "editor"].map(OsString::from), PASSWORD)
    }

    /// Starts the server, with these settings besides.
    pub fn serve(&self, settings: &[(&str, &str)]) -> Result<Serving> {
        let mut command = self.command(machine::pinned(&Dateline::binary().to_string_lossy(), Place::Server));
        command.args(["serve", "--bind", "127.0.0.1:0"]).envs(settings.iter().copied());
        Serving::start(command, "/v1/articles?limit=1")
    }
}

impl Serving {
    /// Starts a program that says `listening on http://ADDRESS`, and waits for its first 200.
    fn start(mut command: Command, first: &str) -> Result<Serving> {
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let line = child.stdout.take().and_then(|output| BufReader::new(output).lines().next());
        let address = line.and_then(|line| Some(line.ok()?.strip_prefix("listening on http://")?.to_owned()));
        let Some(address) = address else {
            return Err(format!("{command:?} ended with {}", child.wait()?).into());
        };
        let mut serving = Serving { child, address, started_in: Duration::ZERO };
        while serving.get(first, &[])?.status != 200 {
            if begun.elapsed() > PATIENCE {
                return Err(format!("{first} did not become 200").into());
            }
        }
        serving.started_in = begun.elapsed();
        Ok(serving)
    }

    /// Starts a reference: this program with other arguments.
    pub fn reference(arguments: &[&str], first: &str) -> Result<Serving> {
        let own = std::env::current_exe()?;
        let mut command = machine::pinned(&own.to_string_lossy(), Place::Server);
        command.arg("reference").args(arguments);
        Serving::start(command, first)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From the start of the process to its first 200.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// One answer, over a connection of its own.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        http::get(&self.address, path, headers)
    }

    /// Signs in as the account that writes; gives the header of the requests that follow.
    pub fn sign_in(&self) -> Result<(String, String)> {
        let token = http::sign_in(&self.address, EMAIL, PASSWORD)?;
        Ok(("Authorization".to_owned(), format!("Bearer {token}")))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
