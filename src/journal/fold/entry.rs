//! The list of steps: how a step gets in, first or as another attempt, and how one that stands there is found.

use super::transition::require;
use super::{Direction, RunState, Step, StepResult, Trail};
use crate::journal::{Record, StepNo};
use crate::primitive::Intent;

/// An entry for a step that begins: the next number, or one that is attempted again.
pub(super) fn begin(
    state: &RunState,
    record: &Record,
    number: StepNo,
    within: Option<StepNo>,
    intent: &Intent,
) -> Result<Step, String> {
    let next = StepNo(u32::try_from(state.steps.len()).expect("fewer than 2^32 steps") + 1);
    let again = state
        .step(number)
        .is_some_and(|step| step.result == StepResult::Retried);
    require(number == next || again, "it is not the next step")?;
    require(
        again || within.is_some() || state.open_step().is_none(),
        "another step is open",
    )?;
    let forward = state.direction == Direction::Forward;
    require(
        forward == within.is_none(),
        "a step goes the other way than the run",
    )?;
    Ok(Step {
        number,
        intent: intent.clone(),
        place: None,
        within,
        phases: state.phases.clone(),
        targets: Vec::new(),
        result: StepResult::Open,
        began: record.at,
        ended: None,
    })
}

/// Puts a step into the list, or the next attempt of one in its place.
pub(super) fn insert(state: &mut RunState, step: Step) {
    let index = step.number.0 as usize - 1;
    if index < state.steps.len() {
        let attempt = std::mem::replace(&mut state.steps[index], step);
        state.superseded.push(attempt);
        return;
    }
    if step.within.is_none() {
        // The playbook goes on, so what was found at an end says nothing of the end to come.
        state.broken.clear();
        state.trail.push(Trail::Step(step.number));
    }
    state.steps.push(step);
}

/// The step called `number`.
pub(super) fn entry(state: &mut RunState, number: StepNo) -> Result<&mut Step, String> {
    let index = (number.0 as usize)
        .checked_sub(1)
        .ok_or("steps are counted from 1")?;
    state
        .steps
        .get_mut(index)
        .ok_or_else(|| format!("there is no step {number}"))
}

/// The step called `number`, which must not have ended.
pub(super) fn open(state: &mut RunState, number: StepNo) -> Result<&mut Step, String> {
    let step = entry(state, number)?;
    require(step.result == StepResult::Open, "the step is not open")?;
    Ok(step)
}
