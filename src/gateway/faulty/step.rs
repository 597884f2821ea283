//! Failing by the trade's own words: the first stop, the second node of a start, every look of a smoke test.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ChangingCall;
use crate::gateway::{Failure, Turn, TurnKind};

/// A step that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFault {
    /// Its verb, such as `kong.stop`.
    pub verb: String,
    /// Which step of that verb, from 1. Undos count too.
    pub nth: u32,
    /// Which of the step's calls that change the world, from 1. A step that only looks fails from this look on, since one that
    /// looks again would otherwise not notice.
    pub call: u32,
    /// Whether the call does its work.
    pub when: FaultMoment,
    /// The code of the failure.
    pub code: String,
}

/// Whether a call that fails does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMoment {
    /// It fails before it does anything.
    Before,
    /// It does its work, and its answer is lost.
    After,
}

/// Which step is at work, and which of its calls are to fail.
#[derive(Debug, Default)]
pub(super) struct StepFaults {
    faults: Vec<StepFault>,
    fired: RefCell<Vec<bool>>,
    /// The steps of each verb, each with its place among them by its first turn, from 1.
    seen: RefCell<BTreeMap<String, BTreeMap<u32, u32>>>,
    now: RefCell<Option<Now>>,
    calls: Cell<u32>,
}

#[derive(Debug, Clone)]
struct Now {
    step: u32,
    verb: String,
    kind: TurnKind,
    undoes: Option<u32>,
    nth: u32,
}

impl StepFaults {
    pub(super) fn new(faults: Vec<StepFault>) -> Self {
        Self {
            fired: RefCell::new(vec![false; faults.len()]),
            faults,
            ..Self::default()
        }
    }

    pub(super) fn turn_to(&self, turn: &Turn<'_>) {
        let mut seen = self.seen.borrow_mut();
        let steps = seen.entry(turn.verb.to_owned()).or_default();
        // A step that is settled or attempted again has another turn, and is the same step.
        let next = u32::try_from(steps.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let nth = *steps.entry(turn.step).or_insert(next);
        self.calls.set(0);
        *self.now.borrow_mut() = Some(Now {
            step: turn.step,
            verb: turn.verb.to_owned(),
            kind: turn.kind,
            undoes: turn.undoes,
            nth,
        });
    }

    pub(super) fn turn_over(&self) {
        *self.now.borrow_mut() = None;
    }

    /// A call to `target` as part of the step that is at work.
    pub(super) fn calls(&self, target: &str) -> Option<ChangingCall> {
        let now = self.now.borrow();
        let now = now.as_ref()?;
        Some(ChangingCall {
            step: now.step,
            verb: now.verb.clone(),
            target: target.to_owned(),
            undoes: now.undoes,
        })
    }

    /// Counts a call of `kind`; the failure that it is to end with, and when, if there is one.
    pub(super) fn call(&self, kind: TurnKind) -> Option<(FaultMoment, Failure)> {
        let now = self.now.borrow();
        let now = now.as_ref().filter(|now| now.kind == kind)?;
        let call = self.calls.get() + 1;
        self.calls.set(call);
        let mut fired = self.fired.borrow_mut();
        let at = self.faults.iter().position(|fault| {
            fault.verb == now.verb
                && fault.nth == now.nth
                && match kind {
                    TurnKind::Looks => call >= fault.call,
                    TurnKind::Changes => call == fault.call,
                }
        })?;
        if kind == TurnKind::Changes && fired[at] {
            return None;
        }
        fired[at] = true;
        let fault = &self.faults[at];
        let message = format!("`{}` was made to fail", fault.verb);
        Some((fault.when, Failure::new(fault.code.clone(), message)))
    }

    /// The faults whose call never came.
    pub(super) fn missed(&self) -> Vec<StepFault> {
        let fired = self.fired.borrow();
        let faults = self.faults.iter().zip(fired.iter());
        faults
            .filter(|(_, fired)| !**fired)
            .map(|(fault, _)| fault.clone())
            .collect()
    }
}
