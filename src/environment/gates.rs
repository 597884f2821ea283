//! What an environment wants approved by a person, whatever a playbook says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Need;
use super::error::Problem;

/// What is wanted of approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// The steps before each of which a person is asked, also where the playbook does not ask.
    pub before: Vec<Need>,
    /// Whether whoever approves must be somebody else than who started the run.
    pub distinct_approver: bool,
    /// How long an approval stands, in minutes. A night's window fits into the preset; the next night's does not.
    pub approval_minutes: u32,
}

impl Gates {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.approval_minutes == 0 {
            // It would have lapsed before the step that it was given for.
            return Err(Problem::no_minutes());
        }
        Ok(())
    }
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            before: Vec::new(),
            distinct_approver: false,
            approval_minutes: 8 * 60,
        }
    }
}
