//! Leave to do a step: what is granted, how often, and after which approval.

use std::time::Duration;

use jiff::Timestamp;

use super::standing::facts;
use super::{Answered, Denial, Fault, Gate, People, Question};
use crate::environment::{Counted, Decision, Leave, Wanted};
use crate::gateway::Gateway;
use crate::journal::{Actor, Event, RunState, Step, StepNo};
use crate::primitive::Intent;

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Returns where the step may be done as far as grants and gates go. What is part of an undo was granted with the act: nobody
    /// is asked for the way back, and it does not count.
    pub(super) async fn leave(
        &mut self,
        step: StepNo,
        intent: &Intent,
        undoes: Option<StepNo>,
    ) -> Result<(), Fault> {
        let denied = |why: String| {
            Err(Fault::Denied(Denial {
                step,
                verb: intent.verb().to_owned(),
                objects: intent.objects(),
                why,
            }))
        };
        let Some(wanted) = intent.wanted() else {
            return denied("what it names cannot be read".to_owned());
        };
        let leave = self.permissions.decide(&wanted);
        if leave.decision == Decision::Deny {
            return denied(why_denied(&leave));
        }
        if undoes.is_some() {
            return Ok(());
        }
        if let Some(spent) = self.spent(step, &wanted, &leave) {
            return denied(spent);
        }
        let reason = if leave.decision == Decision::Ask {
            "which this environment grants only when asked"
        } else if self.permissions.gated(&wanted) {
            "before which this environment wants an approval"
        } else {
            return Ok(());
        };
        let now = self.world.now();
        let facts = self.recorder.state(|state| facts(state, now));
        let shown = format!(
            "{facts}\nstep {step}: `{}` on {}, {reason}",
            intent.verb(),
            intent.objects()
        );
        self.ask_approval(step, shown).await
    }

    /// Why a step is one too many, where what grants it is counted.
    fn spent(&self, step: StepNo, wanted: &Wanted<'_>, leave: &Leave) -> Option<String> {
        let now = self.world.now();
        leave.by.iter().find_map(|grant| {
            let counted = self.permissions.counts(grant, wanted)?;
            let done = self.recorder.state(|state| {
                let steps = state.steps.iter().filter(|done| done.number != step);
                let counts = steps.filter(|done| within(done, counted, now));
                let covered = counts.filter(|done| {
                    let wanted = done.intent.wanted();
                    wanted.is_some_and(|done| self.permissions.counts(grant, &done).is_some())
                });
                covered.count()
            });
            (done >= counted.at_most as usize).then(|| format!("`{grant}`, and that is used up"))
        })
    }

    /// Asks for an approval, and returns once somebody gave it. One that was given before a crash counts while it stands.
    async fn ask_approval(&mut self, step: StepNo, shown: String) -> Result<(), Fault> {
        let (now, stands) = (self.world.now(), self.approvals_stand());
        let stands = |state: &RunState| {
            let approval = state.approvals.get(&step);
            approval.is_some_and(|approval| approval.stands(now, stands))
        };
        if self.recorder.state(stands) {
            return Ok(());
        }
        self.ask_anew(step, shown).await
    }

    /// How long an approval stands.
    pub(super) fn approvals_stand(&self) -> Duration {
        Duration::from_mins(self.permissions.gates().approval_minutes.into())
    }

    /// The same, whatever was approved before.
    pub(super) async fn ask_anew(&mut self, step: StepNo, shown: String) -> Result<(), Fault> {
        let last = shown.lines().last().unwrap_or_default().to_owned();
        self.ask_person(step, shown, |refused| match refused {
            Some(by) => format!("{by} did not approve step {step}"),
            None => format!("step {step} waits for an approval: {last}"),
        })
        .await
    }

    /// Shows a person what there is to approve, and records who approved. Where nobody does, the run is put down for the reason that
    /// `without` gives; it is told who refused.
    pub(super) async fn ask_person(
        &mut self,
        step: StepNo,
        shown: String,
        without: impl Fn(Option<&Actor>) -> String,
    ) -> Result<(), Fault> {
        let before = |state: &RunState| Some(state.approvals.get(&step)?.shown.clone());
        let before = self.recorder.state(before);
        self.sync(Event::ApprovalAsked {
            step,
            shown: shown.clone(),
        })?;
        let question = Question::Approve {
            step,
            shown,
            before,
        };
        let paused = |reason| Err(Fault::Paused { reason });
        match self.people.ask(&question).await {
            Answered::Yes(by) => {
                self.may_approve(step, &by)?;
                self.sync(Event::Approved { step, by })
            }
            Answered::No(by) => paused(without(Some(&by))),
            Answered::Nobody => paused(without(None)),
        }
    }

    /// Refuses the approval of somebody who may not give it.
    fn may_approve(&self, step: StepNo, by: &Actor) -> Result<(), Fault> {
        let same = self
            .recorder
            .state(|state| state.started_by.as_ref() == Some(by));
        if self.permissions.gates().distinct_approver && same {
            return Err(Fault::Paused {
                reason: format!(
                    "{by} started this run, and step {step} wants the approval of somebody else"
                ),
            });
        }
        Ok(())
    }
}

fn why_denied(leave: &Leave) -> String {
    match (&leave.by[..], &leave.lacking) {
        ([denial, ..], _) => format!("`{denial}` under `[grants] deny` denies it"),
        (_, Some(lacking)) if leave.undeclared => {
            format!("the playbook does not declare it; `\"{lacking}\"` among its needs would")
        }
        (_, Some(lacking)) => {
            format!(
                "`\"{lacking}\"` under `[grants] allow`, or `--grant` for one run, would grant it"
            )
        }
        _ => "no grant can name it".to_owned(),
    }
}

/// Whether `done` counts at `now`.
fn within(done: &Step, counted: &Counted, now: Timestamp) -> bool {
    match counted.per_seconds {
        None => true,
        Some(seconds) => now.duration_since(done.began).as_secs() < i64::from(seconds),
    }
}
