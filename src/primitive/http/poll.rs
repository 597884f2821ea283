//! `http.poll`: a check until its answer is right several times in a row.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::Asked;
use super::{Check, Checked};
use crate::gateway::Gateway;
use crate::primitive::{Failure, Look, milliseconds_since};

/// Sends a request again and again until the answer is right several times in a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The check.
    pub check: Check,
    /// How many right answers in a row are wanted.
    pub passes: u32,
    /// How long it may take, in milliseconds.
    pub within: u64,
}

/// The pause after a right answer: long enough that another worker may answer next.
const AFTER_PASS: Duration = Duration::from_millis(50);

/// The pause after a wrong answer: what it waits for takes a while.
const AFTER_MISS: Duration = Duration::from_millis(200);

impl Poll {
    /// Asks until the answers are right or the time is over.
    pub(super) async fn ask(&self, world: &impl Gateway) -> Checked {
        let begun = world.elapsed();
        let (mut passes, mut asked) = (0, 0);
        // Counted beside the clock: one that does not go on, as at the end of time, would be waited for without end.
        let mut waited = Duration::ZERO;
        loop {
            asked += 1;
            let last = self.check.ask(world).await;
            passes = if matches!(last, Asked::Right(_)) {
                passes + 1
            } else {
                0
            };
            let in_vain = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            let took = milliseconds_since(begun, world);
            let is_owed_another = passes == 0 && asked <= self.check.retries;
            let is_over = took.max(in_vain) >= self.within && !is_owed_another;
            if passes >= self.passes || is_over {
                return Checked::new(&self.check, last, passes, asked, took)
                    .wanting(self.passes, self.within);
            }
            let pause = if passes > 0 { AFTER_PASS } else { AFTER_MISS };
            waited += pause;
            world.pause(pause).await;
        }
    }
}

impl Look for Poll {
    type Answer = Value;
    const VERB: &'static str = "http.poll";

    fn targets(&self) -> Vec<String> {
        Look::targets(&self.check)
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<Value, Failure> {
        let checked = self.ask(world).await;
        match checked.failure {
            None => Ok(json!({ "passes": checked.passes, "asked": checked.asked })),
            Some(failure) => Err(Failure {
                code: "http.poll.timeout".into(),
                message: format!(
                    "not right within {} ms, asked {} times: {}",
                    self.within, checked.asked, failure.message
                ),
                ..failure
            }),
        }
    }
}
