//! What can go wrong in a playbook: every call that changes the world, every record, every step, each once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::gateway::{ChangingCall, Plan};
use crate::journal::{Event, StepNo};
use crate::primitive::{Effect, Intent};
use crate::run::{Crash, Interference, Played, Question, Trouble};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A call fails before it does anything.
    FailsBefore(u32),
    /// A call does its work, and its answer is lost.
    FailsAfter(u32),
    /// A call is cut off by its deadline, its work done.
    CutOff(u32),
    /// From one call on nothing works any more, the undos included.
    FailsFrom(u32),
    /// The first call fails, and then one call of the way back.
    FailsBack(u32, u32),
    /// The runner is killed.
    Killed(Crash),
    /// Others do something, once the step of this number has its outcome.
    Interferes(u32, Interference),
    /// A person does not approve.
    Refused(u32),
}

impl Fault {
    /// The trouble that it is to a play.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        let calm = Trouble::default();
        let call = |call| Trouble {
            call,
            ..Trouble::default()
        };
        match self {
            Self::FailsBefore(number) => call(Plan::FailBefore(*number)),
            Self::FailsAfter(number) => call(Plan::FailAfter(*number)),
            Self::CutOff(number) => call(Plan::FailLate(*number)),
            Self::FailsFrom(number) => call(Plan::FailFrom(*number)),
            Self::FailsBack(first, second) => call(Plan::FailBoth(*first, *second)),
            Self::Killed(crash) => Trouble {
                crash: Some(*crash),
                ..calm
            },
            Self::Interferes(step, interference) => Trouble {
                interference: Some((*step, interference.clone())),
                ..calm
            },
            Self::Refused(step) => Trouble {
                refused: Some(*step),
                ..calm
            },
        }
    }

    /// What it is, in words; `calm` is the play in which it does not happen, `played` the one in which it does.
    #[must_use]
    pub fn told(&self, calm: &Played, played: &Played) -> String {
        match self {
            Self::FailsBefore(call) => format!("{} fails", at_call(calm, *call)),
            Self::FailsAfter(call) => {
                format!("{} does its work and reports failure", at_call(calm, *call))
            }
            Self::CutOff(call) => {
                format!(
                    "{} is cut off by its deadline, its work done",
                    at_call(calm, *call)
                )
            }
            Self::FailsFrom(call) => format!("nothing works from {} on", at_call(calm, *call)),
            Self::FailsBack(first, second) => format!(
                "{} fails, and then {} on the way back",
                at_call(calm, *first),
                // What is called on the way back depends on where it began.
                at_call(played, *second)
            ),
            Self::Killed(crash) => format!(
                "the runner is killed {} record {}{}",
                if crash.before { "before" } else { "after" },
                crash.record,
                at_record(calm, crash.record)
            ),
            Self::Interferes(step, interference) => {
                format!("after step {step} {}", words(interference))
            }
            Self::Refused(step) => format!("a person does not approve in step {step}"),
        }
    }
}

/// Everything that can go wrong once in the run that `calm` is. `play` is used to see how far ways back go.
pub fn faults(calm: &Played, play: &mut dyn FnMut(&Trouble) -> Played) -> Vec<Fault> {
    let mut faults = Vec::new();
    for call in 1..=calm.changes {
        faults.push(Fault::FailsBefore(call));
        faults.push(Fault::FailsAfter(call));
        faults.push(Fault::CutOff(call));
        faults.push(Fault::FailsFrom(call));
    }
    faults.extend(failing_undos(calm, play));
    // A runner that is killed before it attached left nothing.
    for record in 3..=calm.records.len() as u64 {
        for before in [true, false] {
            faults.push(Fault::Killed(Crash { before, record }));
        }
    }
    faults.extend(interferences(calm));
    for question in &calm.questions {
        if let Question::Approve { step, .. } = question {
            faults.push(Fault::Refused(step.0));
        }
    }
    faults
}

/// Each undo fails once: of the longest way back that there is.
fn failing_undos(calm: &Played, play: &mut dyn FnMut(&Trouble) -> Played) -> Vec<Fault> {
    let longest = (1..=calm.changes)
        .map(|call| (call, play(&Fault::FailsBefore(call).trouble()).changes))
        .max_by_key(|(call, changes)| changes.saturating_sub(*call));
    let Some((first, changes)) = longest else {
        return Vec::new();
    };
    (first + 1..=changes)
        .map(|second| Fault::FailsBack(first, second))
        .collect()
}

/// What others may do, after each step behind which it matters.
fn interferences(calm: &Played) -> Vec<Fault> {
    let intents = intents(calm);
    let databases: BTreeSet<String> = calm.world.databases.keys().cloned().collect();
    let mut faults = Vec::new();
    for (at, (step, intent)) in intents.iter().enumerate() {
        let add = |faults: &mut Vec<Fault>, what| faults.push(Fault::Interferes(step.0, what));
        for database in &databases {
            add(&mut faults, Interference::Write(database.clone()));
        }
        add(&mut faults, Interference::HalfADay);
        let next = intents.get(at + 1).map(|(_, intent)| intent);
        match next {
            Some(Intent::MigrateUp(up)) => {
                add(&mut faults, Interference::Lock(up.database.clone()));
                add(&mut faults, Interference::BreakOffUp);
            }
            Some(Intent::Finish(finish)) => {
                add(&mut faults, Interference::Lock(finish.database.clone()));
            }
            Some(Intent::Backup(_)) => add(&mut faults, Interference::FullDisk),
            _ => {}
        }
        if intent.effect() == Effect::AdmitsTraffic
            && let Some(node) = intent.targets().into_iter().next()
            && intent.lets_have_requests(&node).is_some()
        {
            add(&mut faults, Interference::NodeDies(node));
        }
    }
    faults
}

/// The steps of a play with what they want, those of the way back left out.
pub(super) fn intents(played: &Played) -> Vec<(StepNo, Intent)> {
    played
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Read {
                step,
                intent,
                within: None,
                ..
            }
            | Event::Started {
                step,
                intent,
                within: None,
                ..
            } => Some((*step, intent.clone())),
            _ => None,
        })
        .collect()
}

/// A call that changes the world, with the step that it belongs to and what it acts upon.
fn at_call(played: &Played, call: u32) -> String {
    let at = usize::try_from(call)
        .ok()
        .and_then(|call| call.checked_sub(1));
    let Some(found) = at.and_then(|at| played.calls.get(at)) else {
        return format!("call {call}");
    };
    let ChangingCall {
        step,
        verb,
        target,
        undoes,
    } = found;
    match undoes {
        None => format!("call {call} (step {step}, {verb} {target})"),
        Some(step) => format!("call {call} (undoing step {step}, {verb} {target})"),
    }
}

/// Which step a record belongs to.
fn at_record(calm: &Played, record: u64) -> String {
    let until = usize::try_from(record).unwrap_or(usize::MAX);
    let records = &calm.records[..until.min(calm.records.len())];
    let step = records.iter().rev().find_map(|record| match &record.event {
        Event::Read { step, intent, .. } | Event::Started { step, intent, .. } => {
            let (verb, targets) = (intent.verb(), intent.targets().join(", "));
            Some(format!(" (step {step}, {verb} {targets})"))
        }
        _ => None,
    });
    step.unwrap_or_default()
}

fn words(interference: &Interference) -> String {
    match interference {
        Interference::Write(database) => {
            format!("somebody writes configuration into `{database}`")
        }
        Interference::Lock(database) => {
            format!("somebody takes Kong's lock on the migrations of `{database}`")
        }
        Interference::BreakOffUp => "`kong migrations up` breaks off half way".to_owned(),
        Interference::HalfADay => "half a day passes".to_owned(),
        Interference::FullDisk => "the disk for backups fills up".to_owned(),
        Interference::NodeDies(node) => format!("Kong dies on `{node}`"),
    }
}
