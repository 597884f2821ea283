//! What a person was asked, and whether the answer still counts.

use std::time::Duration;

use jiff::Timestamp;

use crate::journal::Actor;

/// What a person was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What the person was shown.
    pub shown: String,
    /// Who approved, and when.
    pub given: Option<(Actor, Timestamp)>,
    /// Given for another playbook than the run goes by now, so that it has to be given again.
    pub lapsed: bool,
}

impl Approval {
    /// Whether it was given, for what the run goes by now, and not longer ago than approvals `stand`.
    #[must_use]
    pub fn stands(&self, now: Timestamp, stand: Duration) -> bool {
        let Some((_, at)) = &self.given else {
            return false;
        };
        let age = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
        !self.lapsed && age <= stand
    }
}
