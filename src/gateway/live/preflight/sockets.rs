//! Unix sockets in a prefix that nobody has bound any more: a node that was killed leaves them, and its next start may stumble over them.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// Where Kong keeps its sockets, below the prefix: in it, and since 3.8 in a directory of their own.
const PLACES: [&str; 2] = ["", "sockets"];

/// The stale ones, by their paths; as the node's process sees them, where it runs, since that may be in a container.
pub(super) fn stale(prefix: &Path, process: Option<u32>) -> io::Result<BTreeSet<String>> {
    let table = process.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let bound = bound(&std::fs::read_to_string(format!("/proc/{table}/net/unix"))?);
    let mut stale = BTreeSet::new();
    for place in PLACES {
        let entries = match std::fs::read_dir(prefix.join(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_socket() && !bound.iter().any(|one| is_same(one, &path)) {
                stale.insert(path.display().to_string());
            }
        }
    }
    Ok(stale)
}

/// Whether two paths are one socket: a prefix may be named by a link to it.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || one.file_name() == other.file_name()
            && matches!(
                (std::fs::canonicalize(one), std::fs::canonicalize(other)),
                (Ok(one), Ok(other)) if one == other
            )
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

    #[test]
    fn a_socket_is_stale_once_nobody_has_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("worker_events.sock");
        let listener = UnixListener::bind(&path).expect("bound");
        std::fs::write(directory.path().join("file.sock"), "").expect("written");
        assert!(stale(directory.path(), None).expect("listed").is_empty());
        drop(listener);
        let found = stale(directory.path(), None).expect("listed");
        assert_eq!(found, [path.display().to_string()].into());
        let missing = stale(&directory.path().join("none"), None).expect("nothing is there");
        assert!(missing.is_empty());
    }
}
