//! A real HAProxy in front of the nodes: all in one backend, or each side in one of its own, with a map that says which has the clients.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::super::foreign::Foreign;
use super::super::ledger::Ledger;
use super::super::{PracticeError, files};
use super::{BACKEND, Behind, Front};
use crate::haproxy::{Address, Haproxy, Server};

/// Where the distribution puts it; it need not be on the path of somebody who is not root.
pub(super) const PROGRAM: &str = "/usr/sbin/haproxy";

/// The backend of the nodes that do not serve at first, where each side has its own.
pub(in super::super) const OTHER_BACKEND: &str = "kong-green";

/// The key of the map.
pub(in super::super) const KEY: &str = "side";

/// Starts it in front of `nodes`, for clients at `listen`; with a map if each side is to have a backend of its own.
pub(super) async fn start(
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
    has_map: bool,
) -> Result<Front, PracticeError> {
    let directory = cluster.join("haproxy");
    files::make_directory(&directory)?;
    // A socket's path must be short, and the database's directory has one that is.
    let socket = ledger.socket.join("haproxy.sock");
    let state_file = directory.join("states");
    let configuration = directory.join("haproxy.cfg");
    let map = has_map.then(|| directory.join("side.map"));
    if let Some(map) = &map {
        files::write_private(map, &format!("# Where clients go.\n{KEY} {BACKEND}\n"))?;
    }
    let text = configured(&socket, &state_file, listen, nodes, weight, map.as_deref());
    files::write_private(&configuration, &text)?;
    let foreign = Foreign {
        name: "haproxy",
        program: PROGRAM,
        // A master that stays in the foreground, and a worker that it replaces when it is reloaded by USR2.
        arguments: vec!["-W".into(), "-f".into(), configuration.into()],
        directory,
    };
    let haproxy = Haproxy::at(Address::Socket(socket.clone()));
    foreign
        .start(cluster, ledger, async || haproxy.all_states().await.is_ok())
        .await?;
    let waiting = nodes.iter().filter(|behind| !behind.serves && !has_map);
    for behind in waiting {
        haproxy.set_state(BACKEND, &behind.node.name, true).await?;
    }
    Ok(Front::Haproxy {
        socket,
        state_file,
        map,
    })
}

/// A node's server, and the backend in which it stands.
pub(super) async fn server(haproxy: &Haproxy, node: &str) -> Option<(&'static str, Server)> {
    for backend in [BACKEND, OTHER_BACKEND] {
        if let Ok(Some(server)) = haproxy.server(backend, node).await {
            return Some((backend, server));
        }
    }
    None
}

/// HAProxy's configuration: checked nodes, connections kept where that is safe, states that outlive a reload, and
/// reloads that no client notices: since 2.4 connections that wait for a request are closed at once without that option.
fn configured(
    socket: &Path,
    state_file: &Path,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
    map: Option<&Path>,
) -> String {
    let chosen = map.map_or_else(
        || format!("default_backend {BACKEND}"),
        |map| format!("use_backend %[str({KEY}),map({})]", map.display()),
    );
    let mut text = format!(
        "global\n\
         \u{20}   stats socket {} mode 600 level admin expose-fd listeners\n\
         \u{20}   server-state-file {}\n\
         defaults\n\
         \u{20}   mode http\n\
         \u{20}   timeout connect 5s\n\
         \u{20}   timeout client 60s\n\
         \u{20}   timeout server 60s\n\
         \u{20}   load-server-state-from-file global\n\
         \u{20}   option idle-close-on-response\n\
         frontend edge\n\
         \u{20}   bind {listen}\n\
         \u{20}   {chosen}\n",
        socket.display(),
        state_file.display(),
    );
    let mut backend = |name: &str, of: &dyn Fn(&Behind<'_>) -> bool| {
        write!(
            text,
            "backend {name}\n\
             \u{20}   balance roundrobin\n\
             \u{20}   http-reuse safe\n"
        )
        .expect("a string takes any text");
        for behind in nodes.iter().filter(|behind| of(behind)) {
            writeln!(
                text,
                "    server {} {} weight {weight} check inter 250ms fall 2 rise 2",
                behind.node.name,
                behind.address(),
            )
            .expect("a string takes any text");
        }
    };
    if map.is_none() {
        backend(BACKEND, &|_| true);
    } else {
        backend(BACKEND, &|behind| behind.serves);
        backend(OTHER_BACKEND, &|behind| !behind.serves);
    }
    text
}
