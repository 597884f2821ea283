//! The drill: a playbook is played again and again in a model of the world, each time with one thing going wrong, and after each
//! the invariants are looked at.
//!
//! Owns the list of what can go wrong and the invariants. It plays nothing itself: it is given something that plays.

mod difference;
mod fault;
mod invariants;
mod judge;
mod serving;

pub use fault::{Fault, faults};
pub use invariants::{Broken, Invariant};
pub use judge::judge;

use serde::{Deserialize, Serialize};

use crate::journal::Ending;
use crate::run::{Played, Scenario, Trouble};

/// What a drill found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How the playbook goes when nothing goes wrong, and what is unsafe even then.
    pub calm: Outcome,
    /// One for each fault, in their order.
    pub outcomes: Vec<Outcome>,
}

/// How a play with one fault ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The fault's number, from 1; 0 for the calm play.
    pub number: usize,
    /// The fault; none for the calm play.
    pub fault: Option<Fault>,
    /// What went wrong, in words.
    pub told: String,
    /// How each runner put the run down; none for one that was killed.
    pub endings: Vec<Option<Ending>>,
    /// The invariants that did not hold.
    pub broken: Vec<Broken>,
}

impl Report {
    /// How many faults were tried.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.outcomes.len()
    }

    /// The outcomes that are not safe, the calm one first.
    pub fn unsafe_ones(&self) -> impl Iterator<Item = &Outcome> {
        std::iter::once(&self.calm)
            .chain(&self.outcomes)
            .filter(|outcome| !outcome.broken.is_empty())
    }
}

/// Plays every fault of the scenario, or the one of the number `only` (from 1), and judges. `play` is asked to play; `tick` is told
/// how many of how many are done.
pub fn drill(
    scenario: &Scenario,
    only: Option<usize>,
    mut play: impl FnMut(&Scenario, &Trouble) -> Played,
    mut tick: impl FnMut(usize, usize),
) -> Report {
    let calm = play(scenario, &Trouble::default());
    let reference = outcome(0, None, scenario, &calm, &calm);
    let all = faults(&calm, &mut |trouble| play(scenario, trouble));
    let chosen: Vec<(usize, Fault)> = (1..)
        .zip(all)
        .filter(|(number, _)| only.is_none_or(|only| only == *number))
        .collect();
    let mut outcomes = Vec::with_capacity(chosen.len());
    for (done, (number, fault)) in chosen.iter().enumerate() {
        tick(done, chosen.len());
        let played = play(scenario, &fault.trouble());
        outcomes.push(outcome(
            *number,
            Some(fault.clone()),
            scenario,
            &played,
            &calm,
        ));
    }
    Report {
        calm: reference,
        outcomes,
    }
}

fn outcome(
    number: usize,
    fault: Option<Fault>,
    scenario: &Scenario,
    played: &Played,
    calm: &Played,
) -> Outcome {
    Outcome {
        number,
        told: fault.as_ref().map_or_else(
            || "nothing goes wrong".to_owned(),
            |fault| fault.told(calm, played),
        ),
        endings: played
            .sessions
            .iter()
            .map(|session| Some(session.conclusion.as_ref()?.ending))
            .collect(),
        broken: judge(scenario, played, calm, fault.as_ref()),
        fault,
    }
}
