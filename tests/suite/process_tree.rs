//! The processes below one process and those that carry a mark in their environment, told by `/proc`, and signals to them.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// One process as `/proc/…/stat` tells it.
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    /// What it calls itself, at most 15 characters.
    pub(crate) name: String,
    has_ended: bool,
}

/// All processes that have not ended.
fn running() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("listed");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(process)
        .filter(|process| !process.has_ended)
        .collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // A name may have brackets and blanks of its own: it ends at the last bracket.
    let (before, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ');
    let has_ended = matches!(fields.next()?, "Z" | "X");
    Some(Process {
        pid,
        parent: fields.next()?.parse().ok()?,
        name: before.split_once('(')?.1.to_owned(),
        has_ended,
    })
}

/// The children of `root`, theirs, and so on.
pub(crate) fn below(root: i32) -> Vec<Process> {
    let mut waiting = running();
    let mut known = BTreeSet::from([root]);
    let mut found = Vec::new();
    loop {
        let (below, others): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|process| known.contains(&process.parent));
        if below.is_empty() {
            return found;
        }
        known.extend(below.iter().map(|process| process.pid));
        found.extend(below);
        waiting = others;
    }
}

/// Those that were started with this variable, wherever they have moved in the tree.
pub(crate) fn carrying(variable: &str) -> Vec<Process> {
    let carries = |process: &Process| {
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|found| found == variable.as_bytes())
    };
    running().into_iter().filter(carries).collect()
}

/// Sends a signal; one that has ended meanwhile needs none.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Stops what `list` finds, until it finds nothing that is not stopped.
pub(crate) fn stop_all(list: impl Fn() -> Vec<Process>) {
    let mut stopped = BTreeSet::new();
    loop {
        let found = list();
        let mut new = found
            .iter()
            .filter(|process| stopped.insert(process.pid))
            .peekable();
        if new.peek().is_none() {
            return;
        }
        new.for_each(|process| signal(process.pid, Signal::STOP));
    }
}

/// Kills what `list` finds, until it finds nothing.
pub(crate) fn kill_all(list: impl Fn() -> Vec<Process>) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = list();
        if found.is_empty() || Instant::now() > deadline {
            return;
        }
        for process in found {
            signal(process.pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
