//! What there is to know of hosts in the model: what was observed, with what the run has installed and stopped since.

use std::path::Path;

use super::{Node, Simulated, Work};
use crate::gateway::{Facts, Failure, NodeFacts};
use crate::kong::advisories::Known;

impl Facts for Simulated {
    async fn node_facts(&self, node: &str) -> Result<NodeFacts, Failure> {
        self.work(Work::Command, 0);
        self.node(node, now)
    }
}

fn now(node: &Node) -> NodeFacts {
    let mut facts = node
        .facts
        .as_deref()
        .cloned()
        .unwrap_or_else(|| unseen(node));
    let installed = node.installed.to_string();
    if facts.kong.version != Known::Known(installed.clone()) {
        install(&mut facts, &installed);
    }
    if node.running.is_none() {
        facts.limits = Known::unknown("it does not run");
        if let Known::Known(ports) = &mut facts.ports {
            for port in ports {
                let listeners = &mut port.listeners;
                listeners.retain(|listener| listener.ours != Some(true));
            }
        }
    }
    facts
}

/// Of a node whose host nobody looked at, what the world says all the same.
fn unseen(node: &Node) -> NodeFacts {
    let mut facts = NodeFacts::default();
    facts.kong.version = Known::Known(node.installed.to_string());
    for (name, digest) in [
        ("kong", &mut facts.kong.sha256),
        ("kong.conf", &mut facts.kong.conf_sha256),
    ] {
        if let Some(known) = node.files.get(name) {
            *digest = Known::Known(known.clone());
        }
    }
    facts
}

/// The package that is there now was not looked at.
fn install(facts: &mut NodeFacts, version: &str) {
    let why = || format!("{version} was not installed when the host was looked at");
    facts.kong.version = Known::Known(version.to_owned());
    facts.kong.sha256 = Known::unknown(why());
    if let Known::Known(package) = &mut facts.installed {
        package.version = Some(version.to_owned());
        package.origin = Known::unknown(why());
        package.changed = Known::unknown(why());
        let link = package.link.as_deref().map(Path::new);
        let link = link.map(|link| link.with_file_name(format!("kong-{version}")));
        package.link = link.map(|link| link.display().to_string());
    }
}
