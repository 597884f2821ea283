//! What going back takes from each step of a played run on: every way back that there is then, played in a copy of the world.
//!
//! Which ways there are and what each loses is for the journal's [`WaysBack`] to say; they are walked by the same unwinding as in a
//! run. Nothing here touches the world of the run itself.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::play::{Agreeing, attached, play_watched};
use super::{Gate, Played, Recorder, Scenario, Script, Trouble, roll_back};
use crate::gateway::Clock as _;
use crate::gateway::simulated::{Basis, Simulated};
use crate::journal::{
    Actor, Direction, Ending, Event, Loses, Mark, MemoryJournal, Record, RunState, StepNo, Way,
    WayBack, WaysBack,
};
use crate::primitive::Effect;

/// How a run goes, and how it would come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Foreseen {
    /// The run from its beginning to its end.
    pub played: Played,
    /// The ways back after each of its steps, in order.
    pub ways_back: Vec<WaysAfter>,
}

impl Foreseen {
    /// Whether it can have been played: a header, records that follow one another, and a runner that put the run down. It comes from
    /// a script's process, and whoever reads a plan off it relies on that.
    #[must_use]
    pub fn makes_sense(&self) -> bool {
        let Played {
            records, sessions, ..
        } = &self.played;
        let concluded = sessions
            .last()
            .is_some_and(|session| session.conclusion.is_some());
        concluded && !records.is_empty() && RunState::of(records).is_ok()
    }
}

/// The ways back that there are after a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaysAfter {
    /// The step.
    pub step: StepNo,
    /// The ways.
    pub ways: Vec<PlayedWay>,
}

/// A way back as it went when it was played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayedWay {
    /// How a migrated database comes back; none where none is migrated, and everything is simply undone.
    pub way: Option<Way>,
    /// How many things are undone on it.
    pub undos: usize,
    /// How long it took until everything was looked at again, in milliseconds.
    pub milliseconds: u64,
    /// What that rests on; none where it took no time.
    pub basis: Option<Basis>,
    /// What it loses.
    pub loses: Loses,
    /// The step that took the backup which is brought back, where one is.
    pub backed_up: Option<StepNo>,
    /// Why it would need a person, if it would.
    pub stuck: Option<String>,
}

/// Plays `script` from its beginning to its end, and from every step on every way back.
pub async fn foresee(scenario: &Scenario, script: &mut impl Script) -> Foreseen {
    let moments = Moments::default();
    let played = play_watched(scenario, &Trouble::default(), script, Some(moments.clone())).await;
    let mut ways_back: Vec<WaysAfter> = Vec::new();
    let mut state = RunState::default();
    let mut moments = moments.0.take().into_iter().peekable();
    for record in &played.records {
        state
            .apply(record)
            .expect("what the gate wrote makes sense");
        let Some(moment) = moments.next_if(|moment| moment.record == record.seq) else {
            continue;
        };
        let ways = match (&moment.world, ways_back.last()) {
            (Some(world), _) => ways(scenario, &state, world, script).await,
            (None, before) => before.map(|before| before.ways.clone()).unwrap_or_default(),
        };
        let step = moment.step;
        ways_back.push(WaysAfter { step, ways });
    }
    Foreseen { played, ways_back }
}

/// The moments of a run in which a step has its outcome. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Moments(Rc<RefCell<Vec<Moment>>>);

struct Moment {
    record: u64,
    step: StepNo,
    /// The world then; none where the step only looked, since the ways back are those of the step before.
    world: Option<Simulated>,
}

impl Moments {
    /// Keeps the moment if `record` is a step's outcome on the way forward; `state` is the run after it.
    pub(super) fn watch(&self, record: &Record, state: &RunState, world: &Simulated) {
        let Some(step) = record.event.outcome_of() else {
            return;
        };
        if state.direction == Direction::Unwinding {
            return;
        }
        let mut moments = self.0.borrow_mut();
        let looked = state
            .step(step)
            .is_some_and(|step| step.intent.effect() == Effect::Read);
        let world = (!looked || moments.is_empty()).then(|| world.fork());
        moments.push(Moment {
            record: record.seq,
            step,
            world,
        });
    }
}

/// Every way back that there is in `state`, played from `world`.
async fn ways(
    scenario: &Scenario,
    state: &RunState,
    world: &Simulated,
    script: &mut impl Script,
) -> Vec<PlayedWay> {
    let Some(ways) = WaysBack::of(state).filter(|ways| ways.migrated) else {
        return vec![walk(scenario, state, world, script, None).await];
    };
    let mut walked = Vec::new();
    for back in ways.ways.iter().filter(|back| back.undos.is_ok()) {
        let mut way = walk(scenario, state, world, script, Some(back)).await;
        if matches!(back.loses, Loses::Since(_)) {
            way.backed_up = ways.backed_up;
        }
        walked.push(way);
    }
    walked
}

/// Goes one way back.
async fn walk(
    scenario: &Scenario,
    state: &RunState,
    world: &Simulated,
    script: &mut impl Script,
    back: Option<&WayBack>,
) -> PlayedWay {
    let world = world.fork();
    // What is written on the way back is nobody's to read, so the records before it need not be in there.
    let recorder = Recorder::new(
        Box::new(MemoryJournal::default()),
        state.clone(),
        Box::new(|_, _| ()),
    );
    let chosen = back.map(|back| Event::WayChosen {
        way: back.way,
        by: Actor::Probe,
        shown: String::new(),
        undos: back.undos.clone().unwrap_or_default(),
    });
    for event in std::iter::once(attached(Mark::Rollback)).chain(chosen) {
        recorder.sync(world.now(), event).expect(FAITHFUL);
    }
    // Closures hold what they captured as it was then, so a script that has gone further knows them as a fresh one would.
    let mut gate = Gate::new(
        recorder,
        world.clone(),
        Agreeing::to_everything(world.clone()),
        scenario.permissions.clone(),
    );
    let concluded = roll_back(&mut gate, script, "to see how it goes")
        .await
        .expect(FAITHFUL);
    let spent = world.spent();
    PlayedWay {
        way: back.map(|back| back.way),
        undos: state.undo.len(),
        milliseconds: spent
            .iter()
            .fold(0, |sum: u64, spent| sum.saturating_add(spent.milliseconds)),
        basis: spent.iter().map(|spent| spent.basis).reduce(Basis::weaker),
        loses: back.map_or_else(|| Loses::Nothing(String::new()), |back| back.loses.clone()),
        backed_up: None,
        stuck: match concluded.ending {
            Ending::Undone | Ending::UndoneUnverified => None,
            _ => Some(concluded.reason),
        },
    }
}

/// Why nothing can fail to be written.
const FAITHFUL: &str = "memory takes every record";
