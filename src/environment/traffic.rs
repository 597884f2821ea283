//! Load balancers, as the inventory describes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Problem;

/// A load balancer in front of a cluster's nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// The driver.
    pub kind: TrafficKind,
    /// Base URL of the practice load balancer's control interface.
    pub control: Option<String>,
    /// Base URL that clients use.
    pub url: Option<String>,
}

/// What kind of load balancer stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficKind {
    /// The practice cluster's own small load balancer.
    Practice,
    /// HAProxy's runtime socket. Read, and refused by name until it exists.
    Haproxy,
    /// nginx. Read, and refused by name until it exists.
    Nginx,
    /// Weights of a Kong upstream's targets. Read, and refused by name until it exists.
    KongUpstream,
    /// A declared command. Read, and refused by name until it exists.
    Command,
}

impl Traffic {
    pub(super) fn check(&self, name: &str) -> Result<(), Problem> {
        let kind = match self.kind {
            TrafficKind::Practice => return Ok(()),
            TrafficKind::Haproxy => "haproxy",
            TrafficKind::Nginx => "nginx",
            TrafficKind::KongUpstream => "kong-upstream",
            TrafficKind::Command => "command",
        };
        Err(Problem::unsupported(
            name,
            "traffic driver",
            kind,
            "kind = \"practice\"",
        ))
    }
}
