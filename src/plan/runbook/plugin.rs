//! What a person types to put a plugin on a route or a service.

use serde_json::json;

use super::RunbookStep;
use super::typed::{Typed, asked_at};
use crate::primitive::Intent;

/// Fills in the step of an intent that does. Any node that answers will do, since they share a database: the first is named.
pub(super) fn plugin(typed: &Typed<'_>, step: &mut RunbookStep, intent: &Intent) {
    let nodes = intent
        .names()
        .into_iter()
        .filter(|name| typed.0.node(name).is_some());
    let node: Vec<String> = nodes.take(1).collect();
    let mut undo = Vec::new();
    for (place, config) in intent.puts_plugins() {
        let path = format!("{}s/{}/plugins", place.owner.word(), place.name);
        let set = config.map(|config| {
            // A quote would end the shell's word.
            json!({ "name": place.plugin, "config": config })
                .to_string()
                .replace('\'', "'\\''")
        });
        step.commands.extend(typed.on(&node, |node| {
            format!(
                "curl -sS {}/{path} | jq '.data[] | select(.name == \"{}\")'   # keep it",
                asked_at(node),
                place.plugin
            )
        }));
        step.commands.extend(typed.on(&node, |node| match &set {
            Some(set) => format!(
                "curl -sS -X POST {}/{path} -H 'Content-Type: application/json' -d '{set}'",
                asked_at(node)
            ),
            None => format!("curl -sS -X DELETE {}/{path}/ITS_ID", asked_at(node)),
        }));
        undo.extend(typed.on(&node, |node| {
            format!("curl -sS -X DELETE {}/{path}/ITS_ID", asked_at(node))
        }));
    }
    step.expect = Some("the plugin as it was sent, then the same from every other node".to_owned());
    step.stop = Some("a plugin of that name that was there before: change it (PATCH) instead, and set it back (PATCH) as it was kept".to_owned());
    step.undo = undo;
}
