//! The gate: the one function that every effect of a playbook passes.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::cursor::{Cursor, Past};
use super::{Answer, Fault, People, Recorder};
use crate::environment::Permissions;
use crate::gateway::{Gateway, Turn, TurnKind};
use crate::journal::{Direction, Durability, Event, Place, StepNo, StepResult, Target, Trail};
use crate::primitive::{Effect, Failure, Intent, holds};

/// One call of a primitive.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it wants.
    pub intent: Intent,
    /// Where in the playbook.
    pub place: Option<Place>,
    /// The undo that it is part of, when a closure of the way back calls.
    pub within: Option<StepNo>,
}

/// What the script gets.
#[derive(Debug, PartialEq)]
pub enum Reply {
    /// The step is recorded, and its answer was sent ahead.
    SentAhead,
    /// The answer.
    Now(Answer),
}

/// Proof that a step is granted and that the standing conditions hold. Made here alone, used up by acting.
pub(super) struct Permit(());

/// The gate of one run.
pub struct Gate<World, Person> {
    pub(super) recorder: Recorder,
    pub(super) world: World,
    pub(super) people: Person,
    pub(super) permissions: Permissions,
    cursor: Cursor,
}

impl<World: Gateway, Person: People> Gate<World, Person> {
    /// The gate of the run that `recorder` writes, to `world`.
    pub fn new(recorder: Recorder, world: World, people: Person, permissions: Permissions) -> Self {
        let cursor = recorder.state(Cursor::new);
        Self {
            recorder,
            world,
            people,
            permissions,
            cursor,
        }
    }

    /// From here on the steps have leave by other `permissions`: another playbook has other needs.
    pub fn permit_by(&mut self, permissions: Permissions) {
        self.permissions = permissions;
    }

    /// **The promise.** Every effect that a playbook has passes here.
    pub async fn step(&mut self, call: Call) -> Result<Reply, Fault> {
        // 1. What is recorded answers: the past needs no permission.
        let number = match self.past(&call)? {
            Past::Answered => return Ok(Reply::SentAhead),
            Past::Open(number) => return self.finish_open(number).await.map(Reply::Now),
            Past::Again(number) | Past::New(number) => number,
        };
        // Nobody is asked about what no playbook can mean.
        if let Some(absurd) = call.intent.absurd() {
            let failure = Failure::new("argument.value", absurd);
            return self.failed_before(number, call, failure).map(Reply::Now);
        }
        // 2. Is it granted, and does everything stand that gives it leave?
        let permit = self.permit(number, &call.intent, call.within).await?;
        self.turn_to(number, &call.intent, call.within);
        if let Err(failure) = self.genuine(&call.intent) {
            return self.failed_before(number, call, failure).map(Reply::Now);
        }
        if call.intent.effect() == Effect::Read {
            return self.read(number, call, permit).await.map(Reply::Now);
        }
        // 3. Observe what it is about to change; write down intent, observation and way back.
        let targets = match self.observe(&call.intent).await {
            Ok(targets) => targets,
            Err(failure) => return self.failed_before(number, call, failure).map(Reply::Now),
        };
        if let Err(failure) = self.evidence(number, &call.intent).await? {
            return self.failed_before(number, call, failure).map(Reply::Now);
        }
        let Call {
            intent,
            place,
            within,
        } = call;
        self.sync(Event::Started {
            step: number,
            intent,
            place,
            within,
            targets,
        })?;
        // 4. and 5. Act, read the world back, write down what came of it; answer.
        let answer = self.act(number, permit).await?;
        self.world.turn_over();
        self.note_seen()?;
        Ok(Reply::Now(answer))
    }

    /// A phase began or ended.
    pub fn phase(&mut self, item: Trail) -> Result<(), Fault> {
        let (new, back, open) = self.recorder.state(|state| {
            let new = self.cursor.phase(state, &item);
            let back = state.direction == Direction::Unwinding;
            (new, back, state.phases().last().cloned())
        });
        // On the way back a script is replayed for its closures alone; what it does past the record did not happen.
        if !new? || back {
            return Ok(());
        }
        // A script's process may say anything, and a record that cannot follow must not get into the journal.
        if let Trail::Left(name) = &item
            && open.as_ref() != Some(name)
        {
            return Err(Fault::ScriptDied(format!(
                "left the phase `{name}`, in which it was not"
            )));
        }
        let event = match item {
            Trail::Entered(name) => Event::PhaseEntered { name },
            Trail::Left(name) => Event::PhaseLeft { name },
            Trail::Step(_) => unreachable!("steps go through `step`"),
        };
        self.recorder
            .record(self.world.now(), event, Durability::WithNext)
    }

    /// The script reached its end; that is a divergence when more is recorded.
    pub fn end(&self) -> Result<(), Fault> {
        self.recorder
            .state(|state| self.cursor.end(state, "the end of the playbook".to_owned()))
    }

    /// The answers of what is recorded, to be sent ahead.
    #[must_use]
    pub fn ahead(&self) -> Vec<Answer> {
        self.recorder.state(Cursor::ahead)
    }

    /// Back to the beginning of what is recorded, for a fresh script.
    pub(super) fn rewind(&mut self) {
        self.cursor = self.recorder.state(Cursor::new);
    }

    /// The journal's writer, for what concerns the run as a whole.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The world behind the gate.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Tells the world whose turn it is; `undoes` is the step whose undo that is part of.
    pub(super) fn turn_to(&self, step: StepNo, intent: &Intent, undoes: Option<StepNo>) {
        self.world.turn_to(Turn {
            step: step.0,
            verb: intent.verb(),
            kind: match intent.effect() {
                Effect::Read => TurnKind::Looks,
                _ => TurnKind::Changes,
            },
            undoes: undoes.map(|step| step.0),
        });
    }

    pub(super) fn sync(&self, event: Event) -> Result<(), Fault> {
        self.recorder.sync(self.world.now(), event)
    }

    fn past(&mut self, call: &Call) -> Result<Past, Fault> {
        if call.within.is_some() {
            // What a closure of the way back does is not replayed: after a crash the whole closure runs again.
            let steps = self.recorder.state(|state| state.steps.len());
            return Ok(Past::New(StepNo(
                u32::try_from(steps).expect("fewer than 2^32 steps") + 1,
            )));
        }
        self.recorder
            .state(|state| self.cursor.step(state, &call.intent, call.place.as_ref()))
    }

    pub(super) async fn permit(
        &mut self,
        step: StepNo,
        intent: &Intent,
        within: Option<StepNo>,
    ) -> Result<Permit, Fault> {
        self.leave(step, intent, within).await?;
        self.standing(intent).await?;
        if intent.effect() != Effect::Read {
            self.hold().await?;
        }
        Ok(Permit(()))
    }

    async fn read(&mut self, step: StepNo, call: Call, _permit: Permit) -> Result<Answer, Fault> {
        let outcome = self.look(&call.intent).await;
        self.world.turn_over();
        self.record_read(step, call, outcome)
    }

    /// Looks at every target: one answers by itself, several in a map by name.
    pub(super) async fn look(&self, intent: &Intent) -> Answer {
        let targets = intent.targets();
        if let [only] = targets.as_slice() {
            return intent.perform(&self.world, only, &Value::Null).await;
        }
        let looks = targets.into_iter().map(|target| async {
            let outcome = intent.perform(&self.world, &target, &Value::Null).await;
            (target, outcome)
        });
        // All of them to their end, also where one fails: what was begun on a host is not left there.
        let found: Vec<_> = stream::iter(looks)
            .buffered(intent.at_once())
            .collect()
            .await;
        together(
            found
                .into_iter()
                .map(|(target, outcome)| Ok((target, outcome?))),
        )
        .map(|answers| Value::Object(answers.into_iter().collect()))
    }

    /// Refuses what a playbook made up that only a step can answer: a backup that nobody took would be read from wherever it says.
    fn genuine(&self, intent: &Intent) -> Result<(), Failure> {
        let answered = |value: &Value| {
            self.recorder.state(|state| {
                let mut steps = state.steps.iter();
                steps.any(|step| {
                    matches!(&step.result, StepResult::Finished(answer) if holds(answer, value))
                })
            })
        };
        match intent.carries().iter().find(|value| !answered(value)) {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                "argument.made_up",
                format!(
                    "`{}` is given something that no step of this run has answered",
                    intent.verb()
                ),
            )
            .hint("hand on what `database::backup` or another step answered, as it is")),
        }
    }

    fn failed_before(
        &mut self,
        step: StepNo,
        call: Call,
        failure: Failure,
    ) -> Result<Answer, Fault> {
        self.record_read(step, call, Err(failure))
    }

    fn record_read(&mut self, step: StepNo, call: Call, outcome: Answer) -> Result<Answer, Fault> {
        let Call {
            intent,
            place,
            within,
        } = call;
        let event = Event::Read {
            step,
            intent,
            place,
            within,
            outcome: outcome.clone(),
        };
        self.recorder
            .record(self.world.now(), event, Durability::WithNext)?;
        self.note_seen()?;
        Ok(outcome)
    }

    async fn observe(&self, intent: &Intent) -> Result<Vec<Target>, Failure> {
        let looks = intent.targets().into_iter().map(|name| async {
            let observed = intent.observe(&self.world, &name).await?;
            intent.require(&self.world, &name, &observed).await?;
            let undo = intent.undo(&name, &observed)?;
            Ok(Target {
                name,
                observed,
                undo,
            })
        });
        let targets: Vec<Result<Target, Failure>> = stream::iter(looks)
            .buffered(intent.at_once())
            .collect()
            .await;
        let targets = together(targets)?;
        if targets.is_empty() {
            return Err(Failure::new(
                "run.no_target",
                format!("`{}` was called with nothing to act upon", intent.verb()),
            ));
        }
        Ok(targets)
    }
}

/// All answers, or all failures as one: who mends the first is not to find the next one a run later.
fn together<T>(outcomes: impl IntoIterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let (mut answers, mut failures) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(answer) => answers.push(answer),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::together(failures).map_or(Ok(answers), Err)
}
