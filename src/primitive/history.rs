//! What a run has done so far, as evidence for a step that wants some.
//!
//! The gate makes it from the journal's finished steps, so a script cannot add to it. It knows what was wanted and what came of
//! it, and nothing of records.

use jiff::Timestamp;
use serde_json::Value;

use super::Intent;

/// A step that ended well.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Its number.
    pub step: u32,
    /// What was wanted.
    pub intent: Intent,
    /// What it answered to the script.
    pub outcome: Value,
    /// When it ended.
    pub ended: Timestamp,
}

/// The steps of a run that ended well, oldest first. What a closure of the way back does is not among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The steps.
    pub steps: Vec<Past>,
}

impl History {
    /// The steps after the last one that `is`, and that one; nothing where none is.
    pub fn since(&self, is: impl Fn(&Intent) -> bool) -> Option<(&Past, &[Past])> {
        let at = self.steps.iter().rposition(|past| is(&past.intent))?;
        Some((&self.steps[at], &self.steps[at + 1..]))
    }
}
