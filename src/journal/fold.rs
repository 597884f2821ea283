//! What a run is: a pure fold over its records.
//!
//! Everything that asks how a run stands asks this: the gate, `resume`, `show`, the lock. An event that cannot follow the ones
//! before is an error, never a guess.

mod approval;
mod entry;
mod seen;
mod step;
mod transition;
mod undo;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

pub use approval::Approval;
pub use seen::SeenThen;
pub use step::{Step, StepResult, TargetStage, TargetState};
pub use transition::IllegalTransition;

use super::{Actor, Adoption, Digest, Ending, Event, Header, Mark, Record, StepNo, Way};
use crate::primitive::{Effect, Failure, Intent, ProcessIdentity};

/// How a run stands after its records so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    /// The first record, with what an adopted playbook has replaced since.
    pub header: Option<Header>,
    /// What the script did, in order: what a replay is compared with.
    pub trail: Vec<Trail>,
    /// The steps by number, from 1.
    pub steps: Vec<Step>,
    /// What would have to be undone, oldest first.
    pub undo: Vec<UndoEntry>,
    /// Forward, or on the way back.
    pub direction: Direction,
    /// How the last runner put it down; none while one has it.
    pub ending: Option<Ending>,
    /// Why, in the verdict's words.
    pub reason: String,
    /// How many edited playbooks were adopted.
    pub adopted: u32,
    /// The way back that a person chose.
    pub way: Option<Way>,
    /// Given up by a person.
    pub abandoned: bool,
    /// What people were asked and answered, by step.
    pub approvals: BTreeMap<StepNo, Approval>,
    /// The invariants that did not hold when they were last looked at, by the step that left them.
    pub broken: BTreeMap<StepNo, Failure>,
    /// The processes that were started for a step or its undo which has not ended since.
    pub processes: BTreeMap<StepNo, Vec<ProcessIdentity>>,
    /// The nodes on whose hosts processes were started over SSH.
    pub reached: BTreeSet<String>,
    /// What clients got, as far as it was watched, in the order in which it was first written down.
    pub seen: Vec<SeenThen>,
    /// The runner that took it up last.
    pub runner: Option<ProcessIdentity>,
    /// When it did.
    pub attached: Option<Timestamp>,
    /// Who started the run.
    pub started_by: Option<Actor>,
    /// What that runner came to do.
    pub mark: Option<Mark>,
    /// When the first record was written.
    pub began: Option<Timestamp>,
    /// When the last record was written.
    pub last: Option<Timestamp>,
    /// The digest of the last record.
    pub head: Option<Digest>,
    phases: Vec<String>,
    /// Attempts of steps that were attempted again, oldest first. What they did to the world, they did.
    superseded: Vec<Step>,
}

/// One thing that the script did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trail {
    /// Entered a phase.
    Entered(String),
    /// Left a phase.
    Left(String),
    /// Called a primitive.
    Step(StepNo),
}

/// What `retry` attempts again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attempt<'a> {
    /// The step that failed.
    Step(&'a Step),
    /// The look at the invariants, at the end of the playbook.
    Invariants,
}

/// Which way the run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The playbook is running.
    #[default]
    Forward,
    /// What it did is being undone. There is no way from here to forward.
    Unwinding,
}

/// One thing that would have to be undone.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoEntry {
    /// The step that did it.
    pub step: StepNo,
    /// The target's position in the step.
    pub target: usize,
    /// The target's name.
    pub name: String,
    /// What undoes it.
    pub intent: Intent,
    /// How far that is.
    pub state: UndoState,
}

/// How far an undo is.
#[derive(Debug, Clone, PartialEq)]
pub enum UndoState {
    /// Not begun.
    Pending,
    /// Begun and not ended.
    Started,
    /// Undone.
    Finished,
    /// Failed: the run is stuck here.
    Failed(Failure),
}

impl RunState {
    /// Folds a whole journal.
    pub fn of(records: &[Record]) -> Result<Self, IllegalTransition> {
        let mut state = Self::default();
        records.iter().try_for_each(|record| state.apply(record))?;
        Ok(state)
    }

    /// Applies one record.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalTransition> {
        self.transition(record)?;
        self.began.get_or_insert(record.at);
        self.last = Some(record.at);
        self.head = Some(record.digest);
        Ok(())
    }

    /// The step called `number`.
    #[must_use]
    pub fn step(&self, number: StepNo) -> Option<&Step> {
        self.steps.get(number.0.checked_sub(1)? as usize)
    }

    /// The step that was begun and has no outcome, if the last runner left one.
    #[must_use]
    pub fn open_step(&self) -> Option<&Step> {
        // No step of the script itself begins before the one before it has ended, so nothing further back is open.
        for step in self.steps.iter().rev() {
            if matches!(step.result, StepResult::Open) {
                return Some(step);
            }
            if step.within.is_none() {
                break;
            }
        }
        None
    }

    /// The last step of the trail if it failed: what `retry` attempts again.
    #[must_use]
    pub fn failed_step(&self) -> Option<&Step> {
        let last = self.trail.iter().rev().find_map(|item| match item {
            Trail::Step(number) => self.step(*number),
            Trail::Entered(_) | Trail::Left(_) => None,
        })?;
        matches!(last.result, StepResult::Failed(_)).then_some(last)
    }

    /// What a run that is held at the end or at a failure can attempt again; nothing where the playbook itself raised it.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt<'_>> {
        if self.broken.is_empty() {
            return self.failed_step().map(Attempt::Step);
        }
        Some(Attempt::Invariants)
    }

    /// What is undone next, if anything is left.
    #[must_use]
    pub fn next_undo(&self) -> Option<&UndoEntry> {
        self.undo
            .iter()
            .rev()
            .find(|entry| !matches!(entry.state, UndoState::Finished))
    }

    /// The step that something is being done for: the one whose undo was begun, or the one that is open.
    #[must_use]
    pub fn step_at_work(&self) -> Option<StepNo> {
        let undone = || {
            let next = self.next_undo()?;
            (next.state == UndoState::Started).then_some(next.step)
        };
        // A step of a closure that a crash cut off stays open for ever, so an undo that was begun comes first.
        undone().or_else(|| self.open_step().map(|step| step.number))
    }

    /// Whether any step that changes something other than cutover's own was begun.
    #[must_use]
    pub fn touched(&self) -> bool {
        let own = |step: &Step| {
            matches!(
                step.intent.effect(),
                Effect::Own | Effect::Scratch | Effect::Approval | Effect::Closure
            )
        };
        self.attempts().any(|step| step.is_act() && !own(step))
    }

    /// How the world was found: the first observation of each aspect of each target, with the intent that observes it again.
    #[must_use]
    pub fn found(&self) -> Vec<(&Intent, &str, &Value)> {
        let mut seen = std::collections::BTreeSet::new();
        let mut acts: Vec<&Step> = self
            .attempts()
            .filter(|step| step.within.is_none() && step.is_act())
            .collect();
        acts.sort_by_key(|step| step.number);
        acts.into_iter()
            .flat_map(|step| step.targets.iter().map(move |state| (&step.intent, state)))
            .filter(|(intent, state)| {
                let touched = !matches!(state.stage, TargetStage::Waiting);
                touched
                    && !intent.aspect().is_empty()
                    && seen.insert((intent.aspect(), state.target.name.clone()))
            })
            .map(|(intent, state)| (intent, state.target.name.as_str(), &state.target.observed))
            .collect()
    }

    /// Takes back the ends of phases with which the trail ends. A failure leaves every phase that it passes through, and an edited
    /// playbook may go on inside one.
    pub fn reopen_phases(&mut self) {
        while let Some(Trail::Left(name)) = self.trail.last() {
            self.phases.push(name.clone());
            self.trail.pop();
        }
    }

    /// The folder of the run's directory in which the sources stand that it goes by. Each adopted playbook gets one of its own.
    #[must_use]
    pub fn sources_folder(&self) -> String {
        sources_folder(self.adopted)
    }

    /// The folder for the sources of the next playbook that is adopted.
    #[must_use]
    pub fn next_sources_folder(&self) -> String {
        sources_folder(self.adopted + 1)
    }

    /// What was left on the way back as a person chose: the undo that left it, its target, and what stays, in words.
    #[must_use]
    pub fn left(&self) -> Vec<(Intent, String, String)> {
        let undone = self
            .undo
            .iter()
            .filter(|entry| entry.state == UndoState::Finished);
        undone
            .filter_map(|entry| {
                let words = entry.intent.leaves()?;
                Some((entry.intent.clone(), entry.name.clone(), words))
            })
            .collect()
    }

    /// Whether nothing more can happen to this run, so that the environment is free for another.
    #[must_use]
    pub fn closed(&self) -> bool {
        let over = matches!(
            self.ending,
            Some(Ending::Done | Ending::Refused | Ending::Undone | Ending::UndoneUnverified)
        );
        over || self.abandoned
    }

    /// The phase, innermost first, that the script left last without doing anything since: where a failure came from, if it came
    /// out of a phase.
    #[must_use]
    pub fn left_last(&self) -> Option<&str> {
        let left = self.trail.iter().rev().map_while(|item| match item {
            Trail::Left(name) => Some(name.as_str()),
            Trail::Entered(_) | Trail::Step(_) => None,
        });
        left.last()
    }

    /// The phases around the script's present place, outermost first.
    #[must_use]
    pub fn phases(&self) -> &[String] {
        &self.phases
    }

    /// Whether client requests have been let through to what this run changed.
    #[must_use]
    pub fn admitted(&self) -> bool {
        self.attempts().any(|step| {
            step.within.is_none() && step.is_act() && step.intent.effect() == Effect::AdmitsTraffic
        })
    }

    /// Whether a step without a way back was begun.
    #[must_use]
    pub fn past_return(&self) -> bool {
        self.attempts().any(|step| {
            step.within.is_none() && step.is_act() && step.intent.effect() == Effect::Irreversible
        })
    }

    /// Every attempt of every step; of each step the oldest first.
    fn attempts(&self) -> impl Iterator<Item = &Step> {
        self.superseded.iter().chain(&self.steps)
    }

    /// The event of `record`, applied.
    fn transition(&mut self, record: &Record) -> Result<(), IllegalTransition> {
        transition::apply(self, record)
    }
}

fn sources_folder(adopted: u32) -> String {
    match adopted {
        0 => "sources".to_owned(),
        later => format!("sources-{}", later + 1),
    }
}

/// From here on the run goes by another playbook. What was approved for the one before has to be approved again.
fn adopt(state: &mut RunState, adoption: &Adoption) -> Result<(), String> {
    let header = state.header.as_mut().ok_or("there is no header")?;
    if header.sources != adoption.replaced {
        return Err("it replaces sources that the run did not go by".to_owned());
    }
    if state.direction == Direction::Unwinding {
        return Err("the run is on its way back".to_owned());
    }
    header.playbook.clone_from(&adoption.playbook);
    header.api = adoption.api;
    header.sources.clone_from(&adoption.sources);
    header.parameters.clone_from(&adoption.parameters);
    header.needs.clone_from(&adoption.needs);
    state.adopted += 1;
    state.reopen_phases();
    for approval in state.approvals.values_mut() {
        approval.lapsed = true;
    }
    Ok(())
}

/// The runner's own record of itself clears how the run was put down before.
fn attach(state: &mut RunState, mark: Mark, by: &Actor, process: &ProcessIdentity, at: Timestamp) {
    if mark == Mark::Run {
        state.started_by = Some(by.clone());
    }
    state.attached = Some(at);
    state.runner = Some(process.clone());
    state.mark = Some(mark);
    state.ending = None;
    state.reason.clear();
}

/// Whether `event` may come although a verdict was the last word.
fn after_verdict(event: &Event) -> bool {
    matches!(
        event,
        Event::Attached { .. } | Event::Abandoned { .. } | Event::TailCut { .. }
    )
}
