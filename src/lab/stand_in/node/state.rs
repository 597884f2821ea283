//! What a node's listeners share: sessions, caches, counters, and what was built from the tables.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::super::conf::{DatabaseKind, Role, Settings};
use super::super::faults::Faults;
use super::NodeError;
use super::database::Database;
use super::events::Stale;
use super::facts::Facts;
use super::hybrid::{self, Changes};
use super::proxy::{
    Credentials, Groups, LocalCounters, Plugins, Redis, Router, Upstreams, Waiting,
};
use super::schema::Schema;
use super::store::{Memory, Source, Store, StoreError};
use super::traffic::Traffic;
use crate::kong::Version;
use crate::lab::http;

/// What the stand-in can run that the open source does not bring, with its priority.
const CUSTOM: [(&str, i64); 1] = [("canary", 13)];

/// A node while it runs.
pub(super) struct Node {
    pub(super) version: Version,
    pub(super) settings: Settings,
    pub(super) id: Uuid,
    pub(super) facts: Facts,
    pub(super) schema: Schema,
    pub(super) source: Source,
    /// A control plane's, for those who give its configuration to data planes.
    pub(super) changes: Changes,
    pub(super) stale: Stale,
    pub(super) credentials: Credentials,
    pub(super) groups: Groups,
    pub(super) counters: LocalCounters,
    pub(super) redis: Redis,
    pub(super) waiting: Waiting,
    pub(super) traffic: Traffic,
    pub(super) client: http::Client,
    /// Work behind the answers' backs, which a graceful end waits for.
    pub(super) background: Mutex<JoinSet<()>>,
    correlations: (Uuid, AtomicU64),
    router: RwLock<Arc<Router>>,
    plugins: RwLock<Arc<Plugins>>,
    upstreams: RwLock<Arc<Upstreams>>,
}

impl Node {
    pub(super) fn new(version: Version, settings: Settings) -> Result<Self, NodeError> {
        let facts = Facts::of(&version).ok_or(NodeError::Version { version })?;
        let has_tables = settings.database == DatabaseKind::Postgres;
        let mut schema = Schema::of(&version);
        if !has_tables || settings.role == Role::ControlPlane {
            schema = schema.without_tables();
        }
        Ok(Self {
            source: if has_tables {
                Source::Database(Box::new(Database::new(&settings.postgres, &version)?))
            } else {
                Source::Memory(Memory::default())
            },
            changes: Changes::default(),
            schema,
            facts,
            version,
            id: hybrid::node_id(&version, &settings),
            settings,
            stale: Stale::default(),
            credentials: Credentials::default(),
            groups: Groups::default(),
            counters: LocalCounters::default(),
            redis: Redis::default(),
            waiting: Waiting::default(),
            traffic: Traffic::default(),
            client: http::client(),
            background: Mutex::default(),
            correlations: (Uuid::new_v4(), AtomicU64::new(0)),
            router: RwLock::default(),
            plugins: RwLock::default(),
            upstreams: RwLock::default(),
        })
    }

    /// Whether the node has a plugin: it is bundled with its version, or is one of [`CUSTOM`] that its configuration names.
    pub(super) fn has_plugin(&self, name: &str) -> bool {
        self.facts.plugin_priorities.contains_key(name)
            || self.custom_plugins().any(|(custom, _)| *custom == name)
    }

    /// The plugins, with their priorities, that it has besides the bundled ones.
    pub(super) fn custom_plugins(&self) -> impl Iterator<Item = &'static (&'static str, i64)> {
        let named = |name: &str| self.settings.plugins.iter().any(|one| one == name);
        CUSTOM.iter().filter(move |(name, _)| named(name))
    }

    pub(super) fn store(&self) -> Store<'_> {
        Store {
            source: &self.source,
            schema: &self.schema,
            node_id: self.id,
        }
    }

    /// The database, where there is one.
    pub(super) fn tables(&self) -> Option<&Database> {
        match &self.source {
            Source::Database(database) => Some(database),
            Source::Memory(_) => None,
        }
    }

    /// Whether the database answers; where there is none it does, as for Kong.
    pub(super) async fn reaches_database(&self) -> bool {
        match &self.source {
            Source::Database(database) => database.is_reachable().await,
            Source::Memory(_) => true,
        }
    }

    pub(super) fn router(&self) -> Arc<Router> {
        Arc::clone(&self.router.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn plugins(&self) -> Arc<Plugins> {
        Arc::clone(&self.plugins.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn upstreams(&self) -> Arc<Upstreams> {
        Arc::clone(
            &self
                .upstreams
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Rebuilds what is stale; what cannot be read stays as it was, and stale.
    pub(super) async fn rebuild_stale(&self) {
        if let Err(error) = self.rebuild().await {
            tracing::warn!("cannot rebuild: {error}");
        }
    }

    pub(super) async fn rebuild(&self) -> Result<(), StoreError> {
        let store = self.store();
        let all = async |name: &str| store.all(self.schema.known(name)).await;
        // The mark goes before the reading: what changes meanwhile marks it again.
        if self.stale.router.swap(false, Ordering::Relaxed) {
            let built = async {
                let (routes, services) = (all("routes").await?, all("services").await?);
                Ok(Router::new(&self.version, &routes, &services))
            };
            put(&self.router, built.await).inspect_err(|_| mark(&self.stale.router))?;
        }
        if self.stale.plugins.swap(false, Ordering::Relaxed) {
            let built = async {
                Ok(Plugins::new(
                    &self.version,
                    &self.facts.plugin_priorities,
                    &all("plugins").await?,
                ))
            };
            put(&self.plugins, built.await).inspect_err(|_| mark(&self.stale.plugins))?;
        }
        let is_stuck = Faults::of(self.settings.faults_directory()).balancer_stuck;
        if !is_stuck && self.stale.balancer.swap(false, Ordering::Relaxed) {
            let built = async {
                Ok(Upstreams::new(
                    &all("upstreams").await?,
                    &all("targets").await?,
                ))
            };
            put(&self.upstreams, built.await).inspect_err(|_| mark(&self.stale.balancer))?;
        }
        Ok(())
    }

    /// The name that it says it has: its machine's, or one of its own where many of a practice cluster are on one.
    pub(super) fn hostname(&self) -> String {
        let set = self.settings.all.get("practice_hostname");
        set.cloned().unwrap_or_else(|| {
            let system = rustix::system::uname();
            system.nodename().to_string_lossy().into_owned()
        })
    }

    /// Counts a request and obeys the faults that concern the process.
    pub(super) fn heed_faults(&self) -> Faults {
        let faults = Faults::of(self.settings.faults_directory());
        let requests = self.traffic.count();
        if faults
            .dies_after_requests
            .is_some_and(|most| requests > most)
        {
            // Dying is the point: no answer, no pid file removed, as after a crash.
            std::process::abort();
        }
        faults
    }

    /// The time by the node's clock.
    pub(super) fn now(&self) -> Timestamp {
        let ahead = Faults::of(self.settings.faults_directory()).clock_ahead_ms;
        Timestamp::now() + SignedDuration::from_millis(ahead.unwrap_or(0))
    }

    /// Does something behind an answer's back.
    pub(super) async fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background.lock().await;
        // What is done already need not be remembered.
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }

    pub(super) fn next_correlation(&self) -> String {
        let (worker, count) = &self.correlations;
        format!("{worker}#{}", count.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(super) fn invalid_key_message(&self) -> &'static str {
        if self.version.is_at_least(3, 7) {
            "Unauthorized"
        } else {
            "Invalid authentication credentials"
        }
    }

    /// The `Via` header of an answer that had this one before; from 3.8 on with the protocol, and behind what was there.
    pub(super) fn via(&self, before: Option<&str>) -> String {
        let version = &self.version;
        match before {
            _ if !version.is_at_least(3, 8) => format!("kong/{version}"),
            None => format!("1.1 kong/{version}"),
            Some(before) => format!("{before}, 1.1 kong/{version}"),
        }
    }
}

fn put<T>(place: &RwLock<Arc<T>>, built: Result<T, StoreError>) -> Result<(), StoreError> {
    *place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(built?);
    Ok(())
}

fn mark(stale: &AtomicBool) {
    stale.store(true, Ordering::Relaxed);
}
