//! What a playbook may use up: presets that no honest playbook comes near, and caps that no environment exceeds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Problem;

/// What a playbook may use up before it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Operations of the interpreter. A long playbook takes some ten thousand.
    pub operations: u64,
    /// What its values may take of memory, in MiB.
    pub memory_mib: u32,
    /// Its own time, in seconds: what its steps take is not counted.
    pub seconds: u32,
    /// Steps.
    pub steps: u32,
    /// What it may send to the supervisor, in MiB.
    pub sent_mib: u32,
    /// Messages that it may send in any one second, those left out that a resumed run repeats.
    pub messages_per_second: u32,
    /// Calls inside one another.
    pub depth: u32,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            operations: 50_000_000,
            memory_mib: 256,
            seconds: 60,
            steps: 20_000,
            sent_mib: 64,
            messages_per_second: 100_000,
            depth: 128,
        }
    }
}

impl Budgets {
    /// No environment allows more than this.
    pub const CAPS: Self = Self {
        operations: 5_000_000_000,
        memory_mib: 2_048,
        seconds: 3_600,
        steps: 200_000,
        sent_mib: 1_024,
        messages_per_second: 1_000_000,
        depth: 512,
    };

    /// What its values may take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_mib) << 20
    }

    /// What it may send, in bytes.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        u64::from(self.sent_mib) << 20
    }

    /// Every budget by its key.
    fn by_key(&self) -> [(&'static str, u64); 7] {
        [
            ("operations", self.operations),
            ("memory_mib", self.memory_mib.into()),
            ("seconds", self.seconds.into()),
            ("steps", self.steps.into()),
            ("sent_mib", self.sent_mib.into()),
            ("messages_per_second", self.messages_per_second.into()),
            ("depth", self.depth.into()),
        ]
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        let caps = Self::CAPS.by_key();
        let wrong = self
            .by_key()
            .into_iter()
            .zip(caps)
            .find(|((_, wanted), (_, cap))| *wanted == 0 || wanted > cap);
        match wrong {
            Some(((key, wanted), (_, cap))) => Err(Problem::beyond_cap(key, wanted, cap)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Budgets;

    #[test]
    fn a_playbook_runs_out_of_steps_before_it_can_be_too_quick() {
        // A step is a message, and a phase around it two more; a fast machine does all of them within a second.
        for budgets in [Budgets::default(), Budgets::CAPS] {
            assert!(budgets.messages_per_second >= 5 * budgets.steps);
        }
    }
}
