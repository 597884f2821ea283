//! Ending what an earlier runner started, before anybody looks at what it did.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Live, prober};
use crate::gateway::{Failure, Moment, ProcessIdentity, Processes, Turn};

/// How long a killed process may take to be gone. The kernel needs longer only while a disk does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

impl Processes for Live {
    fn turn_to(&self, turn: Turn<'_>) {
        self.step.set(turn.step);
        self.mark(prober::moment_of(&turn));
    }

    fn turn_over(&self) {
        self.mark(Moment::default());
    }

    async fn end_process(&self, process: &ProcessIdentity) -> Result<(), Failure> {
        if let Some(node) = &process.node {
            return self.end_on(node, process).await;
        }
        let still = |text: String| {
            Failure::new("process.alive", text).hint("end it, or restart its host, then resume")
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match process.alive() {
                Some(false) => return Ok(()),
                None => {
                    return Err(still(format!(
                        "process {} ran on `{}`, which cannot be seen from here",
                        process.pid, process.host
                    )));
                }
                Some(true) if Instant::now() > deadline => {
                    return Err(still(format!(
                        "process {} of an earlier runner does not end",
                        process.pid
                    )));
                }
                Some(true) => {
                    let group = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
                    // It may end by itself in between; the next look tells.
                    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}
