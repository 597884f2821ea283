//! Acting on the targets of a step, fresh or after a crash, and finding out how an interrupted one turned out.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::gate::Permit;
use super::{Answer, Answered, Fault, Gate, People, Question};
use crate::gateway::Gateway;
use crate::journal::{
    Actor, Event, RunState, SettledAs, Step, StepNo, StepResult, Target, TargetStage, TargetState,
};
use crate::primitive::{Effect, Failure, Settled};

/// What becomes of a process that a killed runner began, or that was lost with its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unended {
    /// The run goes on, and wants what it does: one that is killed in the middle of a migration leaves a half that nobody goes on from.
    /// How long it may, its intent says.
    GoesOn,
    /// The run goes back, and does not wait for what it takes back.
    IsEnded,
}

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Acts on every target of a started step that is not done, and records how the step ended.
    pub(super) async fn act(&mut self, number: StepNo, _permit: Permit) -> Result<Answer, Fault> {
        let step = self.started(number);
        if step.intent.effect() == Effect::Approval {
            self.approve(&step).await?;
        }
        let is_done = |state: &TargetState| matches!(state.stage, TargetStage::Finished(_));
        let targets = step.targets.iter().enumerate();
        let waiting: Vec<usize> = targets
            .filter(|(_, state)| !is_done(state))
            .map(|(index, _)| index)
            .collect();
        for (round, batch) in waiting.chunks(step.intent.at_once()).enumerate() {
            if round > 0 || batch[0] > 0 {
                // The machine may have slept while the step was busy with the targets before.
                self.hold().await?;
            }
            if let Some(answer) = self.act_on(&step, batch).await? {
                return Ok(answer);
            }
        }
        let outcome = self
            .started(number)
            .combined_outcome()
            .expect("every target is finished");
        self.succeeded(number, outcome)
    }

    /// Acts on these targets at once, and writes down what came of each as it comes; the answer of the step where that is known by then.
    async fn act_on(&mut self, step: &Step, batch: &[usize]) -> Result<Option<Answer>, Fault> {
        let number = step.number;
        for index in batch {
            let fresh = matches!(
                step.targets[*index].stage,
                TargetStage::Waiting | TargetStage::NotDone | TargetStage::Partly
            );
            if fresh {
                self.sync(Event::TargetStarted {
                    step: number,
                    target: *index,
                })?;
            }
        }
        let acting = batch.iter().map(|index| async {
            let Target { name, observed, .. } = &step.targets[*index].target;
            let outcome = step.intent.perform(&self.world, name, observed).await;
            (*index, outcome)
        });
        let mut acting: FuturesUnordered<_> = acting.collect();
        let (mut failed, mut lost) = (Vec::new(), Vec::new());
        while let Some((target, outcome)) = acting.next().await {
            match outcome {
                Ok(outcome) if step.targets.len() == 1 => {
                    drop(acting);
                    return self.succeeded(number, outcome).map(Some);
                }
                Ok(outcome) => self.sync(Event::TargetFinished {
                    step: number,
                    target,
                    outcome,
                })?,
                Err(failure) if failure.leaves_open() => lost.push((target, failure)),
                Err(failure) => failed.push((target, failure)),
            }
        }
        drop(acting);
        // In the order of the nodes, not of their ends.
        failed.sort_by_key(|(target, _)| *target);
        if !lost.is_empty() {
            // Never done twice: what was begun is ended, and the world is asked how it turned out.
            self.settle(number, Unended::GoesOn).await?;
            let settled = self.started(number);
            for (target, failure) in lost {
                if !matches!(settled.targets[target].stage, TargetStage::Finished(_)) {
                    failed.push((target, failure));
                }
            }
        }
        match Failure::together(failed.into_iter().map(|(_, failure)| failure)) {
            Some(failure) => self.failed(number, failure).map(Some),
            None if step.targets.len() > 1 => Ok(None),
            None => {
                let outcome = self.started(number).combined_outcome();
                outcome
                    .map(|outcome| self.succeeded(number, outcome))
                    .transpose()
            }
        }
    }

    /// Goes on with a step that an earlier runner left open: settled where it was begun, acted where it was not.
    pub(super) async fn finish_open(&mut self, number: StepNo) -> Result<Answer, Fault> {
        self.settle(number, Unended::GoesOn).await?;
        let step = self.started(number);
        if let Some(outcome) = step.combined_outcome() {
            return self.succeeded(number, outcome);
        }
        self.turn_to(number, &step.intent, step.within);
        let permit = self.permit(number, &step.intent, step.within).await?;
        self.act(number, permit).await
    }

    /// Leaves nothing in temporary directories: a runner that was killed had no time to remove what it had there.
    pub(super) async fn clear(&self) {
        // What may still be at work needs it; whoever takes the run up again ends that.
        let (reached, is_quiet) = self
            .recorder
            .state(|state| (state.reached.clone(), state.processes.is_empty()));
        if is_quiet {
            self.world.clear(&reached).await;
        }
    }

    /// Finds out how each begun target of an open step turned out.
    pub(super) async fn settle(&mut self, number: StepNo, unended: Unended) -> Result<(), Fault> {
        let begun = self.started(number);
        self.turn_to(number, &begun.intent, begun.within);
        let processes = self
            .recorder
            .state(|state| state.processes.get(&number).cloned().unwrap_or_default());
        let mut gone: Result<(), Failure> = Ok(());
        for process in &processes {
            let time = match unended {
                Unended::GoesOn => self.time_left(&begun),
                Unended::IsEnded => Duration::ZERO,
            };
            gone = gone.and(self.world.end_process(process, time).await);
        }
        let step = self.started(number);
        if step.result != StepResult::Open {
            return Ok(());
        }
        for (index, state) in step.targets.iter().enumerate() {
            if !matches!(
                state.stage,
                TargetStage::Started | TargetStage::Unsettled(_)
            ) {
                continue;
            }
            let found = match &gone {
                // While the dead runner's work may still go on, what the world shows now proves nothing.
                Err(failure) => Err(failure.clone()),
                Ok(()) => {
                    step.intent
                        .settle(&self.world, &state.target.name, &state.target.observed)
                        .await
                }
            };
            let (found, by) = match found {
                Ok(Settled::Done(outcome)) => (SettledAs::Done { outcome }, Actor::Probe),
                Ok(Settled::NotDone) => (SettledAs::NotDone, Actor::Probe),
                Ok(Settled::Partly) => (SettledAs::Partly, Actor::Probe),
                Ok(Settled::Unknown(why)) => self.ask_settled(number, index, why).await?,
                Err(failure) => self.ask_settled(number, index, failure.message).await?,
            };
            self.sync(Event::Settled {
                step: number,
                target: index,
                found,
                by,
            })?;
        }
        Ok(())
    }

    /// How long what a step began may still go on by itself.
    fn time_left(&self, step: &Step) -> Duration {
        let passed = self.world.now().duration_since(step.began);
        let passed = Duration::try_from(passed).unwrap_or_default();
        step.intent.may_go_on().saturating_sub(passed)
    }

    async fn ask_settled(
        &mut self,
        step: StepNo,
        target: usize,
        why: String,
    ) -> Result<(SettledAs, Actor), Fault> {
        self.sync(Event::Unsettled {
            step,
            target,
            why: why.clone(),
        })?;
        let begun = self.started(step);
        let question = Question::Settle {
            step,
            verb: begun.intent.verb().to_owned(),
            target: begun.targets[target].target.name.clone(),
            why: why.clone(),
        };
        match self.people.ask(&question).await {
            Answered::Yes(by) => Ok((
                SettledAs::Done {
                    outcome: Value::Null,
                },
                by,
            )),
            Answered::No(by) => Ok((SettledAs::NotDone, by)),
            Answered::Nobody => Err(Fault::Paused {
                reason: format!(
                    "it is not known whether step {step} took effect ({why}); look, then say so with `cutover settle`"
                ),
            }),
        }
    }

    /// The approval that a `run.approve` step is: asked with facts, the playbook's words quoted.
    async fn approve(&mut self, step: &Step) -> Result<(), Fault> {
        let given = |state: &RunState| state.approvals.get(&step.number)?.given.clone();
        if self.recorder.state(given).is_some() {
            // It was given before a crash. Whether it still stands is looked at before each act that needs it.
            return Ok(());
        }
        let Target { name, .. } = &step.targets[0].target;
        let words = serde_json::to_value(&step.intent).expect("intents are plain data");
        let words = words
            .get("what")
            .and_then(Value::as_str)
            .unwrap_or(name)
            .to_owned();
        let now = self.world.now();
        let shown = self
            .recorder
            .state(|state| super::standing::approval_screen(state, now, &words));
        self.ask_person(step.number, shown, |refused| match refused {
            Some(by) => format!("{by} did not approve: {words}"),
            None => format!("waiting for an approval: {words}"),
        })
        .await
    }

    fn failed(&mut self, number: StepNo, failure: Failure) -> Result<Answer, Fault> {
        self.sync(Event::Failed {
            step: number,
            failure: failure.clone(),
        })?;
        Ok(Err(failure))
    }

    fn succeeded(&mut self, number: StepNo, outcome: Value) -> Result<Answer, Fault> {
        self.sync(Event::Finished {
            step: number,
            outcome: outcome.clone(),
        })?;
        Ok(Ok(outcome))
    }

    fn started(&self, number: StepNo) -> Step {
        self.recorder
            .state(|state| state.step(number).cloned())
            .expect("the step was started")
    }
}
