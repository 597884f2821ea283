//! Kong nodes on this host that the environment does not list, found by their processes.
//!
//! A node's process names its prefix on its command line, and the prefix holds the node's process id and its settings. Whether
//! those lead to the same database is proven as it is for listed nodes, not compared as text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::proof::{RENDERED, as_database, rendered};
use crate::environment::Database;
use crate::gateway::live::Live;
use crate::gateway::live::postgres::{PostgresError, Role, connect, is_same_database};
use crate::gateway::{Failure, StrangeNode};

impl Live {
    /// Every running node on this host that is not listed and does not certainly use another database.
    pub(super) async fn nodes_beside(&self, node: &str) -> Result<Vec<StrangeNode>, Failure> {
        let (cluster, _) = self.node(node)?;
        let (_, database) = self.database_of(cluster)?;
        let listed = self.environment.clusters.values();
        let listed: BTreeSet<PathBuf> = listed
            .flat_map(|cluster| &cluster.nodes)
            .map(|node| canonical(&node.prefix))
            .collect();
        let mut found = Vec::new();
        for (pid, prefix) in running_nodes()? {
            if listed.contains(&canonical(&prefix)) {
                continue;
            }
            let shares_database = self.shares(&prefix, database).await;
            if shares_database != Some(false) {
                found.push(StrangeNode {
                    described: format!("process {pid} with the prefix `{}`", prefix.display()),
                    shares_database,
                });
            }
        }
        Ok(found)
    }

    /// Whether the settings of a prefix lead to `database`; `None` where they cannot be followed.
    async fn shares(&self, prefix: &Path, database: &Database) -> Option<bool> {
        let private = self.private_prefix().ok()?;
        let settings = rendered(prefix).ok()?;
        let theirs = as_database(database, &settings, private.path()).ok()?;
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

/// The processes of this host that are a node of Kong, with their prefixes.
fn running_nodes() -> Result<Vec<(u32, PathBuf)>, Failure> {
    let unseen = |error: std::io::Error| {
        Failure::new(
            "kong.census",
            format!("the processes of this host cannot be listed: {error}"),
        )
    };
    let entries = std::fs::read_dir("/proc").map_err(unseen)?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let node = |pid: u32| {
        // A process that has ended in between is no node any more.
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let prefix = prefix_of(&command)?;
        let own = std::fs::read_to_string(prefix.join("pids/nginx.pid")).ok()?;
        let is_node = own.trim() == pid.to_string() && prefix.join(RENDERED).exists();
        is_node.then_some((pid, prefix))
    };
    Ok(pids.filter_map(node).collect())
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

/// A prefix as the kernel knows it, so that a link to it is the same one.
fn canonical(prefix: &Path) -> PathBuf {
    std::fs::canonicalize(prefix).unwrap_or_else(|_| prefix.to_owned())
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
