//! Which process something was, and ending exactly that one.
//!
//! Invariant: no signal is sent to a process id alone. The process is held by a file descriptor first and compared with what was
//! recorded while it is held, so an id that went to somebody else in between is never hit.

use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::PracticeError;

/// How long a process may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the kernel may take to end a process that was killed.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two looks at a process that is ending.
const PAUSE: Duration = Duration::from_millis(20);

/// One process on one boot of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: i32,
    /// Its start, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub started: u64,
    /// The boot (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

impl Process {
    /// The process that has `pid` now, unless it is gone or only waits for its parent to notice its end.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything, so counting starts behind the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        // State is the third field, the start the twenty-second.
        let started = fields.nth(18)?.parse().ok()?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self {
            pid,
            started,
            boot: boot.trim().to_owned(),
        })
    }

    /// Whether this process is still there.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Sends `signal` to this process, and to no other that may have its id by now; false if it is gone.
    pub(super) fn signal(&self, signal: Signal) -> bool {
        let Some(held) =
            Pid::from_raw(self.pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
        else {
            return false;
        };
        self.is_alive() && pidfd_send_signal(held, signal).is_ok()
    }

    /// Ends this process: TERM, and KILL if that does not help. One that is gone already is ended.
    pub(super) async fn end(&self) -> Result<(), PracticeError> {
        for (signal, patience) in [(Signal::TERM, PATIENCE), (Signal::KILL, KILL_PATIENCE)] {
            self.signal(signal);
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if !self.is_alive() {
                    return Ok(());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Err(PracticeError::Late {
            what: format!("process {} is still there", self.pid),
            seconds: (PATIENCE + KILL_PATIENCE).as_secs(),
        })
    }
}

/// Every process of this machine with its command line, as far as they may be seen.
pub(super) fn command_lines() -> impl Iterator<Item = (Process, Vec<String>)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let process = Process::of(entry.file_name().to_str()?.parse().ok()?)?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let words = line.strip_suffix(&[0])?.split(|byte| *byte == 0);
        let words = words.map(|word| String::from_utf8_lossy(word).into_owned());
        Some((process, words.collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_is_ended_by_its_identity_and_another_with_its_id_is_left_alone() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("started");
        let pid = i32::try_from(child.id()).expect("small");
        let process = Process::of(pid).expect("running");
        let other = Process {
            started: process.started + 1,
            ..process.clone()
        };
        assert!(!other.is_alive());
        other.end().await.expect("gone already");
        assert!(process.is_alive());
        process.end().await.expect("ended");
        assert!(!process.is_alive());
        child.wait().expect("reaped");
    }
}
