//! What a record holds: one owned, serialisable, versioned type for everything that can happen in a run.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Adoption, Digest, Header, NewUndo, Place, Raised, Spent, Way};
use crate::primitive::{Failure, Intent, Moment, ProcessIdentity, Seen};

/// The version of the record format. A change of meaning raises it and ships with an old journal as a test.
pub const VERSION: u32 = 1;

/// The name of a run: sortable by time, short enough to type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The number of a step in its run, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepNo(pub u32);

impl fmt::Display for StepNo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub v: u32,
    /// Position in the journal, from 1.
    pub seq: u64,
    /// When it was written. Never used to decide anything.
    pub at: Timestamp,
    /// The digest of the record before.
    pub prev: Digest,
    /// What happened.
    pub event: Event,
    /// The digest of this record: the head of the chain once it is the last.
    #[serde(skip, default = "zero")]
    pub digest: Digest,
}

fn zero() -> Digest {
    Digest::ZERO
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    Header(Box<Header>),
    /// A runner took up the run, the first or a later one.
    Attached {
        /// What it came to do.
        mark: Mark,
        /// Who asked.
        by: Actor,
        /// The process that runs it.
        process: ProcessIdentity,
        /// The version of cutover.
        cutover: String,
    },
    /// The bytes of a torn last line were cut off when the journal was opened.
    TailCut {
        /// How many.
        bytes: u64,
    },
    /// A phase began.
    PhaseEntered {
        /// Its name.
        name: String,
    },
    /// A phase ended.
    PhaseLeft {
        /// Its name.
        name: String,
    },
    /// A step that changes nothing was done, or one failed before it changed anything.
    Read {
        /// Its number.
        step: StepNo,
        /// What was wanted.
        intent: Intent,
        /// Where in the playbook.
        place: Option<Place>,
        /// The undo that this step is part of, when it was called by a closure of the way back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<StepNo>,
        /// What came of it.
        outcome: Result<Value, Failure>,
    },
    /// A step that changes something is about to act.
    Started {
        /// Its number.
        step: StepNo,
        /// What is wanted.
        intent: Intent,
        /// Where in the playbook.
        place: Option<Place>,
        /// The undo that this step is part of, when it was called by a closure of the way back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<StepNo>,
        /// What it acts upon, with the state found and the way back.
        targets: Vec<Target>,
    },
    /// The step turns to its `target`th target, from 0. Written where there are several.
    TargetStarted {
        /// The step.
        step: StepNo,
        /// The target's position.
        target: usize,
    },
    /// The step is done with its `target`th target.
    TargetFinished {
        /// The step.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// What came of it.
        outcome: Value,
    },
    /// The step succeeded.
    Finished {
        /// The step.
        step: StepNo,
        /// What it answers to the script: the target's outcome, or a map of them by target.
        outcome: Value,
    },
    /// The step failed.
    Failed {
        /// The step.
        step: StepNo,
        /// How.
        failure: Failure,
    },
    /// It was found out how an interrupted step turned out at one target.
    Settled {
        /// The step.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// How.
        found: SettledAs,
        /// Who found out: the probe, or a person.
        by: Actor,
    },
    /// The world does not tell how an interrupted step turned out; a person has to.
    Unsettled {
        /// The step.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// Why.
        why: String,
    },
    /// An edited playbook replays everything recorded equally, and the run goes by it from here on.
    PlaybookAdopted(Box<Adoption>),
    /// A failed step is to be attempted again.
    Retried {
        /// The step.
        step: StepNo,
    },
    /// The playbook ended in something that it did not catch.
    Raised(Box<Raised>),
    /// What clients of a cluster got, as far as it was not written down before.
    Seen {
        /// The cluster.
        cluster: String,
        /// When they asked.
        moment: Moment,
        /// What they got.
        seen: Box<Seen>,
    },
    /// One of the playbook's invariants was looked at, where the run ends.
    Examined {
        /// The step that left it.
        step: StepNo,
        /// Why it does not hold; none where it does.
        failure: Option<Failure>,
    },
    /// A person chose how to come back.
    WayChosen {
        /// How.
        way: Way,
        /// Who.
        by: Actor,
        /// What the person was shown.
        shown: String,
        /// What undoes the migrations on that way.
        undos: Vec<NewUndo>,
    },
    /// The way back began.
    UnwindingStarted {
        /// Why.
        reason: String,
    },
    /// One undo is about to act.
    UndoStarted {
        /// The step that is undone.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// What undoes it.
        intent: Intent,
    },
    /// One undo succeeded.
    UndoFinished {
        /// The step that is undone.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// What came of it.
        outcome: Value,
    },
    /// One undo failed: the run is stuck.
    UndoFailed {
        /// The step that is undone.
        step: StepNo,
        /// The target's position.
        target: usize,
        /// How.
        failure: Failure,
    },
    /// A process was started for a step.
    ProcessStarted {
        /// The step, or none outside steps.
        step: Option<StepNo>,
        /// What was started, without arguments.
        program: String,
        /// Which process it is.
        process: ProcessIdentity,
    },
    /// A person is asked to approve.
    ApprovalAsked {
        /// The step.
        step: StepNo,
        /// What the person is shown: facts of the journal, and the playbook's words quoted.
        shown: String,
    },
    /// A person approved.
    Approved {
        /// The step.
        step: StepNo,
        /// Who.
        by: Actor,
    },
    /// The run was given up by a person; the world stays as it is.
    Abandoned {
        /// Who.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// The runner put the run down.
    Verdict {
        /// How.
        ending: Ending,
        /// Why, in a sentence.
        reason: String,
        /// What the playbook itself raised with a hint and did not catch; a step's failure has a record of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raised: Option<Failure>,
        /// What the playbook used of its budgets with the runner that came to this verdict.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spent: Vec<Spent>,
    },
}

/// One thing that a step acts upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What was found there before.
    pub observed: Value,
    /// What takes the step back there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Intent>,
}

/// Why a runner took up a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// To begin it.
    Run,
    /// To go on where it was put down.
    Resume,
    /// To attempt the failed step again.
    Retry,
    /// To go back.
    Rollback,
}

/// How an interrupted step turned out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum SettledAs {
    /// It took effect.
    Done {
        /// The outcome, read from the world.
        outcome: Value,
    },
    /// It did not take effect.
    NotDone,
    /// A part of it did; doing it again completes it.
    Partly,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// cutover itself, by looking at the world.
    Probe,
    /// A person, by login name.
    Person(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe => formatter.write_str("cutover"),
            Self::Person(name) => formatter.write_str(name),
        }
    }
}

/// How a runner put a run down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The playbook ran to its end.
    Done,
    /// Refused before anything was touched.
    Refused,
    /// Everything was undone, and looking again found what was found before.
    Undone,
    /// Everything was undone; some part could not be read again.
    UndoneUnverified,
    /// An undo failed, or looking again found something else: a person is needed.
    Stuck,
    /// A step failed and the run stands there, as the environment wants it.
    Held,
    /// Put down between two steps, to be resumed.
    Paused,
    /// The playbook went another way than recorded: put down where it did, for a playbook that goes the recorded way.
    Diverged,
}

impl Ending {
    /// The word for it in records, verdicts and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Undone => "undone",
            Self::UndoneUnverified => "undone_unverified",
            Self::Stuck => "stuck",
            Self::Held => "held",
            Self::Paused => "paused",
            Self::Diverged => "diverged",
        }
    }
}
