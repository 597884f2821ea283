//! A step as the records tell it.

use jiff::Timestamp;
use serde_json::Value;

use crate::journal::{Place, StepNo, Target};
use crate::primitive::{Failure, Intent};

/// One call of a primitive.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number.
    pub number: StepNo,
    /// What was wanted.
    pub intent: Intent,
    /// Where in the playbook.
    pub place: Option<Place>,
    /// The undo that it is part of.
    pub within: Option<StepNo>,
    /// The phases around it, outermost first.
    pub phases: Vec<String>,
    /// What it acts upon; empty for a read.
    pub targets: Vec<TargetState>,
    /// What came of it.
    pub result: StepResult,
    /// When it was begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepResult {
    /// Begun and not ended.
    Open,
    /// Succeeded with this answer.
    Finished(Value),
    /// Failed.
    Failed(Failure),
    /// Failed, and to be attempted again.
    Retried,
}

/// One target of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetState {
    /// The target, as recorded before the step acted.
    pub target: Target,
    /// How far the step is with it.
    pub stage: TargetStage,
}

/// How far a step is with a target.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetStage {
    /// Not turned to yet.
    Waiting,
    /// Turned to; how it ended is not recorded.
    Started,
    /// Done, with this outcome.
    Finished(Value),
    /// Found out: it did not take effect.
    NotDone,
    /// Found out: a part of it took effect; doing it again completes it.
    Partly,
    /// The world does not tell, for this reason.
    Unsettled(String),
}

impl Step {
    /// Whether the step changes something (a read has no targets in the journal).
    #[must_use]
    pub fn is_act(&self) -> bool {
        !self.targets.is_empty()
    }

    /// The outcome that the step answers once every target is done: the only target's, or a map by target name.
    #[must_use]
    pub fn combined_outcome(&self) -> Option<Value> {
        let outcome = |state: &TargetState| match &state.stage {
            TargetStage::Finished(outcome) => Some(outcome.clone()),
            _ => None,
        };
        if let [only] = self.targets.as_slice() {
            return outcome(only);
        }
        let named = self
            .targets
            .iter()
            .map(|state| Some((state.target.name.clone(), outcome(state)?)));
        named
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::Object)
    }
}
