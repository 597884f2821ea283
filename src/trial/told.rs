//! What came of a run that a test played, as plain data that the test can look into.

use serde_json::{Map, Value, json};

use crate::gateway::Rotation;
use crate::gateway::simulated::{Database, World};
use crate::journal::{Ending, RunState, Step, StepResult, UndoState};
use crate::kong::Version;
use crate::kong::migrations::Verdict;
use crate::primitive::Intent;
use crate::run::{Played, Question};

/// The whole of it.
#[must_use]
pub fn told(played: &Played) -> Value {
    let state = RunState::of(&played.records).expect("what the gate wrote makes sense");
    let conclusion = played.conclusion();
    let endings: Vec<&str> = played
        .sessions
        .iter()
        .map(|session| {
            session
                .conclusion
                .as_ref()
                .map_or("killed", |one| one.ending.word())
        })
        .collect();
    let raised = played
        .sessions
        .iter()
        .filter_map(|session| session.conclusion.as_ref()?.raised.as_ref())
        .next_back();
    let asked: Vec<&str> = played
        .questions
        .iter()
        .map(|question| match question {
            Question::Approve { shown, .. } => shown.as_str(),
            Question::Settle { why, .. } => why.as_str(),
        })
        .collect();
    let messages: Vec<&str> = state
        .steps
        .iter()
        .filter_map(|step| match &step.intent {
            Intent::Note(note) => Some(note.text.as_str()),
            _ => None,
        })
        .collect();
    json!({
        "ending": conclusion.ending.word(),
        "done": conclusion.ending == Ending::Done,
        "endings": endings,
        "reason": conclusion.reason,
        "failure": raised.map(|raised| &raised.failure),
        "steps": state.steps.iter().map(|one| step(one, &state)).collect::<Vec<_>>(),
        "messages": messages,
        "asked": asked,
        "world": world(&played.world),
    })
}

fn step(step: &Step, state: &RunState) -> Value {
    let (outcome, failure) = match &step.result {
        StepResult::Finished(outcome) => (outcome.clone(), Value::Null),
        StepResult::Failed(failure) => (Value::Null, json!(failure)),
        StepResult::Open | StepResult::Retried => (Value::Null, Value::Null),
    };
    let undone = state
        .undo
        .iter()
        .any(|entry| entry.step == step.number && entry.state == UndoState::Finished);
    json!({
        "number": step.number.0,
        "verb": step.intent.verb(),
        "targets": step.intent.targets(),
        "phase": step.phases.last(),
        "outcome": outcome,
        "failure": failure,
        "undone": undone,
        "on_the_way_back": step.within.is_some(),
    })
}

fn world(world: &World) -> Value {
    let nodes = world.nodes.iter().map(|(name, node)| {
        let rotation = node.rotation.clone().map(Rotation::as_clients_see_it);
        let told = json!({
            "installed": node.installed,
            "running": node.running,
            "weight": rotation.as_ref().map(|rotation| rotation.weight),
            "rotation": rotation.as_ref().map(|rotation| rotation.state),
        });
        (name.clone(), told)
    });
    let available = world.nodes.values().flat_map(|node| node.available.iter());
    let mut versions: Vec<Version> = available.copied().collect();
    versions.sort_unstable();
    versions.dedup();
    let databases = world
        .databases
        .iter()
        .map(|(name, one)| (name.clone(), database(one, &versions)));
    json!({
        "nodes": nodes.collect::<Map<_, _>>(),
        "databases": databases.collect::<Map<_, _>>(),
        "practice_files": world.practice_files,
    })
}

/// A database: the newest version for which nothing is due in it, and whether migrations wait to be finished.
fn database(database: &Database, versions: &[Version]) -> Value {
    let due = |version: &&Version| database.schema.seen_by(version).verdict() != Verdict::UpToDate;
    let schema = versions.iter().rev().find(|version| !due(version));
    json!({
        "schema": schema,
        "pending": !database.schema.pending.is_empty(),
        "writes": database.writes,
        "entities": database.entities,
        "plugins": database.plugins,
    })
}
