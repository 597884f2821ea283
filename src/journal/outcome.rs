//! Which step an event brings to its end.

use super::{Event, StepNo};

impl Event {
    /// The step whose outcome this is, if it is one.
    #[must_use]
    pub fn outcome_of(&self) -> Option<StepNo> {
        match self {
            Self::Read { step, .. } | Self::Finished { step, .. } | Self::Failed { step, .. } => {
                Some(*step)
            }
            _ => None,
        }
    }
}
