//! Moments of a run that is played, told by the trade's words: the first `kong.stop`, the second `traffic.admit`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::{Event, StepNo};
use crate::primitive::Intent;

/// A step, by its verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtStep {
    /// Its verb, such as `kong.stop`.
    pub verb: String,
    /// Which step of that verb, from 1.
    pub nth: u32,
}

/// Knows the steps of a run by their verbs, from its records as they are written.
#[derive(Debug, Default)]
pub(super) struct Steps {
    names: BTreeMap<StepNo, AtStep>,
    counts: BTreeMap<&'static str, u32>,
}

impl Steps {
    /// The step that an event is about, if it is about one.
    pub(super) fn follow(&mut self, event: &Event) -> Option<AtStep> {
        match event {
            Event::Read { step, intent, .. } | Event::Started { step, intent, .. } => {
                Some(self.name(*step, intent))
            }
            Event::Finished { step, .. } | Event::Failed { step, .. } => {
                self.names.get(step).cloned()
            }
            _ => None,
        }
    }

    fn name(&mut self, step: StepNo, intent: &Intent) -> AtStep {
        let counts = &mut self.counts;
        let named = self.names.entry(step).or_insert_with(|| {
            let count = counts.entry(intent.verb()).or_default();
            *count += 1;
            AtStep {
                verb: intent.verb().to_owned(),
                nth: *count,
            }
        });
        named.clone()
    }
}
