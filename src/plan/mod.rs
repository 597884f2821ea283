//! What a run would do: read off the records of the same run, played in a model of the world.
//!
//! Owns the shape of a plan and the judgements in it (what takes how long, when clients go unserved, from where on there is no way
//! back). It plays nothing and observes nothing: it is given what was played.

mod fidelity;
mod history;
mod kept;
mod runbook;
mod step;
mod way_back;

pub use fidelity::Fidelity;
pub use history::learn;
pub use kept::{KeptPlan, KeptPlanError};
pub use runbook::{RunbookStep, runbook};
pub use step::{Granted, PlannedStep};
pub use way_back::{Loss, PlannedWay, WayWord, WaysChange};

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::environment::Permissions;
use crate::gateway::Rotation;
use crate::gateway::simulated::{Happened, World};
use crate::journal::Ending;
use crate::run::{Foreseen, Played, Question};

/// The version of the format of plans.
pub const FORMAT: u32 = 1;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this format: 1.
    pub format: u32,
    /// The playbook.
    pub playbook: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, Value>,
    /// The environment.
    pub environment: String,
    /// When the world was observed.
    #[schemars(with = "String")]
    pub observed_at: Timestamp,
    /// How the run would end, and why.
    #[schemars(with = "String")]
    pub ending: Ending,
    /// Why, in a sentence.
    pub reason: String,
    /// Its steps, in order.
    pub steps: Vec<PlannedStep>,
    /// How long it takes in all, in milliseconds.
    pub milliseconds: u64,
    /// When clients go unserved, if they do.
    pub downtime: Option<Downtime>,
    /// The first step without a way back.
    pub point_of_no_return: Option<u32>,
    /// What people are asked, in order.
    pub questions: Vec<Asked>,
    /// The most that is written beside the live databases and where backups lie.
    pub disk: Disk,
    /// Databases that are left beside the live ones, by name, with the database on whose server they are.
    pub left: BTreeMap<String, String>,
}

/// A time without service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Downtime {
    /// The step in which the last node goes.
    pub from: u32,
    /// The step in which the first node is back; none where none comes back.
    pub to: Option<u32>,
    /// How long, in milliseconds.
    pub milliseconds: u64,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The step.
    pub step: u32,
    /// What is shown.
    pub shown: String,
}

/// Bytes on disks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Where backups lie.
    pub backups: u64,
    /// On database servers, beside the live databases.
    pub copies: u64,
}

impl Plan {
    /// The plan that `foreseen` is, with these `permissions`, of a run that began in `world`.
    #[must_use]
    pub fn of(foreseen: &Foreseen, world: &World, permissions: &Permissions) -> Self {
        let played = &foreseen.played;
        let header = played.records.first().map(|record| &record.event);
        let Some(crate::journal::Event::Header(header)) = header else {
            unreachable!("every run begins with its header");
        };
        let steps = step::steps(foreseen, permissions);
        let returning = steps.iter().find(|step| step.irreversible);
        let asked = |question: &Question| match question {
            Question::Approve { step, shown, .. } => Some(Asked {
                step: step.0,
                shown: shown.clone(),
            }),
            Question::Settle { .. } => None,
        };
        Self {
            format: FORMAT,
            playbook: header.playbook.clone(),
            parameters: header.parameters.clone(),
            environment: header.environment.clone(),
            observed_at: world.observed_at,
            ending: played.conclusion().ending,
            reason: played.conclusion().reason.clone(),
            milliseconds: total(played.spent.iter().map(|spent| spent.milliseconds)),
            downtime: downtime(played, world),
            point_of_no_return: returning.map(|step| step.number),
            questions: played.questions.iter().filter_map(asked).collect(),
            disk: disk(played, world),
            left: played.copies.clone(),
            steps,
        }
    }

    /// Whether the run would change anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.steps.iter().any(|step| step.changes)
    }

    /// Where the ways back are other than before, or take far longer, in order.
    #[must_use]
    pub fn ways_changes(&self) -> Vec<WaysChange> {
        way_back::changes(&self.steps)
    }
}

/// When no node is in rotation and running, from the last one that went to the first that is back.
fn downtime(played: &Played, world: &World) -> Option<Downtime> {
    let mut serving: BTreeMap<&str, (bool, Option<Rotation>)> = world
        .nodes
        .iter()
        .map(|(name, node)| {
            (
                name.as_str(),
                (node.running.is_some(), node.rotation.clone()),
            )
        })
        .collect();
    let up = |nodes: &BTreeMap<&str, (bool, Option<Rotation>)>| {
        nodes.values().any(|(running, rotation)| {
            let admitted = rotation.as_ref().is_none_or(Rotation::serves);
            *running && admitted
        })
    };
    let mut gone = None;
    for happening in &played.happened {
        let was_up = up(&serving);
        match &happening.what {
            Happened::Started { node, .. } => serving.entry(node).or_default().0 = true,
            Happened::Stopped { node } => serving.entry(node).or_default().0 = false,
            Happened::Rotated { node, rotation } => {
                serving.entry(node).or_default().1 = Some(rotation.clone());
            }
            _ => continue,
        }
        match (was_up, up(&serving), gone) {
            (true, false, None) => gone = Some((happening.step, happening.at)),
            (false, true, Some((from, at))) => {
                return Some(Downtime {
                    from,
                    to: Some(happening.step),
                    milliseconds: between(at, happening.at),
                });
            }
            _ => {}
        }
    }
    let (from, at) = gone?;
    let end = played.records.last().map_or(at, |record| record.at);
    Some(Downtime {
        from,
        to: None,
        milliseconds: between(at, end),
    })
}

/// What backups and copies take. A copy is counted with the size of the database that it is a copy of.
fn disk(played: &Played, world: &World) -> Disk {
    let bytes = |name: &String| world.databases.get(name).map_or(0, |found| found.bytes);
    let mut disk = Disk::default();
    for happening in &played.happened {
        match &happening.what {
            Happened::BackedUp { database } => {
                disk.backups = disk.backups.saturating_add(bytes(database));
            }
            Happened::Copied { database } => {
                disk.copies = disk.copies.saturating_add(bytes(database));
            }
            _ => {}
        }
    }
    disk
}

/// The sum, as far as there is a number for it: a playbook may ask for any time to pass.
fn total(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(0, u64::saturating_add)
}

pub(crate) fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default()
}
