//! What a simulated world is while a run plays in it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::content::{Content, Copy};
use super::happening::{Happened, Happening};
use super::{Database, Declared, Durations, Node, Spent, Work, World};
use crate::gateway::{
    Adaptation, BackupFacts, ExportedDatabase, Failure, ScratchCopy, ScratchNode, VerifyTier,
};
use crate::kong::Version;

/// A world in which a run is played. Clones share it.
#[derive(Debug, Clone)]
pub struct Simulated {
    state: Rc<RefCell<State>>,
    durations: Rc<Durations>,
}

/// A backup that was taken here.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) database: String,
    pub(super) step: u32,
    pub(super) facts: BackupFacts,
    pub(super) content: Content,
    pub(super) proven: Option<VerifyTier>,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) now: Timestamp,
    pub(super) step: u32,
    pub(super) spent: Vec<Spent>,
    pub(super) backups: BTreeMap<String, Kept>,
    pub(super) copies: BTreeMap<String, Copy>,
    /// What the adaptations of files were before this run, by node and change set.
    pub(super) adapted: BTreeMap<(String, String), Adaptation>,
    /// What the templates of nodes were made out of before they were brought to another release.
    pub(super) rebased: BTreeMap<String, BTreeMap<String, Version>>,
    /// The nodes whose files were marked for a recording.
    pub(super) marked: BTreeSet<String>,
    /// The configurations of DB-less nodes that were kept, by node.
    pub(super) kept_declaratives: BTreeMap<String, Declared>,
    /// The databases that were exported, by node, with what they held.
    pub(super) exported: BTreeMap<String, (ExportedDatabase, Content)>,
    /// The scratch nodes that run, by name.
    pub(super) rehearsing: BTreeMap<String, Version>,
    pub(super) baselines: BTreeMap<String, Content>,
    /// The copies that were made here to go live, with what was there before.
    pub(super) gaps: BTreeMap<String, Database>,
    pub(super) happened: Vec<Happening>,
    /// Whether the next `kong migrations up` breaks off after its first migration.
    pub(super) up_breaks_off: bool,
}

impl Simulated {
    /// `world`, with work that takes as long as `durations` say.
    #[must_use]
    pub fn new(world: World, durations: Durations) -> Self {
        let now = world.observed_at;
        Self {
            durations: Rc::new(durations),
            state: Rc::new(RefCell::new(State {
                world,
                now,
                step: 0,
                spent: Vec::new(),
                backups: BTreeMap::new(),
                copies: BTreeMap::new(),
                adapted: BTreeMap::new(),
                rebased: BTreeMap::new(),
                marked: BTreeSet::new(),
                kept_declaratives: BTreeMap::new(),
                exported: BTreeMap::new(),
                rehearsing: BTreeMap::new(),
                baselines: BTreeMap::new(),
                gaps: BTreeMap::new(),
                happened: Vec::new(),
                up_breaks_off: false,
            })),
        }
    }

    /// A world that is as this one is now, and goes its own way from here. What this one took and saw happen stays with it.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut state = self.look(State::clone);
        state.spent.clear();
        state.happened.clear();
        Self {
            state: Rc::new(RefCell::new(state)),
            durations: self.durations.clone(),
        }
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> World {
        self.look(|state| state.world.clone())
    }

    /// The databases that were made beside others, by name.
    #[must_use]
    pub fn copies(&self) -> BTreeMap<String, Copy> {
        self.look(|state| state.copies.clone())
    }

    /// What happened so far.
    #[must_use]
    pub fn happened(&self) -> Vec<Happening> {
        self.look(|state| state.happened.clone())
    }

    /// The time that each step took.
    #[must_use]
    pub fn spent(&self) -> Vec<Spent> {
        self.look(|state| state.spent.clone())
    }

    /// Lets something happen to the world that is not the run's doing, such as a write by somebody else.
    pub fn interfere(&self, with: impl FnOnce(&mut World)) {
        self.change(|state| with(&mut state.world));
    }

    /// Lets time pass that nobody asked for.
    pub fn let_pass(&self, duration: Duration) {
        self.change(|state| state.now = later(state.now, duration));
    }

    /// Lets the next `kong migrations up` break off after its first migration.
    pub fn break_off_next_up(&self) {
        self.change(|state| state.up_breaks_off = true);
    }

    /// Lets a node's process die.
    pub fn lose_node(&self, name: &str) {
        if self.change_node(name, |node| node.running = None).is_ok() {
            self.happen(Happened::Stopped {
                node: name.to_owned(),
            });
        }
    }

    /// Lets time pass that the playbook asked for.
    pub(super) fn pass(&self, duration: Duration) {
        self.spend(duration, super::Basis::Told);
    }

    /// Lets as much time pass as `work` over `bytes` takes.
    pub(super) fn work(&self, work: Work, bytes: u64) {
        let (duration, basis) = self.durations.predict(work, bytes);
        self.spend(duration, basis);
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.borrow())
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.borrow_mut())
    }

    /// Notes what happened to production; a rehearsal does not.
    pub(super) fn happen(&self, what: Happened) {
        if what.in_rehearsal() {
            return;
        }
        self.change(|state| {
            let (at, step) = (state.now, state.step);
            state.happened.push(Happening { at, step, what });
        });
    }

    /// Looks at a node, which the environment must know.
    pub(super) fn node<T>(&self, name: &str, look: impl FnOnce(&Node) -> T) -> Result<T, Failure> {
        if let Some(scratch) = ScratchNode::named(name) {
            return self.scratch_node(&scratch).map(|node| look(&node));
        }
        self.look(|state| state.world.nodes.get(name).map(look))
            .ok_or_else(|| missing("node", name))
    }

    pub(super) fn change_node(
        &self,
        name: &str,
        change: impl FnOnce(&mut Node),
    ) -> Result<(), Failure> {
        if let Some(scratch) = ScratchNode::named(name) {
            return self.change_scratch_node(&scratch, change);
        }
        self.change(|state| state.world.nodes.get_mut(name).map(change))
            .ok_or_else(|| missing("node", name))
    }

    /// Looks at a database, whose server must answer.
    pub(super) fn database<T>(
        &self,
        name: &str,
        look: impl FnOnce(&Database) -> T,
    ) -> Result<T, Failure> {
        if let Some(scratch) = ScratchCopy::named(name) {
            return self.scratch_database(&scratch).map(|found| look(&found));
        }
        self.look(|state| match state.world.databases.get(name) {
            None => Err(missing("database", name)),
            Some(database) if database.is_out_of_reach() => Err(unreachable(name)),
            Some(database) => Ok(look(database)),
        })
    }

    pub(super) fn change_database<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Failure> {
        if let Some(scratch) = ScratchCopy::named(name) {
            return self.change_scratch_database(&scratch, change);
        }
        self.change(|state| match state.world.databases.get_mut(name) {
            None => Err(missing("database", name)),
            Some(database) if database.is_out_of_reach() => Err(unreachable(name)),
            Some(database) => Ok(change(database)),
        })
    }

    fn spend(&self, duration: Duration, basis: super::Basis) {
        self.change(|state| {
            state.now = later(state.now, duration);
            let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            state.spent.push(Spent {
                step: state.step,
                milliseconds,
                basis,
            });
        });
    }
}

/// `duration` after `now`, and no later than the last moment that there is: a playbook may ask for any time to pass.
fn later(now: Timestamp, duration: Duration) -> Timestamp {
    now.saturating_add(duration)
        .expect("a duration without calendar units can be added")
}

fn unreachable(name: &str) -> Failure {
    Failure::new(
        "database.unreachable",
        format!("cannot connect to database `{name}`: connection refused"),
    )
    .hint("is the server up, and do `[databases]` and the secret of the environment file fit it?")
}

pub(super) fn missing(kind: &str, name: &str) -> Failure {
    Failure::new(
        "environment.unknown",
        format!("there is no {kind} `{name}` in this world"),
    )
    .hint("observe the environment again: the world is older than the environment file")
}
