//! How long a way back takes, from how long its parts took in this very run.

use std::time::Duration;

use super::Way;
use crate::journal::{RunState, Step, StepResult};
use crate::primitive::Intent;

/// A proof at this tier restored the backup for real.
const RESTORED: &str = "restore";

/// What is known of how long a way back takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Takes {
    /// The parts that were measured in this run.
    pub measured: Vec<(&'static str, Duration)>,
    /// The parts that were not.
    pub unmeasured: Vec<&'static str>,
}

impl Takes {
    /// What `state` tells about `way`.
    pub(super) fn of(state: &RunState, way: Way, database: &str) -> Self {
        let mut takes = Self::default();
        let restored = state.steps.iter().rev().find(|step| proves(step, database));
        match way {
            Way::Repackage => {}
            Way::Swap => takes
                .unmeasured
                .push("two renames (under a second as a rule)"),
            Way::Restore => takes.add("restoring the backup", restored),
        }
        takes.add(
            "stopping",
            forward(state, |intent| matches!(intent, Intent::Stop(_))),
        );
        takes.add(
            "packages",
            forward(state, |intent| matches!(intent, Intent::Install(_))),
        );
        takes.add(
            "starting",
            forward(state, |intent| matches!(intent, Intent::Start(_))),
        );
        takes
    }

    /// The sum of what was measured.
    #[must_use]
    pub fn known(&self) -> Duration {
        self.measured.iter().map(|(_, took)| *took).sum()
    }

    fn add<'a>(&mut self, part: &'static str, steps: impl IntoIterator<Item = &'a Step>) {
        let took: Vec<Duration> = steps.into_iter().filter_map(took).collect();
        if took.is_empty() {
            self.unmeasured.push(part);
        } else {
            self.measured.push((part, took.iter().sum()));
        }
    }
}

/// The steps of one kind on the way forward: one over all nodes, or one for each.
fn forward(state: &RunState, kind: fn(&Intent) -> bool) -> impl Iterator<Item = &Step> {
    state
        .steps
        .iter()
        .filter(move |step| step.within.is_none() && kind(&step.intent))
}

fn proves(step: &Step, database: &str) -> bool {
    let Intent::Verify(verify) = &step.intent else {
        return false;
    };
    let tier = serde_json::to_value(verify.tier).ok();
    verify.database == database
        && tier.as_ref().and_then(|tier| tier.as_str()) == Some(RESTORED)
        && took(step).is_some()
}

/// How long a step took that ended well.
fn took(step: &Step) -> Option<Duration> {
    let StepResult::Finished(_) = step.result else {
        return None;
    };
    Duration::try_from(step.ended?.duration_since(step.began)).ok()
}
