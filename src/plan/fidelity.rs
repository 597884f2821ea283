//! How well a plan foretold a run: step by step, what was predicted beside what was observed.

use serde::{Deserialize, Serialize};

use super::{Plan, PlannedStep};
use crate::journal::{RunState, Step, StepResult};

/// How a run went beside its plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fidelity {
    /// Steps that went as they were planned, of all that were planned or taken.
    pub right: usize,
    /// All that were planned or taken.
    pub of: usize,
    /// The predicted time and the observed one, in milliseconds, of the steps that went as planned.
    pub milliseconds: (u64, u64),
    /// What went otherwise, a line each.
    pub surprises: Vec<String>,
}

/// A step that takes this many times longer or shorter than planned, and by more than a second, is a surprise.
const SURPRISE: u64 = 3;

impl Fidelity {
    /// Compares `plan` with the run that `state` is.
    #[must_use]
    pub fn of(plan: &Plan, state: &RunState) -> Self {
        let taken: Vec<&Step> = state
            .steps
            .iter()
            .filter(|step| step.within.is_none())
            .collect();
        let mut fidelity = Self {
            right: 0,
            of: plan.steps.len().max(taken.len()),
            milliseconds: (0, 0),
            surprises: Vec::new(),
        };
        for (planned, step) in plan.steps.iter().zip(&taken) {
            fidelity.compare(planned, step);
        }
        for planned in plan.steps.iter().skip(taken.len()) {
            fidelity.surprises.push(format!(
                "step {} was planned and not taken: {} {}",
                planned.number, planned.verb, planned.words
            ));
        }
        for step in taken.iter().skip(plan.steps.len()) {
            fidelity.surprises.push(format!(
                "step {} was taken and not planned: {} {}",
                step.number,
                step.intent.verb(),
                step.intent.words()
            ));
        }
        if let Some(ending) = state.ending.filter(|ending| *ending != plan.ending) {
            fidelity.surprises.push(format!(
                "the run ended {} and was planned to end {}",
                ending.word(),
                plan.ending.word()
            ));
        }
        fidelity
    }

    /// The share of steps that went as planned, in percent.
    #[must_use]
    pub fn percent(&self) -> u64 {
        (self.right * 100).checked_div(self.of).unwrap_or(100) as u64
    }

    fn compare(&mut self, planned: &PlannedStep, step: &Step) {
        let (verb, targets) = (step.intent.verb(), step.intent.targets());
        if planned.verb != verb || planned.targets != targets {
            self.surprises.push(format!(
                "step {} was planned as {} {} and was {verb} {}",
                step.number,
                planned.verb,
                planned.words,
                step.intent.words()
            ));
            return;
        }
        let failed = match &step.result {
            StepResult::Failed(failure) => Some(failure.code.as_str()),
            StepResult::Open | StepResult::Finished(_) | StepResult::Retried => None,
        };
        let foreseen = planned
            .failure
            .as_ref()
            .map(|failure| failure.code.as_str());
        if failed != foreseen {
            self.surprises.push(format!(
                "step {}, {verb} {}, was planned to {} and {}",
                step.number,
                step.intent.words(),
                foreseen.map_or_else(|| "succeed".to_owned(), |code| format!("fail [{code}]")),
                failed.map_or_else(|| "succeeded".to_owned(), |code| format!("failed [{code}]"))
            ));
            return;
        }
        self.right += 1;
        let Some(ended) = step.ended else { return };
        let observed = super::between(step.began, ended);
        let predicted = planned.milliseconds;
        self.milliseconds.0 = self.milliseconds.0.saturating_add(predicted);
        self.milliseconds.1 = self.milliseconds.1.saturating_add(observed);
        let far = predicted.max(observed) > SURPRISE.saturating_mul(predicted.min(observed).max(1));
        if far && predicted.abs_diff(observed) > 1_000 {
            self.surprises.push(format!(
                "step {}, {verb} {}, took {observed} ms and was planned with {predicted} ms",
                step.number,
                step.intent.words()
            ));
        }
    }
}
