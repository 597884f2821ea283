//! A world that fails where it is told to: for the failure sweeps, and for trying out what a playbook does when something breaks.

mod preflight;
mod step;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Adaptation, Adapted, Adapting, AdminAccess, AdminStatus, BackupFacts, BaselineFacts, Clock,
    CommandAnswer, Commands, Configuration, Configurations, ContentDigest, CopyFacts, CopyFound,
    Counted, DataPlane, DatabaseFacts, Databases, Declarative, Expectation, ExportedDatabase,
    Facts, Failure, Gap, GapFacts, Given, Hold, Holding, HttpAnswer, HttpRequest, KeptDeclarative,
    KeptPackage, Kong, KongSessions, Lacking, MigrationRun, Moment, NodeFacts, Packages, Plugin,
    PluginPlace, Plugins, Practice, Probe, Probing, ProcessIdentity, Processes, Reach, Reached,
    Reaching, Rebased, Recorded, Review, Rotation, ScratchCopy, ScratchPlace, Seen, Sides, Since,
    Stopped, StrangeNode, SyncRates, TableTotals, TableWrites, Totals, Traffic, Turn, TurnKind,
    VerifyTier, Web, WriteDenial, Writes,
};
use crate::kong::Version;
use crate::kong::advisories::Evidence;
use crate::kong::changes::VisibleRows;
use crate::kong::migrations::{MigrationState, Names};
use crate::kong::rows::Row;

use step::StepFaults;
pub use step::{FaultMoment, StepFault};

/// How long a call takes that its deadline cuts off.
const LATE: Duration = Duration::from_mins(15);

/// Which call fails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// No call fails; they are counted.
    Never,
    /// The `n`th call that changes the world, from 1, fails before it does anything.
    FailBefore(u32),
    /// The `n`th call that changes the world, from 1, does its work and then reports failure.
    FailAfter(u32),
    /// The same, after a quarter of an hour: its deadline cut it off.
    FailLate(u32),
    /// The `n`th call and every later one fails before it does anything.
    FailFrom(u32),
    /// The first of these calls fails before it does anything, and so does the second.
    FailBoth(u32, u32),
}

/// A world in which one call fails.
#[derive(Debug)]
pub struct Faulty<World> {
    world: World,
    plan: Plan,
    steps: StepFaults,
    changes: Cell<u32>,
    calls: RefCell<Vec<ChangingCall>>,
}

/// A call that changed the world, or would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangingCall {
    /// The step that it was part of.
    pub step: u32,
    /// The step's verb; on the way back, that of its undo.
    pub verb: String,
    /// What the call acts upon: a node, a database, a file.
    pub target: String,
    /// The step whose undo it was part of, on the way back.
    pub undoes: Option<u32>,
}

impl<World: Clock> Faulty<World> {
    /// `world`, failing as `plan` says.
    pub fn new(world: World, plan: Plan) -> Self {
        Self {
            world,
            plan,
            steps: StepFaults::default(),
            changes: Cell::new(0),
            calls: RefCell::default(),
        }
    }

    /// The same, with steps that fail by their verbs.
    #[must_use]
    pub fn with_steps(mut self, faults: Vec<StepFault>) -> Self {
        self.steps = StepFaults::new(faults);
        self
    }

    /// The steps whose failure was wanted and whose call never came.
    pub fn missed(&self) -> Vec<StepFault> {
        self.steps.missed()
    }

    /// The calls that change the world, in order.
    pub fn calls(&self) -> Vec<ChangingCall> {
        self.calls.borrow().clone()
    }

    /// The world behind the faults.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How many calls that change the world were made.
    pub fn changes(&self) -> u32 {
        self.changes.get()
    }

    /// Runs one call that changes `target`, unless its turn has come.
    async fn change<T>(
        &self,
        target: &str,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let number = self.changes.get() + 1;
        self.changes.set(number);
        self.calls.borrow_mut().extend(self.steps.calls(target));
        match self.steps.call(TurnKind::Changes) {
            Some((FaultMoment::Before, failure)) => return Err(failure),
            Some((FaultMoment::After, failure)) => return call.await.and(Err(failure)),
            None => {}
        }
        let injected =
            || Failure::new("faulty.injected", format!("call {number} was made to fail"));
        match self.plan {
            Plan::FailBefore(chosen) if number == chosen => Err(injected()),
            Plan::FailFrom(chosen) if number >= chosen => Err(injected()),
            Plan::FailBoth(first, second) if number == first || number == second => Err(injected()),
            Plan::FailLate(chosen) if number == chosen => {
                call.await?;
                self.world.pause(LATE).await;
                Err(Failure::new(
                    "process.deadline",
                    format!("call {number} was cut off by its deadline"),
                ))
            }
            Plan::FailAfter(chosen) if number == chosen => {
                call.await?;
                Err(injected())
            }
            Plan::Never
            | Plan::FailBefore(_)
            | Plan::FailAfter(_)
            | Plan::FailLate(_)
            | Plan::FailFrom(_)
            | Plan::FailBoth(..) => call.await,
        }
    }

    /// Runs one call that only looks, unless its step is to fail.
    async fn look<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match self.steps.call(TurnKind::Looks) {
            Some((_, failure)) => Err(failure),
            None => call.await,
        }
    }
}

impl<World: Clock> Clock for Faulty<World> {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }

    async fn pause(&self, duration: Duration) {
        self.world.pause(duration).await;
    }
}

impl<World: Hold> Hold for Faulty<World> {
    async fn holding(&self) -> Holding {
        self.world.holding().await
    }
}

impl<World: Processes> Processes for Faulty<World> {
    fn turn_to(&self, turn: Turn<'_>) {
        self.steps.turn_to(&turn);
        self.world.turn_to(turn);
    }

    fn turn_over(&self) {
        self.steps.turn_over();
        self.world.turn_over();
    }

    async fn end_process(&self, process: &ProcessIdentity, time: Duration) -> Result<(), Failure> {
        self.world.end_process(process, time).await
    }

    async fn clear(&self, nodes: &BTreeSet<String>) {
        self.world.clear(nodes).await;
    }
}

/// Hands each verb on; those marked `change` are counted and can fail. The first argument is what a verb acts upon.
macro_rules! hand_on {
    ($trait:ident { $($kind:ident fn $verb:ident($target:ident: $first:ty $(, $argument:ident: $type:ty)*) -> $answer:ty;)* }) => {
        impl<World: $trait + Clock> $trait for Faulty<World> {
            $(async fn $verb(&self, $target: $first $(, $argument: $type)*) -> Result<$answer, Failure> {
                hand_on!(@$kind self, $target, self.world.$verb($target $(, $argument)*))
            })*
        }
    };
    (@look $faulty:ident, $target:ident, $call:expr) => { $faulty.look($call).await };
    (@change $faulty:ident, $target:ident, $call:expr) => { $faulty.change($target, $call).await };
}

hand_on! { Practice {
    look fn read_practice_file(name: &str) -> Option<String>;
    change fn write_practice_file(name: &str, text: Option<&str>) -> ();
} }

hand_on! { Kong {
    look fn installed_version(node: &str) -> Version;
    look fn is_running(node: &str) -> bool;
    change fn start_node(node: &str) -> ();
    change fn stop_node(node: &str, patience: Duration) -> Stopped;
    change fn reload_node(node: &str) -> ();
    look fn file_digests(node: &str) -> BTreeMap<String, String>;
    look fn check_configuration(node: &str) -> ();
    look fn admin_status(node: &str) -> AdminStatus;
    look fn clock_ahead(node: &str) -> i64;
    look fn entities(node: &str) -> BTreeMap<String, u64>;
    look fn admin_access(node: &str) -> AdminAccess;
    change fn close_admin(node: &str) -> ();
    change fn open_admin(node: &str) -> ();
    look fn prove_database(node: &str) -> ();
    look fn nodes_on(database: &str) -> Vec<String>;
    look fn strange_nodes(node: &str) -> Vec<StrangeNode>;
    look fn migration_state(node: &str) -> MigrationState;
    change fn migrations_up(node: &str, lock_timeout: Duration) -> MigrationRun;
    change fn migrations_finish(node: &str, lock_timeout: Duration) -> MigrationRun;
} }

hand_on! { Plugins {
    look fn available_plugins(node: &str) -> BTreeSet<String>;
    look fn plugin(node: &str, place: &PluginPlace) -> Option<Plugin>;
    change fn put_plugin(node: &str, place: &PluginPlace, plugin: &Plugin) -> ();
    change fn remove_plugin(node: &str, place: &PluginPlace, id: &str) -> ();
    look fn speaks(node: &str, service: &str, protocol: &str) -> bool;
} }

hand_on! { Packages {
    look fn available_versions(node: &str) -> Vec<Version>;
    look fn trial_versions(node: &str) -> Vec<Version>;
    look fn kept_versions(node: &str) -> Vec<Version>;
    look fn admit_package(node: &str, version: &Version) -> ();
    look fn package_is_whole(node: &str, version: &Version) -> bool;
    change fn keep_package(node: &str, version: &Version) -> KeptPackage;
    change fn drop_package(node: &str, version: &Version) -> ();
    change fn install_package(node: &str, version: &Version) -> ();
} }

hand_on! { Databases {
    look fn database_facts(database: &str) -> DatabaseFacts;
    look fn content_digest(database: &str) -> ContentDigest;
    change fn back_up(database: &str) -> BackupFacts;
    look fn find_backup(database: &str) -> Option<BackupFacts>;
    change fn verify_backup(database: &str, backup: &BackupFacts, tier: VerifyTier, keep: Option<&str>) -> ();
    look fn scratch_place(database: &str) -> ScratchPlace;
    change fn clone_backup(database: &str, backup: &BackupFacts, copy: &ScratchCopy) -> ();
    look fn visible_rows(database: &str) -> VisibleRows;
    look fn rows(database: &str, table: &str) -> Vec<Row>;
    look fn has_copy(database: &str, copy: &str) -> bool;
    change fn drop_copy(database: &str, copy: &str) -> ();
    change fn restore_database(database: &str, backup: &BackupFacts, copy: Option<&str>, retired: &str) -> ();
    look fn take_baseline(database: &str) -> BaselineFacts;
    look fn writes_since(database: &str, since: &Since) -> Writes;
    look fn await_no_migration_session(database: &str) -> u64;
    look fn pending_migrations(database: &str) -> Names;
    look fn migration_lock(database: &str) -> bool;
    change fn clear_migration_lock(database: &str) -> ();
    look fn kong_sessions(database: &str) -> KongSessions;
    look fn write_denial(database: &str) -> WriteDenial;
    change fn set_write_denial(database: &str, denial: WriteDenial) -> ();
    look fn is_fenced(database: &str) -> bool;
    change fn set_fence(database: &str, closed: bool) -> ();
    look fn long_transactions(database: &str, age: Duration) -> Vec<String>;
} }

hand_on! { Gap {
    look fn copy_found(to: &str) -> CopyFound;
    look fn copy_taken_at(database: &str) -> Option<Timestamp>;
    change fn make_copy(to: &str, from: &str) -> CopyFacts;
    change fn drop_made_copy(to: &str) -> ();
    look fn gap(sides: &Sides) -> GapFacts;
    look fn lacking(sides: &Sides) -> Vec<Lacking>;
    look fn counted(sides: &Sides) -> Vec<Counted>;
    look fn sync_rates(database: &str) -> SyncRates;
    look fn carried_into(database: &str) -> Totals;
    change fn catch_up(original: &str, copy: &str, both: bool) -> Given;
    change fn carry(to: &str, sides: &Sides) -> Vec<TableTotals>;
    change fn take_back(original: &str, copy: &str) -> ();
    change fn copy_again(from: &str, again: &ScratchCopy) -> ContentDigest;
    change fn bring_configuration(copy: &str, again: &ScratchCopy) -> Vec<TableWrites>;
    change fn note_configuration(copy: &str) -> ();
    look fn configured(copy: &str) -> Option<Vec<TableWrites>>;
    change fn close_gap(original: &str, copy: &str) -> ();
} }

hand_on! { Review {
    look fn evidence(cluster: &str) -> Evidence;
} }

hand_on! { Configurations {
    look fn configuration(node: &str, kinds: &[&str]) -> Configuration;
    look fn node_settings(node: &str) -> crate::kong::conf::Configuration;
    look fn rendered_settings(node: &str) -> BTreeMap<String, String>;
    look fn schemas(node: &str, of: &[String]) -> BTreeMap<String, Value>;
} }

hand_on! { Reaching {
    look fn reach(node: &str, address: &crate::kong::addresses::Address) -> Reached;
    look fn named_by_settings(node: &str) -> BTreeMap<crate::kong::addresses::Address, BTreeSet<String>>;
} }

hand_on! { Adapting {
    look fn adaptation(node: &str, change_set: &str) -> Adaptation;
    change fn adapt(node: &str, change_set: &str) -> Vec<String>;
    look fn adapted(node: &str, change_set: &str) -> Adapted;
    change fn put_files_back(node: &str, change_set: &str) -> ();
    look fn templates(node: &str) -> BTreeMap<String, Option<String>>;
    change fn rebase(node: &str) -> Rebased;
    look fn rebased(node: &str) -> Adapted;
    change fn put_templates_back(node: &str) -> ();
    change fn mark_files(node: &str) -> usize;
    look fn marked_files(node: &str) -> Option<usize>;
    change fn record_changes(node: &str, change_set: &str) -> Recorded;
} }

hand_on! { Declarative {
    look fn data_planes(node: &str) -> Vec<DataPlane>;
    look fn parse_declarative(node: &str, version: &Version) -> ();
    change fn keep_declarative(node: &str) -> KeptDeclarative;
    look fn kept_declarative(node: &str) -> Option<KeptDeclarative>;
    change fn send_declarative(node: &str) -> String;
    change fn export_database(node: &str) -> ExportedDatabase;
    look fn exported_database(node: &str) -> Option<ExportedDatabase>;
    change fn import_database(node: &str, exported: &ExportedDatabase) -> ();
    look fn exportable_rows(database: &str) -> u64;
} }

hand_on! { Facts {
    look fn node_facts(node: &str) -> NodeFacts;
} }

hand_on! { Traffic {
    look fn rotation(node: &str) -> Rotation;
    change fn set_rotation(node: &str, rotation: &Rotation) -> ();
} }

impl<World: Probing + Clock> Probing for Faulty<World> {
    async fn watch(&self, cluster: &str, probe: &Probe) -> Result<(), Failure> {
        self.look(self.world.watch(cluster, probe)).await
    }

    async fn unwatch(&self, cluster: &str) -> Result<(), Failure> {
        self.look(self.world.unwatch(cluster)).await
    }

    async fn watched(&self, cluster: &str) -> Result<Seen, Failure> {
        self.look(self.world.watched(cluster)).await
    }

    fn seen(&self) -> Vec<(String, Moment, Seen)> {
        self.world.seen()
    }

    async fn stop_watching(&self) {
        self.world.stop_watching().await;
    }
}

hand_on! { Web {
    look fn request(request: &HttpRequest, reach: &Reach, hoped: &Expectation) -> HttpAnswer;
    look fn answers_clients(node: &str) -> bool;
    look fn proxy_url(node: &str) -> String;
} }

hand_on! { Commands {
    change fn execute(node: &str, command: &[String], within: Duration, hoped: i32) -> CommandAnswer;
} }
