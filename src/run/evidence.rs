//! Evidence: what a step wants the run to have proven before, and what a person answers for where the world does not tell.
//!
//! It is read from the journal, which only the gate writes, so a playbook cannot claim what it has not done.

use super::{Fault, Gate, People};
use crate::gateway::Gateway;
use crate::journal::{RunState, StepNo, StepResult, Trail};
use crate::primitive::{Effect, Failure, History, Intent, Past};

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Refuses a step whose evidence is incomplete; asks a person where some of it cannot be seen. Asked for evidence are the steps that
    /// no undo makes good: those without a way back, and those of a rehearsal, whose harm would be done to production's own server.
    pub(super) async fn evidence(
        &mut self,
        step: StepNo,
        intent: &Intent,
    ) -> Result<Result<(), Failure>, Fault> {
        let warning = match intent.effect() {
            Effect::Irreversible => " has no way back of its own, and this cannot be seen",
            Effect::Scratch => ": this cannot be seen",
            _ => return Ok(Ok(())),
        };
        let history = self.recorder.state(history);
        let doubts = match intent.evidence(&self.world, &history).await {
            Ok(doubts) => doubts,
            Err(failure) => return Ok(Err(failure)),
        };
        if doubts.is_empty() {
            return Ok(Ok(()));
        }
        let shown = format!(
            "step {step}: `{}` on {}{warning}: {}",
            intent.verb(),
            intent.targets().join(", "),
            doubts.join("; ")
        );
        // An approval of the same step that did not show these doubts, such as one that a grant asked for, does not answer them.
        let answered = |state: &RunState| {
            let approval = state.approvals.get(&step);
            approval.is_some_and(|approval| approval.given.is_some() && approval.shown == shown)
        };
        if !self.recorder.state(answered) {
            self.ask_anew(step, shown).await?;
        }
        Ok(Ok(()))
    }
}

/// The steps of the playbook that ended well, oldest first.
pub(super) fn history(state: &RunState) -> History {
    let steps = state.trail.iter().filter_map(|item| match item {
        Trail::Step(number) => state.step(*number),
        Trail::Entered(_) | Trail::Left(_) => None,
    });
    let past = |step: &crate::journal::Step| match &step.result {
        StepResult::Finished(outcome) => Some(Past {
            step: step.number.0,
            intent: step.intent.clone(),
            outcome: outcome.clone(),
            ended: step.ended?,
        }),
        StepResult::Open | StepResult::Failed(_) | StepResult::Retried => None,
    };
    History {
        steps: steps.filter_map(past).collect(),
    }
}
