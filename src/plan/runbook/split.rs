//! Clients of one side for the other, as a person gives them.

use super::RunbookStep;
use super::typed::{Typed, rotate};
use crate::environment::{HaproxyMap, Traffic};
use crate::primitive::Split;

/// What the nodes were before.
const BEFORE: &str = "what it was before";

pub(super) fn split(typed: &Typed<'_>, step: &mut RunbookStep, act: &Split) {
    let (gaining, losing) = if act.percent == 0 {
        (&act.from_nodes, &act.to_nodes)
    } else {
        (&act.to_nodes, &act.from_nodes)
    };
    let [there, back] = [gaining, losing].map(|nodes| switch(typed, nodes.first()));
    if let (Some(there), Some(back)) = (there, back) {
        rotate(step, gaining, "ready", BEFORE);
        step.commands.extend(there);
        step.undo.splice(0..0, back);
        step.expect = Some(format!(
            "`show map` tells what was set; nothing is in flight any more on {}",
            losing.join(", ")
        ));
        return;
    }
    let (to, from) = act.weights().unwrap_or_default();
    let state = |weight| match weight {
        0 => "drain".to_owned(),
        weight => format!("ready, with weight {weight}"),
    };
    rotate(step, &act.to_nodes, &state(to), BEFORE);
    let commands = std::mem::take(&mut step.commands);
    let undo = std::mem::take(&mut step.undo);
    rotate(step, &act.from_nodes, &state(from), BEFORE);
    step.commands.splice(0..0, commands);
    step.undo.splice(0..0, undo);
}

/// The commands that send all clients to a node's side, where its load balancer has sides.
fn switch(typed: &Typed<'_>, node: Option<&String>) -> Option<Vec<String>> {
    let (cluster, of, _) = typed.0.node(node?)?;
    let balancer = typed.0.traffic.get(of.traffic.as_ref()?)?;
    let map = balancer.map.as_ref()?;
    Some(set(balancer, map, balancer.backend_of(cluster)))
}

fn set(balancer: &Traffic, map: &HaproxyMap, backend: &str) -> Vec<String> {
    let HaproxyMap { file, key, keep } = map;
    let mut commands = Vec::new();
    if *keep {
        commands.push(format!("in {file}, give `{key}` the value `{backend}`"));
    }
    for socket in &balancer.sockets {
        let address = if socket.contains('/') { "unix" } else { "tcp" };
        commands.push(format!(
            "echo 'set map {file} {key} {backend}' | socat - {address}:{socket}"
        ));
    }
    commands
}
