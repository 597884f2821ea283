//! How production stands, from the journal alone: which nodes a run left stopped or out of rotation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{RunState, Step, TargetStage, UndoState};

use crate::primitive::Intent;

/// Nodes that a run left without clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Since when the last of them is out.
    pub since: Timestamp,
    /// The nodes that are out, and whether they are stopped; those that are not are out of rotation.
    pub nodes: BTreeMap<String, bool>,
    /// Whether no node that the run knows serves any more.
    pub whole: bool,
}

impl Outage {
    /// The outage that the run left, if it did.
    #[must_use]
    pub fn of(state: &RunState) -> Option<Self> {
        let nodes = standing(state);
        let out: BTreeMap<String, Timestamp> = nodes
            .iter()
            .filter(|(_, node)| !node.spare)
            .filter_map(|(name, node)| {
                let since = node.stopped.into_iter().chain(node.drained).min()?;
                Some((name.clone(), since))
            })
            .collect();
        let since = *out.values().max()?;
        Some(Self {
            since,
            whole: out.len() == nodes.values().filter(|node| !node.spare).count(),
            nodes: out
                .into_keys()
                .map(|name| {
                    let stopped = nodes[&name].stopped.is_some();
                    (name, stopped)
                })
                .collect(),
        })
    }
}

/// What a run last did to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct NodeStanding {
    /// Since when it is stopped.
    stopped: Option<Timestamp>,
    /// Since when it gets no requests.
    drained: Option<Timestamp>,
    /// Whether it was found without clients.
    found_without: bool,
    /// Whether nobody misses it: it was found without clients and has none, or the other side of a split has all of them.
    spare: bool,
}

/// Every node that the run stopped, started, drained or admitted, as it left it.
fn standing(state: &RunState) -> BTreeMap<String, NodeStanding> {
    let mut nodes: BTreeMap<String, NodeStanding> = BTreeMap::new();
    for step in state.steps.iter().filter(|step| step.is_act()) {
        for target in &step.targets {
            if about_nodes(&step.intent) {
                // Also one that was not turned to yet is a node that production has.
                let node = nodes.entry(target.target.name.clone());
                let found_without = was_without_clients(&target.target.observed);
                node.or_insert_with(|| NodeStanding {
                    found_without,
                    spare: found_without,
                    ..NodeStanding::default()
                });
            }
            let certain = matches!(target.stage, TargetStage::Finished(_));
            let possible = matches!(target.stage, TargetStage::Started | TargetStage::Partly);
            // What takes a node away may have done so before it failed; what brings one back is believed once it is seen.
            if certain || (possible && takes_away(&step.intent, &target.target.name)) {
                apply(&mut nodes, &step.intent, &target.target.name, end(step));
            }
            if let (true, Some(node)) = (certain, nodes.get_mut(&target.target.name)) {
                match step.intent.lets_have_requests(&target.target.name) {
                    Some(true) => node.spare = false,
                    Some(false) => node.spare |= matches!(step.intent, Intent::Split(_)),
                    None => {}
                }
            }
        }
    }
    for entry in state
        .undo
        .iter()
        .rev()
        .filter(|entry| entry.state == UndoState::Finished)
    {
        let name = entry
            .intent
            .targets()
            .into_iter()
            .next()
            .unwrap_or_default();
        apply(
            &mut nodes,
            &entry.intent,
            &name,
            state.last.unwrap_or_default(),
        );
        if let (true, Some(node)) = (takes_away(&entry.intent, &name), nodes.get_mut(&name)) {
            node.spare |= node.found_without;
        }
    }
    nodes
}

/// Whether a node did not run, or got no requests, when the run first turned to it.
fn was_without_clients(observed: &Value) -> bool {
    observed["running"] == false || observed["state"] == "drain"
}

fn about_nodes(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Stop(_)
            | Intent::Start(_)
            | Intent::Drain(_)
            | Intent::Admit(_)
            | Intent::Split(_)
            | Intent::SetRotation(_)
    )
}

/// Whether an act takes a node away from clients.
fn takes_away(intent: &Intent, node: &str) -> bool {
    matches!(intent, Intent::Stop(_)) || intent.lets_have_requests(node) == Some(false)
}

fn end(step: &Step) -> Timestamp {
    step.ended.unwrap_or(step.began)
}

fn apply(nodes: &mut BTreeMap<String, NodeStanding>, intent: &Intent, name: &str, at: Timestamp) {
    if !about_nodes(intent) {
        return;
    }
    let node = nodes.entry(name.to_owned()).or_default();
    match intent {
        Intent::Stop(_) => node.stopped = Some(at),
        Intent::Start(_) => node.stopped = None,
        _ => {
            let serves = intent.lets_have_requests(name);
            node.drained = (serves == Some(false)).then_some(at);
        }
    }
}
