//! Playing a run: the same gate, over a journal in memory and a world that is simulated. For dry runs, drills and tests of
//! playbooks; nothing here reaches anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::trouble::{Interference, Mortal, Trouble};
use super::{
    Answered, Back, Conclusion, Gate, People, Question, Recorder, Script, conduct, roll_back,
};
use crate::environment::{Grants, OnFailure};
use crate::gateway::simulated::{Durations, Happening, Simulated, Spent, World};
use crate::gateway::{Clock as _, Faulty, ProcessIdentity};
use crate::journal::{
    Actor, Durability, Ending, Event, Header, Journal as _, Mark, MemoryJournal, Record, RunState,
    StepNo, Way,
};

/// What is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The world at the beginning.
    pub world: World,
    /// How long things take in it.
    pub durations: Durations,
    /// What the environment grants.
    pub grants: Grants,
    /// What the environment wants after a failure.
    pub on_failure: OnFailure,
    /// The run's header.
    pub header: Header,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// Everything that would be in the journal.
    pub records: Vec<Record>,
    /// The runners that worked at it, in order; the first one runs, later ones resume or take back.
    pub sessions: Vec<Session>,
    /// What people were asked, in order.
    pub questions: Vec<Question>,
    /// The time that each piece of work took.
    pub spent: Vec<Spent>,
    /// What happened to the world.
    pub happened: Vec<Happening>,
    /// The world at the end.
    pub world: World,
    /// The databases that were left beside others: name, and on whose server.
    pub copies: BTreeMap<String, String>,
    /// How many calls of the first session changed the world.
    pub changes: u32,
}

/// One runner's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// What it came to do.
    pub mark: Mark,
    /// How it put the run down; none where it was killed.
    pub conclusion: Option<Conclusion>,
    /// How many records there were after it.
    pub records: usize,
    /// How much had happened to the world after it.
    pub happened: usize,
    /// The world after it.
    pub world: World,
}

impl Played {
    /// How the last runner put the run down.
    #[must_use]
    pub fn conclusion(&self) -> &Conclusion {
        let last = self.sessions.last();
        last.and_then(|session| session.conclusion.as_ref())
            .expect("the last runner of a play is not killed")
    }
}

/// Plays `script` from its beginning to its end.
pub async fn play(scenario: &Scenario, script: &mut impl Script) -> Played {
    play_with(scenario, &Trouble::default(), script).await
}

/// Plays `script` with some trouble, and then does what a person would: resumes what was killed, and takes back what waits.
pub async fn play_with(scenario: &Scenario, trouble: &Trouble, script: &mut impl Script) -> Played {
    let world = Simulated::new(scenario.world.clone(), scenario.durations.clone());
    let mut journal = MemoryJournal::default();
    let first = Event::Header(Box::new(scenario.header.clone()));
    journal
        .append(world.now(), first, Durability::Synced)
        .expect("memory takes every record");
    let mut stage = Stage {
        scenario,
        world,
        journal,
        questions: Vec::new(),
        sessions: Vec::new(),
    };
    let changes = stage.session(Mark::Run, trouble, script).await;
    let calm = Trouble::default();
    if stage.ending().is_none() {
        stage.session(Mark::Resume, &calm, script).await;
    }
    if matches!(
        stage.ending(),
        Some(Ending::Held | Ending::Paused | Ending::Stuck)
    ) {
        stage.session(Mark::Rollback, &calm, script).await;
    }
    stage.played(changes)
}

/// What outlives the runners of one run.
struct Stage<'a> {
    scenario: &'a Scenario,
    world: Simulated,
    journal: MemoryJournal,
    questions: Vec<Question>,
    sessions: Vec<Session>,
}

impl Stage<'_> {
    /// Lets one runner work until it puts the run down, or is killed. Answers how many of its calls changed the world.
    async fn session(&mut self, mark: Mark, trouble: &Trouble, script: &mut impl Script) -> u32 {
        let state = RunState::of(&self.journal.records()).expect("what the gate wrote makes sense");
        let journal = Mortal::new(self.journal.clone(), trouble.crash);
        let recorder = Recorder::new(
            Box::new(journal),
            state,
            interferer(trouble.interference.clone(), self.world.clone()),
        );
        let attached = recorder.sync(
            self.world.now(),
            Event::Attached {
                mark,
                by: Actor::Person(SOMEBODY.to_owned()),
                process: nobody(),
                cutover: env!("CARGO_PKG_VERSION").to_owned(),
            },
        );
        let conclusion;
        let mut changes = 0;
        if attached.is_err() {
            conclusion = None;
        } else {
            let people = Agreeing {
                refuses: trouble.refused,
                questions: Vec::new(),
            };
            let mut gate = Gate::new(
                recorder,
                Faulty::new(self.world.clone(), trouble.call),
                people,
                self.scenario.grants.clone(),
            );
            let concluded = match mark {
                Mark::Rollback => roll_back(&mut gate, script, "a person asked for it").await,
                _ => conduct(&mut gate, script, self.scenario.on_failure).await,
            };
            // Memory takes every record, so only a runner that is killed does not come to a verdict.
            conclusion = concluded.ok();
            changes = gate.world.changes();
            self.questions.append(&mut gate.people.questions);
        }
        self.sessions.push(Session {
            mark,
            conclusion,
            records: self.journal.count(),
            happened: self.world.happened().len(),
            world: self.world.world(),
        });
        changes
    }

    fn ending(&self) -> Option<Ending> {
        Some(self.sessions.last()?.conclusion.as_ref()?.ending)
    }

    fn played(self, changes: u32) -> Played {
        let copies = self.world.copies().into_iter();
        Played {
            records: self.journal.records(),
            sessions: self.sessions,
            questions: self.questions,
            spent: self.world.spent(),
            happened: self.world.happened(),
            world: self.world.world(),
            copies: copies.map(|(name, copy)| (name, copy.database)).collect(),
            changes,
        }
    }
}

/// Lets the interference happen once its step has its outcome.
fn interferer(mut interference: Option<(u32, Interference)>, world: Simulated) -> super::Watcher {
    Box::new(move |record: &Record, _: &RunState| {
        let ended = match &record.event {
            Event::Read { step, .. } | Event::Finished { step, .. } => *step,
            _ => return,
        };
        if let Some((_, interference)) = interference.take_if(|(step, _)| ended == StepNo(*step)) {
            interference.happen(&world);
        }
    })
}

/// Who acts in a play.
const SOMEBODY: &str = "somebody";

fn nobody() -> ProcessIdentity {
    ProcessIdentity {
        host: "simulated".to_owned(),
        pid: 0,
        started: 0,
        boot: String::new(),
    }
}

/// People who agree to everything but one thing, and remember what they were asked.
#[derive(Debug, Default)]
pub(super) struct Agreeing {
    /// The step that is not approved.
    refuses: Option<u32>,
    questions: Vec<Question>,
}

impl People for Agreeing {
    async fn ask(&mut self, question: &Question) -> Answered {
        self.questions.push(question.clone());
        let by = Actor::Person(SOMEBODY.to_owned());
        match question {
            Question::Approve { step, .. } if self.refuses == Some(step.0) => Answered::No(by),
            Question::Approve { .. } => Answered::Yes(by),
            // A person who looks sees no more than the probe did.
            Question::Settle { .. } => Answered::Nobody,
        }
    }

    async fn turn_back(&mut self, _reason: &str, _ways: &[Way]) -> Back {
        Back::Undo
    }

    fn wants_pause(&self) -> Option<String> {
        None
    }
}
