//! Ports that stay the cluster's own while its servers come and go.
//!
//! The port of a stopped node is free, and the kernel gives a free port to whoever lets it choose one: the upgrade would then
//! start a node that cannot listen. So one process binds every port for as long as the cluster lives, without listening. The
//! kernel gives such a port to nobody, and still lets the node bind it and listen, since both allow the address to be reused.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::net::TcpSocket;
use tokio::signal::unix::{SignalKind, signal};

use super::nodes::Addresses;
use super::parts::LISTENING;
use super::{PracticeError, files};

/// How many ports a cluster of `nodes` nodes needs: the database's, the load balancer's, one for a Redis, and three for each node.
pub(super) const fn needed(nodes: usize) -> usize {
    3 + 3 * nodes
}

/// What the process keeps, in its `listening.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// On the loopback interface, each bound and not listened on.
    pub(super) addresses: Vec<SocketAddr>,
}

impl Kept {
    /// The database's address, the load balancer's, the Redis', and each node's.
    pub(super) fn split(
        &self,
    ) -> (
        SocketAddr,
        SocketAddr,
        SocketAddr,
        impl Iterator<Item = Addresses>,
    ) {
        let [database, front, redis, nodes @ ..] = &self.addresses[..] else {
            unreachable!("three are not the nodes'");
        };
        let (nodes, _) = nodes.as_chunks();
        let nodes = nodes.iter().map(|&[proxy, admin, status]| Addresses {
            proxy,
            admin,
            status,
        });
        (*database, *front, *redis, nodes)
    }
}

/// Keeps `count` ports until TERM comes, and says in `directory` which.
pub(super) async fn serve(count: usize, directory: &Path) -> Result<(), PracticeError> {
    let mut term =
        signal(SignalKind::terminate()).map_err(files::failed("take signals for", directory))?;
    let sockets: Vec<TcpSocket> = (0..count)
        .map(|_| keep())
        .collect::<io::Result<_>>()
        .map_err(files::failed("keep ports for", directory))?;
    let addresses = sockets
        .iter()
        .map(TcpSocket::local_addr)
        .collect::<io::Result<_>>()
        .map_err(files::failed("keep ports for", directory))?;
    files::write_json(&directory.join(LISTENING), &Kept { addresses })?;
    term.recv().await;
    Ok(())
}

/// A port that the kernel chose and gives to nobody else.
fn keep() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kept_port_is_given_to_nobody_but_the_server_that_asks_for_it() {
        let kept = keep().expect("kept");
        let address = kept.local_addr().expect("bound");
        // As the kernel looks at it when it is to choose: without reuse, nothing else may be there.
        let other = TcpSocket::new_v4().expect("a socket");
        other.bind(address).expect_err("the port is taken");
        for _ in 0..2 {
            let server = std::net::TcpListener::bind(address).expect("the server may");
            std::net::TcpListener::bind(address).expect_err("one server at a time");
            drop(server);
        }
    }
}
