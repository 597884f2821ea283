//! What is known of an environment, so that it can be judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::gateway::{
    AdminStatus, Administered, DatabaseFacts, HostFacts, KongSessions, PlaceFacts, Rotation,
    ScratchPlace, ServerFacts, StrangeNode, WriteDenial,
};
use crate::kong::Version;
use crate::kong::advisories::{self, Certificate, Entity, Known, License};
use crate::kong::migrations::{MigrationState, Names};

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// How the environment is called.
    pub words: Words,
    /// The time.
    pub now: Timestamp,
    /// The version to go to, if one was named.
    pub to: Option<Version>,
    /// What the sandbox of a playbook's process lacks here.
    pub lacking_layers: Known<Vec<String>>,
    /// Runs of cutover in this environment that are not finished.
    pub unfinished_runs: Known<Vec<String>>,
    /// This machine.
    pub place: Known<PlaceFacts>,
    /// The hosts that the environment names.
    pub hosts: Hosts,
    /// The clusters that are looked at.
    pub clusters: Vec<Cluster>,
    /// Their databases.
    pub databases: Vec<Database>,
}

impl Facts {
    /// The nodes of all clusters.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.clusters.iter().flat_map(|cluster| &cluster.nodes)
    }

    /// The cluster that has a node.
    pub(super) fn cluster_of(&self, node: &Node) -> Option<&Cluster> {
        let name = node.words.subject();
        let has_it = |cluster: &&Cluster| {
            let mut nodes = cluster.nodes.iter();
            nodes.any(|one| one.words.subject() == name)
        };
        self.clusters.iter().find(has_it)
    }

    /// The database of a cluster.
    pub(super) fn database_of(&self, cluster: &Cluster) -> Option<&Database> {
        let name = cluster.database.as_deref()?;
        let mut databases = self.databases.iter();
        databases.find(|database| database.words.subject() == name)
    }

    /// The nodes whose cluster has a database.
    pub(super) fn nodes_on(&self, database: &Database) -> impl Iterator<Item = &Node> {
        let name = database.words.subject();
        let clusters = self.clusters.iter();
        let there = clusters.filter(move |cluster| cluster.database.as_deref() == Some(name));
        there.flat_map(|cluster| &cluster.nodes)
    }

    /// The clusters whose database is on the same server.
    pub fn clusters_on(&self, server: &str) -> impl Iterator<Item = &Cluster> {
        let databases = self.databases.iter();
        let there: BTreeSet<&str> = databases
            .filter(|database| database.server_address == server)
            .map(|database| database.words.subject())
            .collect();
        let clusters = self.clusters.iter();
        clusters.filter(move |cluster| {
            let database = cluster.database.as_deref();
            database.is_some_and(|database| there.contains(database))
        })
    }
}

/// How a thing is called, for messages and remedies.
#[derive(Debug, Clone, Default)]
pub struct Words {
    subject: String,
    others: BTreeMap<&'static str, String>,
}

impl Words {
    /// Those of the thing `subject` of the environment.
    #[must_use]
    pub fn of(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            others: BTreeMap::new(),
        }
    }

    /// The same with one more, which remedies write as `{key}`.
    #[must_use]
    pub fn with(mut self, key: &'static str, word: impl Into<String>) -> Self {
        self.others.insert(key, word.into());
        self
    }

    /// Its name in the environment.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn fill(&self, remedy: &str) -> String {
        let others = self.others.iter();
        others.fold(remedy.to_owned(), |text, (key, word)| {
            text.replace(&format!("{{{key}}}"), word)
        })
    }
}

/// Hosts, each with who names it, and those of them that have no address.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    /// Who names each.
    pub named: BTreeMap<String, String>,
    /// Those without an address, each with the reason.
    pub unresolved: Known<BTreeMap<String, String>>,
}

impl Hosts {
    /// Those without an address, each with who names it and why.
    pub(super) fn unresolved_with_owners(&self) -> Result<Vec<String>, String> {
        let unresolved = self.unresolved.get()?.iter();
        let described = unresolved.map(|(host, why)| {
            let owner = self.named.get(host).map_or("nobody", String::as_str);
            format!("`{host}` of {owner}: {why}")
        });
        Ok(described.collect())
    }
}

/// A cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// How it is called.
    pub words: Words,
    /// Its database, by its name in the environment.
    pub database: Option<String>,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Its entities by their collections, as the Admin API calls them.
    pub entities: BTreeMap<String, Known<Vec<Entity>>>,
    /// The certificates among its entities.
    pub certificates: Known<Vec<Certificate>>,
    /// Its license.
    pub license: Known<License>,
    /// Whom its load balancer sends requests to and the environment does not list; `None` where it has no load balancer.
    pub unlisted_servers: Known<Option<BTreeSet<String>>>,
    /// The hosts of its services and targets.
    pub hosts: Hosts,
}

/// A node.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// How it is called.
    pub words: Words,
    /// Whether it runs, by its own `kong health`.
    pub runs: Known<bool>,
    /// The version of its `kong`.
    pub installed: Known<Version>,
    /// The versions that could be installed.
    pub available: Known<Vec<Version>>,
    /// The versions that could be tried for it while it has another one installed.
    pub trials: Known<Vec<Version>>,
    /// What its Admin API says of it.
    pub admin: Known<AdminStatus>,
    /// The plugins that it has.
    pub plugins: Known<BTreeSet<String>>,
    /// How many milliseconds its clock is ahead of ours.
    pub ahead: Known<i64>,
    /// Why its own settings do not lead to the cluster's database; `None` where they do.
    pub other_database: Known<Option<String>>,
    /// Nodes beside it that the environment does not list.
    pub strangers: Known<Vec<StrangeNode>>,
    /// Migrations, as its `kong` sees them.
    pub migrations: Known<MigrationState>,
    /// What its load balancer gives it.
    pub standing: Known<Standing>,
    /// Its host and its prefix.
    pub host: Known<HostFacts>,
    /// Its settings, as a review knows them.
    pub told: advisories::Node,
}

/// How a node stands with its load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Alone,
    /// It cannot be asked, or does not know the node.
    Unusable(String),
    /// This is what it gives it.
    Gets(Rotation),
}

/// A database.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// How it is called.
    pub words: Words,
    /// Its server, as `host:port`.
    pub server_address: String,
    /// Whether it can be reached.
    pub reach: Known<Reach>,
    /// What the owner of the tables sees.
    pub server: Known<ServerFacts>,
    /// What the administering role sees.
    pub administered: Known<Administered>,
    /// Its size, and the room for a backup.
    pub sizes: Known<DatabaseFacts>,
    /// Where proofs of a backup run; `None` where nobody says.
    pub scratch: Known<Option<ScratchPlace>>,
    /// What `up` has run and `finish` has not.
    pub pending: Known<Names>,
    /// Sessions of Kong's role that no listed node can hold.
    pub sessions: Known<KongSessions>,
    /// Whether writes to Kong's configuration are denied.
    pub denial: Known<WriteDenial>,
    /// Transactions that have been open for a while.
    pub transactions: Known<Vec<String>>,
}

/// Whether a database can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It can.
    Reached,
    /// Its server can, and has no such database.
    Absent,
    /// It cannot.
    Refused(String),
}
