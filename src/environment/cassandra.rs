//! Cassandra clusters in which Kong up to 3.3 keeps its data, as the inventory describes them.
//!
//! Every node is named: each holds rows that the others may not have, and is asked by its own `nodetool`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Transport;
use super::cluster::wants_sudo;
use super::error::Problem;
use super::ssh::unusable;

/// The longest name of a keyspace.
const LONGEST_KEYSPACE: usize = 48;

/// A Cassandra cluster that Kong keeps its data in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cassandra {
    /// The keyspace of Kong's tables (`cassandra_keyspace`).
    #[serde(default = "kong")]
    pub keyspace: String,
    /// All its nodes, the first of which is given the statements.
    #[serde(default)]
    pub nodes: Vec<CassandraNode>,
}

/// A node of a Cassandra cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CassandraNode {
    /// Unique in the file, also among Kong's nodes.
    pub name: String,
    /// How commands reach the node's host.
    #[serde(default)]
    pub transport: Transport,
    /// Its address for clients (`rpc_address`), as its host reaches it.
    pub address: String,
    /// Its port for clients.
    #[serde(default = "port")]
    pub port: u16,
    /// Its data directories (`data_file_directories`), in the order of its configuration.
    pub data: Vec<PathBuf>,
    /// Where `nodetool` is.
    #[serde(default = "nodetool")]
    pub nodetool: PathBuf,
    /// Where `cqlsh` is.
    #[serde(default = "cqlsh")]
    pub cqlsh: PathBuf,
    /// Where `sstableloader` is.
    #[serde(default = "sstableloader")]
    pub sstableloader: PathBuf,
    /// The file on the host with user, password and certificates for `cqlsh` (`--cqlshrc`); the one in the home directory where absent.
    pub cqlshrc: Option<PathBuf>,
    /// The commands that are run as root on the node's host, by `sudo -n`, as one would type them; `*` at the end stands for any words.
    #[serde(default)]
    pub sudo: Vec<String>,
}

fn kong() -> String {
    "kong".to_owned()
}

fn port() -> u16 {
    9042
}

fn nodetool() -> PathBuf {
    "/usr/bin/nodetool".into()
}

fn cqlsh() -> PathBuf {
    "/usr/bin/cqlsh".into()
}

fn sstableloader() -> PathBuf {
    "/usr/bin/sstableloader".into()
}

impl Cassandra {
    /// What the types alone cannot say of the cluster called `name`.
    pub(super) fn check(&self, name: &str) -> Result<(), Problem> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let length = self.keyspace.len();
        if !(1..=LONGEST_KEYSPACE).contains(&length) || !self.keyspace.bytes().all(is_word) {
            return Err(Problem::cassandra(
                name,
                "keyspace",
                "has a keyspace that can be none",
                "a keyspace is 1 to 48 letters, digits and underscores, as `cassandra_keyspace` of kong.conf",
            ));
        }
        if self.nodes.is_empty() {
            return Err(Problem::cassandra(
                name,
                name,
                "has no nodes",
                &format!("list all of them, each as `[[cassandra.{name}.nodes]]`"),
            ));
        }
        self.nodes.iter().try_for_each(CassandraNode::check)
    }
}

impl CassandraNode {
    /// Whether a program with these words is run as root (`sudo -n`).
    #[must_use]
    pub fn wants_sudo(&self, words: &[String]) -> bool {
        wants_sudo(&self.sudo, words)
    }

    fn check(&self) -> Result<(), Problem> {
        if let Transport::Ssh(destination) = &self.transport
            && let Some(why) = unusable(destination)
        {
            return Err(Problem::destination(&self.name, destination, why));
        }
        if unusable(&self.address).is_some() {
            return Err(Problem::node(
                &self.name,
                "address",
                "has an address that can be none",
                "give it the one that `cqlsh` reaches it at: `address = \"10.0.0.31\"`",
            ));
        }
        let is_absolute = |path: &PathBuf| path.is_absolute();
        if self.data.is_empty() || !self.data.iter().all(is_absolute) {
            return Err(Problem::node(
                &self.name,
                "data",
                "does not say where its data lies",
                "give it the absolute paths of `data_file_directories`: `data = [\"/var/lib/cassandra/data\"]`",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::samples;

    const OLD: &str = r#"
name = "practice"
[clusters.blue]
database = "old"
[[clusters.blue.nodes]]
name = "kong-1"
conf = "/etc/kong/kong.conf"
prefix = "/usr/local/kong"
packages = { prefix = "/opt/kong" }
admin = "http://127.0.0.1:8001"
proxy = "http://127.0.0.1:8000"
[cassandra.old]
[[cassandra.old.nodes]]
name = "cassandra-1"
transport = { ssh = "ops@10.0.0.31" }
address = "10.0.0.31"
data = ["/var/lib/cassandra/data"]
sudo = ["/usr/bin/find *"]
[databases.main]
host = "127.0.0.1"
database = "kong"
user = "kong"
tls = "off"
[storage]
path = "store"
"#;

    fn refusal(from: &str, to: &str) -> String {
        samples::refusal(OLD, from, to)
    }

    #[test]
    fn a_cassandra_is_read_with_its_presets() {
        let environment = samples::parsed(OLD).expect("valid");
        let old = &environment.cassandra["old"];
        assert_eq!(old.keyspace, "kong");
        let node = &old.nodes[0];
        assert_eq!((node.port, node.cqlshrc.as_ref()), (9042, None));
        assert_eq!(node.nodetool, Path::new("/usr/bin/nodetool"));
        let words = ["/usr/bin/find", "/var/lib/cassandra/data"].map(str::to_owned);
        assert!(node.wants_sudo(&words));
        assert_eq!(environment.database_names(), ["main", "old"]);
    }

    #[test]
    fn what_cannot_be_is_told_with_its_place_and_remedy() {
        let told = [
            refusal("[cassandra.old]", "[cassandra.old]\nkeyspace = \"kong;\""),
            refusal("[cassandra.old]\n", "[cassandra.new]\n[cassandra.old]\n"),
            refusal("database = \"old\"", "database = \"odl\""),
            refusal("[databases.main]", "[databases.old]"),
            refusal("\"cassandra-1\"", "\"kong-1\""),
            refusal("\"ops@10.0.0.31\"", "\"-oProxyCommand=id\""),
            refusal("address = \"10.0.0.31\"", "address = \"-u\""),
            refusal("[\"/var/lib/cassandra/data\"]", "[\"data\"]"),
            refusal("tls = \"off\"", "tls = \"off\"\nkind = \"cassandra\""),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        environment.toml:13:1: the Cassandra `old` has a keyspace that can be none
        help: a keyspace is 1 to 48 letters, digits and underscores, as `cassandra_keyspace` of kong.conf
        environment.toml:12:12: the Cassandra `new` has no nodes
        help: list all of them, each as `[[cassandra.new.nodes]]`
        environment.toml:4:12: `blue` names the database `odl`, which does not exist
        help: did you mean `old`?
        environment.toml:12:12: the Cassandra `old` has the name of one of `[databases]`
        help: give it another one, and its cluster's `database` too
        environment.toml:14:8: two nodes are called `kong-1`
        help: give every node of the file a name of its own
        environment.toml:15:15: node `cassandra-1` cannot be reached over SSH as `-oProxyCommand=id`: it is none
        help: write `{ ssh = "user@host" }`, or a name of ssh's configuration
        environment.toml:16:1: the node `cassandra-1` has an address that can be none
        help: give it the one that `cqlsh` reaches it at: `address = "10.0.0.31"`
        environment.toml:17:1: the node `cassandra-1` does not say where its data lies
        help: give it the absolute paths of `data_file_directories`: `data = ["/var/lib/cassandra/data"]`
        environment.toml:24:8: the database `main` is a Cassandra, which has nodes of its own
        help: describe it as `[cassandra.main]`, with `[[cassandra.main.nodes]]`
        "#);
    }
}
