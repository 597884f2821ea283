//! The real world: one file or folder per real system. Nothing here knows the journal, the script or the command line.

mod databases;
mod kong;
mod packages;
pub mod postgres;
mod practice;
pub mod process;
mod processes;
pub mod secret;
mod traffic;
mod web;
pub mod world_lock;

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Clock, Failure, Hold, Holding, Report};
use crate::environment::{Cluster, Database, Environment, Node};

/// A pause this long is told, so that whoever watches knows what is waited for.
const TOLD: Duration = Duration::from_secs(1);

/// The real world of one environment, for one run.
pub struct Live {
    environment: Environment,
    /// The run, as it marks the databases that it makes.
    run: String,
    /// The run's directory for captured output.
    output: PathBuf,
    report: Rc<dyn Report>,
    /// The step that acts now.
    step: Cell<u32>,
    /// How many programs this runner has started, so that each has an output file of its own.
    started: Cell<u32>,
    client: reqwest::Client,
    /// What keeps other runners out; absent where nothing is changed.
    locks: Option<Rc<world_lock::WorldLocks>>,
}

impl Live {
    /// The world of `environment` for `run`, whose captured output goes to the directory `output`.
    #[must_use]
    pub fn new(
        environment: Environment,
        run: &str,
        output: PathBuf,
        report: Rc<dyn Report>,
    ) -> Self {
        let live = Self {
            environment,
            run: run.to_owned(),
            output,
            report,
            step: Cell::new(0),
            started: Cell::new(0),
            client: web::client(),
            locks: None,
        };
        // What a runner that was killed left there; where there is nothing, there is nothing to remove.
        let _ = std::fs::remove_dir_all(live.temporary());
        live
    }

    /// The same, held by `locks`.
    #[must_use]
    pub fn held_by(self, locks: Option<Rc<world_lock::WorldLocks>>) -> Self {
        Self { locks, ..self }
    }

    /// Where directories are made that no step outlives.
    fn temporary(&self) -> PathBuf {
        self.output.join("temporary")
    }

    /// The node called `name`, and its cluster.
    fn node(&self, name: &str) -> Result<(&Cluster, &Node), Failure> {
        let missing = || {
            Failure::new(
                "environment.node",
                format!("the environment has no node `{name}`"),
            )
        };
        self.environment
            .node(name)
            .map(|(_, cluster, node)| (cluster, node))
            .ok_or_else(missing)
    }

    /// The database called `name`.
    fn database(&self, name: &str) -> Result<&Database, Failure> {
        let missing = || {
            Failure::new(
                "environment.database",
                format!("the environment has no database `{name}`"),
            )
        };
        self.environment.databases.get(name).ok_or_else(missing)
    }

    /// The database of a cluster, with its name.
    fn database_of(&self, cluster: &Cluster) -> Result<(&str, &Database), Failure> {
        let name = cluster.database.as_deref();
        let name = name
            .ok_or_else(|| Failure::new("environment.database", "the cluster has no database"))?;
        self.environment
            .databases
            .get_key_value(name)
            .map(|(name, database)| (name.as_str(), database))
            .ok_or_else(|| {
                Failure::new(
                    "environment.database",
                    format!("the environment has no database `{name}`"),
                )
            })
    }

    /// Runs a program: its start goes to the journal before it is waited for, its whole output to a file of its own.
    async fn run_program(
        &self,
        mut program: process::Program,
    ) -> Result<process::Finished, Failure> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let name = program
            .program
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        program.log = Some(
            self.output
                .join(format!("step-{}-{number}-{name}.log", self.step.get())),
        );
        let report = &self.report;
        let recorded = |identity: &super::ProcessIdentity| {
            report
                .process_started(&name, identity)
                .map_err(|failure| std::io::Error::other(failure.message))
        };
        process::run(&program, recorded)
            .await
            .map_err(|error| Failure::new("process.failed", error.to_string()))
    }
}

impl Hold for Live {
    async fn holding(&self) -> Holding {
        match &self.locks {
            Some(locks) => locks.holding().await,
            None => Holding::Ours,
        }
    }
}

impl Clock for Live {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pause(&self, duration: Duration) {
        if duration >= TOLD {
            let until = Timestamp::now() + duration;
            let until = until.strftime("%H:%M:%S UTC");
            self.report.progress(&format!("waiting until {until}"));
        }
        tokio::time::sleep(duration).await;
    }
}
