//! A control plane's side: it listens for data planes, judges them, gives them its configuration and every change of it, and writes
//! down what they say.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::super::super::faults::Faults;
use super::super::Node;
use super::super::store::EMPTY_HASH;
use super::compatibility::{SyncStatus, of_plugins, of_versions};
use super::data_planes::{self, Seen};
use super::payload::{self, Payload};
use super::{BasicInfo, OUTLET, PING_WAIT, TIMEOUT};
use crate::lab::http;

/// What is given at the moment; nothing before the database answered for the first time.
pub(super) type Pushed = watch::Sender<Option<Arc<Payload>>>;

/// The WebSocket to a data plane.
type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// A data plane, as it names itself in the address.
#[derive(Debug, Default)]
struct Named {
    id: String,
    hostname: String,
    version: String,
    ip: String,
}

/// Reads the configuration anew whenever somebody changed it, or a fault did, for as long as the node runs.
pub(super) async fn push(node: Arc<Node>, pushed: Pushed) {
    let faults = || Faults::of(node.settings.faults_directory()).pushes;
    let mut before = faults();
    loop {
        renew(&node, &pushed).await;
        loop {
            let wait = node.settings.db_update_frequency;
            let noted = tokio::time::timeout(wait, node.changes.noted()).await;
            let now = faults();
            if noted.is_ok() || now != before {
                before = now;
                break;
            }
        }
    }
}

async fn renew(node: &Node, pushed: &Pushed) {
    match payload::export(node).await {
        Ok(payload) => {
            pushed.send_replace(Some(Arc::new(payload)));
        }
        Err(error) => tracing::error!("cannot read the configuration for data planes: {error}"),
    }
}

/// What is needed to take data planes.
pub(super) struct Control {
    pub(super) node: Arc<Node>,
    pub(super) pushed: Pushed,
    pub(super) acceptor: TlsAcceptor,
    /// When the certificate is over.
    pub(super) expiry: Option<i64>,
}

/// Takes data planes until `stop`.
pub(super) async fn serve(
    control: Arc<Control>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = http::stopped(&mut stop) => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let control = Arc::clone(&control);
                    connections.spawn(async move {
                        if let Err(error) = control.talk(stream, peer).await {
                            tracing::warn!("a data plane at {peer}: {error}");
                        }
                    });
                }
                // Out of file descriptors, most likely.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Control {
    async fn talk(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), String> {
        let accepted = accept(&self.acceptor, stream, peer);
        let (mut socket, named) = tokio::time::timeout(TIMEOUT, accepted)
            .await
            .map_err(|_| "no handshake in time".to_owned())??;
        let info = match tokio::time::timeout(TIMEOUT, socket.next()).await {
            Ok(Some(Ok(Message::Binary(data)))) => serde_json::from_slice::<BasicInfo>(&data)
                .ok()
                .filter(|info| info.kind == "basic_info"),
            _ => None,
        };
        let Some(info) = info else {
            close(&mut socket).await;
            return Err("it does not say what it is".to_owned());
        };
        let status = of_versions(&self.node.version, &named.version);
        if status != SyncStatus::Normal {
            close(&mut socket).await;
            self.note(&named, EMPTY_HASH, status).await;
            return Err(format!(
                "data plane version {} is incompatible with control plane version {}",
                named.version, self.node.version
            ));
        }
        // What was read before may be from before a change that nobody was there to be told of.
        renew(&self.node, &self.pushed).await;
        let said = self.serve(&mut socket, &named, &info).await;
        close(&mut socket).await;
        said
    }

    /// Gives configurations and takes pings until the connection ends.
    async fn serve(
        &self,
        socket: &mut Socket,
        named: &Named,
        info: &BasicInfo,
    ) -> Result<(), String> {
        let mut pushes = self.pushed.subscribe();
        pushes.mark_changed();
        let own_plugins = self.node.plugin_versions();
        let mut status = SyncStatus::Normal;
        let mut hash = EMPTY_HASH.to_owned();
        loop {
            tokio::select! {
                changed = pushes.changed() => {
                    changed.map_err(|error| error.to_string())?;
                    let Some(payload) = pushes.borrow_and_update().clone() else {
                        continue;
                    };
                    let before = std::mem::replace(
                        &mut status,
                        of_plugins(&own_plugins, &info.plugins, &payload.plugins),
                    );
                    if status == SyncStatus::Normal {
                        self.give(socket, named, &payload).await?;
                    } else if status != before {
                        self.note(named, &hash, status).await;
                    }
                }
                frame = tokio::time::timeout(PING_WAIT, socket.next()) => {
                    let frame = frame.map_err(|_| "it does not ping".to_owned())?;
                    match frame {
                        // The answer goes out by itself with the next reading.
                        Some(Ok(Message::Ping(told))) => {
                            hash = String::from_utf8_lossy(&told).into_owned();
                            self.note(named, &hash, status).await;
                        }
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(_)) => return Err("it sends something else than pings".to_owned()),
                        Some(Err(error)) => return Err(error.to_string()),
                    }
                }
            }
        }
    }

    async fn give(
        &self,
        socket: &mut Socket,
        named: &Named,
        payload: &Payload,
    ) -> Result<(), String> {
        let version = named.version.parse().unwrap_or(self.node.version);
        let message = payload
            .message(&self.node.version, &version)
            .map_err(|error| error.to_string())?;
        let sent = socket.send(Message::Binary(message.into())).await;
        sent.map_err(|error| error.to_string())
    }

    async fn note(&self, named: &Named, hash: &str, status: SyncStatus) {
        let seen = Seen {
            id: &named.id,
            hostname: &named.hostname,
            ip: &named.ip,
            version: &named.version,
            config_hash: hash,
            sync_status: status.word(),
            expiry: self.expiry,
        };
        if let Err(error) = data_planes::note(&self.node, &seen).await {
            tracing::error!("cannot write down the state of a data plane: {error}");
        }
    }
}

/// The handshakes: TLS, then WebSocket at the right address.
async fn accept(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(Socket, Named), String> {
    let stream = acceptor
        .accept(stream)
        .await
        .map_err(|error| error.to_string())?;
    let named = Arc::new(Mutex::new(Named::default()));
    let noting = Arc::clone(&named);
    // What the library wants an answer to be is as big as it is.
    #[expect(clippy::result_large_err, reason = "see above")]
    let asked = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let refuse = |status: u16| {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = hyper::StatusCode::from_u16(status)
                .unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
            refusal
        };
        if request.uri().path() != OUTLET {
            return Err(refuse(404));
        }
        let query = request.uri().query().unwrap_or_default();
        let argument = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .into_iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        let (Some(id), Some(version)) = (argument("node_id"), argument("node_version")) else {
            return Err(refuse(400));
        };
        *noting.lock().unwrap_or_else(PoisonError::into_inner) = Named {
            id,
            version,
            hostname: argument("node_hostname").unwrap_or_default(),
            ip: peer.ip().to_string(),
        };
        Ok(response)
    };
    let socket = accept_hdr_async(stream, asked)
        .await
        .map_err(|error| error.to_string())?;
    let named = std::mem::take(&mut *named.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((socket, named))
}

async fn close(socket: &mut Socket) {
    // One who is gone already needs no farewell.
    let _: Result<(), tungstenite::Error> = socket.close(None).await;
}
