//! Load from a separate process: wrk, over connections that are kept, on a core of its own where there are two.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::Result;
use super::machine;

/// Shared by all scripts: requests are written once, before the first is sent, and each is one of them by chance.
const SCRIPT: &str = r#"
local requests, writes, every, count = {}, nil, 0, 0
-- What was refused is told only where something is written: looking at every answer costs the load its speed.
if WRITES then
  response = function(status, _, body)
    if status >= 400 then io.write("REFUSED " .. status .. " " .. body:gsub("%s+", " ") .. "\n") end
  end
end
local function read_lines(name)
  local lines = {}
  for line in io.lines(name) do lines[#lines + 1] = line end
  return lines
end
init = function(arguments)
  math.randomseed(7)
  if READS then
    for _, path in ipairs(read_lines(READS)) do requests[#requests + 1] = wrk.format("GET", path, HEADERS) end
  end
  if WRITES then writes, every = read_lines(WRITES), EVERY end
end
-- A line is a method, an address and a body, with tabs between them; @@ is a number that no request had before.
local function write()
  local method, path, body = writes[count % #writes + 1]:match("([^\t]*)\t([^\t]*)\t(.*)")
  return wrk.format(method, path, WRITE_HEADERS, (body:gsub("@@", RUN .. "-" .. count, 1)))
end
request = function()
  if writes and math.random(every) == 1 then
    count = count + 1
    return write()
  end
  return requests[math.random(#requests)]
end
done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status,
    e.connect + e.read + e.write + e.timeout))
end
"#;

/// What is asked of a server, again and again.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Addresses that are read; one of them by chance each time.
    pub reads: Vec<String>,
    /// Headers of the reads.
    pub headers: Vec<(String, String)>,
    /// Writes: method, address, body.
    pub writes: Vec<(String, String, String)>,
    /// Headers of the writes.
    pub write_headers: Vec<(String, String)>,
    /// One request in so many is a write; 1 means all of them.
    pub one_write_in: usize,
    /// Connections at the same time.
    pub connections: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Load {
    requests: u64,
    microseconds: u64,
    p50: f64,
    p99: f64,
    refused: u64,
    broken: u64,
}

impl Work {
    /// Reading these addresses over so many connections.
    pub fn reading(reads: Vec<String>, connections: usize) -> Work {
        Work { reads, connections, ..Work::default() }
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: &str) -> Work {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Works ready to be sent; their files live in one folder.
pub struct Driver {
    folder: tempfile::TempDir,
    runs: std::cell::Cell<usize>,
}

impl Driver {
    /// Refuses when wrk is not there.
    pub fn new() -> Result<Driver> {
        // Without arguments it prints its usage and fails; only that it runs at all is asked.
        if Command::new("wrk").arg("-v").output().is_err() {
            return Err("wrk sends the requests, and is not there; install it (Debian: apt-get install wrk)".into());
        }
        Ok(Driver { folder: tempfile::tempdir()?, runs: std::cell::Cell::new(0) })
    }

    /// Sends `work` to `address` for so many seconds. A refused or broken request makes the whole run worthless.
    pub fn run(&self, address: &str, work: &Work, seconds: u64) -> Result<Load> {
        let script = self.write_script(work)?;
        let mut command = machine::pinned("wrk", machine::Place::Load);
        command.args(["-t1", "--timeout", "10s", "-c", &work.connections.to_string()]);
        command.args(["-d", &format!("{seconds}s"), "-s"]).arg(&script).arg(format!("http://{address}/"));
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(result) = text.lines().find_map(|line| line.strip_prefix("RESULT ")) else {
            return Err(format!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
        };
        let load: Load = serde_json::from_str(result)?;
        match (load.refused, load.broken) {
            (0, 0) => Ok(load),
            (refused, broken) => {
                let one = text.lines().find(|line| line.starts_with("REFUSED ")).unwrap_or_default();
                Err(format!("{refused} requests were refused and {broken} broke. {one}").into())
            }
        }
    }

    fn write_script(&self, work: &Work) -> Result<PathBuf> {
        let run = self.runs.get() + 1;
        self.runs.set(run);
        let folder = self.folder.path();
        let mut script = format!("RUN = 'r{}-{run}'\n", std::process::id());
        if !work.reads.is_empty() {
            script += &format!("READS = {}\n", write_lines(&folder.join("reads"), work.reads.iter().cloned())?);
        }
        if !work.writes.is_empty() {
            let lines = work.writes.iter().map(|(method, path, body)| format!("{method}\t{path}\t{body}"));
            script += &format!("WRITES = {}\n", write_lines(&folder.join("writes"), lines)?);
        }
        script += &format!("EVERY = {}\n", work.one_write_in);
        script += &format!("HEADERS = {}\nWRITE_HEADERS = {}\n", table(&work.headers), table(&work.write_headers));
        let path = folder.join("script.lua");
        fs::write(&path, script + SCRIPT)?;
        Ok(path)
    }
}

impl Load {
    /// Requests in a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds.max(1) as f64
    }

    /// How many requests were answered.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Half of the answers took no longer, in milliseconds.
    pub fn p50(&self) -> f64 {
        self.p50 / 1e3
    }

    /// 99 of 100 answers took no longer, in milliseconds.
    pub fn p99(&self) -> f64 {
        self.p99 / 1e3
    }
}

/// Writes the lines and gives the file's name as Lua has it.
fn write_lines(path: &Path, lines: impl Iterator<Item = String>) -> Result<String> {
    fs::write(path, lines.collect::<Vec<_>>().join("\n"))?;
    Ok(quoted(&path.display().to_string()))
}

fn table(headers: &[(String, String)]) -> String {
    let members: Vec<String> =
        headers.iter().map(|(name, value)| format!("[{}] = {}", quoted(name), quoted(value))).collect();
    format!("{{ {} }}", members.join(", "))
}

/// A text as Lua has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
