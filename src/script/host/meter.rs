//! What the supervisor counts of a script by itself, whatever the script's process says.

use std::time::{Duration, Instant};

use super::HostError;
use crate::environment::Budgets;
use crate::journal::Spent;
use crate::run::Request;
use crate::script::protocol::{FromChild, Numbered, Taken};

/// How long a script may think between two messages. The count of operations does not see what a single operation takes, and a
/// chain of closures that hold one another can take one for ever. A playbook needs milliseconds.
const THINKING: Duration = Duration::from_secs(10);

/// The counters of one process.
#[derive(Debug)]
pub(super) struct Meter {
    budgets: Budgets,
    /// The script's own time so far.
    spent: Duration,
    bytes: u64,
    steps: u32,
    /// Steps that it still repeats of a recorded run.
    repeats: usize,
    /// The second that messages are counted in now, and how many came in it.
    second: Instant,
    messages: u32,
    /// What the script's process says by itself.
    taken: Taken,
}

impl Meter {
    pub(super) fn new(budgets: Budgets) -> Self {
        Self {
            budgets,
            spent: Duration::ZERO,
            bytes: 0,
            steps: 0,
            repeats: 0,
            second: Instant::now(),
            messages: 0,
            taken: Taken::default(),
        }
    }

    /// The script will repeat so many steps as fast as it can.
    pub(super) fn repeats(&mut self, steps: usize) {
        self.repeats = steps;
    }

    /// How long the script may take now: what is left of its own time, and never more than between two messages.
    pub(super) fn left(&self) -> Duration {
        self.remaining().min(THINKING)
    }

    /// The script worked, or kept the supervisor waiting.
    pub(super) fn took(&mut self, time: Duration) {
        self.spent += time;
    }

    /// The script shows that a long work goes on: its time begins anew.
    pub(super) fn goes_on(&mut self) {
        self.spent = Duration::ZERO;
    }

    /// A closure of the way back has a budget of its own: one that the playbook used up must not keep it from going back.
    pub(super) fn way_back(&mut self) {
        self.steps = 0;
        self.bytes = 0;
        self.spent = Duration::ZERO;
    }

    pub(super) fn out_of_time(&self) -> HostError {
        HostError::Budget(if self.remaining().is_zero() {
            format!("{} s of its own time", self.budgets.seconds)
        } else {
            format!("{} s between two steps", THINKING.as_secs())
        })
    }

    /// A message of so many bytes came.
    pub(super) fn received(&mut self, bytes: usize, message: &Numbered) -> Result<(), HostError> {
        let spent = |what: String| Err(HostError::Budget(what));
        self.taken = message.taken;
        self.bytes += bytes as u64;
        if self.bytes > self.budgets.sent_bytes() {
            return spent(format!("{} MiB sent", self.budgets.sent_mib));
        }
        if matches!(message.message, FromChild::Request(Request::Call { .. })) {
            self.steps += 1;
            self.repeats = self.repeats.saturating_sub(1);
            if self.steps > self.budgets.steps {
                return spent(format!("{} steps", self.budgets.steps));
            }
        }
        if self.repeats > 0 {
            return Ok(());
        }
        if self.second.elapsed() >= Duration::from_secs(1) {
            self.second = Instant::now();
            self.messages = 0;
        }
        self.messages += 1;
        if self.messages > self.budgets.messages_per_second {
            return spent(format!(
                "{} messages in a second",
                self.budgets.messages_per_second
            ));
        }
        Ok(())
    }

    /// What was used of each budget, with the budget.
    pub(super) fn spent(&self) -> Vec<Spent> {
        let budgets = &self.budgets;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let seconds = self.spent.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        [
            ("operations", self.taken.operations, budgets.operations),
            (
                "memory_mib",
                mib(self.taken.memory),
                budgets.memory_mib.into(),
            ),
            ("seconds", seconds, budgets.seconds.into()),
            ("steps", self.steps.into(), budgets.steps.into()),
            ("sent_mib", mib(self.bytes), budgets.sent_mib.into()),
        ]
        .map(|(budget, used, of)| Spent {
            budget: budget.to_owned(),
            used,
            of,
        })
        .to_vec()
    }

    fn remaining(&self) -> Duration {
        Duration::from_secs(self.budgets.seconds.into()).saturating_sub(self.spent)
    }
}
