//! A Redis in which nodes count.

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpStream;

use super::foreign::Foreign;
use super::ledger::Ledger;
use super::{PracticeError, files};

/// Where the distribution puts it.
pub(super) const PROGRAM: &str = "/usr/bin/redis-server";

/// Starts it at `listen`. It writes nothing to disk.
pub(super) async fn start(
    cluster: &Path,
    ledger: &mut Ledger,
    listen: SocketAddr,
) -> Result<(), PracticeError> {
    let directory = cluster.join("redis");
    files::make_directory(&directory)?;
    let port = listen.port().to_string();
    let options = [
        ("--bind", "127.0.0.1"),
        ("--port", &port),
        ("--save", ""),
        ("--appendonly", "no"),
    ];
    let options = options.iter().flat_map(|(name, value)| [*name, *value]);
    let foreign = Foreign {
        name: "redis",
        program: PROGRAM,
        arguments: options.map(Into::into).collect(),
        directory,
    };
    foreign
        .start(cluster, ledger, async || {
            TcpStream::connect(listen).await.is_ok()
        })
        .await
}
