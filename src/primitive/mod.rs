//! One file per word of the trade.
//!
//! A primitive is data with five answers: what it needs (its verb), what it observes, what it does, how it is undone (another
//! intent), and how it is settled after a crash. Adding one is a file here, a line in [`Intent`], a binding in `script/bindings`
//! and its page of documentation there. This room knows the gateway's verbs and nothing of journals, scripts or terminals.

mod adapting;
mod archive;
mod clock;
mod clone_database;
mod clone_to;
mod database;
mod gap;
mod history;
mod http;
mod intent;
mod kong;
mod look;
mod node;
mod node_facts;
mod packages;
mod practice;
mod reach;
mod rebasing;
mod review;
mod run;
mod settings;
mod things;
mod traffic;
mod words;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::checks::CheckDescription;
pub use crate::kong::advisories::{Finding, Review};
pub use adapting::{Adapt, MarkFiles, PutFilesBack, RecordChanges, ReviewChanges};
pub use archive::{Archive, DropPackage, Fetch};
pub use clock::{Now, Pause};
pub use clone_database::{CloneDatabase, Cloned};
pub use clone_to::{CloneMade, CloneTo, CopiedMoment, DropClone, Unchanged};
pub use database::{Backup, DropCopy, Facts, Restore, Rows, Verify};
pub use gap::{
    Carry, CloseGap, Configured, Gap, MeasureGap, Measured, NoteConfiguration, OpenGap, ReportGap,
    Reported, Rounds, Settles, StayClosed, TakeBack,
};
pub use history::{History, Past};
pub use http::{
    Against, Check, CheckAll, CheckGenerated, Checked, CompareAnswers, ComparedAnswers,
    GeneratedOutcome, Poll, generated_checks,
};
pub use intent::Intent;
pub use kong::{
    AwaitSync, CatchUp, CaughtUp, CheckConfiguration, CheckHosts, CheckLeftovers, ClockAhead,
    Compare, CompareConfiguration, ComparedConfiguration, DataPlanes, DataPlanesSeen, DbExport,
    DbImport, Entities, Fence, Finish, Freeze, FreezeMode, Half, Health, KeepDeclarative,
    LeaveMigrated, MigrateBeside, MigrateClone, MigrateScratch, MigrateUp, Migrated, MigratedClone,
    MigratedScratch, Migrations, ParseDeclarative, ProveDatabase, Reload, SendDeclarative, Start,
    StartScratch, StartedScratch, Status, StayMigrated, Stop, StopScratch, Thaw, Version,
    difference_words,
};
pub use look::Look;
pub use node::Exec;
pub use node_facts::FactsOfNode;
pub use packages::{Available, Install};
pub use practice::{Remove, Write};
pub use reach::Reach;
pub use rebasing::{PutTemplatesBack, RebaseTemplates};
pub use review::{ReviewAdvisories, ReviewHands, ReviewPath};
pub use run::{Approve, Invariant, Note, OnRollback, WaitFor};
pub use settings::{CompareSettings, ComparedSettings, NodeSettings, ReadSettings};
pub use things::holds;
pub use traffic::{
    Admit, Canary, CheckListed, Drain, Observed, PutBack, Redirect, SetRotation, Side, Split,
    Terminate, TrafficStatus, Unwatch, Watch, Watched,
};

pub use crate::kong::changes::Changes;

pub use crate::gateway::{
    BackupFacts, BaselineFacts, Failure, Moment, ProcessIdentity, RotationState, Seen,
};

use crate::gateway::Gateway;

/// How long something took that began when `begun` had elapsed.
fn milliseconds_since(begun: Duration, world: &impl Gateway) -> u64 {
    let took = world.elapsed().saturating_sub(begun);
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// What a primitive is to the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Looks and changes nothing; recorded once, not synced alone.
    Read,
    /// Makes something of cutover's own that is kept whatever becomes of the run, such as a backup.
    Own,
    /// Makes or changes something for a rehearsal, which its undo takes away. Production is not touched.
    Scratch,
    /// Changes something that its undo brings back.
    Change,
    /// Rewrites the database that every node serves from; its undo is the way back. Standing conditions are checked again before it.
    Migrates,
    /// Takes requests away from clients; standing conditions are checked again before it.
    StopsTraffic,
    /// Lets client requests reach what was changed; from here on a failure holds instead of undoing.
    AdmitsTraffic,
    /// Has no way back of its own.
    Irreversible,
    /// Asks a person; the gate looks for the answer.
    Approval,
    /// Leaves a closure of the script on the undo stack.
    Closure,
}

/// How a step that was begun and never ended turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled<Outcome> {
    /// It took effect; the outcome was read from the world.
    Done(Outcome),
    /// It did not take effect at all.
    NotDone,
    /// A part of it took effect; doing it again completes it.
    Partly,
    /// The world does not tell; a person has to.
    Unknown(String),
}

/// The five answers.
pub trait Primitive: Serialize + DeserializeOwned + Clone + PartialEq {
    /// What is observed before the step changes it. Holds nothing volatile: after an undo, observing again must give an equal value.
    type Observed: Serialize + DeserializeOwned + PartialEq;
    /// What the step answers to the script.
    type Outcome: Serialize + DeserializeOwned;
    /// The name in grants, records and messages, such as `kong.stop`.
    const VERB: &'static str;
    /// What it is to the gate.
    const EFFECT: Effect;
    /// What is observed, such as `node` or `package`. Primitives that observe the same thing share the word and the type of the
    /// observation, so that the first one of a run tells how the world was found. Empty where nothing is observed.
    const ASPECT: &'static str = "";

    /// How many targets it turns to at once. Where that is more than one, what it does to one must not depend on another.
    const AT_ONCE: usize = 1;

    /// What the step acts upon, in order. A step over several targets has a sub-record for each.
    fn targets(&self) -> Vec<String>;

    /// How long a process that it began may go on by itself once its runner was killed, from when the step began. It is killed at once
    /// unless that leaves something behind from which nobody can go on.
    fn may_go_on(&self) -> Duration {
        Duration::ZERO
    }

    /// Looks at what the step is about to change at `target`.
    async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Self::Observed, Failure>;

    /// Refuses what must not be done in the state that was observed. Apart from the observation, since looking again after an undo
    /// must not depend on whether the step could be done now.
    async fn require(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Self::Observed,
    ) -> Result<(), Failure> {
        let _ = (world, target, observed);
        Ok(())
    }

    /// Refuses what the run itself has not proven so far, and answers what stays in doubt: a person is asked about that.
    async fn evidence(
        &self,
        world: &impl Gateway,
        history: &History,
    ) -> Result<Vec<String>, Failure> {
        let _ = (world, history);
        Ok(Vec::new())
    }

    /// The intent that takes the step back at `target`, from what was observed before it.
    fn undo(&self, target: &str, observed: &Self::Observed) -> Option<Intent>;

    /// What stays different for good where this is the undo of a step, in words. What it observes is then declared left: looking
    /// again after the way back does not compare it with how it was found.
    fn leaves(&self) -> Option<String> {
        None
    }

    /// Acts on `target`, and reads the world back.
    async fn perform(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Self::Observed,
    ) -> Result<Self::Outcome, Failure>;

    /// What it is to the gate, where that depends on what is wanted.
    fn effect(&self) -> Effect {
        Self::EFFECT
    }

    /// Whether a finished step still is a standing condition, given the finished steps around it: what one established, a later one
    /// can end.
    fn stands(&self, before: &[Past], after: &[Past]) -> bool {
        let _ = (before, after);
        true
    }

    /// Whether what this step established still stands, for a step that gives the later ones their permission (a window that is open,
    /// a freeze that holds). `outcome` is what it answered then, `worked` how long the steps after it took; `Some` says what has lapsed.
    async fn lapsed(
        &self,
        world: &impl Gateway,
        outcome: Self::Outcome,
        worked: Duration,
    ) -> Result<Option<String>, Failure> {
        let _ = (world, outcome, worked);
        Ok(None)
    }

    /// Finds out, by looking at the world, how a step at `target` turned out that was begun and never ended.
    async fn settle(
        &self,
        world: &impl Gateway,
        target: &str,
        observed: &Self::Observed,
    ) -> Result<Settled<Self::Outcome>, Failure>;
}
