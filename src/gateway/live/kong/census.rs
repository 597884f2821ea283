//! Kong nodes on this host that the environment does not list, found by their processes.
//!
//! A node's process names its prefix on its command line, and the prefix holds the node's process id and its settings. Whether
//! those lead to the same database is proven as it is for listed nodes, not compared as text.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::proof::{RENDERED, as_database, rendered};
use crate::environment::Database;
use crate::gateway::live::Live;
use crate::gateway::live::hosts::Host;
use crate::gateway::live::postgres::{PostgresError, Role, connect, is_same_database};
use crate::gateway::{Failure, StrangeNode};

impl Live {
    /// Every running node on this host that is not listed and does not certainly use another database.
    pub(super) async fn nodes_beside(&self, node: &str) -> Result<Vec<StrangeNode>, Failure> {
        let (cluster, found_node) = self.node(node).await?;
        let old = self.cassandra_of(&cluster)?;
        let database = match old {
            Some(_) => None,
            None => Some(self.database_of(&cluster)?.1),
        };
        let host = self.host(&found_node).await?;
        let listed = self.listed_on(&host).await;
        let mut found = Vec::new();
        for (pid, prefix) in running_nodes(&host).await? {
            if listed.contains(&host.canonical(&prefix).await) {
                continue;
            }
            let shares_database = match (&old, &database) {
                (Some(old), _) => {
                    let settings = rendered(&host, &prefix).await.ok();
                    settings.and_then(|settings| old.shared_by(&settings))
                }
                (None, Some(database)) => self.shares(&host, &prefix, database).await,
                (None, None) => None,
            };
            if shares_database != Some(false) {
                found.push(StrangeNode {
                    described: format!("process {pid} with the prefix `{}`", prefix.display()),
                    shares_database,
                });
            }
        }
        Ok(found)
    }

    /// The prefixes of the nodes that the environment lists on the machine of a host, by whatever name that is reached: the same prefix
    /// on another one is another node.
    async fn listed_on(&self, host: &Host) -> BTreeSet<PathBuf> {
        let mut listed = BTreeSet::new();
        let machine = host.identity().await.ok();
        let nodes = self.environment.clusters.values();
        for node in nodes.flat_map(|cluster| &cluster.nodes) {
            let Ok(other) = self.host(node).await else {
                continue;
            };
            if machine.is_some() && other.identity().await.ok() == machine {
                listed.insert(host.canonical(&node.prefix).await);
            }
        }
        listed
    }

    /// Whether the settings of a prefix lead to `database`; `None` where they cannot be followed.
    async fn shares(&self, host: &Host, prefix: &Path, database: &Database) -> Option<bool> {
        let private = self.private_directory().await.ok()?;
        let settings = rendered(host, prefix).await.ok()?;
        if settings.get("database").is_some_and(|kind| kind == "off") {
            // What its settings say of a database are presets, and nobody's.
            return Some(false);
        }
        let theirs = as_database(host, database, &settings, private.path())
            .await
            .ok()?;
        let sockets = [&theirs.host, &database.host].map(|host| host.starts_with('/'));
        if sockets == [true, true] && theirs.host != database.host {
            // Two socket directories of one host are two servers.
            let [one, other] =
                [&theirs.host, &database.host].map(|host| canonical(Path::new(host)));
            if one != other {
                return Some(false);
            }
        }
        let same = async {
            let one = connect(&theirs, Role::Owner, None).await?;
            let other = connect(database, Role::Owner, None).await?;
            is_same_database(&one, &other).await
        };
        match same.await {
            Ok(same) => Some(same),
            // Ours can be reached from here, so an address that cannot is another one.
            Err(PostgresError::Connect { .. }) if theirs.host != database.host => Some(false),
            Err(_) => None,
        }
    }
}

/// The processes of a host that are a node of Kong, with their prefixes.
async fn running_nodes(host: &Host) -> Result<Vec<(u32, PathBuf)>, Failure> {
    let unseen = |error: std::io::Error| {
        Failure::new(
            "kong.census",
            format!("the processes of the host cannot be listed: {error}"),
        )
    };
    let mut found = Vec::new();
    for (pid, command) in host.processes().await.map_err(unseen)? {
        let Some(prefix) = prefix_of(&command) else {
            continue;
        };
        let own = match host.read_text(&prefix.join("pids/nginx.pid")).await {
            Ok(own) => own,
            Err(error) if is_of_the_path(error.kind()) => continue,
            Err(error) => return Err(unseen(error)),
        };
        let is_own = own.trim() == pid.to_string();
        if is_own && host.exists(&prefix.join(RENDERED)).await.map_err(unseen)? {
            found.push((pid, prefix));
        }
    }
    Ok(found)
}

/// Whether a file cannot be read for what it is: a process that has ended in between is no node any more, and what only looks like one has no
/// such file. That a connection was lost says nothing about a process.
fn is_of_the_path(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidData
            | ErrorKind::InvalidInput
    )
}

/// The prefix on a command line. nginx writes its own over the arguments, with spaces between them.
fn prefix_of(command: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(command);
    let mut words = text.split(['\0', ' ']);
    words.find(|word| matches!(*word, "-p" | "--prefix"))?;
    words
        .next()
        .filter(|prefix| prefix.starts_with('/'))
        .map(PathBuf::from)
}

/// A directory of sockets as the kernel knows it, so that a link to it is the same one.
fn canonical(directory: &Path) -> PathBuf {
    std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_read_from_what_nginx_and_the_stand_in_show() {
        let nginx = b"nginx: master process /usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf\0\0";
        assert_eq!(prefix_of(nginx), Some(PathBuf::from("/usr/local/kong")));
        let stand_in = b"/x/cutover\0stand-in\0v2.8.5\0node\0--prefix\0/tmp/p/kong-1\0";
        assert_eq!(prefix_of(stand_in), Some(PathBuf::from("/tmp/p/kong-1")));
        assert_eq!(prefix_of(b"bash\0-p\0relative\0"), None);
    }
}
