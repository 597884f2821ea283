//! The playbook's own invariants: looked at wherever the run ends, forward and on the way back.
//!
//! They are looked at anew, never replayed: what counts is how the world is then. What they look at passes the gate like every
//! look, and is not a step; what is written down is whether each held.

use super::closure::{self, Wants};
use super::{Answer, Fault, Gate, People, Script};
use crate::gateway::Gateway;
use crate::journal::{Direction, Durability, Ending, Event, Raised, RunState, StepNo, StepResult};
use crate::primitive::{Effect, Failure, Intent};

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Looks at every invariant; the first that does not hold is what the playbook raised.
    pub(super) async fn examine(
        &mut self,
        script: &mut impl Script,
    ) -> Result<Option<Raised>, Fault> {
        let mut first = None;
        for (step, name) in self.invariants() {
            let Some(why) = self.examine_one(script, step).await? else {
                continue;
            };
            let failure = broken(&name, why);
            let place = self.recorder.state(|state| state.step(step)?.place.clone());
            first.get_or_insert(Raised {
                failure,
                place,
                through: Vec::new(),
            });
        }
        Ok(first)
    }

    /// The same after the way back, which ended as `ending` and `told`: undone is what was, and what was held.
    pub(super) async fn examine_after(
        &mut self,
        script: &mut impl Script,
        ending: Ending,
        told: String,
    ) -> Result<(Ending, String), Fault> {
        let broken = match self.examine_again(script).await {
            Err(Fault::Journal(error)) => return Err(Fault::Journal(error)),
            Err(Fault::Paused { reason }) => return Err(Fault::Paused { reason }),
            // What is undone is undone, whatever became of the script.
            Err(fault) => {
                let told = format!("{told}; the playbook's invariants were not looked at: {fault}");
                return Ok((Ending::UndoneUnverified, told));
            }
            Ok(broken) => broken,
        };
        Ok(match broken {
            None => (ending, told),
            Some(raised) => (
                Ending::Stuck,
                format!("{told}; and yet {}", raised.failure.message),
            ),
        })
    }

    /// Looks with a script that may have to be replayed first.
    async fn examine_again(&mut self, script: &mut impl Script) -> Result<Option<Raised>, Fault> {
        if !self.invariants().is_empty() && !script.waits() {
            self.replay(script).await?;
        }
        self.examine(script).await
    }

    /// The steps that left one, with their names.
    fn invariants(&self) -> Vec<(StepNo, String)> {
        self.recorder.state(|state| {
            let steps = state.steps.iter();
            let left = steps.filter(|step| matches!(step.result, StepResult::Finished(_)));
            left.filter_map(|step| match &step.intent {
                Intent::Invariant(invariant) => Some((step.number, invariant.name.clone())),
                _ => None,
            })
            .collect()
        })
    }

    /// Why the invariant of `step` does not hold, if it does not.
    async fn examine_one(
        &mut self,
        script: &mut impl Script,
        step: StepNo,
    ) -> Result<Option<Failure>, Fault> {
        script.closure(step).await?;
        let failure = loop {
            match closure::next(script).await? {
                Wants::Call(intent, _) => {
                    if let Some(reason) = self.people.wants_pause() {
                        return Err(Fault::Paused { reason });
                    }
                    let answer = self.look_for(step, &intent).await?;
                    script.answer(answer).await?;
                }
                Wants::End(answer) => break broken_by(answer),
            }
        };
        let event = Event::Examined {
            step,
            failure: failure.clone(),
        };
        self.recorder
            .record(self.world.now(), event, Durability::WithNext)?;
        Ok(failure)
    }

    /// What an invariant asks: anything that only looks.
    async fn look_for(&mut self, step: StepNo, intent: &Intent) -> Result<Answer, Fault> {
        if intent.effect() != Effect::Read {
            return Ok(Err(acts(intent)));
        }
        // On the way back nobody is asked.
        let back = |state: &RunState| state.direction == Direction::Unwinding;
        let undoes = self.recorder.state(back).then_some(step);
        let _permit = self.permit(step, intent, undoes).await?;
        self.turn_to(step, intent, None);
        let answer = self.look(intent).await;
        self.world.turn_over();
        Ok(answer)
    }
}

/// The failure of an invariant called `name` that does not hold.
#[must_use]
pub fn broken(name: &str, why: Failure) -> Failure {
    Failure {
        code: "run.invariant".to_owned(),
        message: format!("the invariant `{name}` does not hold: {}", why.message),
        ..why
    }
}

/// The refusal of a call that changes something.
#[must_use]
pub fn acts(intent: &Intent) -> Failure {
    let message = format!("an invariant only looks, and `{}` acts", intent.verb());
    Failure::new("run.invariant.acts", message)
        .hint("ask for the state that is wanted, such as `kong::status`, and compare")
}

/// Why an invariant of this answer does not hold, if it does not.
fn broken_by(answer: Answer) -> Option<Failure> {
    match answer {
        Ok(said) => denied_by(&said),
        Err(failure) => Some(failure),
    }
}

/// Why an invariant that says this does not hold, if it does not. One that asserts what it wants says nothing; what anything but a
/// truth value means is not to be guessed.
#[must_use]
pub fn denied_by(said: &serde_json::Value) -> Option<Failure> {
    let message = match said {
        serde_json::Value::Bool(true) | serde_json::Value::Null => return None,
        serde_json::Value::Bool(false) => "it answers `false`",
        _ => "it answers neither `true` nor `false`",
    };
    Some(Failure::new("run.invariant", message))
}
