//! The words about the run itself: `run.note`, `run.approve`, `run.wait_for`, `run.on_rollback`.
//!
//! They touch nothing outside; the gate gives `run.approve` and `run.on_rollback` their meaning.

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

/// Waits until a maintenance window is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// When downtime is allowed.
    pub window: Window,
}

impl Look for WaitFor {
    type Answer = ();
    const VERB: &'static str = "run.wait_for";

    fn targets(&self) -> Vec<String> {
        vec!["run".to_owned()]
    }

    async fn look(&self, world: &impl Gateway, _target: &str) -> Result<(), Failure> {
        world.pause(self.window.opens_in(world.now())).await;
        Ok(())
    }

    async fn lapsed(&self, world: &impl Gateway, (): ()) -> Result<Option<String>, Failure> {
        let open = self.window.remaining(world.now()).is_some();
        Ok((!open).then(|| format!("the window `{}` has closed", self.window)))
    }
}
