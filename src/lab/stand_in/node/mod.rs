//! The node: a process with a proxy, an Admin API and a status listener over Kong's real tables.
//!
//! It owns what the listeners share (sessions, caches, what was built from them) and the process's signals. What a path or a
//! plugin means is in the rooms below.

mod admin;
mod answers;
mod database;
mod events;
mod facts;
mod faults;
mod proxy;
mod rows;
mod schema;
mod store;
mod traffic;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

pub use faults::{FAULTS, Faults};

use super::conf::{Listen, Settings};
use crate::kong::Version;
use crate::lab::http;
use database::Database;
use events::Stale;
use facts::Facts;
use proxy::{Credentials, LocalCounters, Plugins, Router, Upstreams};
use schema::Schema;
use store::{Store, StoreError};
use traffic::Traffic;

/// The file, in the prefix, that says which addresses were bound.
pub const LISTENING: &str = "listening.json";

/// The file of the process id, in the prefix, where Kong has nginx's.
const PID_FILE: &str = "pids/nginx.pid";

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A listener, a signal or a file of the prefix.
    #[error("cannot use {what}: {source}")]
    Io {
        /// What was wanted.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database does not answer, or its tables are not what this version needs.
    #[error("cannot read the configuration: {problem}")]
    Database {
        /// What it said.
        problem: String,
    },
    /// The stand-in was not recorded from this version.
    #[error("there is no stand-in for Kong {version}: only for 2.8.5, 3.4.2 and 3.9.1")]
    Version {
        /// The version.
        version: Version,
    },
}

/// A node while it runs.
#[derive(Debug)]
struct Node {
    version: Version,
    settings: Settings,
    id: Uuid,
    facts: Facts,
    schema: Schema,
    database: Database,
    stale: Stale,
    credentials: Credentials,
    counters: LocalCounters,
    traffic: Traffic,
    client: http::Client,
    /// Work behind the answers' backs, which a graceful end waits for.
    background: Mutex<JoinSet<()>>,
    correlations: (Uuid, AtomicU64),
    router: RwLock<Arc<Router>>,
    plugins: RwLock<Arc<Plugins>>,
    upstreams: RwLock<Arc<Upstreams>>,
}

/// What a node can be told while it runs, as by signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// HUP: build routes and plugins anew; counters and cached keys stay.
    Reload,
    /// QUIT: end after the requests in flight.
    Quit,
    /// TERM: end at once.
    Stop,
}

/// Runs a node of `version` until a signal ends it: TERM and INT at once, QUIT after the requests in flight. HUP reloads.
///
/// The addresses it listens on are written to [`LISTENING`] in the prefix once it answers, and its process id to
/// `pids/nginx.pid`.
#[must_use]
pub fn main(version: &Version, settings: Settings) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only file descriptors");
    let ended = runtime.block_on(async {
        let (orders, ordered) = mpsc::channel(8);
        let signals = Signals::new()?;
        tokio::spawn(signals.forward(orders));
        run(*version, settings, ordered).await
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a node of `version` until an order ends it, or nobody is left to give one.
pub async fn run(
    version: Version,
    settings: Settings,
    mut orders: mpsc::Receiver<Order>,
) -> Result<(), NodeError> {
    let node = Arc::new(Node::new(version, settings)?);
    // What a crashed predecessor left there would send clients to nobody.
    let _ = std::fs::remove_file(node.settings.prefix.join(LISTENING));
    node.database.open_all().await.map_err(StoreError::from)?;
    node.stale.all();
    node.rebuild().await?;
    let (stop, stopped) = watch::channel(false);
    let mut listening = Listening::default();
    // Dropping the sets ends what runs in them, connections included: that is how a node stops at once.
    let mut serving = JoinSet::new();
    let mut timers = JoinSet::new();
    for listener in listening.bind("proxy", &node.settings.proxy_listen).await? {
        let node = Arc::clone(&node);
        serving.spawn(http::serve(listener, stopped.clone(), move |request| {
            proxy::answer(Arc::clone(&node), request)
        }));
    }
    for listener in listening.bind("admin", &node.settings.admin_listen).await? {
        let node = Arc::clone(&node);
        serving.spawn(http::serve(listener, stopped.clone(), move |request| {
            admin::answer(Arc::clone(&node), request)
        }));
    }
    for listener in listening
        .bind("status", &node.settings.status_listen)
        .await?
    {
        let node = Arc::clone(&node);
        serving.spawn(http::serve(listener, stopped.clone(), move |request| {
            admin::status_answer(Arc::clone(&node), request)
        }));
    }
    timers.spawn(events::poll(Arc::clone(&node)));
    timers.spawn(events::rebuild(Arc::clone(&node)));
    node.write(PID_FILE, &std::process::id().to_string())?;
    node.write(LISTENING, &Value::Object(listening.addresses).to_string())?;
    if node.obey(&mut orders).await == Order::Quit {
        // The receivers live in the tasks that are awaited next.
        let _ = stop.send(true);
        let finished = async {
            while serving.join_next().await.is_some() {}
            let mut background = node.background.lock().await;
            while background.join_next().await.is_some() {}
        };
        tokio::select! {
            () = finished => {}
            () = stopped_meanwhile(&mut orders) => {}
        }
    }
    // nginx removes its file too, and the command tells by it whether a node runs.
    for file in [PID_FILE, LISTENING] {
        let _ = std::fs::remove_file(node.settings.prefix.join(file));
    }
    Ok(())
}

/// Returns when a node that is ending gracefully is told to hurry.
async fn stopped_meanwhile(orders: &mut mpsc::Receiver<Order>) {
    while orders
        .recv()
        .await
        .is_some_and(|order| order != Order::Stop)
    {}
}

impl From<StoreError> for NodeError {
    fn from(error: StoreError) -> Self {
        Self::Database {
            problem: error.to_string(),
        }
    }
}

impl Node {
    fn new(version: Version, settings: Settings) -> Result<Self, NodeError> {
        let facts = Facts::of(&version).ok_or(NodeError::Version { version })?;
        Ok(Self {
            database: Database::new(&settings.postgres, &version),
            schema: Schema::of(&version),
            facts,
            version,
            settings,
            id: Uuid::new_v4(),
            stale: Stale::default(),
            credentials: Credentials::default(),
            counters: LocalCounters::default(),
            traffic: Traffic::default(),
            client: http::client(),
            background: Mutex::default(),
            correlations: (Uuid::new_v4(), AtomicU64::new(0)),
            router: RwLock::default(),
            plugins: RwLock::default(),
            upstreams: RwLock::default(),
        })
    }

    /// Reloads when told to, until told to end; answers how.
    async fn obey(&self, orders: &mut mpsc::Receiver<Order>) -> Order {
        loop {
            match orders.recv().await {
                Some(Order::Reload) => {
                    // New workers build anew; shared memory, which holds counters and cached keys, stays.
                    self.stale.all();
                    self.rebuild_stale().await;
                }
                Some(order) => return order,
                None => return Order::Stop,
            }
        }
    }

    fn store(&self) -> Store<'_> {
        Store {
            database: &self.database,
            schema: &self.schema,
            node_id: self.id,
        }
    }

    fn router(&self) -> Arc<Router> {
        Arc::clone(&self.router.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn plugins(&self) -> Arc<Plugins> {
        Arc::clone(&self.plugins.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn upstreams(&self) -> Arc<Upstreams> {
        Arc::clone(
            &self
                .upstreams
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Rebuilds what is stale; what cannot be read stays as it was, and stale.
    async fn rebuild_stale(&self) {
        if let Err(error) = self.rebuild().await {
            tracing::warn!("cannot rebuild: {error}");
        }
    }

    async fn rebuild(&self) -> Result<(), StoreError> {
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
            let built = async { Ok(Plugins::new(&self.version, &all("plugins").await?)) };
            put(&self.plugins, built.await).inspect_err(|_| mark(&self.stale.plugins))?;
        }
        if self.stale.balancer.swap(false, Ordering::Relaxed) {
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

    /// Counts a request and obeys the faults that concern the process.
    fn heed_faults(&self) -> Faults {
        let faults = Faults::of(&self.settings.prefix);
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

    /// Does something behind an answer's back.
    async fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background.lock().await;
        // What is done already need not be remembered.
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }

    fn next_correlation(&self) -> String {
        let (worker, count) = &self.correlations;
        format!("{worker}#{}", count.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn invalid_key_message(&self) -> &'static str {
        if self.version.is_at_least(3, 0) {
            "Unauthorized"
        } else {
            "Invalid authentication credentials"
        }
    }

    /// The `Via` header; with the protocol from 3.8 on.
    fn via(&self) -> String {
        if self.version.is_at_least(3, 8) {
            format!("1.1 kong/{}", self.version)
        } else {
            format!("kong/{}", self.version)
        }
    }

    /// Writes a file of the prefix, whole or not at all.
    fn write(&self, name: &str, text: &str) -> Result<(), NodeError> {
        let path = self.settings.prefix.join(name);
        let temporary = path.with_extension("tmp");
        let write = || {
            if let Some(directory) = path.parent() {
                std::fs::create_dir_all(directory)?;
            }
            std::fs::write(&temporary, text)?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|source| NodeError::Io {
            what: format!("`{}`", path.display()),
            source,
        })
    }
}

fn put<T>(place: &RwLock<Arc<T>>, built: Result<T, StoreError>) -> Result<(), StoreError> {
    *place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(built?);
    Ok(())
}

fn mark(stale: &std::sync::atomic::AtomicBool) {
    stale.store(true, Ordering::Relaxed);
}

/// The first address of each kind of listener, by its name.
#[derive(Default)]
struct Listening {
    addresses: Map<String, Value>,
}

impl Listening {
    async fn bind(
        &mut self,
        name: &str,
        listens: &[Listen],
    ) -> Result<Vec<TcpListener>, NodeError> {
        let mut listeners = Vec::new();
        // The practice cluster has no certificates, so listeners with TLS stay closed.
        for listen in listens.iter().filter(|listen| !listen.ssl) {
            let bound = http::bind(&listen.address.to_string()).await;
            let (listener, address) = bound.map_err(|source| NodeError::Io {
                what: format!("`{}`", listen.address),
                source,
            })?;
            self.addresses
                .entry(name)
                .or_insert_with(|| json!(address.to_string()));
            listeners.push(listener);
        }
        Ok(listeners)
    }
}

struct Signals {
    term: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> Result<Self, NodeError> {
        let listen = |kind| {
            signal(kind).map_err(|source| NodeError::Io {
                what: "signals".to_owned(),
                source,
            })
        };
        Ok(Self {
            term: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Turns signals into orders for as long as somebody takes them.
    async fn forward(mut self, orders: mpsc::Sender<Order>) {
        loop {
            let order = tokio::select! {
                _ = self.term.recv() => Order::Stop,
                _ = self.interrupt.recv() => Order::Stop,
                _ = self.quit.recv() => Order::Quit,
                _ = self.hangup.recv() => Order::Reload,
            };
            if orders.send(order).await.is_err() {
                return;
            }
        }
    }
}
