//! The program itself, as somebody would start it: `Program::new().run(&["migrate", "status"])`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::Client;

/// Long enough for the slowest machine; nothing waits for it that goes well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to start the program in, and what its environment says.
pub struct Program {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What it complained and logged.
    pub errors: String,
}

/// A program that serves. It is killed when this is dropped.
pub struct Serving {
    child: Child,
    address: SocketAddr,
    greeting: Vec<String>,
    errors: Option<JoinHandle<String>>,
}

impl Program {
    /// In an empty folder, with nothing in its environment that is about Dateline.
    pub fn new() -> Program {
        Program { folder: tempfile::tempdir().expect("a temporary folder"), environment: Vec::new() }
    }

    /// In a folder with a database that has every table, and nothing in them.
    pub fn migrated() -> Program {
        let program = Program::new();
        let data = program.folder().join("data");
        fs::create_dir(&data).expect("a folder");
        super::sqlite::copy(&data);
        program
    }

    /// The same, with one variable more.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Program {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Where it is started.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder and gives its name back.
    pub fn file<'a>(&self, name: &'a str, content: impl AsRef<[u8]>) -> &'a str {
        fs::write(self.folder().join(name), content).expect("a file");
        name
    }

    /// The names of what lies in the folder.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("a folder");
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Runs it to its end, with nothing to read.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs it to its end, with this on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut child = self.start(arguments, Stdio::piped());
        let mut pipe = child.stdin.take().expect("a pipe");
        // A program that reads nothing may have ended already.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let output = collect(child.stdout.take().expect("a pipe"));
        let errors = collect(child.stderr.take().expect("a pipe"));
        let status = wait(&mut child);
        Run { code: status.code(), output: output.join().unwrap(), errors: errors.join().unwrap() }
    }

    /// `serve` on a free port, once it listens.
    pub fn serve(&self) -> Serving {
        self.listen(&["serve", "--bind", "127.0.0.1:0"])
    }

    /// Any command that ends its greeting with `listening on http://ADDRESS`.
    pub fn listen(&self, arguments: &[&str]) -> Serving {
        let mut child = self.start(arguments, Stdio::null());
        let errors = collect(child.stderr.take().expect("a pipe"));
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut greeting = Vec::new();
        loop {
            let Some(line) = lines.next() else {
                let status = wait(&mut child);
                panic!("{arguments:?} ended with {status}: {}", errors.join().unwrap());
            };
            greeting.push(line.expect("a line of text"));
            if let Some(address) = greeting.last().and_then(|line| line.strip_prefix("listening on http://")) {
                let address = address.parse().expect("an address");
                return Serving { child, address, greeting, errors: Some(errors) };
            }
        }
    }

    fn start(&self, arguments: &[&str], input: Stdio) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DATELINE_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder()).envs(self.environment.iter().cloned());
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }
}

impl Run {
    /// This run, when it ended well.
    #[track_caller]
    pub fn expect_success(self) -> Run {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The one line with which a run failed.
    #[track_caller]
    pub fn failure(&self) -> &str {
        assert!(self.code.is_some_and(|code| code != 0), "{self:?}");
        let lines: Vec<&str> = self.errors.lines().collect();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines[0].strip_prefix("dateline: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed until it listened.
    pub fn greeting(&self) -> &[String] {
        &self.greeting
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody who signs in with this account.
    pub fn signed_in(&self, email: &str, password: &str) -> Client {
        let sign_in = serde_json::json!({ "email": email, "password": password });
        let tokens = self.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
        self.anonymous().bearer(tokens["access_token"].as_str().expect("a token"))
    }

    /// The most memory that it used so far, in MB, where the system tells it.
    pub fn most_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        most.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end; gives the exit code and everything it logged.
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = wait(&mut self.child);
        let errors = self.errors.take().expect("ended once").join().expect("the log");
        (status.code(), errors)
    }

    /// Asks it to end, and gives the exit code and everything it logged.
    pub fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.end()
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads to the end beside whatever else happens, so that no pipe fills up.
fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8(bytes).expect("a program prints text")
    })
}

fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the program did not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}
