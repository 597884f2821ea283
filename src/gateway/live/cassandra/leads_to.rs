//! Whether a Kong node's settings lead to a Cassandra: by the keyspace and the addresses, since no lock can be taken there and seen elsewhere.

use std::collections::BTreeMap;

use super::Cluster;
use crate::gateway::Failure;

impl Cluster<'_> {
    /// Why settings do not lead here; `Ok` where they do.
    fn leads_elsewhere(&self, settings: &BTreeMap<String, String>) -> Result<(), String> {
        let told = |key: &str| settings.get(key).map(String::as_str).unwrap_or_default();
        if told("database") != "cassandra" {
            return Err(format!("its `database` is `{}`", told("database")));
        }
        if told("cassandra_keyspace") != self.keyspace.as_str() {
            let keyspace = told("cassandra_keyspace");
            return Err(format!(
                "its keyspace is `{keyspace}`, not `{}`",
                self.keyspace
            ));
        }
        let mut points = told("cassandra_contact_points").split(',').map(str::trim);
        let is_ours = |point: &str| self.settings.nodes.iter().any(|node| node.address == point);
        if points.any(is_ours) {
            return Ok(());
        }
        Err(format!(
            "none of its contact points `{}` is the `address` of a node",
            told("cassandra_contact_points")
        ))
    }

    /// Refuses where the settings of `node` lead elsewhere.
    pub(in crate::gateway::live) fn prove_node(
        &self,
        node: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        self.leads_elsewhere(settings).map_err(|why| {
            let message = format!("the node `{node}` does not use the Cassandra `{}`: {why}", self.name);
            Failure::new("kong.wrong_database", message)
                .hint("compare `cassandra_*` in its kong.conf and its KONG_CASSANDRA_* variables with `[cassandra]` of the environment file")
        })
    }

    /// Whether the settings of a node that is not listed lead here; nothing where its addresses do not tell.
    pub(in crate::gateway::live) fn shared_by(
        &self,
        settings: &BTreeMap<String, String>,
    ) -> Option<bool> {
        let is_same = |key: &str, value: &str| settings.get(key).is_some_and(|own| own == value);
        if !is_same("database", "cassandra")
            || !is_same("cassandra_keyspace", self.keyspace.as_str())
        {
            return Some(false);
        }
        self.leads_elsewhere(settings).is_ok().then_some(true)
    }
}
