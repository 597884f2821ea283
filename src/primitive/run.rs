//! The words about the run itself: `run.note`, `run.approve`, `run.wait_for`, `run.on_rollback`, `run.invariant`.
//!
//! They touch nothing outside; the gate gives `run.approve`, `run.on_rollback` and `run.invariant` their meaning.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Effect, Failure, Intent, Look, Primitive, Settled};
use crate::gateway::Gateway;
use crate::playbook::Window;

/// Implements [`Primitive`] for a word that needs no world: it observes nothing, undoes nothing, and is repeated after a crash.
macro_rules! without_world {
    ($name:ident, $verb:literal, $effect:expr, $undo:expr) => {
        impl Primitive for $name {
            type Observed = ();
            type Outcome = ();
            const VERB: &'static str = $verb;
            const EFFECT: Effect = $effect;

            fn targets(&self) -> Vec<String> {
                vec!["run".to_owned()]
            }

            async fn observe(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
                Ok(())
            }

            fn undo(&self, _target: &str, (): &()) -> Option<Intent> {
                let undo: fn(&Self) -> Option<Intent> = $undo;
                undo(self)
            }

            async fn perform(
                &self,
                _world: &impl Gateway,
                _target: &str,
                (): &(),
            ) -> Result<(), Failure> {
                Ok(())
            }

            async fn settle(
                &self,
                _world: &impl Gateway,
                _target: &str,
                (): &(),
            ) -> Result<Settled<()>, Failure> {
                Ok(Settled::NotDone)
            }
        }
    };
}

/// Writes a line into the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The line.
    pub text: String,
}

impl Look for Note {
    type Answer = ();
    const VERB: &'static str = "run.note";

    fn targets(&self) -> Vec<String> {
        vec!["run".to_owned()]
    }

    async fn look(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }
}

/// Asks a person before the run goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// What the playbook wants approved, in its own words.
    pub what: String,
}

without_world!(Approve, "run.approve", Effect::Approval, |_| None);

/// Leaves a closure for the way back. Its undo is itself: "the closure of step n".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnRollback {
    /// What the closure does, for people.
    pub name: String,
}

without_world!(OnRollback, "run.on_rollback", Effect::Closure, |closure| {
    Some(Intent::OnRollback(closure.clone()))
});

/// Leaves a closure that says what must hold wherever the run ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invariant {
    /// What must hold, for people.
    pub name: String,
}

impl Look for Invariant {
    type Answer = ();
    const VERB: &'static str = "run.invariant";

    fn targets(&self) -> Vec<String> {
        vec!["run".to_owned()]
    }

    async fn look(&self, _world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        Ok(())
    }
}

/// Waits until a maintenance window is open, with as much of it ahead as the work and the way back need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// When downtime is allowed.
    pub window: Window,
    /// How long everything up to the point of no return takes, in milliseconds.
    #[serde(default, skip_serializing_if = "nothing")]
    pub work: u64,
    /// How long the way back takes from its furthest point, in milliseconds.
    #[serde(default, skip_serializing_if = "nothing")]
    pub way_back: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn nothing(milliseconds: &u64) -> bool {
    *milliseconds == 0
}

/// A duration in words, to the second where that is fine enough.
fn told(duration: Duration) -> String {
    let whole = if duration < Duration::from_secs(10) {
        Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    } else {
        Duration::from_secs(duration.as_secs())
    };
    format!(
        "{:#}",
        SignedDuration::try_from(whole).unwrap_or(SignedDuration::MAX)
    )
}

impl WaitFor {
    /// What must be left of the window once steps of `worked` are done: the way back is needed until the end.
    fn needed(&self, worked: Duration) -> Duration {
        let ahead = Duration::from_millis(self.work).saturating_sub(worked);
        ahead.saturating_add(Duration::from_millis(self.way_back))
    }

    /// What the window lacks at `now`, if steps of `worked` are done.
    fn short_of(&self, now: Timestamp, worked: Duration) -> Option<String> {
        let needed = self.needed(worked);
        match self.window.remaining(now) {
            None => Some(format!("the window `{}` has closed", self.window)),
            Some(left) if left < needed => Some(format!(
                "of the window `{}` {} are left, and what is still to do needs {} with its way back",
                self.window,
                told(left),
                told(needed),
            )),
            Some(_) => None,
        }
    }
}

impl Look for WaitFor {
    type Answer = ();
    const VERB: &'static str = "run.wait_for";

    fn targets(&self) -> Vec<String> {
        vec!["run".to_owned()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        let needed = self.needed(Duration::ZERO);
        let Some(wait) = self.window.fits_in(world.now(), needed) else {
            let message = format!(
                "the window `{}` is too short: the work takes {} and the way back {}, {} together, and its longest opening this week is {}",
                self.window,
                told(Duration::from_millis(self.work)),
                told(Duration::from_millis(self.way_back)),
                told(needed),
                told(self.window.longest(world.now())),
            );
            return Err(Failure::new("run.window.too_short", message)
                .hint("give a longer window, or make the work shorter"));
        };
        world.pause(wait).await;
        Ok(())
    }

    async fn lapsed(
        &self,
        world: &impl Gateway,
        (): (),
        worked: Duration,
    ) -> Result<Option<String>, Failure> {
        Ok(self.short_of(world.now(), worked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_done_needs_no_room_and_the_way_back_always_does() {
        let waited = WaitFor {
            window: "sun 02:00-04:00 UTC".parse().expect("a window"),
            work: 40 * 60_000,
            way_back: 20 * 60_000,
        };
        let at =
            |time: &str| -> Timestamp { format!("2026-11-22T{time}:00Z").parse().expect("a time") };
        let lacks = |time, minutes| waited.short_of(at(time), Duration::from_mins(minutes));
        assert_eq!(lacks("03:00", 0), None);
        // Time that passed without work, at an approval say, is gone.
        insta::assert_snapshot!(lacks("03:01", 0).expect("too late"), @"of the window `sun 02:00-04:00 UTC` 59m are left, and what is still to do needs 1h with its way back");
        assert_eq!(lacks("03:01", 1), None);
        assert_eq!(lacks("03:40", 60), None);
        assert!(lacks("03:41", 60).is_some());
        insta::assert_snapshot!(lacks("04:00", 60).expect("too late"), @"the window `sun 02:00-04:00 UTC` has closed");
    }

    #[test]
    fn an_older_journals_window_reads_and_writes_as_it_did() {
        let written = r#"{"window":"any"}"#;
        let read: WaitFor = serde_json::from_str(written).expect("an intent");
        assert_eq!((read.work, read.way_back), (0, 0));
        assert_eq!(serde_json::to_string(&read).expect("a text"), written);
    }
}
