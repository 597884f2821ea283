//! Playing a run: the same gate, over a journal in memory and a world that is simulated. For dry runs, drills and tests of
//! playbooks; nothing here reaches anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Answered, Conclusion, Gate, People, Question, Recorder, Script, conduct};
use crate::environment::{Grants, OnFailure};
use crate::gateway::simulated::{Durations, Happening, Simulated, Spent, World};
use crate::gateway::{Clock as _, Faulty, Plan};
use crate::journal::{
    Actor, Durability, Event, Header, Journal as _, MemoryJournal, Record, RunState,
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
    /// How it ended.
    pub conclusion: Conclusion,
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
}

/// Plays `script` from its beginning to its end.
pub async fn play(scenario: &Scenario, script: &mut impl Script) -> Played {
    let world = Simulated::new(scenario.world.clone(), scenario.durations.clone());
    let mut journal = MemoryJournal::default();
    let first = Event::Header(Box::new(scenario.header.clone()));
    let first = journal.append(world.now(), first, Durability::Synced);
    let first = first.expect("memory takes every record");
    let state = RunState::of(std::slice::from_ref(&first)).expect("a header is a good beginning");
    let recorder = Recorder::new(Box::new(journal.clone()), state, Box::new(|_, _| {}));
    let mut gate = Gate::new(
        recorder,
        Faulty::new(world.clone(), Plan::Never),
        Agreeing::default(),
        scenario.grants.clone(),
    );
    let conclusion = conduct(&mut gate, script, scenario.on_failure).await;
    Played {
        records: journal.records(),
        conclusion: conclusion.expect("memory takes every record"),
        questions: gate.people.questions,
        spent: world.spent(),
        happened: world.happened(),
        world: world.world(),
        copies: world
            .copies()
            .into_iter()
            .map(|(name, copy)| (name, copy.database))
            .collect(),
    }
}

/// People who agree to everything, and remember what they were asked.
#[derive(Debug, Default)]
pub(super) struct Agreeing {
    pub(super) questions: Vec<Question>,
}

impl People for Agreeing {
    async fn ask(&mut self, question: &Question) -> Answered {
        self.questions.push(question.clone());
        Answered::Yes(Actor::Person("somebody".to_owned()))
    }

    fn wants_pause(&self) -> Option<String> {
        None
    }
}
