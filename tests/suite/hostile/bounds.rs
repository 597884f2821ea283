//! A command that is watched while it runs: its time, and what the script's process takes of memory.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cutover::journal::Event;
use rustix::process::{Pid, Signal, kill_process};

use super::super::harness::{Finished, Test, script_of};
use super::WALL;

/// How often the script's process is looked at.
const LOOK: Duration = Duration::from_millis(3);

/// A command that came to its end.
pub(super) struct Watched {
    pub(super) finished: Finished,
    pub(super) wall: Duration,
    /// The most that a process of the script had in memory of its own, in KiB.
    pub(super) peak: u64,
}

/// Runs a command to its end, or ends it when it takes far too long.
pub(super) fn watched(test: &Test, arguments: &[&str]) -> Watched {
    let begun = Instant::now();
    let running = test.start(arguments);
    let runner = running.id();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(script_of(runner).and_then(peak_of).unwrap_or_default());
                if begun.elapsed() > WALL + Duration::from_secs(5) {
                    let runner = i32::try_from(runner).ok().and_then(Pid::from_raw);
                    let _ = kill_process(runner.expect("a process"), Signal::KILL);
                    break;
                }
                std::thread::sleep(LOOK);
            }
            peak
        });
        let finished = test.finish(running);
        let wall = begun.elapsed();
        ended.store(true, Ordering::Relaxed);
        let peak = watch.join().expect("watched to the end");
        Watched {
            finished,
            wall,
            peak,
        }
    })
}

/// The most that a process ever had in memory of its own, in KiB: all of it without the pages of the binary and of the libraries.
/// These are the page cache's, shared with the supervisor, and how many of them are mapped around the one that is wanted is the
/// kernel's choice: with one and the same script it was 35 MiB on one machine and 39 on another.
fn peak_of(process: Pid) -> Option<u64> {
    let path = format!("/proc/{}/status", process.as_raw_nonzero());
    let status = fs::read_to_string(path).ok()?;
    let all = kibibytes(&status, "VmHWM:")?;
    Some(all.saturating_sub(kibibytes(&status, "RssFile:")?))
}

/// A size that the kernel tells of a process, in KiB.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The script's own time as its verdict tells it, in seconds; nothing where there is no verdict.
pub(super) fn seconds(test: &Test) -> Option<u64> {
    let last = test.records().pop()?;
    let Event::Verdict { spent, .. } = last.event else {
        return None;
    };
    let seconds = spent.iter().find(|spent| spent.budget == "seconds")?;
    Some(seconds.used)
}
