//! Which event may follow which, one arm per event.

use super::entry::{begin, entry, insert, open};
use super::undo::{end_undo, replace_undo, undo};
use super::{
    Approval, Direction, RunState, Step, StepResult, TargetStage, TargetState, Trail, UndoEntry,
    UndoState,
};
use crate::journal::{Event, Record, SettledAs, StepNo, Target};
use crate::primitive::Intent;

/// A record that cannot follow the ones before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} says {event}, but {problem}")]
pub struct IllegalTransition {
    /// The record's position.
    pub seq: u64,
    /// The event's name.
    pub event: String,
    /// Why it cannot be.
    pub problem: String,
}

/// Applies the event of `record` to `state`, or says why it cannot follow.
pub(super) fn apply(state: &mut RunState, record: &Record) -> Result<(), IllegalTransition> {
    step(state, record).map_err(|problem| IllegalTransition {
        seq: record.seq,
        event: name(&record.event),
        problem,
    })
}

/// The event's name as it stands in the journal.
fn name(event: &Event) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    format!("`{}`", value["event"].as_str().unwrap_or("?"))
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm per event: the table of transitions"
)]
fn step(state: &mut RunState, record: &Record) -> Result<(), String> {
    let event = &record.event;
    require(
        matches!(event, Event::Header(_)) == state.header.is_none(),
        "the header comes first and once",
    )?;
    require(!state.abandoned, "the run was given up")?;
    require(
        state.ending.is_none() || super::after_verdict(event),
        "the run was put down and no runner took it up",
    )?;
    match event {
        Event::Header(header) => state.header = Some(*header.clone()),
        Event::Attached {
            mark, by, process, ..
        } => super::attach(state, *mark, by, process, record.at),
        Event::TailCut { .. } | Event::Raised(_) => {}
        Event::ProcessStarted { step, process, .. } => {
            state.reached.extend(process.node.clone());
            if let Some(step) = step {
                let processes = state.processes.entry(*step).or_default();
                processes.push(process.clone());
            }
        }
        Event::PhaseEntered { name } => {
            state.phases.push(name.clone());
            state.trail.push(Trail::Entered(name.clone()));
        }
        Event::PhaseLeft { name } => {
            require(
                state.phases.pop().as_ref() == Some(name),
                "another phase is open",
            )?;
            state.trail.push(Trail::Left(name.clone()));
        }
        Event::Read {
            step,
            intent,
            place,
            within,
            outcome,
        } => {
            let result = match outcome {
                Ok(value) => StepResult::Finished(value.clone()),
                Err(failure) => StepResult::Failed(failure.clone()),
            };
            let entry = begin(state, record, *step, *within, intent)?;
            insert(
                state,
                Step {
                    place: place.clone(),
                    result,
                    ended: Some(record.at),
                    ..entry
                },
            );
        }
        Event::Started {
            step,
            intent,
            place,
            within,
            targets,
        } => {
            require(!targets.is_empty(), "a step acts upon something")?;
            let entry = begin(state, record, *step, *within, intent)?;
            let waiting = |target: &Target| TargetState {
                target: target.clone(),
                stage: TargetStage::Waiting,
            };
            insert(
                state,
                Step {
                    place: place.clone(),
                    targets: targets.iter().map(waiting).collect(),
                    ..entry
                },
            );
            // A step with one target is its own sub-record.
            if targets.len() == 1 {
                start_target(state, *step, 0)?;
            }
        }
        Event::TargetStarted { step, target } => start_target(state, *step, *target)?,
        Event::TargetFinished {
            step,
            target,
            outcome,
        } => {
            let stage = stage(state, *step, *target)?;
            require(
                matches!(stage, TargetStage::Started),
                "the target was not started",
            )?;
            *stage = TargetStage::Finished(outcome.clone());
        }
        Event::Settled {
            step,
            target,
            found,
            ..
        } => settle(state, *step, *target, found)?,
        Event::Unsettled { step, target, why } => {
            let stage = stage(state, *step, *target)?;
            require(
                matches!(stage, TargetStage::Started | TargetStage::Unsettled(_)),
                "the target was not started",
            )?;
            *stage = TargetStage::Unsettled(why.clone());
        }
        Event::Finished { step, outcome } => {
            let entry = open(state, *step)?;
            if let [only] = entry.targets.as_mut_slice() {
                only.stage = TargetStage::Finished(outcome.clone());
            }
            require(
                entry.combined_outcome().is_some(),
                "a target is not finished",
            )?;
            (entry.result, entry.ended) = (StepResult::Finished(outcome.clone()), Some(record.at));
            state.processes.remove(step);
        }
        Event::Failed { step, failure } => {
            let entry = open(state, *step)?;
            (entry.result, entry.ended) = (StepResult::Failed(failure.clone()), Some(record.at));
            state.processes.remove(step);
        }
        Event::PlaybookAdopted(adoption) => super::adopt(state, adoption)?,
        Event::Retried { step } => {
            require(
                state.direction == Direction::Forward,
                "the run is on its way back",
            )?;
            require(
                state
                    .failed_step()
                    .is_some_and(|failed| failed.number == *step),
                "it is not the step that failed",
            )?;
            let failed = entry(state, *step)?;
            failed.result = StepResult::Retried;
            // How the playbook took the failure, leaving phases, is not how it will take the next outcome.
            state.phases = failed.phases.clone();
            let kept = state
                .trail
                .iter()
                .rposition(|item| *item == Trail::Step(*step));
            state
                .trail
                .truncate(kept.map_or(0, |position| position + 1));
        }
        Event::Seen {
            cluster,
            moment,
            seen,
        } => state.take_in(cluster, *moment, seen),
        Event::Examined { step, failure } => {
            let left = state.step(*step).map(|step| &step.intent);
            require(
                matches!(left, Some(Intent::Invariant(_))),
                "the step left no invariant",
            )?;
            match failure {
                Some(failure) => state.broken.insert(*step, failure.clone()),
                None => state.broken.remove(step),
            };
        }
        Event::WayChosen { way, undos, .. } => {
            undos
                .iter()
                .try_for_each(|chosen| replace_undo(state, chosen))?;
            state.way = Some(*way);
        }
        Event::UnwindingStarted { .. } => {
            state.direction = Direction::Unwinding;
            // The script may have died inside a phase; the way back goes through none.
            state.phases.clear();
        }
        Event::UndoStarted { step, target, .. } => {
            require(
                state.direction == Direction::Unwinding,
                "the run is not on its way back",
            )?;
            undo(state, *step, *target)?.state = UndoState::Started;
        }
        Event::UndoFinished { step, target, .. } => {
            end_undo(state, *step, *target, UndoState::Finished)?;
        }
        Event::UndoFailed {
            step,
            target,
            failure,
        } => {
            end_undo(state, *step, *target, UndoState::Failed(failure.clone()))?;
        }
        Event::ApprovalAsked { step, shown } => {
            state.approvals.insert(
                *step,
                Approval {
                    shown: shown.clone(),
                    given: None,
                    lapsed: false,
                },
            );
        }
        Event::Approved { step, by } => {
            let approval = state.approvals.get_mut(step).ok_or("nobody was asked")?;
            approval.given = Some((by.clone(), record.at));
        }
        Event::Abandoned { .. } => state.abandoned = true,
        Event::Verdict { ending, reason, .. } => {
            state.ending = Some(*ending);
            state.reason.clone_from(reason);
        }
    }
    Ok(())
}

pub(super) fn require(holds: bool, problem: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(problem.to_owned())
    }
}

fn stage(state: &mut RunState, step: StepNo, target: usize) -> Result<&mut TargetStage, String> {
    let step = entry(state, step)?;
    step.targets
        .get_mut(target)
        .map(|state| &mut state.stage)
        .ok_or_else(|| format!("there is no target {target}"))
}

/// From here on the target may have been changed, so its undo is on the stack.
fn start_target(state: &mut RunState, number: StepNo, target: usize) -> Result<(), String> {
    let stage = stage(state, number, target)?;
    let again = matches!(stage, TargetStage::Partly);
    require(
        again || matches!(stage, TargetStage::Waiting | TargetStage::NotDone),
        "the target was started already",
    )?;
    *stage = TargetStage::Started;
    if again {
        // Its undo is on the stack since the first time.
        return Ok(());
    }
    let step = entry(state, number)?;
    let found = step.targets[target].target.clone();
    // What a closure of the way back does is not undone in its turn.
    if let (Some(intent), None) = (found.undo, step.within) {
        state.undo.push(UndoEntry {
            step: number,
            target,
            name: found.name,
            intent,
            state: UndoState::Pending,
        });
    }
    Ok(())
}

fn settle(
    state: &mut RunState,
    number: StepNo,
    target: usize,
    found: &SettledAs,
) -> Result<(), String> {
    let stage = stage(state, number, target)?;
    require(
        matches!(stage, TargetStage::Started | TargetStage::Unsettled(_)),
        "the target was not started",
    )?;
    match found {
        SettledAs::Done { outcome } => *stage = TargetStage::Finished(outcome.clone()),
        SettledAs::Partly => *stage = TargetStage::Partly,
        SettledAs::NotDone => {
            *stage = TargetStage::NotDone;
            // It did not take effect, so there is nothing to take back.
            let last = state
                .undo
                .iter()
                .rposition(|entry| entry.step == number && entry.target == target);
            last.map(|index| state.undo.remove(index));
        }
    }
    Ok(())
}
