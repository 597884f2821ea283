//! What crosses the pipe: one JSON value a line, bounded, parsed strictly, versioned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::drill::Report;
use crate::environment::Topology;
use crate::journal::{Sandbox, StepNo};
use crate::playbook::{Diagnostic, Header};
use crate::run::{Answer, Foreseen, Raised, Request, Scenario};
use crate::trial::{Coverage, Tested};

/// The version of this protocol. Both ends are the same binary; it is compared all the same, since a binary may be replaced while
/// a run is on.
pub(super) const VERSION: u32 = 2;

/// The longest line that either end reads, in bytes. Values over 64 KiB do not cross as values, so this is generous.
pub(super) const LONGEST_LINE: usize = 8 << 20;

/// From the supervisor to the child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to_child", rename_all = "snake_case")]
pub(super) enum ToChild {
    /// The playbook's text; answered with requests for modules, then [`FromChild::Loaded`].
    Load {
        version: u32,
        kind: SourceKind,
        name: String,
        text: String,
    },
    /// The text of a module, a playbook or a described world, if there is one.
    Text {
        text: Option<String>,
        problem: Option<String>,
    },
    /// Answers of recorded steps, in order; several of these may come before [`ToChild::Begin`].
    Ahead { answers: Vec<Answer> },
    /// Start.
    Begin {
        parameters: BTreeMap<String, Value>,
        inventory: Inventory,
        only_replay: bool,
    },
    /// Play the playbook in a simulated world, instead of beginning it.
    Play { job: Box<Job> },
    /// Run the tests of what was loaded, instead of beginning it.
    Test,
    /// Answer the checks that what was loaded lists.
    List,
    /// The answer to the last call.
    Answer { answer: Answer },
    /// Run the closure that this step left.
    Closure { step: StepNo },
}

/// A message of the child with its place in the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered {
    /// Counted from 1: none is left out, none comes twice.
    pub(super) number: u64,
    /// What the script took so far.
    pub(super) taken: Taken,
    /// What it says.
    pub(super) message: FromChild,
}

/// What only the script's process can count of a script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    /// Operations of the interpreter.
    pub(super) operations: u64,
    /// The most bytes that its values held at once.
    pub(super) memory: u64,
}

impl Numbered {
    /// The message that `line` is, to the byte: what this binary itself would have written, with nothing added, left out or said
    /// twice.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let read: Self = serde_json::from_slice(line).ok()?;
        let again = serde_json::to_vec(&read).ok()?;
        (again == line).then_some(read)
    }
}

/// From the child to the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from_child", rename_all = "snake_case")]
pub(super) enum FromChild {
    /// The first message, before anything is read: what holds the process.
    Confined { sandbox: Sandbox },
    /// The text of a module is wanted.
    NeedModule {
        /// The playbook or the tests that it is for.
        of: String,
        path: String,
    },
    /// A test wants a playbook.
    NeedPlaybook { name: String },
    /// A test wants a described world.
    NeedWorld { path: String },
    /// A test came to its end.
    Tested(Box<Tested>),
    /// The last test did, and this is what they reached.
    TestsEnded { coverage: Coverage },
    /// A file of checks lists these.
    Listed { listed: Result<Value, Box<Raised>> },
    /// The playbook was parsed and checked.
    Loaded(Loaded),
    /// The playbook wants something.
    Request(Request),
    /// The playbook was played, and so were the ways back from its steps.
    Foreseen(Box<Foreseen>),
    /// A drill goes on: so many plays of so many are done.
    Drilling { done: usize, of: usize },
    /// The playbook was drilled.
    Drilled(Box<Report>),
    /// A budget was used up; the child can do nothing more for the playbook.
    Budget { what: String },
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SourceKind {
    /// A playbook.
    Playbook,
    /// Tests of playbooks.
    Tests,
    /// Checks.
    Checks,
}

/// A playbook to be played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    /// The values of its parameters.
    pub(super) parameters: BTreeMap<String, Value>,
    /// What it may know of the environment.
    pub(super) inventory: Inventory,
    /// In which world.
    pub(super) scenario: Scenario,
    /// What for.
    pub(super) purpose: Purpose,
}

/// What a playbook is played for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// To see how it goes.
    Plan,
    /// To see what every fault does, or one of them, by its number from 1.
    Drill { only: Option<usize> },
}

/// What became of a playbook's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// The header, if it could be read.
    pub header: Option<Header>,
    /// The playbook's first comment lines.
    pub about: String,
    /// What is wrong, or suspicious.
    pub diagnostics: Vec<Diagnostic>,
    /// The verbs that the playbook and its modules call, of those that need a grant.
    pub verbs: Vec<String>,
}

/// What a script may know of the environment: names, and how they belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The environment's name.
    pub environment: String,
    /// The clusters by name.
    pub clusters: BTreeMap<String, InventoryCluster>,
    /// The names of the databases.
    pub databases: Vec<String>,
}

/// What a script may know of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryCluster {
    /// How configuration reaches the nodes.
    #[serde(default)]
    pub topology: Topology,
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// Those that are control planes, in a hybrid cluster.
    #[serde(default)]
    pub control_planes: Vec<String>,
    /// Those that are data planes.
    #[serde(default)]
    pub data_planes: Vec<String>,
    /// Those that read their configuration from a file.
    #[serde(default)]
    pub declarative: Vec<String>,
    /// The name of the database, if there is one.
    pub database: Option<String>,
    /// The name of the load balancer, if there is one.
    pub traffic: Option<String>,
}
