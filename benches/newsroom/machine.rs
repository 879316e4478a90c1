//! The machine: what it is, where processes run on it, and what they use.

use std::fs;
use std::process::Command;

use super::Result;

/// Where a process runs: the server and its references on one core, the load on another, so that none of them waits
/// for the other's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A server, ours or a reference.
    Server,
    /// Who sends the requests.
    Load,
}

/// A command that runs at its place; anywhere when there is one core only, or no taskset.
pub fn pinned(program: &str, place: Place) -> Command {
    let core = match place {
        Place::Server => "0",
        Place::Load => "1",
    };
    if cores() < 2 || Command::new("taskset").arg("--version").output().is_err() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", core, program]);
    command
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// One line about this machine, for the report.
pub fn description() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let information = read("/proc/cpuinfo");
    let model = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split(' ').take(1).collect();
    format!(
        "{} cores, {}, Linux {}, load average {} before the first row",
        cores(),
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        load.join(" "),
    )
}

/// Memory of a process in MB, as the kernel names it: `VmRSS` now, `VmHWM` at most so far.
pub fn memory(process: u32, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.map(|kilobytes| kilobytes / 1024.0).ok_or_else(|| format!("the kernel does not tell {name}").into())
}

/// Processor time that a process has used so far, in microseconds.
pub fn processor_time(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything; what follows it are numbers.
    let numbers: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| numbers.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    // A tick is a hundredth of a second on every Linux that programs see.
    Ok((ticks(11) + ticks(12)) * 10_000.0)
}
