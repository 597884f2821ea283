//! Silence at a terminal: a migration or an installer takes minutes and says nothing, and whoever waits wants to know that it is at work.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long nothing may be told while a step is at work.
const BEARABLE: Duration = Duration::from_secs(10);

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// For how long nothing was told.
#[derive(Debug)]
pub(super) struct Silence {
    since: Cell<Instant>,
    /// A person is asked something, and must not be talked over.
    is_asking: Cell<bool>,
}

impl Silence {
    /// It begins now.
    pub(super) fn new() -> Self {
        Self {
            since: Cell::new(Instant::now()),
            is_asking: Cell::new(false),
        }
    }

    /// Something was told.
    pub(super) fn is_broken(&self) {
        self.since.set(Instant::now());
    }

    /// Waits for the answer of a person, whom nothing is told meanwhile.
    pub(super) async fn while_asking<Answer>(
        &self,
        answer: impl Future<Output = Answer>,
    ) -> Answer {
        self.is_asking.set(true);
        let answer = answer.await;
        self.is_asking.set(false);
        self.is_broken();
        answer
    }

    /// Tells `what` is at work, if anything is, whenever it was silent for too long; for ever.
    pub(super) async fn break_with(&self, what: impl Fn() -> Option<String>, tell: impl Fn(&str)) {
        loop {
            tokio::time::sleep(LOOK).await;
            if self.is_unbearable(Instant::now())
                && let Some(what) = what()
            {
                tell(&what);
                self.is_broken();
            }
        }
    }

    fn is_unbearable(&self, now: Instant) -> bool {
        !self.is_asking.get() && now.saturating_duration_since(self.since.get()) >= BEARABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_unbearable_after_a_while_and_never_while_a_person_is_asked() {
        let silence = Silence::new();
        let begun = silence.since.get();
        assert!(!silence.is_unbearable(begun));
        assert!(silence.is_unbearable(begun + BEARABLE));
        let asking = async { silence.is_unbearable(begun + BEARABLE * 100) };
        assert!(!silence.while_asking(asking).await);
        let broken = silence.since.get();
        assert!(!silence.is_unbearable(broken + BEARABLE / 2));
        assert!(silence.is_unbearable(broken + BEARABLE));
    }
}
