//! Playing a run: the same gate, over a journal in memory and a world that is simulated. For dry runs, drills and tests of
//! playbooks; nothing here reaches anything.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::moment::{AtStep, Steps};
use super::trouble::{Afterwards, Mortal, Trouble};
use super::ways_ahead::Moments;
use super::{
    Answered, Back, Conclusion, Gate, People, Question, Recorder, Script, conduct, roll_back,
};
use crate::environment::{OnFailure, Permissions};
use crate::gateway::simulated::{Durations, Happened, Happening, Simulated, Spent, World};
use crate::gateway::{ChangingCall, Clock as _, Faulty, ProcessIdentity};
use crate::journal::{
    Actor, Durability, Ending, Event, Header, Journal as _, Mark, MemoryJournal, Record, RunState,
    StepNo, Way,
};
use crate::primitive::{Exec, Primitive as _};

/// What is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The world at the beginning.
    pub world: World,
    /// How long things take in it.
    pub durations: Durations,
    /// What the run may do.
    pub permissions: Permissions,
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
    /// The calls of the first session that changed the world, in order.
    pub calls: Vec<ChangingCall>,
    /// The troubles of the first session whose moment never came, in words.
    pub missed: Vec<String>,
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

/// Plays `script` with some trouble, and then does what a person would: resumes what was killed, and takes back what waits.
pub async fn play_with(scenario: &Scenario, trouble: &Trouble, script: &mut impl Script) -> Played {
    play_watched(scenario, trouble, script, None).await
}

/// The same, with the moments kept in which a step has its outcome.
pub(super) async fn play_watched(
    scenario: &Scenario,
    trouble: &Trouble,
    script: &mut impl Script,
    moments: Option<Moments>,
) -> Played {
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
        calls: Vec::new(),
        missed: Vec::new(),
        moments,
    };
    stage.session(Mark::Run, trouble, script).await;
    let calm = Trouble::default();
    if stage.ending().is_none() {
        stage.session(Mark::Resume, &calm, script).await;
    }
    let waits = trouble.afterwards == Afterwards::TakeBack;
    if waits
        && matches!(
            stage.ending(),
            Some(Ending::Held | Ending::Paused | Ending::Stuck)
        )
    {
        stage.session(Mark::Rollback, &calm, script).await;
    }
    stage.played()
}

/// What outlives the runners of one run.
struct Stage<'a> {
    scenario: &'a Scenario,
    world: Simulated,
    journal: MemoryJournal,
    questions: Vec<Question>,
    sessions: Vec<Session>,
    calls: Vec<ChangingCall>,
    missed: Vec<String>,
    moments: Option<Moments>,
}

impl Stage<'_> {
    /// Lets one runner work until it puts the run down, or is killed.
    async fn session(&mut self, mark: Mark, trouble: &Trouble, script: &mut impl Script) {
        let state = RunState::of(&self.journal.records()).expect("what the gate wrote makes sense");
        let journal = Mortal::new(self.journal.clone(), trouble);
        let met = Rc::new(RefCell::new(BTreeSet::new()));
        let mut watcher = interferer(trouble, self.world.clone(), met.clone());
        if let Some(moments) = self.moments.clone() {
            let world = self.world.clone();
            let mut before = watcher;
            watcher = Box::new(move |record: &Record, state: &RunState| {
                before(record, state);
                moments.watch(record, state, &world);
            });
        }
        let recorder = Recorder::new(Box::new(journal), state, watcher);
        let attached = recorder.sync(self.world.now(), attached(mark));
        let conclusion;
        if attached.is_err() {
            conclusion = None;
        } else {
            let people = Agreeing {
                refuses: trouble.refused,
                refuses_words: trouble.refused_words.clone(),
                ..Agreeing::to_everything(self.world.clone())
            };
            let mut gate = Gate::new(
                recorder,
                Faulty::new(self.world.clone(), trouble.call).with_steps(trouble.steps.clone()),
                people,
                self.scenario.permissions.clone(),
            );
            let concluded = match mark {
                Mark::Rollback => roll_back(&mut gate, script, "a person asked for it").await,
                _ => conduct(&mut gate, script, self.scenario.on_failure).await,
            };
            // Memory takes every record, so only a runner that is killed does not come to a verdict.
            conclusion = concluded.ok();
            let lived = conclusion.is_some();
            if self.sessions.is_empty() {
                self.calls = gate.world.calls();
                self.missed = missed(trouble, &gate.world, &met.borrow());
                if let (Some(kill), true) = (&trouble.kill, lived) {
                    let AtStep { verb, nth } = &kill.at;
                    self.missed.push(format!(
                        "the runner was to be killed at step {nth} of `{verb}`, which never came"
                    ));
                }
            }
            self.questions.append(&mut gate.people.questions);
        }
        self.sessions.push(Session {
            mark,
            conclusion,
            records: self.journal.count(),
            happened: self.world.happened().len(),
            world: self.world.world(),
        });
    }

    fn ending(&self) -> Option<Ending> {
        Some(self.sessions.last()?.conclusion.as_ref()?.ending)
    }

    fn played(self) -> Played {
        let copies = self.world.copies().into_iter();
        Played {
            records: self.journal.records(),
            sessions: self.sessions,
            questions: self.questions,
            spent: self.world.spent(),
            happened: self.world.happened(),
            world: self.world.world(),
            copies: copies.map(|(name, copy)| (name, copy.database)).collect(),
            changes: u32::try_from(self.calls.len()).expect("fewer than 2^32 calls"),
            calls: self.calls,
            missed: self.missed,
        }
    }
}

/// Lets the interference happen once its step has its outcome.
fn interferer(
    trouble: &Trouble,
    world: Simulated,
    met: Rc<RefCell<BTreeSet<usize>>>,
) -> super::Watcher {
    let mut interference = trouble.interference.clone();
    let meanwhile = trouble.meanwhile.clone();
    let mut steps = Steps::default();
    Box::new(move |record: &Record, _: &RunState| {
        let named = steps.follow(&record.event);
        let ended = match &record.event {
            Event::Read { step, .. } | Event::Finished { step, .. } => *step,
            _ => return,
        };
        if let Some((_, interference)) = interference.take_if(|(step, _)| ended == StepNo(*step)) {
            interference.happen(&world);
        }
        for (index, (_, interference)) in meanwhile
            .iter()
            .enumerate()
            .filter(|(_, (at, _))| named.as_ref() == Some(at))
        {
            if met.borrow_mut().insert(index) {
                interference.happen(&world);
            }
        }
    })
}

/// The troubles whose moment never came.
fn missed(trouble: &Trouble, world: &Faulty<Simulated>, met: &BTreeSet<usize>) -> Vec<String> {
    let faults = world.missed().into_iter().map(|fault| {
        format!(
            "step {} of `{}` was to fail, and its call never came",
            fault.nth, fault.verb
        )
    });
    let others = trouble
        .meanwhile
        .iter()
        .enumerate()
        .filter(|(index, _)| !met.contains(index));
    let others = others.map(|(_, (at, _))| {
        format!(
            "something was to happen after step {} of `{}`, which never came",
            at.nth, at.verb
        )
    });
    faults.chain(others).collect()
}

/// Who acts in a play.
const SOMEBODY: &str = "somebody";

/// Who answers what it asks.
const SOMEBODY_ELSE: &str = "somebody else";

/// A runner of a play takes the run up.
pub(super) fn attached(mark: Mark) -> Event {
    Event::Attached {
        mark,
        by: Actor::Person(SOMEBODY.to_owned()),
        process: nobody(),
        cutover: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn nobody() -> ProcessIdentity {
    ProcessIdentity {
        node: None,
        host: "simulated".to_owned(),
        pid: 0,
        started: 0,
        boot: String::new(),
    }
}

/// People who agree to everything but one thing, and remember what they were asked.
#[derive(Debug)]
pub(super) struct Agreeing {
    /// What they see when they look.
    world: Simulated,
    /// The step that is not approved.
    refuses: Option<u32>,
    /// Words that are not approved.
    refuses_words: Option<String>,
    questions: Vec<Question>,
}

impl Agreeing {
    /// People who agree to everything, and look at `world` when they are asked about it.
    pub(super) fn to_everything(world: Simulated) -> Self {
        Self {
            world,
            refuses: None,
            refuses_words: None,
            questions: Vec::new(),
        }
    }
}

impl People for Agreeing {
    async fn ask(&mut self, question: &Question) -> Answered {
        self.questions.push(question.clone());
        let by = Actor::Person(SOMEBODY_ELSE.to_owned());
        match question {
            Question::Approve { step, .. } if self.refuses == Some(step.0) => Answered::No(by),
            Question::Approve { shown, .. }
                if self
                    .refuses_words
                    .as_ref()
                    .is_some_and(|words| shown.contains(words)) =>
            {
                Answered::No(by)
            }
            Question::Approve { .. } => Answered::Yes(by),
            // No probe knows what a command does; who looks does.
            Question::Settle {
                step, verb, target, ..
            } if verb == Exec::VERB => {
                let ran = |happening: &Happening| {
                    happening.step == step.0
                        && matches!(&happening.what, Happened::Executed { node } if node == target)
                };
                if self.world.happened().iter().any(ran) {
                    Answered::Yes(by)
                } else {
                    Answered::No(by)
                }
            }
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
