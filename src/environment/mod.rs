//! The inventory file: clusters, nodes, databases, traffic, grants and secret references.
//!
//! One `environment.toml` describes one environment. This room reads and checks that file and owns its types; it resolves no
//! secret, opens no connection and knows nothing of playbooks. Everything else refers to what stands here by name.

mod access;
mod budgets;
mod cassandra;
mod change_sets;
mod cluster;
mod command;
mod database;
mod error;
mod gates;
mod grants;
mod need;
mod ours;
mod packages;
mod permissions;
mod redis;
mod requests;
mod review;
#[cfg(test)]
mod samples;
mod secret;
mod ssh;
mod topology;
mod traffic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use access::Access;
pub use budgets::Budgets;
pub use cassandra::{Cassandra, CassandraNode};
pub use change_sets::ChangeSetFile;
pub use cluster::{Cluster, Node, Service, Transport};
pub use command::{is_program, typed};
pub use database::{Database, DatabaseAdmin, DatabaseKind, Tls};
pub use error::EnvironmentError;
pub use gates::Gates;
pub use grants::{Counted, Decision, Grant, Grants};
pub use need::{Need, NeedError, Thing};
pub use packages::{FilePackages, PackageDriver, RepositoryPackages};
pub use permissions::{Leave, Outlook, Permissions, Wanted, is_safe_method};
pub use redis::Redis;
pub use requests::{Bearing, Credential, NamedSecret, TlsProfile};
pub use review::{Review, Waiver};
pub use secret::SecretReference;
pub use ssh::Ssh;
pub use topology::{Role, Topology};
pub use traffic::{HaproxyMap, Traffic, TrafficKind};

/// One environment: everything that a run may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The name that a person types to confirm, and that the lock bears.
    pub name: String,
    /// What happens when a step fails and the script does not handle it.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// What playbooks may do here.
    #[serde(default)]
    pub grants: Grants,
    /// What a person approves, whatever a playbook says.
    #[serde(default)]
    pub gates: Gates,
    /// What a playbook may use up before it is stopped.
    #[serde(default)]
    pub budgets: Budgets,
    /// Kong clusters by name.
    #[serde(default)]
    pub clusters: BTreeMap<String, Cluster>,
    /// Databases by name.
    #[serde(default)]
    pub databases: BTreeMap<String, Database>,
    /// Cassandra clusters in which Kong keeps its data, by name: databases too, under names of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cassandra: BTreeMap<String, Cassandra>,
    /// Redis servers in which rate limits are counted, by name.
    #[serde(default)]
    pub redis: BTreeMap<String, Redis>,
    /// Load balancers by name.
    #[serde(default)]
    pub traffic: BTreeMap<String, Traffic>,
    /// Secrets that requests of playbooks and checks may carry, by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, NamedSecret>,
    /// What lets generated checks pass plugins that ask who it is.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Whom requests trust and whom they show themselves to be, by name.
    #[serde(default)]
    pub tls: BTreeMap<String, TlsProfile>,
    /// Change sets by name: what adapts the files of nodes to another version.
    #[serde(default)]
    pub change_sets: BTreeMap<String, ChangeSetFile>,
    /// How hosts are reached over SSH.
    #[serde(default)]
    pub ssh: Ssh,
    /// What a review looks into beside clusters, and what it lets pass.
    #[serde(default)]
    pub review: Review,
    /// Where cutover keeps runs, backups and replaced packages.
    pub storage: Storage,
}

/// What happens when a step fails and the script does not handle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Undo while no client request has reached the new version; afterwards hold.
    #[default]
    Undo,
    /// Stop where it stands and print the ways on.
    Hold,
    /// Ask at the terminal; hold where there is none.
    Ask,
}

/// Where cutover keeps its own files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// A directory that is ours alone (mode 0700). A relative path starts at the environment file.
    pub path: PathBuf,
}

impl Environment {
    /// The same, for somebody who only looks: every session on any of its databases is opened as one that cannot write.
    #[must_use]
    pub fn for_looking(mut self) -> Self {
        for database in self.databases.values_mut() {
            database.access = Access::Look;
        }
        self
    }

    /// Reads and checks the environment file at `path`.
    ///
    /// Relative paths in it start at the file's own directory.
    pub fn load(path: &Path) -> Result<Self, EnvironmentError> {
        let text = ours::read(path)?;
        let mut environment = Self::parse(path, &text)?;
        let base = path.parent().unwrap_or(Path::new(".")).to_owned();
        environment.review = environment.review.starting_at(&base);
        let profiles = std::mem::take(&mut environment.tls).into_iter();
        environment.tls = profiles
            .map(|(name, profile)| (name, profile.starting_at(&base)))
            .collect();
        environment.ssh = environment.ssh.starting_at(&base);
        let change_sets = std::mem::take(&mut environment.change_sets).into_iter();
        environment.change_sets = change_sets
            .map(|(name, file)| (name, file.starting_at(&base)))
            .collect();
        // Absolute, since programs that are started elsewhere are told of paths under it.
        environment.storage.path = std::path::absolute(base.join(&environment.storage.path))
            .map_err(|source| EnvironmentError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        Ok(environment)
    }

    /// Parses the text of an environment file; `path` is used in messages only.
    pub fn parse(path: &Path, text: &str) -> Result<Self, EnvironmentError> {
        let environment: Self =
            toml::from_str(text).map_err(|source| EnvironmentError::syntax(path, text, &source))?;
        environment
            .check()
            .map_err(|problem| problem.at(path, text))?;
        Ok(environment)
    }

    /// The JSON schema of the file, for editors and reviews.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Environment).to_value()
    }

    /// The cluster that has a node called `name`, and the node.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<(&str, &Cluster, &Node)> {
        self.clusters.iter().find_map(|(cluster_name, cluster)| {
            let node = cluster.nodes.iter().find(|node| node.name == name)?;
            Some((cluster_name.as_str(), cluster, node))
        })
    }

    /// Where another version is tried for a node of a cluster: the cluster and the node whose host that is.
    #[must_use]
    pub fn place_of_trials<'a>(
        &'a self,
        cluster: &'a Cluster,
        node: &'a Node,
    ) -> (&'a Cluster, &'a Node) {
        let named = cluster.scratch.as_ref().and_then(|name| self.node(name));
        named.map_or((cluster, node), |(_, cluster, node)| (cluster, node))
    }

    /// The names of all databases, in order: those of PostgreSQL and of Cassandra.
    #[must_use]
    pub fn database_names(&self) -> Vec<&str> {
        let names = self.databases.keys().chain(self.cassandra.keys());
        let mut names: Vec<&str> = names.map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// What the types alone cannot say: every reference names something, every node name is unique, every driver exists.
    fn check(&self) -> Result<(), error::Problem> {
        self.budgets.check()?;
        self.gates.check()?;
        for credential in &self.credentials {
            credential.check(&self.secrets)?;
        }
        let mut seen = std::collections::BTreeSet::new();
        for (cluster_name, cluster) in &self.clusters {
            if let Some(database) = &cluster.database
                && !self.databases.contains_key(database)
                && !self.cassandra.contains_key(database)
            {
                return Err(error::Problem::unknown(
                    "database",
                    database,
                    cluster_name,
                    self.databases.keys().chain(self.cassandra.keys()),
                ));
            }
            if let Some(traffic) = &cluster.traffic
                && !self.traffic.contains_key(traffic)
            {
                return Err(error::Problem::unknown(
                    "traffic",
                    traffic,
                    cluster_name,
                    self.traffic.keys(),
                ));
            }
            if let Some(scratch) = &cluster.scratch
                && self.node(scratch).is_none()
            {
                let nodes = self.clusters.values().flat_map(|cluster| &cluster.nodes);
                return Err(error::Problem::unknown(
                    "node",
                    scratch,
                    cluster_name,
                    nodes.map(|node| &node.name),
                ));
            }
            for node in &cluster.nodes {
                if !seen.insert(node.name.as_str()) {
                    return Err(error::Problem::duplicate_node(&node.name));
                }
                node.check()?;
            }
            topology::check(cluster_name, cluster)?;
        }
        for (name, cassandra) in &self.cassandra {
            if self.databases.contains_key(name) {
                return Err(error::Problem::cassandra(
                    name,
                    name,
                    "has the name of one of `[databases]`",
                    "give it another one, and its cluster's `database` too",
                ));
            }
            for node in &cassandra.nodes {
                if !seen.insert(node.name.as_str()) {
                    return Err(error::Problem::duplicate_node(&node.name));
                }
            }
            cassandra.check(name)?;
        }
        for (name, database) in &self.databases {
            if let Some(scratch) = &database.scratch
                && !self.databases.contains_key(scratch)
            {
                return Err(error::Problem::unknown(
                    "scratch",
                    scratch,
                    name,
                    self.databases.keys(),
                ));
            }
            if let Some(unknown) =
                (database.redis.iter()).find(|redis| !self.redis.contains_key(*redis))
            {
                return Err(error::Problem::unknown(
                    "Redis",
                    unknown,
                    name,
                    self.redis.keys(),
                ));
            }
            database.check(name)?;
        }
        self.traffic.iter().try_for_each(|(name, traffic)| {
            let behind = self.clusters.iter();
            let behind = behind.filter(|(_, cluster)| cluster.traffic.as_ref() == Some(name));
            let behind: Vec<(&str, &Cluster)> =
                behind.map(|(cluster, of)| (cluster.as_str(), of)).collect();
            traffic.check(name, &behind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::samples::parsed;
    use super::*;

    const SMALL: &str = r#"
name = "practice"
[clusters.blue]
database = "main"
[[clusters.blue.nodes]]
name = "kong-1"
conf = "/etc/kong/kong.conf"
prefix = "/usr/local/kong"
packages = { prefix = "/opt/kong" }
admin = "http://127.0.0.1:8001"
proxy = "http://127.0.0.1:8000"
[databases.main]
host = "127.0.0.1"
database = "kong"
user = "kong"
tls = "off"
[storage]
path = "store"
"#;

    fn refusal(text: &str) -> String {
        parsed(text).expect_err("refused")
    }

    #[test]
    fn a_small_environment_is_read() {
        let environment = parsed(SMALL).expect("valid");
        let (cluster, _, node) = environment.node("kong-1").expect("there");
        assert_eq!((cluster, node.service.clone()), ("blue", Service::Kong));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_a_suggestion() {
        insta::assert_snapshot!(refusal(&SMALL.replace("database = \"main\"", "databse = \"main\"")), @r"
        environment.toml:4:1: unknown key `databse`
        help: did you mean `database`?
        ");
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        insta::assert_snapshot!(refusal(&SMALL.replace("database = \"main\"", "database = \"mian\"")), @r#"
        environment.toml:4:12: `blue` names the database `mian`, which does not exist
        help: did you mean `main`?
        "#);
    }

    #[test]
    fn another_version_is_tried_where_the_file_says() {
        let with = |scratch: &str| {
            let named = format!("database = \"main\"\nscratch = \"{scratch}\"");
            let node = "[[clusters.stage.nodes]]\nname = \"stage-1\"\nconf = \"/etc/kong/kong.conf\"\nprefix = \"/usr/local/kong\"\n\
                 packages = { apt = {} }\nadmin = \"http://127.0.0.2:8001\"\nproxy = \"http://127.0.0.2:8000\"\n";
            SMALL.replacen("database = \"main\"", &named, 1) + node
        };
        let environment = parsed(&with("stage-1")).expect("valid");
        let place = |name: &str| {
            let (_, cluster, node) = environment.node(name).expect("there");
            &environment.place_of_trials(cluster, node).1.name
        };
        assert_eq!([place("kong-1"), place("stage-1")], ["stage-1"; 2]);
        insta::assert_snapshot!(refusal(&with("stage-2")), @r"
        environment.toml:5:11: `blue` names the node `stage-2`, which does not exist
        help: did you mean `stage-1`?
        ");
    }

    #[test]
    fn a_redis_is_known_by_what_plugins_call_it() {
        let with = SMALL.replace(
            "tls = \"off\"",
            "tls = \"off\"\nredis = [\"counters\", \"others\"]",
        ) + "[redis.counters]\nhost = \"10.0.0.5\"\n\n[redis.others]\nhost = \"::1\"\nport = 7000\ncalled = \"redis:6379\"\n";
        let environment = parsed(&with).expect("valid");
        let called = environment.databases["main"].redis.iter();
        let called: Vec<_> = called
            .map(|name| environment.redis[name].called())
            .collect();
        assert_eq!(called, ["10.0.0.5:6379", "redis:6379"]);
        let refused = refusal(&with.replace("\"counters\", ", "\"conters\", "));
        insta::assert_snapshot!(refused, @r"
        environment.toml:17:10: `main` names the Redis `conters`, which does not exist
        help: did you mean `counters`?
        ");
    }

    #[test]
    fn a_credential_says_where_it_stands_and_names_a_secret() {
        let with = |credential: &str| {
            format!(
                "{SMALL}[secrets.carol]\nfrom = {{ env = \"CAROL\" }}\n[[credentials]]\nplugin = \"basic-auth\"\n{credential}\n"
            )
        };
        let sound = with("login = \"carol\"\nsecret = \"carol\"");
        let environment = parsed(&sound).expect("valid");
        assert_eq!(
            environment.credentials[0].bearing(),
            Bearing::Login("carol")
        );
        insta::assert_snapshot!(refusal(&with("secret = \"carol\"")), @r#"
        environment.toml:22:10: the credential for `basic-auth` says not where in a request it stands
        help: give it one of `login = "USER"`, `header = "NAME"` and `query = "NAME"`
        "#);
        insta::assert_snapshot!(refusal(&with("query = \"key\"\nsecret = \"carl\"")), @r"
        environment.toml:24:10: `the credential for basic-auth` names the secret `carl`, which does not exist
        help: did you mean `carol`?
        ");
    }

    #[test]
    fn a_package_that_nothing_proves_is_refused() {
        let with = |packages: &str| refusal(&SMALL.replace("{ prefix = \"/opt/kong\" }", packages));
        insta::assert_snapshot!(with("{ deb = { directory = \"/srv\" } }"), @r#"
        environment.toml:9:14: the package of the node `kong-1` is a `.deb` file of which nothing says what it must be
        help: give the digest of each version: `sha256 = { "3.9.1" = "…" }`
        "#);
        insta::assert_snapshot!(with("{ apt = { sha256 = { \"3.9.1\" = \"00\" } } }"), @r"
        environment.toml:9:43: the package of the node `kong-1` has no SHA-256 for version 3.9.1 in `00`
        help: give its 64 digits, as `sha256sum` prints them
        ");
        insta::assert_snapshot!(with("{ rpm = { } }"), @"environment.toml:9:20: the key `directory` is missing");
    }

    #[test]
    fn a_host_is_one_word_and_no_option() {
        let to = |host: &str| {
            SMALL.replace(
                "conf =",
                &format!("transport = {{ ssh = \"{host}\" }}\nconf ="),
            )
        };
        let environment = parsed(&to("ops@10.0.0.11"));
        let (_, _, node) = environment
            .as_ref()
            .expect("valid")
            .node("kong-1")
            .expect("there");
        assert_eq!(node.transport, Transport::Ssh("ops@10.0.0.11".to_owned()));
        insta::assert_snapshot!(refusal(&to("-oProxyCommand=id")), @r#"
        environment.toml:7:15: node `kong-1` cannot be reached over SSH as `-oProxyCommand=id`: it is none
        help: write `{ ssh = "user@host" }`, or a name of ssh's configuration
        "#);
        insta::assert_snapshot!(refusal(&to("host id")), @r#"
        environment.toml:7:15: node `kong-1` cannot be reached over SSH as `host id`: it is no single word
        help: write `{ ssh = "user@host" }`, or a name of ssh's configuration
        "#);
    }

    #[test]
    fn commands_are_run_as_root_that_are_listed() {
        let sudo = "sudo = [\"/usr/bin/systemctl *\", \"/usr/bin/apt-get -q update\"]\nconf =";
        let text = SMALL.replace("conf =", sudo);
        let environment = parsed(&text).expect("valid");
        let (_, _, node) = environment.node("kong-1").expect("there");
        let wants = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            node.wants_sudo(&words)
        };
        assert!(wants("/usr/bin/systemctl stop -- kong"));
        assert!(wants("/usr/bin/apt-get -q update"));
        assert!(!wants("/usr/bin/apt-get -q update -o x"));
        assert!(!wants("/opt/kong/bin/kong stop"));
    }

    #[test]
    fn a_secret_in_the_file_is_refused() {
        insta::assert_snapshot!(refusal(&SMALL.replace("user = \"kong\"", "user = \"kong\"\npassword = \"hunter2\"")), @r#"
        environment.toml:16:12: a secret cannot stand in this file
        help: write a reference: `{ env = "NAME" }`, `{ file = "/path" }` or `{ command = ["program", "argument"] }`
        "#);
    }
}
