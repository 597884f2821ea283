//! How production stands, from the journal alone: which nodes a run left stopped or out of rotation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{RunState, Step, StepResult, TargetStage, UndoState};

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
        Self::after(&state.steps, Some(state))
    }

    /// The time in which none of them served, from the end of the step that took the last one away to that of the one that brought one back.
    #[must_use]
    pub fn over(state: &RunState) -> Option<(Timestamp, Timestamp)> {
        let whole = |steps| Self::after(steps, None).is_some_and(|outage| outage.whole);
        let mut began = None;
        for (at, step) in state.steps.iter().enumerate() {
            if !step.is_act() || step.within.is_some() {
                continue;
            }
            match (began, whole(&state.steps[..=at])) {
                (None, true) => began = step.ended,
                (Some(began), false) => return Some((began, step.ended?)),
                _ => {}
            }
        }
        None
    }

    /// The outage after these steps, and after the way back as far as it has come.
    fn after(steps: &[Step], back: Option<&RunState>) -> Option<Self> {
        let nodes = standing(steps, back);
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

/// Every node that the run stopped, started, drained or admitted, as it left it, and those that it saw get clients.
fn standing(steps: &[Step], back: Option<&RunState>) -> BTreeMap<String, NodeStanding> {
    let mut nodes: BTreeMap<String, NodeStanding> = BTreeMap::new();
    for step in steps {
        if matches!(step.intent, Intent::TrafficStatus(_)) {
            for name in seen_serving(step) {
                nodes.entry(name).or_default();
            }
        }
        if !step.is_act() {
            continue;
        }
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
    let undone = back.into_iter().flat_map(|state| state.undo.iter().rev());
    for entry in undone.filter(|entry| entry.state == UndoState::Finished) {
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
            back.and_then(|state| state.last).unwrap_or_default(),
        );
        if let (true, Some(node)) = (takes_away(&entry.intent, &name), nodes.get_mut(&name)) {
            node.spare |= node.found_without;
        }
    }
    nodes
}

/// Whether a node did not run, or got no requests, when the run first turned to it; or answers none at all.
fn was_without_clients(observed: &Value) -> bool {
    observed["running"] == false || observed["state"] == "drain" || observed["clients"] == false
}

/// The nodes that a look at their load balancer saw get clients.
fn seen_serving(step: &Step) -> Vec<String> {
    let StepResult::Finished(answer) = &step.result else {
        return Vec::new();
    };
    let names = step.intent.targets();
    let is_one = names.len() == 1;
    let serves = |name: &String| {
        let found = if is_one { answer } else { &answer[name] };
        found["state"] == "ready" && found["weight"] != 0
    };
    names.into_iter().filter(serves).collect()
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
