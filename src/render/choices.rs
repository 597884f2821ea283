//! What a person can do with a run that stands still: go on, attempt again, or come back, each way with its time and its loss.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{clean_lines, standing};
use crate::journal::{Attempt, Ending, RunState, WaysBack};

/// The choices of a run that is held, paused or stuck on a migrated database; `None` where the next commands of its verdict say it all.
#[must_use]
pub fn choices(state: &RunState, at: Timestamp) -> Option<String> {
    let waits = matches!(
        state.ending,
        Some(Ending::Held | Ending::Paused | Ending::Stuck) | None
    );
    let ways = WaysBack::of(state).filter(|ways| waits && ways.migrated && !state.abandoned)?;
    let run = &state.header.as_ref()?.run;
    let mut text = "choices:".to_owned();
    for command in standing(state).next {
        let does = match command {
            "cutover retry RUN" => match state.attempt() {
                Some(Attempt::Invariants) => {
                    "looks again at what must hold, and ends where it does".to_owned()
                }
                Some(Attempt::Step(step)) => format!(
                    "attempts step {} (`{}`) again and goes on",
                    step.number,
                    step.intent.verb()
                ),
                None => continue,
            },
            "cutover resume RUN" => "goes on from where it stands".to_owned(),
            "cutover resume RUN --playbook FILE" => {
                "goes on with an edited playbook that does the same so far".to_owned()
            }
            "cutover approve RUN" => "approves what it waits for; then `cutover resume`".to_owned(),
            _ => continue,
        };
        let command = command.replace("RUN", &run.0);
        let _ = write!(text, "\n  {command}: {does}");
    }
    for way in ways.open() {
        let _ = write!(text, "\n  cutover rollback {run} --way {way}");
    }
    let _ = write!(text, "\n{}", ways.told(at));
    Some(clean_lines(&text))
}
