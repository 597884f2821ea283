//! A data plane's side: it stays connected to its control plane, takes what that gives, and goes on with what it has otherwise.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::super::super::faults::Faults;
use super::super::store::Source;
use super::super::{Node, declarative};
use super::tls::NAME;
use super::{BasicInfo, OUTLET, PING_INTERVAL, PING_WAIT, TIMEOUT, payload};

/// The WebSocket to a control plane.
type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Follows the control plane for as long as the node runs.
pub(super) async fn follow(node: Arc<Node>, connector: TlsConnector) {
    loop {
        let ended = talk(&node, &connector).await;
        let reason = ended.err().unwrap_or_else(|| "closed".to_owned());
        let control_plane = &node.settings.cluster.control_plane;
        let delay = reconnection_delay(&node);
        tracing::warn!(
            "connection to control plane {control_plane} broken: {reason} (retrying after {} ms)",
            delay.as_millis()
        );
        tokio::time::sleep(delay).await;
    }
}

/// From 5 to 10 seconds, so that a control plane which comes back is not met by all at once.
fn reconnection_delay(node: &Node) -> Duration {
    let spread = node.id.as_u128() % 5_000;
    let spread = Duration::from_millis(u64::try_from(spread).unwrap_or_default());
    let set = node.settings.cluster.reconnect;
    set.unwrap_or(Duration::from_secs(5) + spread)
}

async fn talk(node: &Node, connector: &TlsConnector) -> Result<(), String> {
    let mut socket = tokio::time::timeout(TIMEOUT, connect(node, connector))
        .await
        .map_err(|_| "no connection in time".to_owned())??;
    let info = BasicInfo {
        kind: "basic_info".to_owned(),
        plugins: node.plugin_versions(),
    };
    let info = serde_json::to_vec(&info).map_err(|error| error.to_string())?;
    send(&mut socket, Message::Binary(info.into())).await?;
    let mut pings = tokio::time::interval(PING_INTERVAL);
    let mut quiet = std::pin::pin!(tokio::time::sleep(PING_WAIT));
    loop {
        tokio::select! {
            // The first is due at once.
            _ = pings.tick() => send(&mut socket, Message::Ping(hash(node).into())).await?,
            () = &mut quiet => return Err("the control plane says nothing".to_owned()),
            frame = socket.next() => {
                quiet.as_mut().reset(tokio::time::Instant::now() + PING_WAIT);
                match frame {
                    Some(Ok(Message::Binary(packed))) => {
                        take(node, &packed).await;
                        pings.reset_immediately();
                    }
                    Some(Ok(Message::Close(_))) | None => return Ok(()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.to_string()),
                }
            }
        }
    }
}

async fn connect(node: &Node, connector: &TlsConnector) -> Result<Socket, String> {
    let control_plane = &node.settings.cluster.control_plane;
    let stream = TcpStream::connect(control_plane.as_str())
        .await
        .map_err(|error| error.to_string())?;
    let name = ServerName::try_from(NAME).map_err(|error| error.to_string())?;
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())?;
    let address = format!(
        "wss://{control_plane}{OUTLET}?node_id={}&node_hostname={}&node_version={}",
        node.id,
        node.hostname(),
        node.version
    );
    let (socket, _) = client_async(address, stream)
        .await
        .map_err(|error| error.to_string())?;
    Ok(socket)
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), String> {
    let sent = socket.send(message).await;
    sent.map_err(|error| error.to_string())
}

fn hash(node: &Node) -> Vec<u8> {
    match &node.source {
        Source::Memory(memory) => memory.held().hash.clone().into_bytes(),
        Source::Database(_) => Vec::new(),
    }
}

/// Takes a configuration, unless it is the one that is in effect; what cannot be used is told in the log.
async fn take(node: &Node, packed: &[u8]) {
    let faults = Faults::of(node.settings.faults_directory());
    if faults.takes_nothing {
        tracing::error!("unable to update running config: a fault takes nothing");
        return;
    }
    let mut message = match payload::unpacked(packed) {
        Ok(message) if message["type"] == "reconfigure" => message,
        Ok(_) => return,
        Err(error) => {
            return tracing::error!("unable to read what the control plane gave: {error}");
        }
    };
    let given = message["config_hash"].as_str().map(str::to_owned);
    if given
        .as_ref()
        .is_some_and(|given| given.as_bytes() == hash(node))
    {
        return;
    }
    let Value::Object(table) = message["config_table"].take() else {
        return;
    };
    match declarative::parse(node, table, given) {
        Ok(held) => node.take_up(held).await,
        Err(error) => tracing::error!(
            "unable to update running config: bad config received from control plane {error}"
        ),
    }
}
