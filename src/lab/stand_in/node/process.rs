//! A node's life: listeners are opened, files written, orders obeyed, and the end is quick or graceful.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::super::conf::{Listen, Settings};
use super::{
    LISTENING, Node, NodeError, Order, PID_FILE, StoreError, admin, events, hybrid, proxy,
};
use crate::kong::Version;
use crate::lab::http;

/// Runs a node of `version` until an order ends it, or nobody is left to give one. When it listens, and before its process id is in the
/// prefix, `begun` is called.
pub async fn run(
    version: Version,
    settings: Settings,
    mut orders: mpsc::Receiver<Order>,
    begun: impl FnOnce(),
) -> Result<(), NodeError> {
    let node = Arc::new(Node::new(version, settings)?);
    // What a crashed predecessor left there would send clients to nobody.
    let _ = std::fs::remove_file(node.settings.prefix.join(LISTENING));
    if let Some(database) = node.tables() {
        database.open_all().await.map_err(StoreError::from)?;
        node.stale.all();
        node.rebuild().await?;
    } else {
        node.begin_with(node.settings.declarative.as_ref()).await?;
    }
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
    let mut admin = AdminApi::new(stopped.clone());
    admin
        .listen(&node, &mut listening, &node.settings.admin_listen)
        .await?;
    for listener in listening
        .bind("status", &node.settings.status_listen)
        .await?
    {
        let node = Arc::clone(&node);
        serving.spawn(http::serve(listener, stopped.clone(), move |request| {
            admin::status_answer(Arc::clone(&node), request)
        }));
    }
    if node.tables().is_some() {
        timers.spawn(events::poll(Arc::clone(&node)));
    }
    let listeners = listening
        .bind_all("cluster", &node.settings.cluster.listen)
        .await?;
    hybrid::join(&node, listeners, &stopped, &mut timers)?;
    timers.spawn(events::rebuild(Arc::clone(&node)));
    begun();
    write(&node, PID_FILE, &std::process::id().to_string())?;
    listening.write(&node)?;
    let order = obey(&node, &mut orders, &mut admin, &mut listening).await?;
    node.waiting.end();
    if order == Order::Quit {
        // The receivers live in the tasks that are awaited next.
        let _ = stop.send(true);
        let finished = async {
            while serving.join_next().await.is_some() {}
            while admin.serving.join_next().await.is_some() {}
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

/// Reloads when told to, until told to end; answers how.
async fn obey(
    node: &Arc<Node>,
    orders: &mut mpsc::Receiver<Order>,
    admin: &mut AdminApi,
    listening: &mut Listening,
) -> Result<Order, NodeError> {
    loop {
        match orders.recv().await {
            Some(Order::Reload) => {
                // New workers build anew; shared memory, which holds counters and cached keys, stays; what a worker
                // kept for Redis does not.
                node.waiting.lose();
                node.stale.all();
                node.rebuild_stale().await;
                // Of the settings that the command left behind only this listener and the declarative configuration are looked
                // at again.
                let left = Settings::of_prefix(&node.settings.prefix, [])
                    .ok()
                    .flatten();
                if let Some(settings) = left {
                    let from = settings.declarative.as_ref();
                    // Without one the configuration in effect stays, and so it does where the new one is none.
                    if from.is_some()
                        && let Err(error) = node.begin_with(from).await
                    {
                        tracing::error!("{error}");
                    }
                    admin
                        .listen(node, listening, &settings.admin_listen)
                        .await?;
                    listening.write(node)?;
                }
            }
            Some(order) => return Ok(order),
            None => return Ok(Order::Stop),
        }
    }
}

/// The Admin API's listeners, which a reload may close and open.
struct AdminApi {
    listens: Vec<Listen>,
    serving: JoinSet<()>,
    stopped: watch::Receiver<bool>,
}

impl AdminApi {
    fn new(stopped: watch::Receiver<bool>) -> Self {
        Self {
            listens: Vec::new(),
            serving: JoinSet::new(),
            stopped,
        }
    }

    /// Listens at these addresses and at no other.
    async fn listen(
        &mut self,
        node: &Arc<Node>,
        listening: &mut Listening,
        listens: &[Listen],
    ) -> Result<(), NodeError> {
        if self.listens == listens {
            return Ok(());
        }
        // Awaited, so that the addresses are free again.
        self.serving.shutdown().await;
        listening.addresses.remove("admin");
        for listener in listening.bind("admin", listens).await? {
            let node = Arc::clone(node);
            let answers = http::serve(listener, self.stopped.clone(), move |request| {
                admin::answer(Arc::clone(&node), request)
            });
            self.serving.spawn(answers);
        }
        self.listens = listens.to_vec();
        Ok(())
    }
}

/// Writes a file of the prefix, whole or not at all.
fn write(node: &Node, name: &str, text: &str) -> Result<(), NodeError> {
    let path = node.settings.prefix.join(name);
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

/// Returns when a node that is ending gracefully is told to hurry.
async fn stopped_meanwhile(orders: &mut mpsc::Receiver<Order>) {
    while orders
        .recv()
        .await
        .is_some_and(|order| order != Order::Stop)
    {}
}

/// The first address of each kind of listener, by its name.
#[derive(Default)]
struct Listening {
    addresses: Map<String, Value>,
}

impl Listening {
    /// Tells everybody in the prefix.
    fn write(&self, node: &Node) -> Result<(), NodeError> {
        write(node, LISTENING, &json!(self.addresses).to_string())
    }

    async fn bind(
        &mut self,
        name: &str,
        listens: &[Listen],
    ) -> Result<Vec<TcpListener>, NodeError> {
        // The practice cluster has no certificates for clients, so listeners with TLS stay closed.
        let plain: Vec<Listen> = listens.iter().filter(|one| !one.ssl).copied().collect();
        self.bind_all(name, &plain).await
    }

    async fn bind_all(
        &mut self,
        name: &str,
        listens: &[Listen],
    ) -> Result<Vec<TcpListener>, NodeError> {
        let mut listeners = Vec::new();
        for listen in listens {
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

pub(super) struct Signals {
    term: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, NodeError> {
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
    pub(super) async fn forward(mut self, orders: mpsc::Sender<Order>) {
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
