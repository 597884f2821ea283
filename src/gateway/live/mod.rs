//! The real world: one file or folder per real system. Nothing here knows the journal, the script or the command line.

mod adapting;
mod addresses;
mod cassandra;
mod client;
mod commands;
mod copying;
mod databases;
mod declarative;
mod facts;
mod gap;
mod hosts;
pub mod hurl;
mod kong;
mod look;
mod outside;
mod packages;
pub mod postgres;
mod practice;
mod preflight;
mod private_file;
mod prober;
pub mod process;
mod processes;
mod reaching;
pub mod redis;
mod review;
mod scratch;
mod seal;
pub mod secret;
mod service;
mod settings;
mod traffic;
mod trust;
mod waiting;
mod web;
pub mod world_lock;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::{
    Clock, Failure, Hold, Holding, Moment, ProcessIdentity, Report, ScratchCopy, ScratchNode, Seen,
};
use crate::environment::{Access, Cluster, Database, Environment, Node};

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
    /// When this gateway was made.
    begun: Instant,
    /// The step that acts now.
    step: Cell<u32>,
    /// How many programs this runner has started, so that each has an output file of its own.
    started: Cell<u32>,
    client: client::Client,
    /// The connections to hosts of nodes.
    connections: hosts::Connections,
    /// Whose turn it is to install packages, by host.
    installing: RefCell<BTreeMap<String, Rc<tokio::sync::Mutex<()>>>>,
    /// How requests are encrypted, as far as it was read.
    profiles: web::Profiles,
    /// Secrets of requests that were fetched.
    fetched: RefCell<BTreeMap<String, secret::Secret>>,
    /// The clusters that are watched.
    probers: RefCell<BTreeMap<String, prober::Prober>>,
    /// What probers saw that are gone, until somebody asks.
    last_seen: RefCell<Vec<(String, Moment, Seen)>>,
    /// Which moment of the run this is.
    moment: Cell<Moment>,
    access: Access,
    /// Whether what a killed runner left on this machine was removed.
    is_swept: OnceCell<()>,
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
        Self {
            connections: hosts::Connections::of(
                run,
                &output,
                environment.ssh.configuration.clone(),
            ),
            environment,
            run: run.to_owned(),
            output,
            report,
            begun: Instant::now(),
            step: Cell::new(0),
            started: Cell::new(0),
            client: client::Client::new(Access::Run),
            installing: RefCell::default(),
            profiles: web::Profiles::default(),
            fetched: RefCell::default(),
            probers: RefCell::default(),
            last_seen: RefCell::default(),
            moment: Cell::default(),
            access: Access::Run,
            locks: None,
            is_swept: OnceCell::new(),
        }
    }

    /// The same for looking alone: its sessions cannot write, and requests and programs that do more than look are refused.
    ///
    /// Decided here, where the world is made, so that no verb has to know of it.
    #[must_use]
    pub fn for_looking(self) -> Self {
        Self {
            environment: self.environment.for_looking(),
            client: client::Client::new(Access::Look),
            access: Access::Look,
            ..self
        }
    }

    /// The same, held by `locks`.
    #[must_use]
    pub fn held_by(self, locks: Option<Rc<world_lock::WorldLocks>>) -> Self {
        Self { locks, ..self }
    }

    /// The node called `name`, and its cluster.
    async fn node(&self, name: &str) -> Result<(Cow<'_, Cluster>, Cow<'_, Node>), Failure> {
        match ScratchNode::named(name) {
            Some(scratch) => self.scratch_node(&scratch).await,
            None => self.listed_node(name),
        }
    }

    /// The node of the environment called `name`, and its cluster.
    fn listed_node(&self, name: &str) -> Result<(Cow<'_, Cluster>, Cow<'_, Node>), Failure> {
        let missing = || {
            Failure::new(
                "environment.node",
                format!("the environment has no node `{name}`"),
            )
        };
        self.environment
            .node(name)
            .map(|(_, cluster, node)| (Cow::Borrowed(cluster), Cow::Borrowed(node)))
            .ok_or_else(missing)
    }

    /// The database called `name`.
    fn database(&self, name: &str) -> Result<Cow<'_, Database>, Failure> {
        if let Some(scratch) = ScratchCopy::named(name) {
            let server = self.environment_database(&scratch.database)?;
            return Ok(Cow::Owned(Database {
                database: scratch.copy,
                ..server.clone()
            }));
        }
        self.environment_database(name).map(Cow::Borrowed)
    }

    fn environment_database(&self, name: &str) -> Result<&Database, Failure> {
        let missing = || {
            Failure::new(
                "environment.database",
                format!("the environment has no database `{name}`"),
            )
        };
        if self.environment.cassandra.contains_key(name) {
            return Err(Failure::of_cassandra(name));
        }
        self.environment.databases.get(name).ok_or_else(missing)
    }

    /// The database of a cluster, with its name.
    fn database_of(&self, cluster: &Cluster) -> Result<(String, Cow<'_, Database>), Failure> {
        let name = cluster.database.as_deref();
        let name = name
            .ok_or_else(|| Failure::new("environment.database", "the cluster has no database"))?;
        Ok((name.to_owned(), self.database(name)?))
    }

    /// The Cassandra of a cluster, if it has one.
    fn cassandra_of<'a>(
        &'a self,
        cluster: &'a Cluster,
    ) -> Result<Option<cassandra::Cluster<'a>>, Failure> {
        let name = cluster.database.as_deref();
        name.map_or(Ok(None), |name| self.cassandra(name))
    }

    /// Whoever says which programs may be started, and writes them down.
    fn starts(&self) -> postgres::Starts {
        let report = self.report.clone();
        let record = move |program: &str, process: &ProcessIdentity| {
            report
                .process_started(program, process)
                .map_err(|failure| std::io::Error::other(failure.message))
        };
        postgres::Starts::recorded(record).within(self.access)
    }

    /// The same for PostgreSQL's tools, which have a file with the password each.
    async fn starts_of_tools(&self) -> postgres::Starts {
        let files = self.temporary_on(&hosts::Host::Here).await;
        self.starts().with_files_in(files)
    }

    /// Runs a program: its start goes to the journal before it is waited for, its whole output to a file of its own.
    async fn run_program(&self, program: process::Program) -> Result<process::Finished, Failure> {
        self.run_program_on(&hosts::Host::Here, program).await
    }

    /// The same on a host.
    async fn run_program_on(
        &self,
        host: &hosts::Host,
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
        Ok(self.starts().run_on(host, &name, &program).await?)
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

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
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
