//! The way back: the undo stack walked from the failed or unsettled step backwards, each undo read back, and the world compared
//! with how it was found.

use std::time::Duration;

use super::closure::{self, Wants};
use super::settle::Unended;
use super::{Call, Fault, Gate, People, Request, Script};
use crate::gateway::Gateway;
use crate::journal::{
    Direction, Ending, Event, RunState, StepNo, StepResult, TargetStage, Trail, UndoEntry,
    UndoState,
};
use crate::primitive::{Effect, Failure, Intent, Restore};

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// Undoes everything, newest first, and says how that ended.
    pub(super) async fn unwind(
        &mut self,
        script: &mut impl Script,
        reason: &str,
    ) -> Result<(Ending, String), Fault> {
        // An interrupted step is settled first: what took effect is undone, what did not is left alone.
        let open = self.recorder.state(|state| {
            state
                .open_step()
                .map(|step| (step.number, step.within.is_none()))
        });
        if let Some((number, true)) = open {
            self.settle(number, Unended::IsEnded).await?;
            let failure = Failure::new(
                "run.interrupted",
                "the step was interrupted and is being undone",
            );
            self.sync(Event::Failed {
                step: number,
                failure,
            })?;
        }
        if self.recorder.state(|state| state.direction) == Direction::Forward {
            self.sync(Event::UnwindingStarted {
                reason: reason.to_owned(),
            })?;
        }
        while let Some(entry) = self.recorder.state(|state| state.next_undo().cloned()) {
            if let Some(reason) = self.people.wants_pause() {
                return Err(Fault::Paused { reason });
            }
            self.hold().await?;
            let (step, target) = (entry.step, entry.target);
            self.sync(Event::UndoStarted {
                step,
                target,
                intent: entry.intent.clone(),
            })?;
            self.turn_to(step, &entry.intent, Some(step));
            let undone = self.undo(script, &entry).await?;
            self.note_seen()?;
            match undone {
                Ok(outcome) => self.sync(Event::UndoFinished {
                    step,
                    target,
                    outcome,
                })?,
                Err(failure) => {
                    // Deeper undos are not tried: an old node on a database that was not restored is worse than a node that is down.
                    let message = format!("undoing step {step} ({}) failed: {failure}", entry.name);
                    self.sync(Event::UndoFailed {
                        step,
                        target,
                        failure,
                    })?;
                    return Ok((Ending::Stuck, message));
                }
            }
        }
        self.world.turn_over();
        let (ending, told) = self.compare_with_found().await;
        match ending {
            Ending::Undone | Ending::UndoneUnverified => {
                self.examine_after(script, ending, told).await
            }
            _ => Ok((ending, told)),
        }
    }

    async fn undo(
        &mut self,
        script: &mut impl Script,
        entry: &UndoEntry,
    ) -> Result<super::Answer, Fault> {
        // An interrupted attempt may have left a process that still works at it; two at once is what must not be.
        let processes = self.recorder.state(|state| {
            state
                .processes
                .get(&entry.step)
                .cloned()
                .unwrap_or_default()
        });
        for process in &processes {
            if let Err(failure) = self.world.end_process(process, Duration::ZERO).await {
                return Ok(Err(failure));
            }
        }
        if entry.intent.effect() == Effect::Closure {
            return self.undo_by_closure(script, entry.step).await;
        }
        let Some(target) = entry.intent.targets().into_iter().next() else {
            return Ok(Err(Failure::new(
                "run.no_target",
                "the recorded undo has nothing to act upon",
            )));
        };
        Ok(self.perform_undo(&entry.intent, &target).await)
    }

    /// An undo looks, refuses what must not be, and acts, like any step.
    async fn perform_undo(&self, intent: &Intent, target: &str) -> super::Answer {
        let observed = intent.observe(&self.world, target).await?;
        intent.require(&self.world, target, &observed).await?;
        intent.perform(&self.world, target, &observed).await
    }

    /// Runs a closure of the script; what it calls passes the gate as part of this undo.
    async fn undo_by_closure(
        &mut self,
        script: &mut impl Script,
        step: StepNo,
    ) -> Result<super::Answer, Fault> {
        if !script.waits() {
            self.replay(script).await?;
        }
        script.closure(step).await?;
        loop {
            match closure::next(script).await? {
                Wants::Call(intent, place) => {
                    let call = Call {
                        intent,
                        place,
                        within: Some(step),
                    };
                    if let super::Reply::Now(answer) = Box::pin(self.step(call)).await? {
                        script.answer(answer).await?;
                    }
                }
                Wants::End(answer) => return Ok(answer.map(|_| serde_json::Value::Null)),
            }
        }
    }

    /// Lets a fresh script register its closures again: everything recorded, and nothing past it.
    pub(super) async fn replay(&mut self, script: &mut impl Script) -> Result<(), Fault> {
        self.rewind();
        script.begin(self.ahead(), true).await?;
        loop {
            match script.next().await? {
                Request::Call { intent, place } => {
                    // The recorded failure is what the script saw; a step without an outcome is where it stops.
                    self.step(Call {
                        intent,
                        place,
                        within: None,
                    })
                    .await?;
                }
                Request::Entered { name } => self.phase(Trail::Entered(name))?,
                Request::Left { name } => self.phase(Trail::Left(name))?,
                Request::Replayed | Request::Done | Request::Raised(_) => return Ok(()),
                Request::ClosureEnded { .. } => {
                    return Err(Fault::ScriptDied(
                        "answered for a closure that nobody asked for".to_owned(),
                    ));
                }
            }
        }
    }

    /// Looks at everything that the run changed, and compares it with the first observation of each.
    async fn compare_with_found(&self) -> (Ending, String) {
        let left = self.recorder.state(RunState::left);
        let found: Vec<(Intent, String, serde_json::Value)> = self.recorder.state(|state| {
            state
                .found()
                .into_iter()
                .filter(|(intent, name, _)| {
                    !left
                        .iter()
                        .any(|(undo, target, _)| undo.aspect() == intent.aspect() && target == name)
                })
                .map(|(intent, name, value)| (intent.clone(), name.to_owned(), value.clone()))
                .collect()
        });
        let (mut different, mut unread) = (Vec::new(), Vec::new());
        for (intent, name, before) in &found {
            match intent.observe(&self.world, name).await {
                Ok(after) if after == *before => {}
                Ok(_) => different.push(format!("{} `{name}`", intent.aspect())),
                Err(_) => unread.push(format!("{} `{name}`", intent.aspect())),
            }
        }
        if !different.is_empty() {
            return (
                Ending::Stuck,
                format!(
                    "everything was undone, and is not as it was found: {}",
                    different.join(", ")
                ),
            );
        }
        if !unread.is_empty() {
            return (
                Ending::UndoneUnverified,
                format!(
                    "everything was undone; not read again: {}",
                    unread.join(", ")
                ),
            );
        }
        let left: Vec<String> = left.into_iter().map(|(_, _, words)| words).collect();
        let mut told = as_found(found.len());
        if !left.is_empty() {
            told = format!("{told}; left as it is: {}", left.join("; "));
        }
        for kept in self.kept_databases().await {
            told = format!("{told}; {kept}");
        }
        let commands = self.recorder.state(commands);
        if !commands.is_empty() {
            let commands = commands.join("; ");
            told = format!("{told}; commands that ran, which nothing takes back: {commands}");
        }
        let acts = self.recorder.state(acts_of_closures);
        if !acts.is_empty() {
            told = format!("{told}; closures of the way back did: {}", acts.join("; "));
        }
        (Ending::Undone, told)
    }

    /// Databases that restoring took out of their place: they are kept, and a person should know. One that cannot be looked for may
    /// be there.
    async fn kept_databases(&self) -> Vec<String> {
        let restored: Vec<Restore> = self.recorder.state(|state| {
            let undone = state
                .undo
                .iter()
                .filter(|entry| entry.state == UndoState::Finished);
            undone
                .filter_map(|entry| match &entry.intent {
                    Intent::Restore(restore) => Some(restore.clone()),
                    _ => None,
                })
                .collect()
        });
        let mut kept = Vec::new();
        for restore in restored {
            let (database, retired) = (&restore.database, restore.retired());
            if self.world.has_copy(database, &retired).await != Ok(false) {
                kept.push(format!("what `{database}` held is kept as `{retired}`"));
            }
        }
        kept
    }
}

/// Commands that a playbook ran on hosts: what they changed nobody knows, so a person is told of them.
fn commands(state: &RunState) -> Vec<String> {
    let begun = state.steps.iter().filter(|step| step.within.is_none());
    let began = |stage: &TargetStage| !matches!(stage, TargetStage::Waiting | TargetStage::NotDone);
    begun
        .filter_map(|step| match &step.intent {
            Intent::Exec(exec) => {
                let nodes = step.targets.iter().filter(|state| began(&state.stage));
                let nodes: Vec<&str> = nodes.map(|state| state.target.name.as_str()).collect();
                Some((exec, nodes)).filter(|(_, nodes)| !nodes.is_empty())
            }
            _ => None,
        })
        .map(|(exec, nodes)| format!("`{}` on {}", exec.typed(), nodes.join(", ")))
        .collect()
}

/// What closures of the way back changed: that is the playbook's own will, and undone by nobody.
fn acts_of_closures(state: &RunState) -> Vec<String> {
    let steps = state.steps.iter().filter(|step| {
        let changed = !matches!(step.intent.effect(), Effect::Read);
        step.within.is_some() && changed && matches!(step.result, StepResult::Finished(_))
    });
    steps
        .map(|step| format!("{} {}", step.intent.verb(), step.intent.objects()))
        .collect()
}

/// What looking again found, in words.
fn as_found(things: usize) -> String {
    match things {
        0 => "there was nothing to undo".to_owned(),
        1 => "everything was undone, and the one thing that was changed is as it was found"
            .to_owned(),
        many => format!(
            "everything was undone, and the {many} things that were changed are as they were found"
        ),
    }
}
