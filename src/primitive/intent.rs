//! What a step wants, as data: the one type that crosses the pipe, stands in the journal and is compared on replay.
//!
//! Invariant: an intent holds no secret and nothing volatile. It names things; it does not address them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Effect, Failure, History, Past, Primitive, Settled};
use crate::gateway::Gateway;
use crate::gateway::redaction::redacted_value;

/// One line per primitive makes the enum and hands each question on to the primitive that answers it.
/// Each answer waits on the heap: the futures of all primitives side by side would make frames that fill a small stack.
macro_rules! intents {
    ($(#[doc = $about:literal] $name:ident = $verb:literal,)*) => {
        /// What a step wants.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "verb", deny_unknown_fields)]
        pub enum Intent {
            $(#[doc = $about] #[serde(rename = $verb)] $name(super::$name),)*
        }

        impl Intent {
            /// Every verb there is.
            pub const VERBS: &[&str] = &[$($verb),*];

            /// The primitive's name, such as `kong.stop`.
            #[must_use]
            pub fn verb(&self) -> &'static str {
                match self { $(Self::$name(_) => <super::$name as Primitive>::VERB,)* }
            }

            /// What it is about, in a few words, such as "Stopping nodes.".
            #[must_use]
            pub fn about(&self) -> &'static str {
                match self { $(Self::$name(_) => $about.trim_ascii(),)* }
            }

            /// What the step is to the gate.
            #[must_use]
            pub fn effect(&self) -> Effect {
                match self { $(Self::$name(primitive) => Primitive::effect(primitive),)* }
            }

            /// What the step observes, such as `node`; empty where it observes nothing.
            #[must_use]
            pub fn aspect(&self) -> &'static str {
                match self { $(Self::$name(_) => <super::$name as Primitive>::ASPECT,)* }
            }

            /// How many targets the step turns to at once.
            #[must_use]
            pub fn at_once(&self) -> usize {
                match self { $(Self::$name(_) => <super::$name as Primitive>::AT_ONCE,)* }
            }

            /// How long what a killed runner began may go on by itself, from when the step began.
            #[must_use]
            pub fn may_go_on(&self) -> Duration {
                match self { $(Self::$name(primitive) => primitive.may_go_on(),)* }
            }

            /// What the step acts upon, in order.
            #[must_use]
            pub fn targets(&self) -> Vec<String> {
                match self { $(Self::$name(primitive) => primitive.targets(),)* }
            }

            /// Looks at what the step is about to change at `target`.
            pub async fn observe(&self, world: &impl Gateway, target: &str) -> Result<Value, Failure> {
                match self { $(Self::$name(primitive) => Ok(value(&Box::pin(primitive.observe(world, target)).await?)),)* }
            }

            /// Refuses what must not be done at `target` in the state that was observed.
            pub async fn require(&self, world: &impl Gateway, target: &str, observed: &Value) -> Result<(), Failure> {
                match self { $(Self::$name(primitive) => Box::pin(primitive.require(world, target, &typed(observed)?)).await,)* }
            }

            /// Refuses what the run has not proven so far; answers what stays in doubt.
            pub async fn evidence(&self, world: &impl Gateway, history: &History) -> Result<Vec<String>, Failure> {
                match self { $(Self::$name(primitive) => Box::pin(primitive.evidence(world, history)).await,)* }
            }

            /// The intent that takes the step back at `target`.
            pub fn undo(&self, target: &str, observed: &Value) -> Result<Option<Intent>, Failure> {
                match self { $(Self::$name(primitive) => Ok(primitive.undo(target, &typed(observed)?)),)* }
            }

            /// What stays different for good where this is the undo of a step, in words.
            #[must_use]
            pub fn leaves(&self) -> Option<String> {
                match self { $(Self::$name(primitive) => primitive.leaves(),)* }
            }

            /// Acts on `target`, and reads the world back.
            pub async fn perform(&self, world: &impl Gateway, target: &str, observed: &Value) -> Result<Value, Failure> {
                match self {
                    $(Self::$name(primitive) => Ok(value(&Box::pin(primitive.perform(world, target, &typed(observed)?)).await?)),)*
                }
            }

            /// Whether a finished step still is a standing condition.
            #[must_use]
            pub fn stands(&self, before: &[Past], after: &[Past]) -> bool {
                match self { $(Self::$name(primitive) => Primitive::stands(primitive, before, after),)* }
            }

            /// Whether what a finished step established has lapsed, and what. The steps after it took `worked`.
            pub async fn lapsed(&self, world: &impl Gateway, outcome: &Value, worked: Duration) -> Result<Option<String>, Failure> {
                match self { $(Self::$name(primitive) => Box::pin(primitive.lapsed(world, typed(outcome)?, worked)).await,)* }
            }

            /// Finds out how a step at `target` turned out that was begun and never ended.
            pub async fn settle(&self, world: &impl Gateway, target: &str, observed: &Value) -> Result<Settled<Value>, Failure> {
                match self {
                    $(Self::$name(primitive) => Ok(match Box::pin(primitive.settle(world, target, &typed(observed)?)).await? {
                        Settled::Done(outcome) => Settled::Done(value(&outcome)),
                        Settled::NotDone => Settled::NotDone,
                        Settled::Partly => Settled::Partly,
                        Settled::Unknown(why) => Settled::Unknown(why),
                    }),)*
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn each_line_names_its_primitives_verb() {
                $(assert_eq!(<super::super::$name as Primitive>::VERB, $verb);)*
            }
        }
    };
}

intents! {
    /// The time.
    Now = "clock.now",
    /// Waiting.
    Pause = "clock.pause",
    /// A line in the journal.
    Note = "run.note",
    /// A person's approval.
    Approve = "run.approve",
    /// Waiting for the maintenance window.
    WaitFor = "run.wait_for",
    /// A closure for the way back.
    OnRollback = "run.on_rollback",
    /// What must hold wherever the run ends.
    Invariant = "run.invariant",
    /// Whether an upgrade is guaranteed.
    ReviewPath = "review.path",
    /// Whether configuration is handed out.
    ReviewHands = "review.hands",
    /// Judging the rules that an upgrade crosses.
    ReviewAdvisories = "review.advisories",
    /// The installed version of Kong.
    Version = "kong.version",
    /// What a node's Admin API says of it.
    Status = "kong.status",
    /// How far nodes' clocks are ahead.
    ClockAhead = "kong.clock_ahead",
    /// Whether Kong runs.
    Health = "kong.health",
    /// Whether the installed Kong accepts the configuration.
    CheckConfiguration = "kong.check",
    /// Whether the hosts of nodes let them be upgraded.
    CheckHosts = "kong.check_hosts",
    /// Whether nodes use the database that the environment names.
    ProveDatabase = "kong.prove_database",
    /// How many entities there are.
    Entities = "kong.entities",
    /// The data planes of a control plane.
    DataPlanes = "kong.data_planes",
    /// Whether data planes have what is handed to them.
    AwaitSync = "kong.await_sync",
    /// Whether a version reads declarative files.
    ParseDeclarative = "kong.parse_declarative",
    /// Keeping what DB-less nodes were sent.
    KeepDeclarative = "kong.keep_declarative",
    /// Sending it again.
    SendDeclarative = "kong.send_declarative",
    /// Exporting a database as a declarative file.
    DbExport = "kong.db_export",
    /// Importing a declarative file into an empty database.
    DbImport = "kong.db_import",
    /// What nodes go by.
    ReadSettings = "config.read",
    /// What a change set would do.
    ReviewChanges = "config.review",
    /// Adapting files as a change set says.
    Adapt = "config.adapt",
    /// Putting back what files were.
    PutFilesBack = "config.put_back",
    /// Bringing templates to the installed release.
    RebaseTemplates = "config.rebase",
    /// Putting back what templates were.
    PutTemplatesBack = "config.put_templates_back",
    /// Keeping files as they are, for a recording.
    MarkFiles = "config.mark",
    /// Recording what was changed since.
    RecordChanges = "config.record",
    /// What there is to know of nodes and their hosts.
    FactsOfNode = "node.facts",
    /// In what two nodes differ.
    CompareSettings = "env.compare",
    /// Comparing the configuration of two gateways.
    CompareConfiguration = "kong.compare_configuration",
    /// The state of the migrations.
    Migrations = "kong.migrations",
    /// Whether an earlier upgrade left something behind.
    CheckLeftovers = "kong.check_leftovers",
    /// Stopping nodes.
    Stop = "kong.stop",
    /// Starting nodes.
    Start = "kong.start",
    /// Reading the configuration again.
    Reload = "kong.reload",
    /// Watching the configuration.
    Freeze = "kong.freeze",
    /// The end of that.
    Thaw = "kong.thaw",
    /// The first half of the migrations.
    MigrateUp = "kong.migrate_up",
    /// The first half while another side serves on the same database.
    MigrateBeside = "kong.migrate_beside",
    /// Leaving what it made, on the way back.
    StayMigrated = "kong.stay_migrated",
    /// Leaving what the first half made, on the way back.
    LeaveMigrated = "kong.leave_migrated",
    /// Closing the database of a side that was left.
    Fence = "kong.fence",
    /// The second half.
    Finish = "kong.finish",
    /// Both halves on a copy that is to go live.
    MigrateClone = "kong.migrate_clone",
    /// Bringing a copy what was configured since.
    CatchUp = "kong.catch_up",
    /// Either half on a copy, as a rehearsal.
    MigrateScratch = "kong.migrate_scratch",
    /// Starting a node on a copy, for a rehearsal.
    StartScratch = "kong.start_scratch",
    /// Stopping it.
    StopScratch = "kong.stop_scratch",
    /// Entities against an earlier count.
    Compare = "kong.compare",
    /// The versions that could be installed.
    Available = "packages.available",
    /// Installing a version.
    Install = "packages.install",
    /// Bringing a version to nodes.
    Fetch = "packages.fetch",
    /// Keeping the installed package.
    Archive = "packages.archive",
    /// Keeping a package no longer.
    DropPackage = "packages.drop",
    /// What there is to know of a database.
    Facts = "database.facts",
    /// The rows of a table, what may be secret sealed.
    Rows = "database.rows",
    /// A backup.
    Backup = "database.backup",
    /// A backup's proof.
    Verify = "database.verify",
    /// A copy for a rehearsal.
    CloneDatabase = "database.clone",
    /// The database of the other side, made of one moment of this one.
    CloneTo = "database.clone_to",
    /// Whether a database is as it was copied.
    Unchanged = "database.unchanged",
    /// Dropping it.
    DropClone = "database.drop_clone",
    /// Bringing back what a backup holds.
    Restore = "database.restore",
    /// Dropping a copy of our own.
    DropCopy = "database.drop_copy",
    /// What lies between a database and its copy.
    OpenGap = "gap.open",
    /// Whether a pause is long enough for what nodes push.
    Settles = "gap.settles",
    /// What the copy lacks.
    MeasureGap = "gap.measure",
    /// Carrying what was counted to the other side.
    Carry = "gap.carry",
    /// Taking that back.
    TakeBack = "gap.take_back",
    /// What both sides counted.
    ReportGap = "gap.report",
    /// Noting what configuration a copy holds.
    NoteConfiguration = "gap.note_configuration",
    /// What was configured there since.
    Configured = "gap.configured",
    /// The end of carrying.
    CloseGap = "gap.close",
    /// Leaving it ended, on the way back.
    StayClosed = "gap.stay_closed",
    /// What load balancers give nodes.
    TrafficStatus = "traffic.status",
    /// Whether everything behind a load balancer is listed.
    CheckListed = "traffic.check_listed",
    /// Taking nodes out of rotation.
    Drain = "traffic.drain",
    /// Putting nodes into rotation.
    Admit = "traffic.admit",
    /// Splitting the traffic between two sides.
    Split = "traffic.split",
    /// Answering for routes.
    Terminate = "traffic.terminate",
    /// Sending the clients of routes elsewhere.
    Redirect = "traffic.redirect",
    /// Sending a share of a service's requests elsewhere.
    Canary = "traffic.canary",
    /// Setting a plugin as it was found.
    PutBack = "traffic.put_back",
    /// Watching what clients get.
    Watch = "traffic.watch",
    /// What they got.
    Watched = "traffic.watched",
    /// The end of watching.
    Unwatch = "traffic.unwatch",
    /// Setting what was found.
    SetRotation = "traffic.set",
    /// One request, and what its answer must be.
    Check = "http.check",
    /// The same until it holds.
    Poll = "http.poll",
    /// Many checks.
    CheckAll = "http.check_all",
    /// Checks made from routes and plugins.
    CheckGenerated = "http.check_generated",
    /// Comparing the answers of two gateways.
    CompareAnswers = "http.compare",
    /// Whether nodes reach what is configured.
    Reach = "node.reach",
    /// A command on the hosts of nodes.
    Exec = "node.exec",
    /// A small file in the practice directory.
    Write = "practice.write",
    /// Its removal.
    Remove = "practice.remove",
}

fn value(typed: &impl Serialize) -> Value {
    let value = serde_json::to_value(typed);
    redacted_value(value.expect("outcomes and observations are plain data with string keys"))
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value).map_err(|source| {
        Failure::new(
            "cutover.record",
            format!("the record does not fit this version of cutover: {source}"),
        )
        .hint("resume the run with the version of cutover that started it")
    })
}
