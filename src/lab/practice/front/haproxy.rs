//! A real HAProxy in front of the nodes.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::super::foreign::Foreign;
use super::super::ledger::Ledger;
use super::super::{PracticeError, files};
use super::{BACKEND, Behind, Front};
use crate::haproxy::{Address, Haproxy};

/// Where the distribution puts it; it need not be on the path of somebody who is not root.
pub(super) const PROGRAM: &str = "/usr/sbin/haproxy";

/// Starts it in front of `nodes`, for clients at `listen`.
pub(super) async fn start(
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
) -> Result<Front, PracticeError> {
    let directory = cluster.join("haproxy");
    files::make_directory(&directory)?;
    // A socket's path must be short, and the database's directory has one that is.
    let socket = ledger.socket.join("haproxy.sock");
    let state_file = directory.join("states");
    let configuration = directory.join("haproxy.cfg");
    files::write_private(
        &configuration,
        &configured(&socket, &state_file, listen, nodes, weight),
    )?;
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
    for behind in nodes.iter().filter(|behind| !behind.serves) {
        haproxy.set_state(BACKEND, &behind.node.name, true).await?;
    }
    Ok(Front::Haproxy { socket, state_file })
}

/// HAProxy's configuration: checked nodes, connections kept where that is safe, states that outlive a reload.
fn configured(
    socket: &Path,
    state_file: &Path,
    listen: SocketAddr,
    nodes: &[Behind<'_>],
    weight: u16,
) -> String {
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
         frontend edge\n\
         \u{20}   bind {listen}\n\
         \u{20}   default_backend {BACKEND}\n\
         backend {BACKEND}\n\
         \u{20}   balance roundrobin\n\
         \u{20}   http-reuse safe\n",
        socket.display(),
        state_file.display(),
    );
    for behind in nodes {
        writeln!(
            text,
            "    server {} {} weight {weight} check inter 250ms fall 2 rise 2",
            behind.node.name,
            behind.address(),
        )
        .expect("a string takes any text");
    }
    text
}
