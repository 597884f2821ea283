//! Ending what an earlier runner started, before anybody looks at what it did.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Live, prober};
use crate::gateway::{Failure, Moment, ProcessIdentity, Processes, Turn};

/// How long a killed process may take to be gone. The kernel needs longer only while a disk does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a process is looked at that goes on by itself.
const LOOK: Duration = Duration::from_millis(100);

/// How often it is told that it is waited for.
const TELL: Duration = Duration::from_secs(1);

impl Processes for Live {
    fn turn_to(&self, turn: Turn<'_>) {
        self.step.set(turn.step);
        self.mark(prober::moment_of(&turn));
    }

    fn turn_over(&self) {
        self.mark(Moment::default());
    }

    async fn end_process(&self, process: &ProcessIdentity, time: Duration) -> Result<(), Failure> {
        self.wait_for(process, time).await?;
        if let Some(node) = &process.node {
            return self
                .connection_to(node, process)
                .await?
                .end_for_certain(process)
                .await;
        }
        let deadline = Instant::now() + PATIENCE;
        while is_alive(process)? {
            if Instant::now() > deadline {
                return Err(still(format!(
                    "process {} of an earlier runner does not end",
                    process.pid
                )));
            }
            let group = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
            // It may end by itself in between; the next look tells.
            let _ = group.map(|group| kill_process_group(group, Signal::KILL));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn clear(&self, nodes: &BTreeSet<String>) {
        self.clear_temporary(nodes).await;
    }
}

impl Live {
    /// Waits until a process has come to its end by itself, and no longer than for `time`.
    async fn wait_for(&self, process: &ProcessIdentity, time: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut told = None;
        while begun.elapsed() < time {
            let is_there = match &process.node {
                Some(node) => {
                    self.connection_to(node, process)
                        .await?
                        .is_there(process)
                        .await?
                }
                None => is_alive(process)?,
            };
            if !is_there {
                return Ok(());
            }
            if told.is_none_or(|told: Instant| told.elapsed() > TELL) {
                told = Some(Instant::now());
                let left = time.saturating_sub(begun.elapsed()).as_secs();
                self.report.progress(&format!(
                    "process {} of an earlier runner is still at work, and is waited for: {left} s at most",
                    process.pid
                ));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// Whether a process of this host is still there.
fn is_alive(process: &ProcessIdentity) -> Result<bool, Failure> {
    process.alive().ok_or_else(|| {
        still(format!(
            "process {} ran on `{}`, which cannot be seen from here",
            process.pid, process.host
        ))
    })
}

fn still(text: String) -> Failure {
    Failure::new("process.alive", text).hint("end it, or restart its host, then resume")
}
