//! A plan that is kept and held to: what it was made from, and what has drifted since.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FORMAT, Plan};
use crate::gateway::simulated::{Database, Node, World};
use crate::journal::Header;

/// A plan with everything that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPlan {
    /// The version of the format of plans.
    pub format: u32,
    /// The playbook as it was named on the command line.
    pub subject: String,
    /// Digests of the playbook, its modules and the environment, and the parameters.
    pub header: Header,
    /// The world as it was observed, with digests of configuration files and binaries.
    pub world: World,
    /// The plan.
    pub plan: Plan,
}

/// Why a file is no kept plan.
#[derive(Debug, thiserror::Error)]
pub enum KeptPlanError {
    /// Another version of cutover wrote it.
    #[error("this plan has format {found}, and this version of cutover reads format {FORMAT}")]
    Format {
        /// The format that it says.
        found: u64,
    },
    /// It does not have the shape of one.
    #[error("this is not a plan that `cutover plan --out` wrote: {0}")]
    Shape(serde_json::Error),
}

impl KeptPlan {
    /// Reads a kept plan.
    pub fn read(text: &str) -> Result<Self, KeptPlanError> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(KeptPlanError::Shape)?;
        match value["format"].as_u64() {
            Some(found) if found != u64::from(FORMAT) => Err(KeptPlanError::Format { found }),
            _ => serde_json::from_value(value).map_err(KeptPlanError::Shape),
        }
    }

    /// What is not any more as it was when the plan was made, a line each; `header` is what a run would have now, `world` what is
    /// observed now.
    #[must_use]
    pub fn drift(&self, header: &Header, world: &World) -> Vec<String> {
        let mut drift = Vec::new();
        let digests = |header: &Header| -> BTreeMap<String, _> {
            let sources = header.sources.iter();
            sources
                .map(|source| (source.name.clone(), source.digest))
                .collect()
        };
        each(&digests(&self.header), &digests(header), |name, change| {
            drift.push(format!(
                "the source `{name}` {}",
                change.words("has changed")
            ));
        });
        if self.header.environment_digest != header.environment_digest {
            drift.push("the environment file has changed".to_owned());
        }
        each(
            &self.header.parameters,
            &header.parameters,
            |name, change| {
                drift.push(format!(
                    "the parameter `{name}` {}",
                    change.words("has another value")
                ));
            },
        );
        each(
            &self.world.nodes,
            &world.nodes,
            |name, change| match change {
                Change::Other(before, now) => drift.extend(nodes(name, before, now)),
                change => drift.push(format!("the node `{name}` {}", change.words(""))),
            },
        );
        each(
            &self.world.databases,
            &world.databases,
            |name, change| match change {
                Change::Other(before, now) => drift.extend(databases(name, before, now)),
                change => drift.push(format!("the database `{name}` {}", change.words(""))),
            },
        );
        drift
    }
}

/// How one thing of a collection changed.
enum Change<'a, T> {
    New,
    Gone,
    Other(&'a T, &'a T),
}

impl<T> Change<'_, T> {
    fn words<'a>(&self, other: &'a str) -> &'a str {
        match self {
            Self::New => "is new",
            Self::Gone => "is gone",
            Self::Other(..) => other,
        }
    }
}

/// Calls `told` for everything that is not the same in both.
fn each<T: PartialEq>(
    before: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
    mut told: impl FnMut(&str, Change<'_, T>),
) {
    for (name, one) in before {
        match now.get(name) {
            None => told(name, Change::Gone),
            Some(other) if other != one => told(name, Change::Other(one, other)),
            Some(_) => {}
        }
    }
    for name in now.keys().filter(|name| !before.contains_key(*name)) {
        told(name, Change::New);
    }
}

fn nodes(name: &str, before: &Node, now: &Node) -> Vec<String> {
    let mut drift = Vec::new();
    let mut differs = |what: &str, same: bool| {
        if !same {
            drift.push(format!("the node `{name}` {what}"));
        }
    };
    differs(
        "has another version installed",
        before.installed == now.installed,
    );
    differs("runs another version", before.running == now.running);
    differs(
        "has other packages available",
        before.available == now.available,
    );
    differs(
        "has another place at its load balancer",
        before.rotation == now.rotation,
    );
    differs("uses another database", before.database == now.database);
    differs(
        "has its Admin API closed, or opened again",
        before.admin == now.admin,
    );
    differs(
        "has other Kong nodes beside it that the environment does not list",
        before.strange == now.strange,
    );
    for (file, digest) in &before.files {
        differs(
            &format!("has another `{file}`"),
            now.files.get(file) == Some(digest),
        );
    }
    drift
}

/// Sizes, sessions and free space change by themselves; what a plan rests on does not.
fn databases(name: &str, before: &Database, now: &Database) -> Vec<String> {
    let mut drift = Vec::new();
    let mut differs = |what: &str, same: bool| {
        if !same {
            drift.push(format!("the database `{name}` {what}"));
        }
    };
    differs(
        "is on another version of its server",
        before.server_version == now.server_version,
    );
    differs("has another schema", before.schema == now.schema);
    differs("holds other entities", before.entities == now.entities);
    differs(
        "has Kong's lock on migrations taken or given back",
        before.migration_lock == now.migration_lock,
    );
    differs(
        "denies writes, or does not any more",
        before.write_denial == now.write_denial,
    );
    differs(
        "can be swapped otherwise than before",
        before.swap_obstacles == now.swap_obstacles,
    );
    drift
}
