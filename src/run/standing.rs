//! Standing conditions: what gave a run its leave must still hold when it stops traffic, migrates or crosses the
//! point of no return.
//!
//! A window, a freeze or an approval is not a fact of the past. They are looked at again before each such act up to the point of
//! no return, also after a resume; if one has lapsed, the run is put down and asks anew.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::{Fault, Gate, People};
use crate::gateway::Gateway;
use crate::journal::{RunState, Step, StepNo, StepResult, WaysBack};
use crate::primitive::{Effect, Intent, Past};

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Checks the standing conditions, if `intent` is of the kind that needs them.
    pub(super) async fn standing(&mut self, intent: &Intent) -> Result<(), Fault> {
        if !matches!(
            intent.effect(),
            Effect::StopsTraffic | Effect::Migrates | Effect::Irreversible
        ) {
            return Ok(());
        }
        let unwinding_or_past = self.recorder.state(|state| {
            state.past_return() || state.direction == crate::journal::Direction::Unwinding
        });
        if unwinding_or_past {
            // From here on stopping would be worse than going on.
            return Ok(());
        }
        let history = self.recorder.state(super::evidence::history);
        for (position, past) in history.steps.iter().enumerate() {
            let (before, after) = (&history.steps[..position], &history.steps[position + 1..]);
            let Past {
                step: number,
                intent: condition,
                outcome,
                ..
            } = past;
            // Steps over several targets answer a map, and none of them establishes a condition.
            if condition.targets().len() != 1 || !condition.stands(before, after) {
                continue;
            }
            let worked = self
                .recorder
                .state(|state| worked_after(state, StepNo(*number)));
            match condition.lapsed(&self.world, outcome, worked).await {
                Ok(None) => {}
                Ok(Some(lapsed)) => {
                    return Err(Fault::Paused {
                        reason: format!("{lapsed} (established in step {number})"),
                    });
                }
                Err(failure) => {
                    let reason =
                        format!("whether step {number} still holds cannot be seen: {failure}");
                    return Err(Fault::Paused { reason });
                }
            }
        }
        self.renew_approvals().await
    }

    /// Asks again for approvals that have grown too old, or were given for another text.
    async fn renew_approvals(&mut self) -> Result<(), Fault> {
        let now = self.world.now();
        let stands = self.approvals_stand();
        let old = |(number, approval): (&StepNo, &crate::journal::Approval)| {
            let fallen = approval.given.is_some() && !approval.stands(now, stands);
            fallen.then(|| (*number, approval.shown.clone()))
        };
        let lapsed: Vec<(StepNo, String)> = self
            .recorder
            .state(|state| state.approvals.iter().filter_map(old).collect());
        for (step, shown) in lapsed {
            self.ask_person(step, shown, |_| {
                format!("the approval of step {step} has lapsed; approve it again")
            })
            .await?;
        }
        Ok(())
    }
}

/// How long the finished steps after `condition` took. What passed between steps is no work: a person thinking about an approval, a
/// run that was put down for a day.
fn worked_after(state: &RunState, condition: StepNo) -> Duration {
    let took = |step: &Step| {
        let acted = matches!(step.result, StepResult::Finished(_))
            && step.intent.effect() != Effect::Approval;
        let took = step.ended.filter(|_| acted)?.duration_since(step.began);
        Duration::try_from(took).ok()
    };
    state
        .steps
        .iter()
        .filter(|step| step.number > condition)
        .filter_map(took)
        .sum()
}

/// What a person is shown before approving: facts of the journal, then the playbook's own words, every line of them quoted and
/// marked as such.
pub(super) fn approval_screen(state: &RunState, at: Timestamp, words: &str) -> String {
    let mut screen = facts(state, at);
    let _ = write!(screen, "\nThe playbook says: > {}", quoted(words));
    screen
}

/// `words` with a mark before every line, so that none of them can be taken for a fact.
fn quoted(words: &str) -> String {
    let lines: Vec<&str> = words
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .collect();
    lines.join("\n> ")
}

/// Facts of the journal, for somebody who is to approve.
pub(super) fn facts(state: &RunState, at: Timestamp) -> String {
    let mut screen = String::new();
    if let Some(header) = &state.header {
        let _ = write!(
            screen,
            "run {} of `{}` in `{}`",
            header.run, header.playbook, header.environment
        );
    }
    let steps = match state.steps.len() {
        1 => "1 step".to_owned(),
        several => format!("{several} steps"),
    };
    let undos = state.undo.len();
    let return_note = if state.past_return() {
        "past the point of no return"
    } else {
        "everything so far can be undone"
    };
    let _ = write!(
        screen,
        "; {steps} done, {undos} to undo on the way back; {return_note}.",
    );
    if let Some(ways) = WaysBack::of(state) {
        let _ = write!(screen, "\n{}", ways.told(at));
    }
    screen
}
