//! Where in the recorded past the script is: replaying, until what it does is new.
//!
//! The past needs no permission and performs nothing: a recorded step answers itself. What the script does must be what is
//! recorded, compared with plain equality.

use super::{Answer, Divergence, Fault};
use crate::journal::{Place, RunState, StepNo, StepResult, Trail};
use crate::primitive::Intent;

/// A position in the trail of a run that was taken up again.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    position: usize,
    /// How long the trail was when the run was taken up.
    recorded: usize,
}

/// What the past says about a step.
#[derive(Debug, PartialEq)]
pub(super) enum Past {
    /// It was done; the script has its answer already.
    Answered,
    /// It was begun and has no outcome.
    Open(StepNo),
    /// It failed and is to be attempted again.
    Again(StepNo),
    /// It is new.
    New(StepNo),
}

impl Cursor {
    /// At the beginning of `state`'s trail.
    pub(super) fn new(state: &RunState) -> Self {
        Self {
            position: 0,
            recorded: state.trail.len(),
        }
    }

    /// The answers of the recorded steps, to be sent ahead. They end before the first one that has none.
    pub(super) fn ahead(state: &RunState) -> Vec<Answer> {
        let steps = state.trail.iter().filter_map(|item| match item {
            Trail::Step(number) => state.step(*number),
            Trail::Entered(_) | Trail::Left(_) => None,
        });
        let answer = |result: &StepResult| match result {
            StepResult::Finished(outcome) => Some(Ok(outcome.clone())),
            StepResult::Failed(failure) => Some(Err(failure.clone())),
            StepResult::Open | StepResult::Retried => None,
        };
        steps.map_while(|step| answer(&step.result)).collect()
    }

    /// Compares a phase with the past; whether it is new.
    pub(super) fn phase(&mut self, state: &RunState, attempted: &Trail) -> Result<bool, Fault> {
        if self.position >= self.recorded {
            return Ok(true);
        }
        let recorded = &state.trail[self.position];
        if recorded != attempted {
            return Err(diverged(
                state,
                Some(recorded),
                describe(state, attempted),
                None,
            ));
        }
        self.position += 1;
        Ok(false)
    }

    /// Compares a step with the past.
    pub(super) fn step(
        &mut self,
        state: &RunState,
        intent: &Intent,
        place: Option<&Place>,
    ) -> Result<Past, Fault> {
        if self.position >= self.recorded {
            return Ok(Past::New(StepNo(
                u32::try_from(state.steps.len()).expect("fewer than 2^32 steps") + 1,
            )));
        }
        let item = &state.trail[self.position];
        let step = match item {
            Trail::Step(number) => state.step(*number),
            Trail::Entered(_) | Trail::Left(_) => None,
        };
        let Some(step) = step.filter(|step| step.intent == *intent) else {
            return Err(diverged(state, Some(item), spell(intent), place));
        };
        self.position += 1;
        Ok(match step.result {
            StepResult::Finished(_) | StepResult::Failed(_) => Past::Answered,
            StepResult::Open => Past::Open(step.number),
            StepResult::Retried => Past::Again(step.number),
        })
    }

    /// Whether everything recorded has been replayed.
    pub(super) fn at_end(&self) -> bool {
        self.position >= self.recorded
    }

    /// The script ended, as `attempted` says; it must not end earlier than recorded.
    pub(super) fn end(&self, state: &RunState, attempted: String) -> Result<(), Fault> {
        match state
            .trail
            .get(self.position)
            .filter(|_| self.position < self.recorded)
        {
            Some(recorded) => Err(diverged(state, Some(recorded), attempted, None)),
            None => Ok(()),
        }
    }
}

fn diverged(
    state: &RunState,
    recorded: Option<&Trail>,
    attempted: String,
    place: Option<&Place>,
) -> Fault {
    let recorded = recorded.map_or_else(|| "nothing".to_owned(), |item| describe(state, item));
    Fault::Diverged(Box::new(Divergence {
        recorded,
        attempted,
        place: place.cloned(),
    }))
}

fn describe(state: &RunState, item: &Trail) -> String {
    match item {
        Trail::Entered(name) => format!("entering the phase `{name}`"),
        Trail::Left(name) => format!("leaving the phase `{name}`"),
        Trail::Step(number) => {
            let intent = state
                .step(*number)
                .map(|step| spell(&step.intent))
                .unwrap_or_default();
            format!("step {number}, {intent}")
        }
    }
}

/// An intent as one line.
fn spell(intent: &Intent) -> String {
    serde_json::to_string(intent).expect("intents are plain data")
}
