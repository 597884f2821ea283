//! What earlier runs tell about how long things take here.

use serde_json::Value;

use crate::gateway::simulated::{Durations, Work};
use crate::journal::{RunState, Step, StepResult};
use crate::primitive::Intent;

/// Above this a duration is taken to grow with the size; below it most of it is overhead.
const LARGE: u64 = 64 << 20;

/// Puts what the steps of an earlier run took in the place of what `durations` assumed. The latest run tells last and counts.
pub fn learn(durations: &mut Durations, run: &RunState) {
    // Only what went well says how long it takes when it goes well.
    let finished = run
        .steps
        .iter()
        .filter(|step| matches!(step.result, StepResult::Finished(_)));
    for step in finished {
        let Some((work, bytes)) = work(step) else {
            continue;
        };
        let Some(ended) = step.ended else { continue };
        let targets = step.targets.len().max(1) as u64;
        let milliseconds = super::between(step.began, ended) / targets;
        match bytes {
            Some(bytes) if bytes >= LARGE => {
                let mebibytes = bytes >> 20;
                durations.measured(work, 0, milliseconds * 1_000 / mebibytes);
            }
            _ => durations.measured(work, milliseconds, 0),
        }
    }
}

/// The work that a step is, where it is one piece of work, and over how many bytes.
fn work(step: &Step) -> Option<(Work, Option<u64>)> {
    let bytes = |value: &Value| value["bytes"].as_u64();
    Some(match (&step.intent, &step.result) {
        (Intent::Start(_), _) => (Work::Start, None),
        (Intent::Stop(_), _) => (Work::Stop, None),
        (Intent::Reload(_), _) => (Work::Reload, None),
        (Intent::Install(_), _) => (Work::Install, None),
        (Intent::MigrateUp(up), _) => (Work::MigrateUp, Some(up.backup.bytes)),
        (Intent::Finish(_), _) => (Work::MigrateFinish, None),
        (Intent::Backup(_), StepResult::Finished(outcome)) => (Work::Backup, bytes(outcome)),
        (Intent::Verify(verify), _) if verify.tier == crate::gateway::VerifyTier::Restore => {
            (Work::Restore, Some(verify.backup.bytes))
        }
        (Intent::Verify(verify), _) => (Work::Verify, Some(verify.backup.bytes)),
        (Intent::Drain(_), _) => (Work::Drain, None),
        _ => return None,
    })
}
