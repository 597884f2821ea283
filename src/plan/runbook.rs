//! The same plan for a person without cutover: for each step what to type, what to expect, when to stop, and how to take it back.
//!
//! Commands are those that cutover runs itself, with the paths and addresses of the environment. Secrets are named, never written.

mod fill;
mod packages;
mod plugin;
mod split;
mod typed;

use crate::environment::Environment;
use crate::journal::{Event, RunState};
use crate::primitive::Intent;
use crate::run::Played;
use typed::Typed;

/// One step of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookStep {
    /// Its number in the plan.
    pub number: u32,
    /// The phases around it.
    pub phases: Vec<String>,
    /// What it is, in a line.
    pub title: String,
    /// What to type, or to do.
    pub commands: Vec<String>,
    /// What is to be seen then.
    pub expect: Option<String>,
    /// When to stop and go back.
    pub stop: Option<String>,
    /// What takes it back.
    pub undo: Vec<String>,
}

/// The runbook of a played run in `environment`.
#[must_use]
pub fn runbook(played: &Played, environment: &Environment) -> Vec<RunbookStep> {
    let mut state = RunState::default();
    let mut steps = Vec::new();
    for record in &played.records {
        if matches!(record.event, Event::UnwindingStarted { .. }) {
            break;
        }
        state
            .apply(record)
            .expect("what the gate wrote makes sense");
        let (number, intent) = match &record.event {
            Event::Read { step, intent, .. } | Event::Started { step, intent, .. } => {
                (step.0, intent)
            }
            _ => continue,
        };
        let typed = Typed(environment);
        let mut step = RunbookStep {
            number,
            phases: state.phases().to_vec(),
            title: title(intent),
            commands: Vec::new(),
            expect: None,
            stop: None,
            undo: Vec::new(),
        };
        fill::fill(&typed, &mut step, intent);
        steps.push(step);
    }
    steps
}

/// What a step is, as the middle of a sentence.
fn title(intent: &Intent) -> String {
    let about = intent.about().trim_end_matches('.');
    let mut characters = about.chars();
    let first = characters
        .next()
        .map(|first| first.to_lowercase().to_string());
    format!(
        "{}{}: {}",
        first.unwrap_or_default(),
        characters.as_str(),
        intent.words()
    )
}
