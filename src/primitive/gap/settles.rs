//! `gap.settles`: whether a pause is long enough for what nodes count in their memory and push later.

use serde::{Deserialize, Serialize};

use super::{Failure, Look};
use crate::gateway::{Gateway, SyncRates};

/// Refuses a pause that is too short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settles {
    /// The database whose plugins count.
    pub database: String,
    /// How long the pause is, in milliseconds.
    pub settle: u64,
}

impl Look for Settles {
    type Answer = SyncRates;
    const VERB: &'static str = "gap.settles";

    fn targets(&self) -> Vec<String> {
        vec![self.database.clone()]
    }

    async fn look(&self, world: &impl Gateway, target: &str) -> Result<SyncRates, Failure> {
        let rates = world.sync_rates(target).await?;
        // What was counted just after a push waits for one interval; a push that failed or took long, for another.
        let least = rates.longest.saturating_mul(2);
        if self.settle >= least {
            return Ok(rates);
        }
        let plugins = match rates.plugins {
            1 => "1 plugin".to_owned(),
            many => format!("{many} plugins"),
        };
        let message = format!(
            "what nodes count for {plugins} waits in their memory for up to {} (`sync_rate`), and `settle` is {}",
            told(rates.longest),
            told(self.settle)
        );
        Err(Failure::new("gap.settle", message).hint(format!(
            "give settle={}: what nodes have not pushed when they stop is lost",
            told(least)
        )))
    }
}

/// A duration as it is written on a command line.
fn told(milliseconds: u64) -> String {
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}
