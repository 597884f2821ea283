//! Watching a gateway as its clients see it: requests at a fixed rate, whatever the answers, and what became of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What is asked, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The requests, one after the other.
    pub checks: Vec<ProbeCheck>,
    /// Requests a second.
    pub rate: u32,
    /// How long an answer may take, in milliseconds.
    pub timeout: u64,
}

/// A request, and the status with which it must be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeCheck {
    /// The path.
    pub path: String,
    /// The status.
    pub status: u16,
}

/// While what a request was sent.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// The step whose turn it was; none between steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Whether that step was being undone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undoing: bool,
}

/// What became of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// When the first was sent.
    pub from: Timestamp,
    /// When the last was sent.
    pub to: Timestamp,
    /// How many were sent.
    pub sent: u64,
    /// Those that failed, by how.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u64>,
    /// Answers by which Kong gave them, where it says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answered_by: BTreeMap<String, u64>,
    /// Requests that were not sent, since too many waited for an answer or the prober itself was held up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_back: u64,
    /// The longest time from a request that failed to the next that did not, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub longest_outage: u64,
    /// The longest time in which no right answer came, in milliseconds.
    pub longest_silence: u64,
    /// The longest that the prober itself was late, in milliseconds.
    pub longest_stall: u64,
    /// How long right answers took: microseconds, and how many took about that long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latencies: Vec<(u64, u64)>,
}

impl Seen {
    /// How many failed, of whatever kind.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Adds what was seen at another time.
    pub fn add(&mut self, other: &Self) {
        if self.sent == 0 && other.sent > 0 {
            (self.from, self.to) = (other.from, other.to);
        } else if other.sent > 0 {
            (self.from, self.to) = (self.from.min(other.from), self.to.max(other.to));
        }
        self.sent += other.sent;
        self.held_back += other.held_back;
        for (mine, theirs) in [
            (&mut self.failed, &other.failed),
            (&mut self.answered_by, &other.answered_by),
        ] {
            for (name, count) in theirs {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
        self.longest_outage = self.longest_outage.max(other.longest_outage);
        self.longest_silence = self.longest_silence.max(other.longest_silence);
        self.longest_stall = self.longest_stall.max(other.longest_stall);
        let mut latencies: BTreeMap<u64, u64> = self.latencies.drain(..).collect();
        for (took, count) in &other.latencies {
            *latencies.entry(*took).or_default() += count;
        }
        self.latencies = latencies.into_iter().collect();
    }

    /// How long the answer took, in microseconds, than which so many hundredths took no longer; nothing where none came.
    #[must_use]
    pub fn percentile(&self, hundredths: u64) -> Option<u64> {
        let all: u64 = self.latencies.iter().map(|(_, count)| count).sum();
        let wanted = (all * hundredths).div_ceil(100).max(1);
        let mut so_far = 0;
        let found = self.latencies.iter().find(|(_, count)| {
            so_far += count;
            so_far >= wanted
        })?;
        Some(found.0)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Requests that go on while steps come and go.
pub trait Probing {
    /// Begins to send requests to the load balancer of `cluster`, where clients reach it.
    async fn watch(&self, cluster: &str, probe: &Probe) -> Result<(), Failure>;
    /// Stops sending them, and waits for the last answers.
    async fn unwatch(&self, cluster: &str) -> Result<(), Failure>;
    /// What was seen of a cluster since this was asked last, or since it is watched.
    async fn watched(&self, cluster: &str) -> Result<Seen, Failure>;
    /// What was seen of every cluster since this was asked last, for the journal.
    fn seen(&self) -> Vec<(String, Moment, Seen)>;
    /// Stops watching everything, and waits for the last answers.
    async fn stop_watching(&self);
}
