//! Unix sockets in a prefix that nobody has bound any more: a node that was killed leaves them, and its next start may stumble over them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::gateway::live::hosts::Host;

/// Where Kong keeps its sockets, below the prefix: in it, and since 3.8 in a directory of their own.
const PLACES: [&str; 2] = ["", "sockets"];

/// The stale ones, by their paths; as the node's process sees them, where it runs, since that may be in a container.
pub(super) async fn stale(
    host: &Host,
    prefix: &Path,
    process: Option<u32>,
) -> io::Result<BTreeSet<String>> {
    let table = process.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let table = host
        .read_text(format!("/proc/{table}/net/unix").as_ref())
        .await?;
    let bound = bound(&table);
    let mut stale = BTreeSet::new();
    for place in PLACES {
        let directory = prefix.join(place);
        let sockets = match host.sockets(&directory).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            sockets => sockets?,
        };
        for name in sockets {
            let path = directory.join(name);
            if !is_bound(host, &bound, &path).await {
                stale.insert(path.display().to_string());
            }
        }
    }
    Ok(stale)
}

/// Whether a socket is among those that are bound: a prefix may be named by a link to it.
async fn is_bound(host: &Host, bound: &BTreeSet<PathBuf>, path: &Path) -> bool {
    if bound.contains(path) {
        return true;
    }
    let canonical = host.canonical(path).await;
    for one in bound
        .iter()
        .filter(|one| one.file_name() == path.file_name())
    {
        if host.canonical(one).await == canonical {
            return true;
        }
    }
    false
}

/// The paths that are bound: the last column of `/proc/net/unix`, as whoever bound them named them.
fn bound(table: &str) -> BTreeSet<PathBuf> {
    let lines = table.lines().skip(1);
    // Seven columns stand before the path, which may hold spaces.
    let paths = lines.filter_map(|line| {
        let start = line.find(" /")?;
        Some(PathBuf::from(&line[start + 1..]))
    });
    paths.collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn a_socket_is_stale_once_nobody_has_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("worker_events.sock");
        let listener = UnixListener::bind(&path).expect("bound");
        std::fs::write(directory.path().join("file.sock"), "").expect("written");
        assert!(
            stale(&Host::Here, directory.path(), None)
                .await
                .expect("listed")
                .is_empty()
        );
        drop(listener);
        let found = stale(&Host::Here, directory.path(), None)
            .await
            .expect("listed");
        assert_eq!(found, [path.display().to_string()].into());
        let missing = stale(&Host::Here, &directory.path().join("none"), None)
            .await
            .expect("nothing is there");
        assert!(missing.is_empty());
    }
}
