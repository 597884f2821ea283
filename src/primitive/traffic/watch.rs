//! `traffic.watch`, `traffic.watched`, `traffic.unwatch`: what clients get, while steps come and go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gateway::{Gateway, Probe, Seen};
use crate::primitive::{Failure, Look};

/// Begins to send requests to where clients reach a cluster. It goes on until the run is put down, and again once it is taken up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The cluster whose load balancer is asked.
    pub cluster: String,
    /// What is asked.
    pub probe: Probe,
}

impl Look for Watch {
    type Answer = ();
    const VERB: &'static str = "traffic.watch";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        if self.probe.checks.is_empty() {
            return Err(Failure::new("argument.value", "nothing is asked"));
        }
        world.watch(target, &self.probe).await
    }
}

/// What became of those requests since this was asked last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// The cluster.
    pub cluster: String,
}

/// What was seen, as a playbook gets it. Times are in milliseconds, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// How many requests came to their end.
    pub sent: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Those, by how.
    pub failures: BTreeMap<String, u64>,
    /// The right answers by which Kong gave them, as `kong/3.4.2`, where it says so.
    pub answered_by: BTreeMap<String, u64>,
    /// The longest time from a request that failed to the next that did not.
    pub longest_outage: u64,
    /// The longest time in which no right answer came.
    pub longest_silence: u64,
    /// The longest that the prober itself was late.
    pub longest_stall: u64,
    /// How long half of the right answers took at most, in microseconds; nothing where there was none.
    pub median: Option<u64>,
    /// The same for 99 of a hundred.
    pub p99: Option<u64>,
}

impl From<Seen> for Observed {
    fn from(seen: Seen) -> Self {
        Self {
            sent: seen.sent,
            failed: seen.failures(),
            longest_outage: seen.longest_outage,
            longest_silence: seen.longest_silence,
            longest_stall: seen.longest_stall,
            median: seen.percentile(50),
            p99: seen.percentile(99),
            failures: seen.failed,
            answered_by: seen.answered_by,
        }
    }
}

impl Look for Watched {
    type Answer = Observed;
    const VERB: &'static str = "traffic.watched";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<Observed, Failure> {
        Ok(world.watched(target).await?.into())
    }
}

/// Stops sending them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwatch {
    /// The cluster.
    pub cluster: String,
}

impl Look for Unwatch {
    type Answer = ();
    const VERB: &'static str = "traffic.unwatch";

    fn targets(&self) -> Vec<String> {
        vec![self.cluster.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<(), Failure> {
        world.unwatch(target).await
    }
}
