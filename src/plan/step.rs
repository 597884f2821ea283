//! One step of a plan.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedWay;
use crate::environment::{Decision, Permissions};
use crate::gateway::Failure;
use crate::gateway::simulated::Basis;
use crate::journal::{Event, RunState, UndoState};
use crate::primitive::{Effect, Intent};
use crate::run::Foreseen;

/// What the environment says to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Granted {
    /// It may be done.
    Allow,
    /// A person is asked first.
    Ask,
    /// It may not be done.
    Deny,
}

/// A step as it is expected to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// Its number.
    pub number: u32,
    /// The phases around it, outermost first.
    pub phases: Vec<String>,
    /// The primitive, which is also what has to be granted.
    pub verb: String,
    /// What the environment says to that.
    pub granted: Granted,
    /// What it acts upon.
    pub targets: Vec<String>,
    /// What it is about.
    pub about: String,
    /// What it is done to, or with, in words.
    pub words: String,
    /// Whether it changes anything.
    pub changes: bool,
    /// Whether it has no way back of its own.
    pub irreversible: bool,
    /// How long it takes, in milliseconds.
    pub milliseconds: u64,
    /// What that rests on; none where it takes no time.
    pub basis: Option<Basis>,
    /// How many undos there are after it.
    pub undos: usize,
    /// The ways back that there are after it.
    #[serde(default)]
    pub ways_back: Vec<PlannedWay>,
    /// How it would fail, if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub failure: Option<Failure>,
}

/// The steps of a played run, those of the way back left out.
pub(super) fn steps(foreseen: &Foreseen, permissions: &Permissions) -> Vec<PlannedStep> {
    let Foreseen { played, ways_back } = foreseen;
    let mut time: BTreeMap<u32, (u64, Option<Basis>)> = BTreeMap::new();
    for spent in &played.spent {
        let (milliseconds, basis) = time.entry(spent.step).or_default();
        *milliseconds = milliseconds.saturating_add(spent.milliseconds);
        *basis = Some(basis.map_or(spent.basis, |before| before.weaker(spent.basis)));
    }
    let mut state = RunState::default();
    let mut steps = Vec::new();
    for record in &played.records {
        if matches!(record.event, Event::UnwindingStarted { .. }) {
            break;
        }
        state
            .apply(record)
            .expect("what the gate wrote makes sense");
        let (number, intent, failure) = match &record.event {
            Event::Read {
                step,
                intent,
                outcome,
                ..
            } => (*step, intent.clone(), outcome.as_ref().err().cloned()),
            Event::Finished { step, .. } | Event::Failed { step, .. } => {
                let step = state.step(*step).expect("it was started");
                let failure = match &record.event {
                    Event::Failed { failure, .. } => Some(failure.clone()),
                    _ => None,
                };
                (step.number, step.intent.clone(), failure)
            }
            _ => continue,
        };
        let (milliseconds, basis) = time.get(&number.0).copied().unwrap_or_default();
        let pending = |entry: &&crate::journal::UndoEntry| entry.state == UndoState::Pending;
        steps.push(PlannedStep {
            number: number.0,
            phases: state.phases().to_vec(),
            verb: intent.verb().to_owned(),
            granted: granted(permissions, &intent),
            targets: intent.targets(),
            about: intent.about().trim_end_matches('.').to_owned(),
            words: intent.words(),
            changes: intent.effect() != Effect::Read,
            irreversible: intent.effect() == Effect::Irreversible,
            milliseconds,
            basis,
            ways_back: PlannedWay::after(number, ways_back),
            undos: state.undo.iter().filter(pending).count(),
            failure,
        });
    }
    steps
}

/// What is said about a step in advance.
fn granted(permissions: &Permissions, intent: &Intent) -> Granted {
    let Some(wanted) = intent.wanted() else {
        return Granted::Deny;
    };
    match permissions.decide(&wanted).decision {
        Decision::Deny => Granted::Deny,
        Decision::Allow if !permissions.gated(&wanted) => Granted::Allow,
        Decision::Allow | Decision::Ask => Granted::Ask,
    }
}
